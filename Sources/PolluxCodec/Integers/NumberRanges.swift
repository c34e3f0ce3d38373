internal import PolluxKernels

/// The least and the greatest number of a column, and of each of its blocks.
struct NumberRanges {
    typealias Range = (least: Int64, greatest: Int64)

    let whole: Range
    /// One for each block; none where only the column's is known.
    let blocks: [Range]

    init(whole: Range) {
        self.whole = whole
        blocks = []
    }

    /// Finds the ranges of at least one number.
    init(_ numbers: UnsafeBufferPointer<Int64>) {
        let base = numbers.baseAddress.unsafelyUnwrapped
        let size = ColumnLimits.blockCount
        blocks = stride(from: 0, to: numbers.count, by: size).map { first in
            IntegerLoops.range(base + first, count: min(size, numbers.count - first))
        }
        whole = blocks.dropFirst().reduce(blocks[0]) { range, block in
            (min(range.least, block.least), max(range.greatest, block.greatest))
        }
    }

    private init(whole: Range, blocks: [Range]) {
        self.whole = whole
        self.blocks = blocks
    }

    /// Those of the numbers over a common factor.
    func divided(by common: SharedFactor) -> NumberRanges {
        guard common.factor > 1 else { return self }
        func divided(_ range: Range) -> Range {
            let least = (range.least &- common.offset) / common.factor
            return (least, (range.greatest &- common.offset) / common.factor)
        }
        return NumberRanges(whole: divided(whole), blocks: blocks.map(divided))
    }
}
