import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// What was changed in the past just before the end of a process is looked at by the next one.
@Suite struct RestartTests {
    private static let by = Provenance(recordedAt: Plant.instant(0), source: "test")
    private static let hour = 3600.0

    /// A day of temperatures, one every two minutes, up to noon.
    private static func day(_ number: UInt64) -> [(Double, Double)] {
        var seed = Seed(number)
        return (0..<720).map { index in
            let value = 50 + 10 * Double(index / 60 % 3) + seed.normal()
            return (Double(index - 720) * 120, value)
        }
    }

    private static let statements = [
        "create continuous query [long mean] as avg temperature of every spindle last 24h "
            + "every 1h over 8h wait 5s into long-mean",
        "create continuous query mean as avg temperature of spindle of machine CNC-3 last 24h every 10m "
            + "wait 5s into short-mean",
        "create continuous query tools as avg temperature of every spindle last 24h "
            + "every tool-change wait 5s into tool-mean",
        "create continuous query odd as anomalies in temperature of every spindle last 24h "
            + "wait 5s using novelty into oddness",
        "create alert hot as max temperature of every spindle when temperature > 90 °C for 2m",
    ]

    /// Everything that a plant has stored of its queries.
    private struct Stored: Hashable {
        var points: [[[Double]]]
        var events: [[String]]
    }

    private static func stored(_ plant: Plant) throws -> Stored {
        let names = ["long-mean", "short-mean", "tool-mean", "oddness"]
        let events = try (plant.events("odd") + plant.events("hot")).map { event in
            let end = event.end.map { "\($0)" } ?? "open"
            return [event.name, "\(event.start)", end]
                + event.attributes.map { "\($0.name) \($0.value)" }.sorted()
        }
        return Stored(
            points: try names.map { try plant.points($0) },
            events: events.sorted { $0.lexicographicallyPrecedes($1) })
    }

    private static func plant() throws -> Plant {
        let plant = try Plant()
        plant.clock.now = Plant.instant(-24 * hour)
        for hours in [-20.0, -14, -8, -2] {
            plant.clock.now = Plant.instant(hours * hour)
            try plant.run(
                "record event tool-change of machine CNC-3 at \(Plant.instant(hours * hour))")
        }
        try plant.run("create asset machine CNC-4 of line L2 from 2020-01-01")
        plant.clock.now = Plant.instant(0)
        try plant.write(day(17))
        for statement in statements { try plant.run(statement) }
        for second in [10.0, 11, 12] { plant.turn(at: second) }
        return plant
    }

    /// What changes the past, far more than an hour back.
    enum Change: CaseIterable { case latePoints, deletedPoints, movedEvent, deletedEvent, swap }

    private static func apply(_ change: Change, to plant: Plant) throws {
        let graph = plant.graph
        switch change {
        case .latePoints:
            try plant.write((0..<10).map { (-5 * hour + 7 + Double($0) * 60, 120) })
        case .deletedPoints:
            try plant.store.writeBlocking { transaction in
                let series = try Plant.series(
                    "temperature", of: "SP-7", .float, graph, transaction)
                try transaction.removePoints(
                    of: series,
                    in: TimeRange(
                        start: Plant.instant(-6 * hour), end: Plant.instant(-5 * hour)),
                    reason: "test")
            }
        case .movedEvent, .deletedEvent:
            let events = try plant.events("tool-change").sorted { $0.start < $1.start }
            let event = events[2].id
            try plant.store.writeBlocking { transaction in
                if change == .movedEvent {
                    try graph.editEvent(
                        event, time: .instant(Plant.instant(-9.5 * hour)), by: by,
                        in: transaction.transaction)
                } else {
                    try graph.deleteEvent(event, by: by, in: transaction.transaction)
                }
                transaction.noteEventChange()
            }
        case .swap:
            try plant.run(
                "move spindle SP-7 to machine CNC-4 at \(Plant.instant(-7 * hour)); "
                    + "move spindle SP-7 to machine CNC-3 at \(Plant.instant(-4 * hour))")
        }
    }

