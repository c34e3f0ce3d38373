import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Continuous queries over a real store.
@Suite struct ContinuousTests {
    static let text =
        "create continuous query warm as avg temperature of every spindle every 1m wait 10s "
        + "into temperature-1m"

    @Test func finalSlicesBecomePointsAndLatePointsCorrectThem() throws {
        let plant = try Plant()
        try plant.run(ContinuousTests.text)
        try plant.write([(0, 10), (30, 20), (60, 30), (90, 30), (120, 40)])
        plant.turn(at: 125)
        #expect(try plant.points("temperature-1m") == [[0, 15]])
        plant.turn(at: 131)
        #expect(try plant.points("temperature-1m") == [[0, 15], [60, 30]])
        plant.turn(at: 135)
        try plant.write([(45, 40)])
        plant.turn(at: 140)
        #expect(try plant.points("temperature-1m") == [[0, 20], [60, 30]])
        plant.turn(at: 195)
        #expect(try plant.points("temperature-1m") == [[0, 20], [60, 30], [120, 40]])
        try plant.restart()
        plant.turn(at: 196)
        #expect(try plant.points("temperature-1m") == [[0, 20], [60, 30], [120, 40]])
        let result = try plant.run("latest temperature-1m of spindle SP-7")
        #expect(result.first?.columns.first { $0.name.contains("temperature-1m") }?.unit == "°C")
    }

