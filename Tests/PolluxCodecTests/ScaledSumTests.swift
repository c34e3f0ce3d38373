import PolluxCodec
import PolluxTestKit
import Testing

/// Whether a column's sum is as near to that of its plain values as storage-format/encodings.md §10
/// says: only scaled columns may differ at all.
func isSum(_ found: Double, _ plain: Double, of values: ArraySlice<Double>, mode: UInt8) -> Bool {
    if found.bitPattern == plain.bitPattern || found.isNaN && plain.isNaN { return true }
    guard mode == ColumnEncoding.floatScaled.rawValue else { return false }
    let size = values.reduce(0) { $0 + $1.magnitude }
    // Each of the two may be wrong by so much, and pieces are added.
    let roundings = Double(2 * 67 + values.count / 1024)
    return (found - plain).magnitude <= roundings * 0x1p-53 * size
}

/// Sums of scaled columns are those of their integers, divided once for each block.
@Suite struct ScaledSumTests {
    private static let count = 6 * 1024

    /// Integers that are packed as they are and as differences, small and great.
    private static func integers(_ random: inout Seed) -> [[Int64]] {
        var columns: [[Int64]] = []
        for bits in [3, 9, 14, 22, 26] as [UInt64] {
            columns.append((0..<count).map { _ in Int64(random.next() % (1 << bits)) - 77 })
            columns.append((0..<count).map { _ in 1 << 38 - Int64(random.next() % (1 << bits)) })
            var walk: Int64 = -5_000
            columns.append(
                (0..<count).map { _ in
                    walk += Int64(random.next() % (1 << (bits - 2))) - 1 << Int64(bits - 3)
                    return walk
                })
            // Multiples, and a few that stand far out.
            columns.append((0..<count).map { _ in 250 * Int64(random.next() % (1 << bits)) })
            columns.append(
                (0..<count).map { row in
                    Int64(random.next() % (1 << bits)) + (row % 300 == 7 ? 1 << 28 : 0)
                })
        }
        return columns
    }

    @Test(arguments: [61, 62, 63] as [UInt64]) func exact(_ seed: UInt64) throws {
        var random = Seed(seed)
        var scaled = 0
        for (integers, divisor) in Self.integers(&random).flatMap({ column in
            [1.0, 10, 1000].map { (column, $0) }
        }) {
            let values = integers.map { Double($0) / divisor }
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                FloatColumn.encode(values, tier: tier, into: &bytes)
                let modes = "\(try bytes.withUnsafeBytes { try FloatColumn.describe($0) })"
                // Numbers of more than 32 bits are decoded first.
                guard bytes[0] == ColumnEncoding.floatScaled.rawValue,
                    modes.contains("packed"), !modes.contains("wide")
                else { continue }
                scaled += 1
                let sums = stride(from: 0, to: Self.count, by: 1024).map { first in
                    Double(integers[first..<first + 1024].reduce(0, +)) / divisor
                }
                try bytes.withUnsafeBytes { bytes in
                    var reader = try FloatReader(bytes)
                    for blocks in [0..<6, 0..<1, 2..<5, 5..<6] {
                        let rows = blocks.lowerBound * 1024..<blocks.upperBound * 1024
                        for wantsExtremes in [true, false] {
                            let found = try reader.aggregate(
                                rows: rows, wantsExtremes: wantsExtremes)
                            let wanted = sums[blocks].reduce(0, +)
                            #expect(
                                found.sum == wanted, "\(blocks) of \(modes), seed \(seed)")
                            guard wantsExtremes else { continue }
                            #expect(found.minimum == values[rows].min())
                            #expect(found.maximum == values[rows].max())
                        }
                    }
                }
            }
        }
        #expect(scaled > 60, "few columns were packed")
    }
}