    @Test(arguments: Change.allCases)
    func aChangeOfThePastIsNotForgottenByAKill(change: Change) throws {
        let calm = try RestartTests.plant()
        let before = try RestartTests.stored(calm)
        #expect(before.points.allSatisfy { !$0.isEmpty })
        try RestartTests.apply(change, to: calm)
        for second in [20.0, 21, 22, 23] { calm.turn(at: second) }
        let expected = try RestartTests.stored(calm)
        #expect((expected != before) == true, "\(change)")
        // The process ends before anyone has looked, twice.
        let first = try RestartTests.plant()
        try RestartTests.apply(change, to: first)
        let second = try Plant(killing: first)
        let third = try Plant(killing: second)
        for second in [20.0, 21, 22, 23] { third.turn(at: second) }
        let isSame = try RestartTests.stored(third) == expected
        #expect(isSame, "\(change)")
        // And when it is looked at, nothing is left noted.
        let tables = try LiveTables(third.store.environment)
        let snapshot = try third.store.snapshot()
        defer { snapshot.close() }
        let left = try LateWork(table: tables.late).load(in: snapshot.transaction)
        #expect(left.spans.isEmpty)
        #expect(
            left.logNumber
                == (try third.graph.log(limit: 1, in: snapshot.transaction).first?.number))
    }

    @Test func whatComesInTimeLeavesNoNotes() throws {
        let plant = try Plant()
        try plant.run(RestartTests.statements[1])
        try plant.run(RestartTests.statements[3])
        let tables = try LiveTables(plant.store.environment)
        for start in stride(from: 0, to: 600, by: 50) {
            plant.clock.now = Plant.instant(Double(start))
            try plant.write((start..<(start + 50)).map { (Double($0), 50) })
            let snapshot = try plant.store.snapshot()
            defer { snapshot.close() }
            let noted = try LateWork(table: tables.late).load(in: snapshot.transaction)
            #expect(noted.spans.isEmpty)
        }
    }

    @Test func windowsLongerThanAnHourAreRightAfterEveryRestart() throws {
        func life(isKilled: Bool) throws -> [[Double]] {
            var plant = try Plant()
            plant.clock.now = Plant.instant(-24 * RestartTests.hour)
            try plant.run(RestartTests.statements[0])
            let points = RestartTests.day(23)
            for start in stride(from: 0, to: points.count, by: 25) {
                let part = Array(points[start..<min(points.count, start + 25)])
                try plant.write(part)
                if isKilled { plant = try Plant(killing: plant) }
                plant.turn(at: (part.last?.0 ?? 0) + 10)
                if isKilled, start % 75 == 0 { plant = try Plant(killing: plant) }
            }
            plant.turn(at: 10)
            return try plant.points("long-mean")
        }
        let calm = try life(isKilled: false)
        #expect(try life(isKilled: true) == calm)
        let plant = try Plant()
        try plant.write(RestartTests.day(23))
        plant.clock.now = Plant.instant(10)
        let asked = try #require(
            try plant.run("avg temperature of every spindle last 24h every 1h over 8h").first)
        let column = try #require(asked.itemColumn)
        for point in calm.suffix(10) {
            let row = try #require(
                asked.keys.firstIndex { $0.range.start == Plant.instant(point[0]) })
            #expect(abs((column.value(row)?.number ?? .nan) - point[1]) < 1e-9)
        }
    }

    @Test func theLifeOfToolsFollowsCorrectedToolChanges() throws {
        let plant = try Plant()
        try plant.run(
            "create type tool plural tools; create asset tool T-1 of machine CNC-3 from 2020-01-01;"
                + "create measure cutting of machine with kind = state, gap = none, "
                + "values = boolean")
        let graph = plant.graph
        try plant.store.writeBlocking { transaction in
            let series = try Plant.series("cutting", of: "CNC-3", .boolean, graph, transaction)
            var batch = PointBatch()
            batch.append(series, at: Plant.instant(-20 * RestartTests.hour), .boolean(true))
            try transaction.append(batch)
        }
        // The machine cuts without a pause since -20 h: lives of 6, 6 and 6 hours, then 2 so far.
        for hours in [-20.0, -14, -8, -2] {
            try plant.run(
                "record event tool-change of tool T-1 at \(Plant.instant(hours * 3600))")
        }
        func asked() throws -> (used: Double, expected: Double) {
            let result = try #require(
                try plant.run("remaining life of tool of machine CNC-3").first)
            func number(_ name: String) throws -> Double {
                let column = try #require(result.columns.first { $0.name == name })
                return try #require(column.value(0)?.number)
            }
            return (try number("used"), try number("p50"))
        }
        let recorded = try asked()
        #expect(recorded.used == 120)
        let events = try plant.events("tool-change").sorted { $0.start < $1.start }
        func edit(_ body: @escaping @Sendable (Graph, WriteTransaction) throws -> Void) throws {
            try plant.store.writeBlocking { transaction in
                try body(graph, transaction.transaction)
                transaction.noteEventChange()
            }
        }
        // The last change was an hour earlier: this tool has cut an hour more, that one less.
        let last = events[3].id
        try edit { graph, write in
            try graph.editEvent(
                last, time: .instant(Plant.instant(-3 * 3600)), by: RestartTests.by, in: write)
        }
        let moved = try asked()
        #expect(moved.used == 180)
        #expect(moved.expected < recorded.expected)
        // It never was: the tool before is still there, eight hours old.
        try edit { graph, write in
            try graph.deleteEvent(last, by: RestartTests.by, in: write)
        }
        #expect(try asked().used == 480)
        // Nor was the first of those left: one tool of twelve hours, so tools last longer.
        let second = events[1].id
        let short = try asked().expected
        try edit { graph, write in
            try graph.deleteEvent(second, by: RestartTests.by, in: write)
        }
        #expect(try asked().expected > short)
        // As if it had been recorded so from the beginning.
        try edit { graph, write in
            for event in [events[0].id, events[2].id] {
                try graph.deleteEvent(event, by: RestartTests.by, in: write)
            }
        }
        for hours in [-20.0, -8] {
            try plant.run(
                "record event tool-change of tool T-1 at \(Plant.instant(hours * 3600))")
        }
        let again = try asked()
        #expect(again.used == 480)
    }
}