    @Test func aQueryDoesNotWriteWhatItReads() throws {
        let plant = try Plant()
        for text in ["avg temperature", "avg (temperature + 1 K)", "max Temperature offset 1h"] {
            #expect(throws: QueryError.self) {
                try plant.run(
                    "create continuous query loop as \(text) of every spindle every 1m "
                        + "into temperature")
            }
        }
        #expect(try plant.run("show queries").first?.rowCount == 0)
    }

    @Test("a query writes into no measure that has points; what is recorded into its own is told")
    func aMeasureOfAQueryIsItsAlone() throws {
        let plant = try Plant()
        try plant.write([(0, 20), (60, 30)])
        plant.clock.now = Plant.instant(100)
        try plant.run("record load of spindle SP-7 = 3 at 2026-03-02T12:00:30Z")
        let create =
            "create continuous query mix as avg temperature of every spindle every 1m wait 5s into "
        let refusal = #expect(throws: QueryError.self) { try plant.run(create + "Load") }
        #expect(
            refusal?.message
                == "Load of SP-7 has points already, the newest of 2026-03-02T12:00:30Z, and what a "
                + "query writes is its alone")
        #expect(try plant.run("show queries").first?.rowCount == 0)
        try plant.run(create + "load-1m")
        let said = try plant.run("record Load-1m of spindle SP-7 = 3 at 2026-03-02T12:00:30Z")
        #expect(said.first?.notes.first?.contains("the continuous query mix writes") == true)
        let other = try plant.run("record load of spindle SP-7 = 3 at 2026-03-02T12:00:40Z")
        #expect(other.first?.notes.first?.contains("continuous") == false)
        // One that was dropped leaves its points, which another would not write alike.
        plant.turn(at: 200)
        try plant.run("drop continuous query mix")
        #expect(throws: QueryError.self) { try plant.run(create + "load-1m") }
    }

    @Test("a query that begins in the past stores from rollups what it would have from points")
    func beginsInRollups() throws {
        func stored(life: String) throws -> [[Double]] {
            let plant = try Plant()
            try plant.run(
                "create measure temperature of spindle in °C with kind = gauge, shape = step, "
                    + "gap = 1m\(life)")
            try plant.write((0..<360).map { (Double($0) * 10, Double($0 % 17)) })
            plant.turn(at: 3600)
            _ = try plant.store.compact()
            let gone = try plant.store.applyLifeRules(now: Plant.instant(3600))
            #expect((gone > 0) == !life.isEmpty)
            try plant.run(
                "create continuous query warm as avg temperature of every spindle last 1h "
                    + "every 10m wait 10s into temperature-10m")
            plant.turn(at: 3620)
            // What has not gone is still corrected, with what has gone beside it.
            try plant.write([(3585, 40)])
            plant.turn(at: 3640)
            try plant.restart()
            plant.turn(at: 3650)
            return try plant.points("temperature-10m")
        }
        let fromPoints = try stored(life: "")
        let fromRollups = try stored(life: ", retention = 20m, rollup = 1m")
        #expect(fromPoints.count == 6)
        #expect(fromRollups.map { $0[0] } == fromPoints.map { $0[0] })
        for (left, right) in zip(fromRollups, fromPoints) {
            #expect(abs(left[1] - right[1]) < 1e-9, "\(left) \(right)")
        }
    }

    @Test func whatWaitsForAServerIsListed() throws {
        let plant = try Plant()
        try plant.run(ContinuousTests.text)
        let idle = try LiveEngine(store: plant.store, graph: plant.graph, query: plant.query)
        let waiting = try idle.list(.continuousQuery)
        #expect(waiting.map(\.name) == ["warm"])
        #expect(waiting.first?.state == "runs once a server has the database")
        #expect(try idle.list(.alert).isEmpty)
        #expect(try plant.live.list(.continuousQuery).count == 1)
    }

    @Test(arguments: UInt64(1)...12)
    func storedSlicesEndAsTheBatchRows(seed number: UInt64) throws {
        var seed = Seed(number)
        var points: [(Double, Double)] = []
        for index in 0..<60 where seed.unit() < 0.8 {
            points.append((Double(index) * 20, (100 * seed.unit()).rounded()))
        }
        points.shuffle(using: &seed)
        var plant = try Plant()
        try plant.run(ContinuousTests.text)
        for (step, point) in points.enumerated() {
            try plant.write([point])
            if step % 3 == 0 { plant.turn(at: 1300 + Double(step)) }
            if step % 20 == 10 { plant = try Plant(killing: plant) }
        }
        plant.turn(at: 1400)
        let answer = try plant.run("avg temperature of every spindle last 1h every 1m")
        let rows = try #require(answer.first)
        let column = try #require(rows.columns.first { $0.kind == .float })
        var expected: [[Double]] = []
        for (row, key) in rows.keys.enumerated() where key.range.end <= Plant.instant(1390) {
            guard case .float(let value) = column.cell(row) else { continue }
            let second = Double(key.range.start.nanoseconds(since: Plant.instant(0))) / 1e9
            expected.append([second, value])
        }
        #expect(expected.count > 10)
        #expect(try plant.points("temperature-1m") == expected, "seed \(number)")
    }

    @Test func whatCannotBeStoredIsRefused() throws {
        let plant = try Plant()
        for text in [
            "create continuous query a as avg temperature of every spindle into b",
            "create continuous query a as avg temperature, max temperature of every spindle every 1m into b",
            "create continuous query a as avg temperature of every spindle every 1m overall into b",
            "create continuous query a as avg nonsense of every spindle every 1m into b",
        ] {
            #expect(throws: QueryError.self, "\(text)") { try plant.run(text) }
        }
        #expect(try plant.live.list(.continuousQuery).isEmpty)
        try plant.run(ContinuousTests.text)
        try plant.run("drop continuous query warm")
        #expect(try plant.live.list(.continuousQuery).isEmpty)
    }

    /// A sensor around 50 that jumps for some points.
    static func sensor(_ seed: inout Seed, from first: Int, count: Int) -> [(Double, Double)] {
        (first..<(first + count)).map { index in
            let isOdd = (700..<712).contains(index)
            let noise = 2 * seed.unit() - 1
            return (Double(index), isOdd ? 120 + 10 * noise : 50 + noise)
        }
    }

    /// How a life of live work is disturbed.
    enum Disturbance: CaseIterable { case none, restart, killBeforeTurn, killAfterTurn }

    @Test func anomaliesAreStoredOnceWhateverHappens() throws {
        var seed = Seed(7)
        let points = ContinuousTests.sensor(&seed, from: 0, count: 1200)
        func life(_ disturbance: Disturbance) throws -> (points: [[Double]], events: [Event]) {
            var plant = try Plant()
            try plant.run(
                "create continuous query odd as anomalies in temperature of every spindle "
                    + "wait 5s using novelty into oddness")
            for start in stride(from: 0, to: 1200, by: 90) {
                try plant.write(Array(points[start..<min(1200, start + 90)]))
                if disturbance == .killBeforeTurn { plant = try Plant(killing: plant) }
                plant.turn(at: Double(start) + 90)
                if disturbance == .restart { try plant.restart() }
                if disturbance == .killAfterTurn { plant = try Plant(killing: plant) }
            }
            plant.turn(at: 1300)
            return (try plant.points("oddness"), try plant.events("odd"))
        }
        let calm = try life(.none)
        for disturbance in Disturbance.allCases {
            let other = try life(disturbance)
            #expect(calm.points == other.points, "\(disturbance)")
            #expect(calm.events == other.events, "\(disturbance)")
        }
        var watch = SeriesWatch()
        var scores: [[Double]] = []
        for (second, value) in points {
            let (output, _) = watch.append(at: Plant.instant(second), value)
            if output.condition == .ready { scores.append([second, output.score]) }
        }
        #expect(calm.points == scores)
        #expect(calm.events.contains { $0.start == Plant.instant(700) })
    }
}
