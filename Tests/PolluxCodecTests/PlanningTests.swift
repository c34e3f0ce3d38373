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

    @Test(arguments: [23, 24] as [UInt64]) func outliers(_ seed: UInt64) {
        var random = Seed(seed)
        for count in Self.counts {
            for width in [0, 1, 7, 12, 40, 63] {
                let reference = Int64(random.next() % 1000) - 500
                let values = (0..<count).map { _ in
                    reference &+ Int64(bitPattern: random.next() >> (random.next() % 64))
                }
                var rows = [UInt16](repeating: 0, count: count)
                let found = Residuals.outliers(
                    values, count: count, reference: reference, width: width, into: &rows)
                let expected = values.indices.filter {
                    UInt64(bitPattern: values[$0] &- reference) >> UInt64(width) != 0
                }
                #expect(rows.prefix(found).map { Int($0) } == expected)
            }
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
                for byte in bytes { occurrences[byte, default: 0] += 1 }
                let exact = occurrences.values.reduce(0) {
                    $0 + $1 * (Foundation.log2(Double(count)) - Foundation.log2($1))
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

    @Test(arguments: [30, 31] as [UInt64]) func sorting(_ seed: UInt64) {
        var random = Seed(seed)
        for count in [0, 1, 2, 96, 97, 5000] {
            for shift in [0, 20, 52] as [Int64] {
                var values = (0..<count).map { _ in Int64(bitPattern: random.next()) >> shift }
                let expected = values.sorted()
                Sorting.sort(&values)
                #expect(values == expected)
            }
        }
    }
}
