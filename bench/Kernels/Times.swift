import BenchFrame
import Foundation
import PolluxCodec
import PolluxTestKit

/// Timestamps and the small columns beside values: what they take.
enum Times {
    /// Times by a formula, a chunk and more of each nature.
    static func generated(count: Int) -> [(name: String, times: [Int64])] {
        var random = Seed(11)
        let start: Int64 = 1_700_000_000_000_000_000
        let second: Int64 = 1_000_000_000
        let regular = (0..<count).map { start + Int64($0) * second }
        let milliseconds = (0..<count).map {
            start + Int64($0) * second + (Int64(random.next() % 11) - 5) * 1_000_000
        }
        let nanoseconds = (0..<count).map {
            start + Int64($0) * second + Int64(random.next() % 10_000_001) - 5_000_000
        }
        return [
            ("every second", regular), ("every second, ±5 ms in ms", milliseconds),
            ("every second, ±5 ms in ns", nanoseconds),
        ]
    }

    /// Times of the public data sets.
    private static func real(in folder: URL) -> [(name: String, times: [Int64])] {
        [
            ("skab/data/anomaly-free/anomaly-free.csv", 0, ";"),
            ("skab/data/valve1/6.csv", 0, ";"),
            ("occupancy/datatraining.txt", 0, ","),
            ("metropt3/metropt3_first1000.csv", 1, ","),
            ("nab/data/realTweets/Twitter_volume_AAPL.csv", 0, ","),
        ].compactMap { path, field, separator in
            guard
                let text = try? String(
                    contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
            else { return nil }
            let times = text.split(whereSeparator: \.isNewline).compactMap { line -> Int64? in
                let fields = line.split(separator: Character(separator))
                return field < fields.count ? nanoseconds(fields[field]) : nil
            }
            return times.isEmpty ? nil : (path, times)
        }
    }

    /// `yyyy-mm-dd hh:mm:ss`, perhaps in quotes, as UTC.
    private static func nanoseconds(_ text: Substring) -> Int64? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count >= 6 else { return nil }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (numbers[0], numbers[1], numbers[2])
        (parts.hour, parts.minute, parts.second) = (numbers[3], numbers[4], numbers[5])
        return calendar.date(from: parts).map { Int64($0.timeIntervalSince1970) * 1_000_000_000 }
    }

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC") ?? .current
        return calendar
    }()

    /// Bytes of a time, alone and shared by a machine's ten series; the latter as numbers as well.
    static func table(_ folder: URL) throws -> (table: Table, shared: [Double]) {
        var table = Table(
            ["times", "count", "fast: bytes/time", "dense: bytes/time", "dense, by ten series"])
        var shared: [Double] = []
        for (name, times) in generated(count: 8 * Columns.chunkCount) + real(in: folder) {
            var cells: [Double] = []
            for tier in [EncodingTier.fast, .dense] {
                var byteCount = 0
                for first in stride(from: 0, to: times.count, by: Columns.chunkCount) {
                    let chunk = Array(
                        times[first..<min(first + Columns.chunkCount, times.count)])
                    var bytes: [UInt8] = []
                    TimeColumn.encode(chunk, tier: tier, into: &bytes)
                    var decoded: [Int64] = []
                    try bytes.withUnsafeBytes { try TimeColumn.decode($0, into: &decoded) }
                    guard decoded == chunk else { throw BenchError.notTheSame(name) }
                    byteCount += bytes.count
                }
                cells.append(Double(byteCount) / Double(times.count))
            }
            shared.append(cells[1] / 10)
            table.add(
                [name, "\(times.count)"] + cells.map { text($0, 4) } + [text(cells[1] / 10, 4)])
        }
        return (table, shared)
    }

    /// Bytes of booleans, texts and qualities that change now and then.
    static func otherKinds() -> Table {
        var table = Table(["other columns", "fast: bytes/value", "dense: bytes/value"])
        var random = Seed(13)
        let count = Columns.chunkCount
        var state = false
        let flags = (0..<count).map { _ in
            if random.next() % 200 == 0 { state.toggle() }
            return state
        }
        let restless = (0..<count).map { _ in random.next() % 2 == 0 }
        var word = 0
        let states = ["idle", "running", "setup", "fault: spindle over load", "stopped"]
        let texts = (0..<count).map { _ in
            if random.next() % 100 == 0 { word = Int(random.next() % 5) }
            return states[word]
        }
        for (name, values) in [("boolean, a change in 200", flags), ("boolean, random", restless)] {
            table.add(
                [name]
                    + EncodingTier.allCases.map { tier in
                        var bytes: [UInt8] = []
                        BooleanColumn.encode(values, tier: tier, into: &bytes)
                        return text(Double(bytes.count) / Double(count), 4)
                    })
        }
        table.add(
            ["text, five states, a change in 100"]
                + EncodingTier.allCases.map { tier in
                    var bytes: [UInt8] = []
                    TextColumn.encode(texts, tier: tier, into: &bytes)
                    return text(Double(bytes.count) / Double(count), 4)
                })
        return table
    }
}
