import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// What models stored is what they would have stored had everything come in time.
@Suite struct ModelCorrectionTests {
    static let text =
        "create continuous query odd as anomalies in temperature of every spindle "
        + "wait 5s using novelty into oddness"

    /// What an event says, whoever recorded it and when.
    private struct Told: Hashable {
        var start: Timestamp
        var end: Timestamp?
        var attributes: [String]
    }

    private static func told(_ plant: Plant) throws -> [Told] {
        try plant.events("odd").map { event in
            Told(
                start: event.start, end: event.end,
                attributes: event.attributes.map { "\($0.name) \($0.value)" }.sorted())
        }.sorted { $0.start < $1.start }
    }

    /// A sensor around 50 that is odd in some places, each for some points, for about an hour.
    private static func sensor(_ seed: inout Seed) -> [(Double, Double)] {
        let odd = (0..<4).map { _ in Int.random(in: 400..<1800, using: &seed) }
        return (0..<1800).map { index in
            let isOdd = odd.contains { ($0..<($0 + 8)).contains(index) }
            let noise = 2 * seed.unit() - 1
            return (Double(index) * 2, isOdd ? 90 + 20 * noise : 50 + noise)
        }
    }

    @Test("late points go through the model in their place", arguments: UInt64(1)...6)
    func latePoints(seed number: UInt64) throws {
        var seed = Seed(number)
        let points = Self.sensor(&seed)
        let calm = try Plant()
        try calm.run(Self.text)
        try calm.write(points)
        calm.turn(at: 3700)
        // A part of the points comes up to an hour late, in pieces; every now and then the process
        // is killed.
        let gap = Int.random(in: 500..<1000, using: &seed)
        let lateRange = gap..<(gap + Int.random(in: 1..<400, using: &seed))
        var plant = try Plant()
        try plant.run(Self.text)
        for start in stride(from: 0, to: points.count, by: 300) {
            let part = (start..<min(points.count, start + 300)).filter { !lateRange.contains($0) }
            try plant.write(part.map { points[$0] })
            plant.turn(at: points[min(points.count - 1, start + 299)].0 + 10)
        }
        let before = try plant.points("oddness")
        var late = lateRange.map { points[$0] }
        while !late.isEmpty {
            let count = min(late.count, Int.random(in: 1...150, using: &seed))
            try plant.write(Array(late.suffix(count)))
            late.removeLast(count)
            if seed.unit() < 0.3 { plant = try Plant(killing: plant) }
            plant.turn(at: 3650)
            if seed.unit() < 0.3 { plant = try Plant(killing: plant) }
        }
        plant.turn(at: 3700)
        let expected = try calm.points("oddness")
        #expect(before != expected)
        #expect(expected.count > 1000)
        #expect(try plant.points("oddness") == expected, "seed \(number)")
        let (found, wanted) = (try Self.told(plant), try Self.told(calm))
        #expect(found == wanted, "seed \(number)")
    }

    @Test("points that are written anew count as they are")
    func rewrittenPoints() throws {
        var seed = Seed(21)
        let points = Self.sensor(&seed)
        let plant = try Plant()
        try plant.run(Self.text)
        try plant.write(points)
        plant.turn(at: 3700)
        // The wild values were a loose plug.
        let calmed = points.map { ($0.0, $0.1 > 60 ? 50.5 : $0.1) }
        #expect(!(try Self.told(plant).isEmpty))
        let changed = calmed.indices.filter { calmed[$0].1 != points[$0].1 }
        try plant.write(changed.map { calmed[$0] })
        plant.turn(at: 3701)
        let calm = try Plant()
        try calm.run(Self.text)
        try calm.write(calmed)
        calm.turn(at: 3701)
        #expect(try plant.points("oddness") == calm.points("oddness"))
        #expect(try Self.told(plant) == Self.told(calm))
    }

