import PolluxKernels
import PolluxTestKit
import Testing

/// Sums, minima and maxima of short runs of doubles, by the rule of storage-format/encodings.md §10
/// written value by value.
@Suite struct BlockAggregateTests {
    private func expected(_ values: [Double]) -> (sum: UInt64, least: Double, greatest: Double) {
        var sums = [Double](repeating: 0, count: 16)
        for (index, value) in values.enumerated() { sums[index % 16] += value }
        for width in [8, 4, 2, 1] {
            for lane in 0..<width { sums[lane] += sums[lane + width] }
        }
        let numbers = values.filter { !$0.isNaN }
        return (
            sums[0].bitPattern, numbers.min() ?? .infinity, numbers.max() ?? -.infinity
        )
    }

    private func check(_ values: [Double]) {
        // What stands behind the values must not count.
        let room = values + [1e300, -1e300, .nan]
        let found = room.withUnsafeBufferPointer { room in
            room.baseAddress.map { Aggregates.block($0, count: values.count) }
        }
        let wanted = expected(values)
        let isNumber = !Double(bitPattern: wanted.sum).isNaN
        #expect(isNumber ? found?.sum.bitPattern == wanted.sum : found?.sum.isNaN == true)
        #expect(found?.minimum == wanted.least && found?.maximum == wanted.greatest)
        let sum = room.withUnsafeBufferPointer { room in
            room.baseAddress.map { Aggregates.sum($0, count: values.count) }
        }
        #expect(isNumber ? sum?.bitPattern == wanted.sum : sum?.isNaN == true)
    }

    @Test func everyLength() {
        var random = Seed(11)
        for count in 1...100 {
            check((0..<count).map { _ in (random.unit() - 0.5) * 1000 })
            check((0..<count).map { _ in random.next() % 5 == 0 ? .nan : random.unit() })
            check([Double](repeating: -0.0, count: count))
            check((0..<count).map { $0 == count - 1 ? -.infinity : Double($0) })
            check([Double](repeating: .nan, count: count))
        }
    }
}
