import Foundation
import PolluxKernels
import PolluxTestKit
import Testing

@testable import PolluxCodec

/// What encoders measure before they choose, beside the same by its definition.
@Suite struct PlanningTests {
    private static let counts = [1, 2, 3, 8, 9, 10, 17, 100, 1000, 1024]

    @Test(arguments: [21, 22] as [UInt64]) func residuals(_ seed: UInt64) {
        var random = Seed(seed)
        for count in Self.counts {
            let values = (0..<count).map { _ in
                Int64(bitPattern: random.next()) >> Int64(random.next() % 64)
            }
            let previous = Int64(bitPattern: random.next()) >> 20
            let step = Int64(random.next() % 1000) - 500
            let first = values.indices.map { values[$0] &- ($0 > 0 ? values[$0 - 1] : previous) }
            let second = first.indices.map { first[$0] &- ($0 > 0 ? first[$0 - 1] : step) }
            var found = [Int64](repeating: 0, count: count)
            let firstRange = Residuals.first(
                values, count: count, previous: previous, into: &found)
            #expect(found == first)
            #expect(firstRange.least == first.min() && firstRange.greatest == first.max())
            let secondRange = Residuals.second(
                values, count: count, previous: previous, step: step, into: &found)
            #expect(found == second)
            #expect(secondRange.least == second.min() && secondRange.greatest == second.max())
        }
    }

    @Test(arguments: [36, 37] as [UInt64]) func medians(_ seed: UInt64) {
        var random = Seed(seed)
        for count in [15, 16, 31, 1000, 1024] {
            for shift in [0, 50, 60, 63] as [Int64] {
                let values = (0..<count).map { _ in Int64(bitPattern: random.next()) >> shift }
                let taken = (0..<15).map { values[$0 * count / 15] }
                #expect(IntegerLoops.median(of: values, count: count) == taken.sorted()[7])
                let edges = values.map { $0 < 0 ? Int64.min : .max }
                let edge = taken.sorted()[7] < 0 ? Int64.min : .max
                #expect(IntegerLoops.median(of: edges, count: count) == edge)
            }
        }
    }

    @Test(arguments: [23, 24] as [UInt64]) func outliers(_ seed: UInt64) {
        var random = Seed(seed)
        for count in Self.counts {
            for span in [0, 1, 127, 128, 4095, 1 << 40, UInt64.max >> 1, .max] as [UInt64] {
                let least = Int64(random.next() % 1000) - 500
                let values = (0..<count).map { _ in
                    least &+ Int64(bitPattern: random.next() >> (random.next() % 64))
                }
                var rows = [UInt32](repeating: 0, count: count)
                let found = Residuals.outliers(
                    values, count: count, least: least, span: span, into: &rows)
                let expected = values.indices.filter {
                    UInt64(bitPattern: values[$0] &- least) > span
                }
                #expect(rows.prefix(found).map { Int($0) } == expected)
            }
        }
    }

    @Test(arguments: [38, 39] as [UInt64]) func changes(_ seed: UInt64) {
        var random = Seed(seed)
        for count in Self.counts {
            for pool in [1, 2, 1000] as [UInt64] {
                let values = (0..<count).map { _ in Int64(random.next() % pool) << 40 }
                var rows = [UInt32](repeating: 0, count: count)
                let found = Residuals.changes(values, count: count, into: &rows)
                let expected = values.indices.dropFirst().filter { values[$0] != values[$0 - 1] }
                #expect(rows.prefix(found).map { Int($0) } == expected)
                #expect(IntegerLoops.changes(values, count: count) == found)
            }
        }
    }

