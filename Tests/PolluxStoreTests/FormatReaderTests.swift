import Foundation
import PolluxCodec
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// The reader of the format in Python (Tests/FormatReader), written from the pages alone.
///
/// Where it and the store disagree, a page leaves something out or the store does something else.
@Suite struct FormatReaderTests {
    private static let folder = Places.repository.appendingPathComponent("Tests/FormatReader")
    static let python = Programs.find("python3")

    /// What a program of the folder prints; the exit code must be 0.
    private func output(_ program: String, _ argument: String) throws -> String {
        let python = try #require(Self.python)
        let process = try RunningProcess(
            python, ["-B", Self.folder.appendingPathComponent(program).path, argument])
        let code = process.wait(seconds: 240)
        #expect(code == 0, "\(program): \(process.output.suffix(2000))")
        return process.output
    }

    @Test(
        "a reader in another language reads every golden file",
        .enabled(if: python != nil, "python3 is not installed"))
    func golden() throws {
        let folder = Places.repository.appendingPathComponent("storage-format/golden/v1")
        let output = try output("read_golden.py", folder.path)
        let count = try FileManager.default.contentsOfDirectory(atPath: folder.path).count
        #expect(output.contains("\(count) of \(count) golden files read"), "\(output)")
    }

    @Test(
        "a reader in another language reads chunks of every kind of column",
        .enabled(if: python != nil, "python3 is not installed"), arguments: [41, 42])
    func chunks(seed: UInt64) throws {
        var random = Seed(seed)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "chunks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        var records = ""
        var wanted: [String] = []
        var modes: Set<ColumnEncoding> = []
        for tier in [EncodingTier.fast, .dense] {
            let columns = columns(&random)
            let bytes = try ChunkWriter(group: AssetID(rawValue: 5), tier: tier).encode(
                columns, first: columns.compactMap(\.rows.times.first).min() ?? 0,
                last: columns.compactMap(\.rows.times.last).max() ?? 0)
            records +=
                bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                .joined() + "\n"
            for column in columns { wanted += rows(column) }
            for column in columns {
                guard case .floats(let values) = column.rows.values else { continue }
                var bytes: [UInt8] = []
                FloatColumn.encode(values, tier: tier, into: &bytes)
                modes.formUnion(try bytes.withUnsafeBytes { try FloatColumn.describe($0).modes })
            }
        }
        try records.write(to: file, atomically: true, encoding: .utf8)
        let found = try output("print_chunks.py", file.path).split(separator: "\n").map(String.init)
        #expect(found.count == wanted.count)
        let difference = zip(found, wanted).first { $0 != $1 }
        #expect(difference == nil, "seed \(seed): \(difference.map { "\($0)" } ?? "")")
        #expect(modes.count >= 8, "\(modes.map(\.name))")
    }

    private func rows(_ column: OpenColumn) -> [String] {
        column.rows.times.indices.map { row in
            let value =
                switch column.rows.values {
                case .floats(let values):
                    String(format: "%016lx", UInt(values[row].bitPattern))
                case .integers(let values): "\(values[row])"
                case .booleans(let values): "\(values[row])"
                case .texts(let values):
                    values[row].utf8.map { String(format: "%02x", $0) }.joined()
                }
            let quality = column.rows.qualities.isEmpty ? .good : column.rows.qualities[row]
            return
                "\(column.series.rawValue) \(column.rows.times[row]) \(value) \(quality.rawValue)"
        }
    }

    /// Columns of every nature, some longer than two blocks.
    private func columns(_ random: inout Seed) -> [OpenColumn] {
        let count = 2000 + Int(random.next() % 600)
        let start: Int64 = 1_700_000_000_000_000_000
        let jittered = (0..<count).map {
            start + Int64($0) * 1_000_000_000 + Int64(random.next() % 1_000_000)
        }
        let regular = (0..<count).map { start + Int64($0) * 250_000_000 }
        let levels = (0..<9).map { _ in Double(random.next() % 100_000).squareRoot() }
        var walk = Int64(random.next() % 100_000)
        var flag = false
        var columns: [(ValueKind, ColumnBatch)] = []
        func floats(_ times: [Int64], _ value: (Int) -> Double) {
            columns.append(
                (.float, ColumnBatch(times: times, values: .floats((0..<count).map(value)))))
        }
        floats(regular) { _ in Double(random.next() % 4096) / 100 }
        floats(regular) { _ in
            walk += Int64(random.next() % 41) - 20
            return Double(walk) / 1000
        }
        floats(jittered) { row in
            row % 97 == 3 ? Double(bitPattern: random.next()) : Double(row) * 0.1
        }
        floats(jittered) { _ in Double(bitPattern: random.next()) }
        floats(regular) { _ in levels[Int(random.next() % 9)] }
        floats(regular) { row in levels[row / 70 % 9] }
        floats(regular) { _ in 20 + Double(random.next() % 1_000_000_007).squareRoot() }
        floats(regular) { _ in Double(random.next() % 3000) / 3 }
        floats(regular) { _ in
            Double(String(format: "%.15g", Double(random.next() % 30_000) / 3)) ?? 0
        }
        floats(regular) { _ in -0.0 }
        let integers = (0..<count).map { Int64($0) * 7 + Int64(random.next() % 1000) }
        let wide = (0..<count).map { _ in Int64(bitPattern: random.next() >> (random.next() % 40)) }
        let qualities = (0..<count).map { row -> Quality in row / 50 % 5 == 2 ? .bad : .good }
        columns.append(
            (
                .integer,
                ColumnBatch(times: regular, values: .integers(integers), qualities: qualities)
            ))
        columns.append((.integer, ColumnBatch(times: jittered, values: .integers(wide))))
        let flags = (0..<count).map { _ in
            if random.next() % 60 == 0 { flag.toggle() }
            return flag
        }
        columns.append((.boolean, ColumnBatch(times: regular, values: .booleans(flags))))
        let words = ["idle", "läuft", "", "fault: spindle over load"]
        let texts = (0..<count).map { row in
            row % 11 == 0 ? "note \(random.next())" : words[Int(random.next() % 4)]
        }
        columns.append((.text, ColumnBatch(times: jittered, values: .texts(texts))))
        return columns.enumerated().map { index, column in
            OpenColumn(
                series: SeriesID(rawValue: UInt32(index + 1)), kind: column.0, rows: column.1)
        }
    }
}
