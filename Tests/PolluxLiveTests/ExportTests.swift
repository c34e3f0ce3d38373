import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Alerts and continuous queries leave with the plant and come back with it.
@Suite struct ExportTests {
    private final class Lines {
        var text = ""
    }

    private static func exported(_ plant: Plant) throws -> String {
        let lines = Lines()
        _ = try plant.query.exportGraph(as: .twinql) { lines.text += $0 + "\n" }
        return lines.text
    }

    private static func take(_ text: String, into plant: Plant) throws -> ImportReport {
        try plant.query.importGraph(
            [ImportFile(name: "plant.tq", bytes: Array(text.utf8))], as: .twinql, by: "test")
    }

    @Test func everythingDeclaredComesBack() throws {
        let first = try Plant()
        try first.run(AlertTests.text)
        try first.run(ContinuousTests.text)
        try first.run(
            "create continuous query odd as anomalies in temperature of every spindle wait 5s "
                + "using novelty into oddness;"
                + "create unit pallet = 48; create relation feeds from pump to machine;"
                + "create asset pump P-7; relate pump P-7 that feeds machine CNC-3 from 2026-01-01;"
                + "create event job of machine with kind = interval")
        var zoned = QueryOptions()
        zoned.now = first.clock.now
        zoned.timezone = "UTC"
        _ = try first.query.run(
            "create continuous query daily as max temperature of every spindle every 1d "
                + "into temperature-1d", options: zoned)
        let text = try ExportTests.exported(first)
        #expect(!text.contains("-- not exported"))
        #expect(text.contains("timezone \"UTC\""))
        let second = try Plant(isEmpty: true)
        let report = try ExportTests.take(text, into: second)
        #expect(report.notes.isEmpty, "\(report.notes)")
        #expect(try ExportTests.exported(second) == text)
        #expect(try second.live.list(.continuousQuery).map(\.name) == ["daily", "odd", "warm"])
        #expect(try second.live.list(.alert).map(\.name) == ["hot"])
        // They work there.
        try second.write([(0, 10), (30, 20), (60, 30)])
        second.turn(at: 75)
        #expect(try second.points("temperature-1m") == [[0, 15]])
        // A second time, what is there is said, and the rest stays.
        let again = try ExportTests.take(AlertTests.text + ";\n", into: second)
        #expect(again.notes.first?.text.contains("alert hot was not created") == true)
    }

    @Test func whatHasParametersIsAComment() throws {
        let plant = try Plant()
        var options = QueryOptions()
        options.now = plant.clock.now
        options.parameters = ["step": .text("1m")]
        _ = try plant.query.run(
            "create continuous query p as avg temperature of every spindle every $step into p-1m",
            options: options)
        let text = try ExportTests.exported(plant)
        #expect(
            text.hasSuffix("-- not exported: continuous query p, which has parameters: $step\n"))
    }
}