    /// Sequences of three that come again, and those that come again in another order.
    @Test func repeats() {
        let cycle = (0..<5000).map { Int64($0 % 7) }
        var random = Seed(40)
        let noise = (0..<5000).map { _ in Int64(random.next() >> 40) }
        cycle.withUnsafeBufferPointer {
            #expect(Repeats.areMore(than: 0.9, of: $0))
        }
        noise.withUnsafeBufferPointer {
            #expect(!Repeats.areMore(than: 0.01, of: $0))
        }
        // Every other sequence of eight is new.
        let half = cycle.indices.map { $0 / 8 % 2 == 0 ? cycle[$0 % 8] : noise[$0] }
        half.withUnsafeBufferPointer {
            #expect(Repeats.areMore(than: 0.3, of: $0))
            #expect(!Repeats.areMore(than: 0.45, of: $0))
        }
    }

    @Test(arguments: [25, 26] as [UInt64]) func byteCounts(_ seed: UInt64) {
        var random = Seed(seed)
        for count in [1, 5, 64, 1165, 8192] {
            for spread in [1, 3, 40, 256] as [UInt64] {
                let shift = Int(random.next() % 57)
                let bytes = (0..<count).map { _ in
                    random.next() % spread * (random.next() % spread) % 256
                }
                let words = bytes.map { $0 << UInt64(shift) }
                var occurrences: [UInt64: Double] = [:]
                let counted = bytes.indices.filter { count < 4096 || $0 % 16 < 4 }
                for row in counted { occurrences[bytes[row], default: 0] += 1 }
                let all = Double(counted.count)
                let exact = occurrences.values.reduce(0) {
                    $0 + $1 * Foundation.log2(all / $1) * Double(count) / all
                }
                let found = ByteCounts.bits(words, count: count, shift: shift)
                #expect(abs(found - exact) <= 0.017 * Double(count))
            }
        }
    }

    /// Distinct values and their numbers, of integers close together and of any.
    @Test(arguments: [27, 28, 29] as [UInt64]) func levels(_ seed: UInt64) throws {
        var random = Seed(seed)
        for (count, distinct, isWide) in [
            (1, 1, false), (500, 20, false), (500, 300, true), (3000, 1500, true),
            (8192, 6000, true), (8192, 40, true), (8192, 900, false),
        ] {
            let pool = (0..<distinct).map { _ in
                isWide ? Int64(bitPattern: random.next()) : Int64(random.next() % 4096) - 2048
            }
            let column = (0..<count).map { _ in pool[Int(random.next() % UInt64(distinct))] }
            let sorted = Set(column).sorted()
            let least = try #require(sorted.first)
            let greatest = try #require(sorted.last)
            try column.withUnsafeBufferPointer { column in
                for range in [nil, (least: least, greatest: greatest)] {
                    guard let levels = Levels(column, limit: sorted.count, range: range) else {
                        // Only numbers with hardly a gap are refused, and only with their range.
                        #expect(range != nil)
                        #expect(Double(sorted.count) >= 0.87 * Double(greatest - least + 1))
                        continue
                    }
                    #expect(levels.values == sorted)
                    #expect(levels.indices.map { levels.values[Int($0)] } == Array(column))
                    #expect(Levels(column, limit: sorted.count - 1, range: range) == nil)
                }
                _ = try #require(Levels(column, limit: sorted.count))
            }
        }
    }

    @Test(arguments: [30, 31] as [UInt64]) func sorting(_ seed: UInt64) throws {
        var random = Seed(seed)
        for count in [0, 1, 2, 96, 97, 5000] {
            for shift in [0, 20, 52] as [Int64] {
                let values = (0..<count).map { _ in Int64(bitPattern: random.next()) >> shift }
                try expectRanks(of: values)
                // Most have their 32 highest bits in common with others.
                try expectRanks(of: values.map { $0 & (-1 << 56 | 0xFFFF) })
            }
        }
    }

    private func expectRanks(of all: [Int64]) throws {
        var seen: Set<Int64> = []
        let values = all.filter { seen.insert($0).inserted }
        let (sorted, rank) = Sorting.ranks(of: values)
        #expect(sorted == values.sorted())
        try #require(rank.count == values.count)
        #expect(zip(values, rank).allSatisfy { sorted[Int($1)] == $0 })
    }

