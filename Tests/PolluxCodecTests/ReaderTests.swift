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

    /// The sum of plain values as storage-format/encodings.md §10 defines it, by the letter.
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
                        let isSame = isSum(
                            found.sum, defined.sum, of: values[rows], mode: bytes[0])
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

    /// Columns of times that a line describes well, badly, or only in parts.
    private static func lines(_ random: inout Seed) -> [[Int64]] {
        let start: Int64 = 1_700_000_000_000_000_000
        var columns: [[Int64]] = []
        for count in [3, 40, 1024, 1025, 5000] {
            for (step, jitter, unit) in [
                (1_000_000_000, 11, 1_000_000), (1_000_000_000, 900, 1_000_000),
                (100_000_000, 5, 1_000_000), (1_000_003, 7, 1), (1000, 990, 1),
            ] as [(Int64, UInt64, Int64)] {
                columns.append(
                    (0..<count).map {
                        start + Int64($0) * step + Int64(random.next() % jitter) * unit
                    })
                // An outage in the middle.
                columns.append(
                    columns[columns.count - 1].enumerated().map {
                        $0 < count / 2 ? $1 : $1 + 7_777 * step
                    })
            }
        }
        let ends: [Int64] = [.min, .min + 5, .min + 9, 0, .max - 9, .max - 5, .max]
        columns.append(ends)
        columns.append((0..<2000).map { .max - 2_000_000 + $0 * 1000 + Int64(random.next() % 9) })
        columns.append((0..<2000).map { .min + $0 * 1000 + Int64(random.next() % 9) })
        return columns
    }

    @Test(
        "a row is found by its time whether or not times are decoded for it",
        arguments: [51, 52] as [UInt64])
    func rowsByTime(_ seed: UInt64) throws {
        var random = Seed(seed)
        for times in Self.lines(&random) {
            for encoding in [ColumnEncoding.timeLine, .timePacked, .timeDense] {
                for tier in EncodingTier.allCases {
                    let encoded = times.withUnsafeBufferPointer {
                        TimeColumn.encoded($0, as: encoding, tier: tier)
                    }
                    guard let encoded else { continue }
                    try encoded.withUnsafeBytes { bytes in
                        var reader = try TimeReader(bytes)
                        for _ in 0..<60 {
                            let near = times[Int(random.next() % UInt64(times.count))]
                            let wanted =
                                switch random.next() % 4 {
                                case 0: near
                                case 1: near &+ Int64(random.next() % 3) &- 1
                                case 2: near / 1_000_000_000 * 1_000_000_000
                                default: near &+ Int64(truncatingIfNeeded: random.next() >> 30)
                                }
                            let expected = times.firstIndex { $0 >= wanted } ?? times.count
                            #expect(
                                try reader.firstRow(notBefore: wanted) == expected,
                                "seed \(seed), \(encoding), \(tier), \(times.count) from \(times[0])"
                            )
                        }
                    }
                }
            }
        }
    }

    @Test("regular readings with jitter are few rests, and found without decoding any")
    func jitter() throws {
        var random = Seed(7)
        let times = (0..<13_000).map {
            1_736_121_600_505_000_000 + Int64($0) * 1_000_000_000
                + (Int64(random.next() % 11) - 5) * 1_000_000
        }
        for tier in EncodingTier.allCases {
            var bytes: [UInt8] = []
            TimeColumn.encode(times, tier: tier, into: &bytes)
            // Eleven rests are 3.46 bits of chance each.
            #expect(bytes.count < times.count * 36 / 64, "\(tier)")
            #expect(ColumnEncoding(rawValue: bytes[0]) == .timeLine)
            // Damage where the rests lie: whoever decodes them meets other times.
            if tier == .dense {
                for index in bytes.count / 2..<bytes.count { bytes[index] ^= 0x55 }
            }
            try bytes.withUnsafeBytes { bytes in
                var reader = try TimeReader(bytes)
                for minute in 0..<200 {
                    let wanted = 1_736_121_600_000_000_000 + Int64(minute) * 60_000_000_000
                    #expect(try reader.firstRow(notBefore: wanted) == minute * 60)
                }
            }
        }
    }
}
