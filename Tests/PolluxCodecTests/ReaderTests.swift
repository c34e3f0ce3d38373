import PolluxTestKit
import Testing

@testable import PolluxCodec

/// Columns read in parts give what they give when decoded whole.
@Suite struct ReaderTests {
    /// Columns whose modes are made of blocks, with exceptions and distances, and others.
    private static func columns(_ random: inout Seed) -> [[Double]] {
        var columns: [[Double]] = []
        for count in [1, 100, 1024, 1025, 5000] {
            var walk: Int64 = 5000
            columns.append([Double](repeating: 21.5, count: count))
            columns.append((0..<count).map { _ in Double(random.next() % 1000) / 100 })
            columns.append(
                (0..<count).map { _ in
                    walk += Int64(random.next() % 41) - 20
                    return Double(walk) / 1000
                })
            columns.append((0..<count).map { Double($0 * $0) / 4 })
            columns.append(
                (0..<count).map { $0 % 900 == 7 ? .nan : Double(random.next() % 500) / 10 })
            columns.append((0..<count).map { $0 % 700 == 9 ? 1e9 : Double($0 % 50) / 10 })
            columns.append(
                (0..<count).map { row in
                    let value = Double(row % 300) / 10
                    return Double(bitPattern: value.bitPattern &+ random.next() % 3)
                })
            columns.append((0..<count).map { _ in Double(bitPattern: random.next()) })
            columns.append((0..<count).map { Double($0 / 100) })
        }
        return columns
    }

    /// The sum as storage-format/encodings.md §10 defines it, by the letter.
    private static func defined(_ values: [Double], _ rows: Range<Int>) -> FloatAggregate {
        var result = FloatAggregate()
        var row = rows.lowerBound
        while row < rows.upperBound {
            let end = min(rows.upperBound, (row / 1024 + 1) * 1024)
            var sums = [Double](repeating: 0, count: 16)
            for (place, value) in values[row..<end].enumerated() { sums[place % 16] += value }
            for half in [8, 4, 2, 1] {
                for place in 0..<half { sums[place] += sums[place + half] }
            }
            result.sum += sums[0]
            for value in values[row..<end] where !value.isNaN {
                result.minimum = min(result.minimum, value)
                result.maximum = max(result.maximum, value)
            }
            result.count += end - row
            row = end
        }
        return result
    }

    private static func ranges(_ count: Int, _ random: inout Seed) -> [Range<Int>] {
        var ranges = [0..<count, 0..<0, count..<count, 0..<min(count, 1024)]
        for _ in 0..<12 {
            let first = Int(random.next() % UInt64(count))
            ranges.append(first..<(first + 1 + Int(random.next() % UInt64(count - first))))
        }
        return ranges
    }

    @Test(arguments: [31, 32] as [UInt64]) func floatsInParts(_ seed: UInt64) throws {
        var random = Seed(seed)
        for values in Self.columns(&random) {
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                FloatColumn.encode(values, tier: tier, into: &bytes)
                try bytes.withUnsafeBytes { bytes in
                    var reader = try FloatReader(bytes)
                    #expect(reader.count == values.count)
                    for rows in Self.ranges(values.count, &random) {
                        let part = try [Double](unsafeUninitializedCapacity: rows.count + 1) {
                            try reader.decode(
                                rows: rows, into: $0.baseAddress.unsafelyUnwrapped)
                            $1 = rows.count
                        }
                        #expect(
                            part.map(\.bitPattern) == values[rows].map(\.bitPattern),
                            "seed \(seed), mode \(bytes[0]), rows \(rows) of \(values.count)")
                        let found = try reader.aggregate(rows: rows)
                        let defined = Self.defined(values, rows)
                        let isSame =
                            found.sum.bitPattern == defined.sum.bitPattern
                            || found.sum.isNaN && defined.sum.isNaN
                        #expect(
                            isSame && found.count == defined.count
                                && found.minimum == defined.minimum
                                && found.maximum == defined.maximum,
                            "seed \(seed), mode \(bytes[0]), rows \(rows) of \(values.count)")
                    }
                    #expect(throws: CodecError.self) {
                        _ = try reader.aggregate(rows: 0..<values.count + 1)
                    }
                }
            }
        }
    }

    @Test(arguments: [41, 42] as [UInt64]) func timesInParts(_ seed: UInt64) throws {
        var random = Seed(seed)
        let start: Int64 = 1_700_000_000_000_000_000
        for count in [1, 2, 100, 1024, 3000] {
            var time = start
            let columns: [[Int64]] = [
                (0..<count).map { start + Int64($0) * 1_000_000_000 },
                (0..<count).map {
                    start + Int64($0) * 1_000_000_000 + Int64(random.next() % 11) * 1_000_000
                },
                (0..<count).map { _ in
                    time += 1 + Int64(random.next() % 1000)
                    return time
                },
                (0..<count).map { start + Int64($0) * 1_000_000 + Int64($0 / 500) * 77_000_000 },
            ]
            for times in columns {
                for tier in EncodingTier.allCases {
                    var bytes: [UInt8] = []
                    TimeColumn.encode(times, tier: tier, into: &bytes)
                    try bytes.withUnsafeBytes { bytes in
                        var reader = try TimeReader(bytes)
                        for rows in Self.ranges(count, &random) {
                            let part = try [Int64](unsafeUninitializedCapacity: rows.count + 1) {
                                try reader.decode(
                                    rows: rows, into: $0.baseAddress.unsafelyUnwrapped)
                                $1 = rows.count
                            }
                            #expect(part == Array(times[rows]), "seed \(seed), \(rows)")
                        }
                        for _ in 0..<20 {
                            let row = Int(random.next() % UInt64(count))
                            #expect(try reader.time(at: row) == times[row])
                            let wanted = times[row] + Int64(random.next() % 3) - 1
                            let expected = times.firstIndex { $0 >= wanted } ?? count
                            #expect(
                                try reader.firstRow(notBefore: wanted) == expected, "seed \(seed)")
                        }
                    }
                }
            }
        }
    }
}
