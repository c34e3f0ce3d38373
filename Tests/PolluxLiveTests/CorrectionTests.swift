import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// What was entered late or wrong changes what continuous queries stored: replaced, not doubled.
@Suite struct CorrectionTests {
    private static let by = Provenance(recordedAt: Plant.instant(0), source: "test")

    /// Temperatures every ten seconds, each value over a span of seconds.
    private static func steps(_ steps: [(Range<Int>, Double)]) -> [(Double, Double)] {
        steps.flatMap { span, value in
            stride(from: span.lowerBound, to: span.upperBound, by: 10).map { (Double($0), value) }
        }
    }

    private static func edit(
        _ plant: Plant, _ body: @escaping @Sendable (Graph, StoreTransaction) throws -> Void
    ) throws {
        let graph = plant.graph
        try plant.store.writeBlocking { transaction in
            try body(graph, transaction)
            transaction.noteEventChange()
        }
    }

    private static func check(_ found: [[Double]], _ expected: [[Double]], _ what: String) {
        #expect(found.count == expected.count, "\(what): \(found)")
        for (one, other) in zip(found, expected) {
            #expect(one[0] == other[0], "\(what): \(found)")
            #expect(abs(one[1] - other[1]) < 1e-9, "\(what): \(found)")
        }
    }

    @Test func aToolChangeThatIsMovedOrDeletedCutsItsSlicesAnew() throws {
        let plant = try Plant()
        try plant.write(
            CorrectionTests.steps([(0..<100, 10), (100..<200, 20), (200..<310, 30)]))
        var events: [EventID] = []
        for second in [0.0, 100, 200, 300] {
            try plant.run(
                "record event tool-change of machine CNC-3 at \(Plant.instant(second))")
        }
        events = try plant.events("tool-change").map(\.id)
        try plant.run(
            "create continuous query tools as avg temperature of every spindle every tool-change "
                + "wait 10s into temperature-tool")
        plant.turn(at: 320)
        CorrectionTests.check(
            try plant.points("temperature-tool"), [[0, 10], [100, 20], [200, 30]], "as recorded")
        // It was 50 s earlier: the tool before had 50 s at 20, this one 50 s at 20, 100 s at 30.
        let moved = events[2]
        try CorrectionTests.edit(plant) { graph, transaction in
            try graph.editEvent(
                moved, time: .instant(Plant.instant(150)), by: CorrectionTests.by,
                in: transaction.transaction)
        }
        plant.turn(at: 321)
        CorrectionTests.check(
            try plant.points("temperature-tool"),
            [[0, 10], [100, 20], [150, (50 * 20 + 100 * 30) / 150.0]], "moved")
        // It never was: the first tool had 100 s at 10 and 50 s at 20.
        let deleted = events[1]
        try CorrectionTests.edit(plant) { graph, transaction in
            try graph.deleteEvent(deleted, by: CorrectionTests.by, in: transaction.transaction)
        }
        plant.turn(at: 322)
        CorrectionTests.check(
            try plant.points("temperature-tool"),
            [[0, (100 * 10 + 50 * 20) / 150.0], [150, (50 * 20 + 100 * 30) / 150.0]], "deleted")
        // And a point that comes late changes the slice it is in, nothing else.
        try plant.write([(250, 60)])
        plant.turn(at: 323)
        CorrectionTests.check(
            try plant.points("temperature-tool"),
            [
                [0, (100 * 10 + 50 * 20) / 150.0],
                [150, (50 * 20 + 90 * 30 + 10 * 60) / 150.0],
            ], "late")
    }

    @Test func aToolChangeForgottenForDaysCutsTheSliceOfDays() throws {
        let plant = try Plant()
        let day = 86_400.0
        for second in [-5 * day, -60, 0] {
            try plant.run(
                "record event tool-change of machine CNC-3 at \(Plant.instant(second))")
        }
        try plant.write([(-4 * day, 10), (-3 * day, 30), (-2 * day, 50)])
        try plant.run(
            "create continuous query tools as count temperature of every spindle last 6d "
                + "every tool-change wait 10s into readings")
        plant.turn(at: 20)
        CorrectionTests.check(
            try plant.points("readings"), [[-5 * day, 3], [-60, 0]], "as recorded")
        try plant.run(
            "record event tool-change of machine CNC-3 at \(Plant.instant(-2.5 * day))")
        plant.turn(at: 21)
        CorrectionTests.check(
            try plant.points("readings"), [[-5 * day, 2], [-2.5 * day, 1], [-60, 0]], "entered late"
        )
    }

    @Test func aMoveEnteredLateTakesTheSlicesAway() throws {
        let plant = try Plant()
        try plant.run("create asset machine CNC-4 of line L2 from 2020-01-01")
        try plant.write(
            CorrectionTests.steps([(0..<60, 10), (60..<90, 20), (90..<120, 40), (120..<260, 50)]))
        try plant.run(
            "create continuous query here as avg temperature of every spindle of machine CNC-3 "
                + "every 1m wait 10s into temperature-here;"
                + "create continuous query there as avg temperature of every spindle "
                + "of machine CNC-4 every 1m wait 10s into temperature-there")
        plant.turn(at: 255)
        CorrectionTests.check(
            try plant.points("temperature-here"), [[0, 10], [60, 30], [120, 50], [180, 50]],
            "as recorded")
        #expect(try plant.points("temperature-there").isEmpty)
        // It had left at 90 s: half a minute at 20 is left of the second minute.
        try plant.run("move spindle SP-7 to machine CNC-4 at \(Plant.instant(90))")
        plant.turn(at: 256)
        CorrectionTests.check(
            try plant.points("temperature-here"), [[0, 10], [60, 20]], "moved away")
        CorrectionTests.check(
            try plant.points("temperature-there"), [[60, 40], [120, 50], [180, 50]],
            "where it was in truth")
    }
}