    /// Common factors of every shape: odd, even, powers of two, near the greatest integer.
    @Test(arguments: [34, 35] as [UInt64]) func sharedFactors(_ seed: UInt64) {
        var random = Seed(seed)
        let factors: [Int64] = [1, 2, 3, 6, 7, 10, 96, 1000, 1 << 20, 999_999_937, 1 << 40]
        for factor in factors {
            for offset in [0, 5, -17] as [Int64] {
                let reach = min(1 << 30, Int64.max / factor / 2)
                let multiples = [0, 1] + (0..<200).map { _ in Int64(random.next() >> 33) % reach }
                let values = multiples.map { offset &+ factor &* ($0 - reach / 2) }
                let found = values.withUnsafeBufferPointer { SharedFactor($0) }
                #expect(found.factor == factor)
                let numbers = values.withUnsafeBufferPointer { found.numbers(of: $0) }
                #expect(zip(values, numbers).allSatisfy { $0 == found.offset + factor * $1 })
            }
        }
        let far: [Int64] = [.min, .max, 0]
        #expect(far.withUnsafeBufferPointer { SharedFactor($0) }.factor == 1)
    }

    private static func modes(
        _ values: [Double], _ tier: EncodingTier
    ) throws -> (modes: [ColumnEncoding], byteCount: Int) {
        var bytes: [UInt8] = []
        FloatColumn.encode(values, tier: tier, into: &bytes)
        var decoded: [Double] = []
        try bytes.withUnsafeBytes { try FloatColumn.decode($0, into: &decoded) }
        #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern))
        return (try bytes.withUnsafeBytes { try FloatColumn.describe($0).modes }, bytes.count)
    }

    /// A cycle that comes again is compressed by the background pass, never while data arrive.
    @Test(arguments: [32, 33] as [UInt64]) func cycles(_ seed: UInt64) throws {
        var random = Seed(seed)
        let cycle = (0..<300).map { _ in Double(random.next() % 4000) / 10 }
        let again = (0..<8192).map { cycle[$0 % 300] }
        let compressed: Set<ColumnEncoding> = [.integerPlanes, .floatPlanes, .floatZstd]
        let hot = try Self.modes(again, .fast)
        #expect(compressed.isDisjoint(with: hot.modes))
        let cold = try Self.modes(again, .dense)
        #expect(!compressed.isDisjoint(with: cold.modes))
        #expect(cold.byteCount < 8192 / 4)
    }

    /// Few levels of which one is -0.0, which no scale has: a dictionary, not exceptions.
    @Test(arguments: [34, 35] as [UInt64], EncodingTier.allCases) func negativeZeros(
        _ seed: UInt64, _ tier: EncodingTier
    ) throws {
        var random = Seed(seed)
        let levels = [-0.0, 0.0001, -0.0002, 0.0003, 0.0004, -0.0005, 0.0006, 0.0001]
        let values = (0..<8192).map { _ in levels[Int(random.next() % 8)] }
        let found = try Self.modes(values, tier)
        #expect(found.modes.first == .floatDictionary)
        #expect(found.byteCount < 8192 / 2)
    }

    /// What Gorilla comes to is what it writes, and is given up on beyond its limit.
    @Test(arguments: [36, 37] as [UInt64]) func gorillaByteCount(_ seed: UInt64) {
        var random = Seed(seed)
        for count in [1, 255, 256, 257, 3000] {
            let values = (0..<count).map { _ in Double(random.next() % 50) / 8 }
            values.withUnsafeBufferPointer { values in
                let written = Gorilla.encode(values).count
                #expect(Gorilla.byteCount(values, limit: Double(4 * written)) == written)
                #expect(Gorilla.byteCount(values, limit: Double(written) - 1) == nil)
            }
        }
    }
}
