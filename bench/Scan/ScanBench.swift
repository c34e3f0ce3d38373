import BenchFrame
import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit

/// `pollux-bench-scan FOLDER COUNT`: a measure of COUNT values, and questions about all of it.
///
/// Writes the values to `FOLDER/values.f64` for peers and prints one line per figure, fields by
/// tabs: tier, question, million values a second, the answer, its rows. `bench/scan.py` runs it
/// and makes the page.
@main
struct ScanBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let count = Int(arguments[2]), count > 0 else {
            print("use: pollux-bench-scan FOLDER COUNT")
            exit(1)
        }
        let bench = try ScanBench(URL(fileURLWithPath: arguments[1]), count)
        defer { bench.store.close() }
        try bench.fill()
        try bench.ask(settled: false)
        _ = try bench.store.compact()
        try bench.ask(settled: true)
    }

    /// One value a second from here on.
    private static let start: Int64 = 1_640_995_200

    private let folder: URL
    private let count: Int
    private let store: Store
    private let graph: Graph

    private init(_ folder: URL, _ count: Int) throws {
        self.folder = folder
        self.count = count
        var options = StoreOptions()
        // Cold chunks are rewritten when this program says so, not while it measures.
        options.settlesInBackground = false
        store = try Store(
            environment: Environment(directory: folder.appendingPathComponent("data").path),
            options: options)
        graph = try Graph(environment: store.environment)
    }

    private func fill() throws {
        let series = try makeSeries()
        let file = folder.appendingPathComponent("values.f64")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var random = Seed(7)
        var level: Int64 = 2000
        let began = Date()
        for first in stride(from: 0, to: count, by: 65_536) {
            var batch = PointBatch()
            var values: [Double] = []
            for row in first..<min(first + 65_536, count) {
                level += Int64(random.next() % 41) - 20
                let value = Double(level) / 100
                values.append(value)
                batch.append(
                    series, at: Timestamp(seconds: Self.start + Int64(row)), .float(value))
            }
            let full = batch
            try store.writeBlocking { transaction in _ = try transaction.append(full) }
            try values.withUnsafeBytes { try handle.write(contentsOf: Data($0)) }
        }
        let seconds = Date().timeIntervalSince(began)
        print("written, in commits of 65,536\t\(Double(count) / seconds / 1e6)\t")
    }

    private func makeSeries() throws -> SeriesID {
        let graph = self.graph
        let by = Provenance(recordedAt: Timestamp(seconds: Self.start), source: "bench")
        return try store.writeBlocking { transaction in
            let machine = try graph.createAsset(
                AssetDeclaration(type: "machine", name: "CNC-3"), by: by,
                in: transaction.transaction)
            var declaration = MeasureDeclaration(name: "consumption")
            declaration.kind = .amount
            declaration.valueKind = .float
            guard let record = try graph.asset(machine, in: transaction.transaction) else {
                throw POSIXError(.ENOENT)
            }
            let measure = try graph.declareMeasure(
                declaration, of: record.type, by: by, in: transaction.transaction)
            return try transaction.ensureSeries(
                asset: machine, measure: measure.id, kind: .float, group: machine)
        }
    }

    /// The questions of `bench/scan.py`, in its order.
    private func ask(settled: Bool) throws {
        let engine = QueryEngine(store: store, graph: graph)
        var options = QueryOptions()
        options.rowLimit = 10_000_000
        let last = Self.start + Int64(count)
        options.now = Timestamp(seconds: last)
        let range = "between \(text(Self.start)) and \(text(last))"
        let inner = "between \(text(Self.start + 77)) and \(text(last - 77))"
        let tier = settled ? "dense" : "fast"
        let of = "of machine CNC-3"
        let extremes = "lowest consumption, highest consumption"
        for (name, question) in [
            ("sum of all", "sum consumption \(of) \(range)"),
            ("sum of all but the ends", "sum consumption \(of) \(inner)"),
            ("sum of every hour", "sum consumption \(of) \(range) every 1h"),
            (
                "sum, min, max of every hour",
                "sum consumption, \(extremes) \(of) \(range) every 1h"
            ),
        ] {
            var answer = 0.0
            var rows = 0
            let seconds = try Stopwatch.least(rounds: 3) {
                let result = try engine.run(question, options: options)
                (answer, rows) = try Self.total(result)
            }
            let rate = Double(count) / seconds / 1e6
            print("Pollux, \(tier)\t\(name)\t\(rate)\t\(answer)\t\(rows)")
        }
    }

    private func text(_ seconds: Int64) -> String {
        let formatter = ISO8601DateFormatter()
        return formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
    }

    /// The sum of the first column of numbers, and how many rows there are.
    private static func total(_ results: [QueryResult]) throws -> (Double, Int) {
        guard let result = results.last else { throw POSIXError(.EINVAL) }
        var sum = 0.0
        for column in result.columns {
            guard case .floats(let values) = column.cells.values else { continue }
            for value in values { sum += value }
            break
        }
        return (sum, result.rowCount)
    }
}
