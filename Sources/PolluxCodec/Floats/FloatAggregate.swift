internal import PolluxKernels

/// Count, sum, minimum and maximum of some float64 values.
///
/// The sum of plain values is defined to the last bit: the rows are cut at the column's multiples
/// of 1,024; within each piece, value i goes to accumulator i mod 16, the accumulators are folded
/// in halves (16 to 8 to 4 to 2 to 1), and the sums of pieces are added in order. That of an
/// encoded column is as near (storage-format/encodings.md §10).
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

    /// The aggregate of `values`.
    public init(_ values: UnsafeBufferPointer<Double>) {
        self.init(values, rows: 0..<values.count)
    }

    /// The aggregate of some of a column's `values`.
    ///
    /// Without `wantsExtremes`, minimum and maximum stay those of no values.
    public init(
        _ values: UnsafeBufferPointer<Double>, rows: Range<Int>, wantsExtremes: Bool = true
    ) {
        precondition(rows.upperBound <= values.count, "rows beyond the column")
        guard let base = values.baseAddress else { return }
        for piece in BlockPieces(rows) {
            add(
                base + (piece.block * ColumnLimits.blockCount + piece.rows.lowerBound),
                count: piece.rows.count, wantsExtremes: wantsExtremes)
        }
    }

    /// Adds the aggregate of the values that follow.
    public mutating func add(_ next: FloatAggregate) {
        count += next.count
        sum += next.sum
        minimum = min(minimum, next.minimum)
        maximum = max(maximum, next.maximum)
    }

    mutating func add(_ block: BlockAggregate, count: Int) {
        self.count += count
        sum += block.sum
        minimum = min(minimum, block.minimum)
        maximum = max(maximum, block.maximum)
    }

    /// Adds at most 1,024 values as one piece.
    mutating func add(_ values: UnsafePointer<Double>, count: Int, wantsExtremes: Bool) {
        if wantsExtremes {
            add(Aggregates.block(values, count: count), count: count)
        } else {
            self.count += count
            sum += Aggregates.sum(values, count: count)
        }
    }
}
