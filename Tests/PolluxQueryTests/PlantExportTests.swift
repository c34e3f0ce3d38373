import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// A plant written out as statements, read into an empty database and written out again.
@Suite struct PlantExportTests {
    private final class Database {
        let folder: URL
        let graph: Graph
        let store: Store
        let engine: QueryEngine

        init() throws {
            folder = try Places.makeTemporaryFolder()
            var options = Environment.Options()
            options.mapByteCount = 1 << 28
            let environment = try Environment(directory: folder.path, options: options)
            graph = try Graph(environment: environment)
            store = try Store(environment: environment)
            engine = QueryEngine(store: store, graph: graph)
        }

        deinit {
            store.close()
            try? FileManager.default.removeItem(at: folder)
        }

        func run(_ text: String) throws { _ = try engine.run(text) }

        func read<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
            let snapshot = try store.snapshot()
            return try body(snapshot.transaction)
        }

        func exported() throws -> String {
            try read { try graph.exportTwinQL(in: $0) }
        }
    }

    private static let plant = """
        create type [tool holder] plural [tool holders] with single = false;
        create type mill plural mills with extends = machine, colour = "RAL ""7035"" grey",
          retention = 400d, rollup = 1h, rollup = 1m;
        create measure vibration of spindle in mm/s with kind = gauge, shape = linear, gap = 15m,
          retention = 90d, rollup = 1d;
        create measure load of spindle with retention = none, rollup = none;
        create measure parts of machine with kind = counter, values = integer, rollover = 65536;
        create measure state of machine with kind = state, values = text;
        create relation feeds from pump to machine inverse [fed by];
        create event job of machine with kind = interval;
        create asset line L2;
        create asset line "Line 3" with manager = "M. O'Neil", floor = -2;
        create asset machine CNC-3 of line L2 from 2024-05-01 with model = "VMC-850";
        create asset mill CNC-4 of line L2;
        create asset spindle SP-7 of machine CNC-3 from 2024-05-01;
        create asset spindle SP-8 of mill CNC-4;
        create asset spindle SP-9 of machine CNC-3 from 2026-03-02T11:00:00Z;
        move spindle SP-7 to mill CNC-4 at 2026-03-02T11:00:00Z;
        create asset spindle Spare;
        create asset [tool holder] "H 1" of machine CNC-3;
        create asset [tool holder] "H 2" of machine CNC-3;
        create asset axis "" of mill CNC-4;
        create asset pump P-7 with speed = 1450.5, spare = false;
        relate pump P-7 that feeds machine CNC-3 from 2026-01-01 to 2026-02-01;
        relate pump P-7 that feeds machine CNC-3 from 2026-02-10;
        move mill CNC-4 to line "Line 3" at 2026-03-05T06:00:00Z;
        unrelate spindle SP-9 that [mounted in] machine CNC-3 at 2026-03-04T00:00:00Z;
        move spindle SP-9 to machine CNC-3 at 2026-03-06T00:00:00Z;
        set model of machine CNC-3 = "VMC-850X" from 2026-02-01;
        record event job of machine CNC-3
          between 2026-03-02T08:00:00Z and 2026-03-02T10:00:00Z with name = "J41", parts = 12;
        record event tool-change of machine CNC-3 at 2026-03-02T10:40:00Z with tool = "T12";
        retire spindle SP-8 at 2026-03-02T11:00:00Z;
        """

    @Test func aPlantComesBackFromItsStatements() throws {
        let first = try Database()
        try first.run(PlantExportTests.plant)
        let text = try first.exported()
        #expect(!text.contains("-- not exported"))
        #expect(text.contains("retention = 400d, rollup = 1m, rollup = 1h;"))
        #expect(text.contains("retention = none, rollup = none;"))
        let second = try Database()
        try second.run(text)
        #expect(try second.exported() == text)
        let range = TimeRange(
            start: Timestamp(seconds: 1_700_000_000), end: Timestamp(seconds: 1_800_000_000))
        func pieces(_ database: Database) throws -> [String] {
            try database.read { transaction in
                let graph = database.graph
                let spindle = try #require(try graph.type(named: "spindle", in: transaction))
                let line = try #require(try graph.type(named: "line", in: transaction))
                let path = GraphPath(
                    steps: [
                        PathStep(type: spindle.type.id, isEvery: true),
                        PathStep(type: line.type.id, isEvery: true),
                    ], links: [.of])
                return try graph.resolve(path, during: range, in: transaction).pieces.map {
                    try graph.displayName(of: $0.subject, in: transaction)
                        + " \($0.range.start) \($0.range.end)"
                }
            }
        }
        #expect(try pieces(second) == pieces(first))
        #expect(try pieces(first).count > 4)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func randomPlantsComeBack(_ number: UInt64) throws {
        var seed = Seed(number)
        let first = try Database()
        var text = """
            create type axis plural axes with single = false;
            create asset line L1; create asset line L2;
            create asset machine M1 of line L1; create asset machine M2; create asset machine M3;
            create asset spindle S1; create asset spindle S2 of machine M1; create asset spindle S3;
            create asset axis A1 of machine M1; create asset axis A2;
            """
        for _ in 0..<40 {
            let minute = Int.random(in: 10..<60, using: &seed)
            let at = "2026-03-02T10:\(minute):00Z"
            func pick(_ names: [String]) -> String {
                names[Int.random(in: 0..<names.count, using: &seed)]
            }
            switch Int.random(in: 0..<8, using: &seed) {
            case 0...3: text += "move spindle \(pick(["S1", "S2", "S3"]))"
            case 4...5: text += "move axis \(pick(["A1", "A2"]))"
            case 6:
                text += "move machine \(pick(["M1", "M2", "M3"])) to line \(pick(["L1", "L2"]))"
                text += " at \(at);\n"
                continue
            default:
                let name = pick(["S1", "S2", "S3"])
                let unrelate = "unrelate spindle \(name) that [mounted in] machine "
                try first.run(text)
                text = ""
                // Only one of the three holds it then, or none.
                for machine in ["M1", "M2", "M3"] {
                    _ = try? first.run(unrelate + machine + " at " + at)
                }
                continue
            }
            text += " to machine \(pick(["M1", "M2", "M3"])) at \(at);\n"
        }
        // What was said of the time after it stays recorded, and is cut to its life.
        let end = Int.random(in: 20..<60, using: &seed)
        try first.run(text + "retire spindle S3 at 2026-03-02T10:\(end):00Z")
        let exported = try first.exported()
        let second = try Database()
        try second.run(exported)
        #expect(try second.exported() == exported, "seed \(number)")
    }

    @Test func whatCannotBeSaidIsAComment() throws {
        let database = try Database()
        try database.run("create asset machine CNC-3; create asset machine CNC-4")
        let graph = database.graph
        try database.store.writeBlocking { transaction in
            let by = Provenance(recordedAt: .distantPast, source: "test")
            let write = transaction.transaction
            let machine = try #require(
                try graph.assets(named: "CNC-3", in: write).assets.first
            ).id
            try graph.record(
                event: "job", of: machine, at: .open(from: Timestamp(seconds: 1)), by: by,
                in: write)
            try graph.setAttribute(
                "note", of: machine, to: .text("two\nlines"), from: Timestamp(seconds: 1),
                by: by, in: write)
            // Messages show both at once: they stand side by side.
            for name in ["X", "Y"] {
                _ = try graph.ensureAsset(
                    levels: [("machine", "CNC-3")], part: ("axis", name),
                    at: Timestamp(seconds: 1), by: by, in: write)
            }
        }
        let text = try database.exported()
        #expect(text.components(separatedBy: "-- not exported").count == 2)
        #expect(text.contains("record event job of machine CNC-3 from 1970-01-01T00:00:01Z;"))
        #expect(text.contains("create type axis plural axiss with single = false;"))
        let second = try Database()
        try second.run(text)
        #expect(try second.exported() == text.replacing(/-- not exported[^\n]*\n/, with: ""))
    }
}