    @Test("a swap that is entered late makes other points pass through the model")
    func lateSwap() throws {
        func plant(swapFirst: Bool) throws -> Plant {
            var seed = Seed(5)
            let points = Self.sensor(&seed)
            let plant = try Plant()
            try plant.run(
                "create continuous query odd as anomalies in temperature of spindle of "
                    + "machine CNC-3 wait 5s using novelty into oddness")
            let swap =
                "create asset machine CNC-4 from 2020-01-01; "
                + "move spindle SP-7 to machine CNC-4 at 2026-03-02 12:25Z"
            if swapFirst { try plant.run(swap) }
            try plant.write(points)
            plant.turn(at: 3700)
            if !swapFirst { try plant.run(swap) }
            plant.turn(at: 3701)
            plant.turn(at: 3702)
            return plant
        }
        let (late, right) = (try plant(swapFirst: false), try plant(swapFirst: true))
        #expect(try right.points("oddness").last?[0] == 1498)
        #expect(try late.points("oddness") == right.points("oddness"))
        #expect(try Self.told(late) == Self.told(right))
    }

    @Test("that something came later than a week is said")
    func beyondTheBound() throws {
        let day = 86_400.0
        let plant = try Plant()
        try plant.run(Self.text)
        func level(_ index: Int) -> Double { 50 + Double(index * 7 % 11) / 10 }
        try plant.write((0..<600).map { (Double($0), level($0)) })
        plant.turn(at: 610)
        for hour in 1...(9 * 24) {
            try plant.write([(Double(hour) * 3600, level(hour))])
        }
        plant.turn(at: 9 * day + 10)
        plant.turn(at: 9 * day + 11)
        let silent = try plant.run("oddness of spindle SP-7 last 1d").first
        #expect(silent?.notes.contains { $0.contains("as it was") } == false)
        try plant.write([(400.5, 500)])
        plant.turn(at: 9 * day + 12)
        plant.turn(at: 9 * day + 13)
        let said = try plant.run("oddness of spindle SP-7 last 1d").first
        let sentence = "oddness before 2026-03-04T12:00:12Z may be as it was before a correction"
        #expect(
            said?.notes.contains { $0.hasPrefix(sentence) } == true, "\(said?.notes ?? [])")
        #expect(
            try plant.live.list(.continuousQuery).first?.state.contains("2026-03-04") == true)
        let reopened = try Plant(killing: plant)
        reopened.turn(at: 9 * day + 14)
        let again = try reopened.run("oddness of spindle SP-7 last 1d").first
        #expect(again?.notes.contains { $0.contains("as it was") } == true)
    }

    @Test("what has gone by retention is not learned from again, and scores stay")
    func retention() throws {
        var seed = Seed(3)
        let plant = try Plant()
        try plant.run(
            "create measure temperature of spindle in °C with kind = gauge, shape = step, "
                + "gap = 1m, retention = 30m")
        try plant.run(Self.text)
        try plant.write(Self.sensor(&seed))
        plant.turn(at: 3610)
        plant.clock.now = Plant.instant(4500)
        let gone = try plant.store.applyLifeRules(now: Plant.instant(4500))
        #expect(gone > 0)
        let first = try plant.points("temperature").first?[0] ?? 0
        #expect(first > 1000)
        plant.turn(at: 4500)
        let before = try plant.points("oddness")
        #expect(before.count > 1000)
        try plant.write([(101, 500)])
        plant.turn(at: 4501)
        plant.turn(at: 4502)
        #expect(try plant.points("oddness") == before)
        let said = try plant.run("oddness of spindle SP-7 last 1d").first
        #expect(said?.notes.contains { $0.contains("as it was") } == true)
    }

    @Test("checkpoints of a model get sparser with their age and reach back a week")
    func thinning() {
        var kept: [Timestamp] = []
        for minute in stride(from: 0, to: 14 * 1440, by: 10) {
            let instant = Plant.instant(Double(minute) * 60)
            kept.append(instant)
            for drop in ModelCheckpoints.superfluous(kept) { kept.removeAll { $0 == drop } }
            let newest = kept[kept.count - 1]
            #expect(kept.count <= 30)
            // Any instant of the last week has a checkpoint before it that is not much older.
            for age in [0, 1, 5, 24, 100, 167] where age * 60 < minute {
                let wanted = newest.advanced(by: -Int64(age) * 3_600_000_000_000)
                let found = kept.last { $0 <= wanted }
                #expect(found != nil)
                let distance = wanted.nanoseconds(since: found ?? .distantPast)
                #expect(distance <= 1_200_000_000_000 + Int64(age) * 3_600_000_000_000)
            }
        }
    }
}
