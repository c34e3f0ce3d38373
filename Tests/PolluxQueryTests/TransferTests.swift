import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// Whole plants as scripts: one commit, places of mistakes, and the same text after coming back.
@Suite struct TransferTests {
    private final class Database {
        let folder: URL
        let store: Store
        let engine: QueryEngine

        init() throws {
            folder = try Places.makeTemporaryFolder()
            var options = Environment.Options()
            options.mapByteCount = 1 << 28
            let environment = try Environment(directory: folder.path, options: options)
            store = try Store(environment: environment)
            engine = QueryEngine(store: store, graph: try Graph(environment: environment))
        }

        deinit {
            store.close()
            try? FileManager.default.removeItem(at: folder)
        }

        func take(_ text: String) throws -> ImportReport {
            try engine.importGraph(
                [ImportFile(name: "plant.tq", bytes: Array(text.utf8))], as: .twinql, by: "test")
        }

        func exported() throws -> String {
            let lines = Lines()
            _ = try engine.exportGraph(as: .twinql) { lines.text += $0 + "\n" }
            return lines.text
        }
    }

    private final class Lines {
        var text = ""
    }

    @Test func aScriptIsOneCommit() throws {
        let database = try Database()
        let text = """
            create unit pallet = 48;
            create unit batch = 3 pallet;
            create type turning-spindle plural turning-spindles with extends = spindle;
            create measure output of machine in batch/h with kind = gauge, shape = step, gap = none;
            create relation feeds with single = true;
            create relation serves to machine;
            create asset line L2;
            create asset machine CNC-3 of line L2 from 2026-01-01
              with model = "VMC; 850";
            create asset turning-spindle SP-7 of machine CNC-3 from 2026-01-01;
            record event job of machine CNC-3 from 2026-03-02T08:00:00Z with name = "J1";

            """
        let report = try database.take(text)
        #expect(report.counts.map(\.count) == [10])
        let exported = try database.exported()
        #expect(!exported.contains("-- not exported"))
        #expect(exported.contains("create relation feeds with single = true;"))
        #expect(exported.contains("from 2026-03-02T08:00:00Z with name = \"J1\";"))
        let second = try Database()
        _ = try second.take(exported)
        #expect(try second.exported() == exported)
        let rows = try second.engine.run(
            "show relations of spindle SP-7; show events of machine CNC-3; show changes limit 3; "
                + "show units")
        #expect(rows.map(\.rowCount) == [1, 1, 3, 2])
    }

    @Test(arguments: [
        ("create asset line L1;\ncreate asset machine M1 of line L9;\n", "there is no line", 2),
        ("create asset line L1;\n\n-- note\ncreate aset line L2;\n", "aset", 4),
        ("create asset line L1;\npower of machine M1 last 1h;\n", "only changes the plant", 2),
        ("create asset line L1;\ncreate unit km = 2 m;\n", "everybody knows it", 2),
        ("create unit hot = 2 °C;\n", "point on a scale", 1),
    ])
    func mistakesHaveAPlace(text: String, reason: String, line: Int) throws {
        let database = try Database()
        do {
            _ = try database.take(text)
            Issue.record("it was taken")
        } catch let failure as ImportFailure {
            #expect(failure.description.contains(reason), "\(failure)")
            #expect(failure.place.line == line, "\(failure)")
        }
        #expect(try database.exported().isEmpty, "nothing of it is kept")
    }
}
