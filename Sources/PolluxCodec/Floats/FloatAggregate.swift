internal import PolluxKernels

/// Count, sum, minimum and maximum of some float64 values.
///
/// The sum is defined to the last bit: within each block of 1,024 rows, counted from the first row
/// of the range, value i goes to accumulator i mod 16, the accumulators are folded in halves
/// (16 to 8 to 4 to 2 to 1), and block sums are added in order.
public struct FloatAggregate: Equatable, Sendable {
    /// How many values were seen, not-a-number included.
    public var count = 0
    /// The sum; not-a-number if any value is.
    public var sum = 0.0
    /// The least value that is a number; +infinity when there is none.
    public var minimum = Double.infinity
    /// The greatest value that is a number; -infinity when there is none.
    public var maximum = -Double.infinity

    /// The aggregate of no values.
    public init() {}

    /// The aggregate of `values`, by the same rule as that of an encoded column.
    public init(_ values: UnsafeBufferPointer<Double>) {
        guard let base = values.baseAddress else { return }
        var first = 0
        while first < values.count {
            let length = min(values.count - first, ColumnLimits.blockCount)
            add(Aggregates.block(base + first, count: length), count: length)
            first += length
        }
    }

    mutating func add(_ block: BlockAggregate, count: Int) {
        self.count += count
        sum += block.sum
        minimum = min(minimum, block.minimum)
        maximum = max(maximum, block.maximum)
    }
}
