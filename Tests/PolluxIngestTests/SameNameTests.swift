import PolluxGraph
import PolluxModel
import PolluxStore
import Testing

@testable import PolluxIngest

/// Assets that share type and name keep their points apart when these leave and come back.
@Suite("Files of assets that share a name", .serialized)
struct SameNameTests {
    private func export(_ plant: Plant, _ format: PointFormat) throws -> (String, Set<String>) {
        let export = try PointExport(format, store: plant.store, graph: plant.graph)
        defer { export.close() }
        var bytes: [UInt8] = []
        while let part = try export.next() { bytes += part }
        return (String(decoding: bytes, as: UTF8.self), export.sharedPaths)
    }

    private func take(_ text: String, _ format: PointFormat, into plant: Plant) throws {
        var reader = PointReader(format, precision: .nanoseconds)
        let lines = try reader.take(Array(text.utf8), isEnd: true)
        #expect(lines.problems.isEmpty)
        var progress = ImportProgress(file: "f")
        let outcome = try plant.pipeline.importLines(
            lines.bytes, precision: .nanoseconds, writtenAt: Plant.arrival, now: Plant.arrival,
            progress: &progress)
        #expect(outcome.rejections.map(\.message) == [])
    }

    /// Spindles that messages show in two machines, cells and lines that are called alike, parts
    /// of them, and one name that is alone.
    private static let lines = """
        spindle,line=P1,machine=M3,spindle=S1 v=1 1700000000000000000
        spindle,line=P2,machine=M4,spindle=S1 v=2 1700000000000000000
        bearing,_asset=line:P1/machine:M3/spindle:S1/bearing v=3 1700000000000000000
        bearing,_asset=line:P2/machine:M4/spindle:S1/bearing v=4 1700000000000000000
        cell,site=A,line=L1,cell=C1 v=5 1700000000000000000
        cell,site=B,line=L1,cell=C1 v=6 1700000000000000000
        tool,line=P1,machine=M3,tool=T-1 v=7 1700000000000000000
        machine,_asset=machine:M5/machine:U v=8 1700000000000000000
        machine,_asset=machine:M6/machine:U v=9 1700000000000000000

        """

    @Test(
        "exported and taken in elsewhere they are the same points", arguments: PointFormat.allCases)
    func elsewhere(format: PointFormat) throws {
        let first = try Plant()
        defer { first.remove() }
        try take(SameNameTests.lines, .line, into: first)
        let (written, shared) = try export(first, format)
        #expect(shared.isEmpty)
        let second = try Plant()
        defer { second.remove() }
        try take(written, format, into: second)
        #expect(try export(second, format).0 == written)
        for (line, machine, value) in [("P1", "M3", 1.0), ("P2", "M4", 2.0)] {
            let address = [("line", line), ("machine", machine), ("spindle", "S1")]
            for plant in [first, second] {
                #expect(try plant.points(address, [], "v").map(\.value) == [.float(value)])
                #expect(
                    try plant.points(address, [("bearing", "")], "v").map(\.value)
                        == [.float(value + 2)])
            }
        }
    }

    @Test("taken in where they come from they find their assets", arguments: PointFormat.allCases)
    func atHome(format: PointFormat) throws {
        let plant = try Plant()
        defer { plant.remove() }
        try take(SameNameTests.lines, .line, into: plant)
        let written = try export(plant, format).0
        let count = plant.store.statistics.seriesCount
        try take(written, format, into: plant)
        #expect(try export(plant, format).0 == written)
        #expect(plant.store.statistics.seriesCount == count)
    }

    @Test("a path names what tells the asset apart and no more")
    func shortest() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try take(SameNameTests.lines, .line, into: plant)
        let paths = Set(
            try export(plant, .csv).0.split(separator: "\n").dropFirst().map {
                String($0.split(separator: ",")[1])
            })
        #expect(
            paths == [
                "line:P1/machine:M3/spindle:S1", "line:P2/machine:M4/spindle:S1",
                "line:P1/machine:M3/spindle:S1/bearing", "line:P2/machine:M4/spindle:S1/bearing",
                "site:A/line:L1/cell:C1", "site:B/line:L1/cell:C1", "tool:T-1",
                "machine:M5/machine:U", "machine:M6/machine:U",
            ])
    }

    @Test("points that take the place of others are counted")
    func replaced() throws {
        let plant = try Plant()
        defer { plant.remove() }
        var progress = ImportProgress(file: "f")
        func replacedCount(_ parts: [Range<Int>]) throws -> UInt64 {
            var tally = ImportTally()
            for part in parts {
                let lines = part.map { "machine,machine=M x=\($0 % 7),y=1 \($0 / 2)\n" }
                _ = try plant.pipeline.importLines(
                    Array(lines.joined().utf8), precision: .seconds, writtenAt: Plant.arrival,
                    now: Plant.arrival, progress: &progress, tally: &tally)
            }
            #expect(tally.storedCount == parts.reduce(0) { $0 + UInt64($1.count * 2) })
            return try plant.pipeline.replacedCount(of: tally)
        }
        #expect(try replacedCount([10..<20]) == 10)
        #expect(try replacedCount([20..<22, 0..<4, 16..<24]) == 2 * (14 - 4))
        #expect(try replacedCount([0..<24]) == 2 * (24 - 3))
    }

    @Test("what nothing tells apart is said")
    func shared() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let by = Provenance(recordedAt: Plant.arrival, source: "test")
        let graph = plant.graph
        let times = [Timestamp(seconds: 1_600_000_000), Timestamp(seconds: 1_650_000_000)]
        try plant.store.writeBlocking { transaction in
            for (index, time) in times.enumerated() {
                let write = transaction.transaction
                let tool = try graph.createAsset(
                    AssetDeclaration(type: "tool", name: "T-42", from: time), by: by, in: write)
                let measure = try graph.ensureMeasure(
                    named: "wear", of: try graph.ensureType(named: "tool", by: by, in: write),
                    valueKind: .float, unit: "", by: by, in: write)
                let series = try transaction.ensureSeries(
                    asset: tool, measure: measure.id, kind: .float, group: tool)
                var batch = PointBatch()
                batch.append(series, at: time, .float(Double(index)))
                try transaction.append(batch)
                try graph.retire(tool, at: time.advanced(by: 1_000_000), by: by, in: write)
            }
        }
        let (written, shared) = try export(plant, .csv)
        #expect(written.split(separator: "\n").count == 3)
        #expect(shared == ["tool:T-42"])
    }
}
