import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Continuous queries whose model holds values against those of the same time of day.
@Suite struct SeasonalTests {
    /// Twelve days with a point every ten minutes, warm from 06:00 to 18:00 UTC.
    ///
    /// Two hours of the last night are as warm as the day. Seconds count from noon of the last day.
    static func temperatures(_ seed: inout Seed) -> [(Double, Double)] {
        (0..<(12 * 144)).map { index in
            let hour = (index / 6 + 12) % 24
            let isOdd = (1634..<1646).contains(index)
            let warm = (6..<18).contains(hour) || isOdd
            let second = Double(index - 12 * 144) * 600
            return (second, (warm ? 60 : 40) + 0.5 * seed.normal())
        }
    }

    private static let statement =
        "create continuous query odd as anomalies in temperature of every spindle last 12d "
        + "wait 5s using seasonal into oddness"

    @Test func scoresAreThoseOfTheQuestionWhateverHappens() throws {
        var seed = Seed(31)
        let points = SeasonalTests.temperatures(&seed)
        func life(isKilled: Bool) throws -> (
            points: [[Double]], events: [Event], asked: QueryResult
        ) {
            var plant = try Plant()
            plant.clock.now = Plant.instant(-12 * 86_400)
            try plant.run(SeasonalTests.statement)
            for start in stride(from: 0, to: points.count, by: 200) {
                let part = points[start..<min(points.count, start + 200)]
                try plant.write(Array(part))
                if isKilled, start % 400 == 0 { plant = try Plant(killing: plant) }
                plant.turn(at: (part.last?.0 ?? 0) + 10)
                if isKilled, start % 400 != 0 { plant = try Plant(killing: plant) }
            }
            plant.turn(at: 60)
            let asked = try #require(
                try plant.run(
                    "anomalies in temperature of every spindle last 13d using seasonal"
                ).first)
            return (try plant.points("oddness"), try plant.events("odd"), asked)
        }
        let calm = try life(isKilled: false)
        let killed = try life(isKilled: true)
        #expect(calm.points == killed.points)
        #expect(calm.events == killed.events)
        var watch = SeriesWatch(.seasonal)
        var scores: [[Double]] = []
        for (second, value) in points {
            let instant = Plant.instant(second)
            let place = CyclePlace(timeOfDay: instant, in: .utc)
            let output = watch.append(at: instant, value, place: place).output
            if output.condition == .ready { scores.append([second, output.score]) }
        }
        #expect(calm.points == scores)
        let odd = try #require(
            calm.events.first { $0.start == Plant.instant(points[1634].0) })
        #expect(odd.attributes.contains { $0.value == .text("cycle") })
        #expect(
            odd.attributes.contains { $0.value == .text("novelty-3/1 cycle-band/1") })
        #expect(calm.asked.keys.map(\.range.start) == calm.events.map(\.start).sorted())
    }

    @Test func aMethodThatThereIsNotIsRefusedWhenItIsCreated() throws {
        let plant = try Plant()
        let error = #expect(throws: QueryError.self) {
            try plant.run(
                "create continuous query odd as anomalies in temperature of every spindle "
                    + "using drift into oddness")
        }
        #expect(error?.code == .unknownMethod)
        guard case .diagnostics(let list)? = error else {
            Issue.record("no diagnostic")
            return
        }
        #expect(list.first?.render().contains("methods: novelty, seasonal, cycle") == true)
        #expect(try plant.live.list(.continuousQuery).isEmpty)
    }

    @Test func aQueryThatWasDroppedLeavesNoModelsBehind() throws {
        let plant = try Plant()
        try plant.run(ModelCorrectionTests.text)
        try plant.run(
            "create continuous query odd2 as anomalies in temperature of every spindle "
                + "wait 5s using novelty into oddness2")
        try plant.write((0..<1000).map { (Double($0) * 2, 50 + Double($0 % 7)) })
        plant.turn(at: 2100)
        let tables = try LiveTables(plant.store.environment)
        func count(_ name: String) throws -> Int {
            let snapshot = try plant.store.snapshot()
            defer { snapshot.close() }
            var count = 0
            for table in [tables.models, tables.checkpoints] {
                try snapshot.transaction.forEach(table, prefix: Array(name.utf8) + [0]) { _, _ in
                    count += 1
                    return true
                }
            }
            return count
        }
        let others = try count("odd2")
        #expect(try count("odd") > 1 && others > 1)
        try plant.run("drop continuous query odd")
        #expect(try count("odd") == 0)
        #expect(try count("odd2") == others)
        // One of the same name begins from nothing.
        plant.clock.now = Plant.instant(2200)
        try plant.run(
            ModelCorrectionTests.text.replacing("into oddness", with: "into oddness3"))
        try plant.write([(2210, 50)])
        plant.turn(at: 2300)
        let other = try plant.run("show queries").first
        #expect(other?.rowCount == 2)
    }
}
