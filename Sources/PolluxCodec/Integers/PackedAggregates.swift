internal import CZstd
internal import PolluxKernels
internal import PolluxWideKernels

/// Blocks that follow one another, for kernels that sum many at a time.
struct BlockRun {
    private let blocks: PackedBlocks
    private let divisor: Double
    private let wantsExtremes: Bool
    private let isUsable: Bool
    private var taken: InlineArray<16, SumBlock>
    private var count = 0

    init(_ blocks: PackedBlocks, divisor: Double, wantsExtremes: Bool) {
        self.blocks = blocks
        self.divisor = divisor
        self.wantsExtremes = wantsExtremes
        isUsable = blocks.order != .deltaDeltas
        // Never looked at: only the first `count` are.
        taken = InlineArray(repeating: SumBlock(blocks.start, width: 0, base: 0))
    }

    /// Takes the next block when a kernel can sum it from its bits alone, else adds all before it.
    @inline(__always)
    mutating func take(_ block: PackedBlock, _ result: inout FloatAggregate) -> Bool {
        guard isUsable, block.exceptionCount == 0, blocks.isExactInDoubles(block) else {
            finish(&result)
            return false
        }
        if count == taken.count { finish(&result) }
        taken[count] = SumBlock(
            block.packed, width: block.width, base: blocks.base(block),
            adding: UInt32(truncatingIfNeeded: block.reference))
        count += 1
        return true
    }

    /// Adds what was taken.
    mutating func finish(_ result: inout FloatAggregate) {
        guard count > 0 else { return }
        var total = SumTotal(from: result.sum)
        taken.span.extracting(first: count).withUnsafeBufferPointer { add($0, &total) }
        result.count += count * ColumnLimits.blockCount
        count = 0
        result.sum = total.sum
        guard wantsExtremes else { return }
        // Scaling ascends, so the integers tell which value is least.
        result.minimum = min(result.minimum, PackedSums.value(of: total.least, divisor: divisor))
        result.maximum = max(
            result.maximum, PackedSums.value(of: total.greatest, divisor: divisor))
    }

    private func add(_ run: UnsafeBufferPointer<SumBlock>, _ total: inout SumTotal) {
        if blocks.order == .values {
            WidestSums.add(
                run, factor: blocks.factor, divisor: divisor, wantsExtremes: wantsExtremes,
                to: &total)
        } else {
            WidestSums.addLanes(
                run, factor: blocks.factor, divisor: divisor, wantsExtremes: wantsExtremes,
                to: &total)
        }
    }
}

/// The kernels with the widest vectors that this processor has; all give the same bits.
private enum WidestSums {
    /// Over blocks packed in natural order.
    static func add(
        _ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double,
        wantsExtremes: Bool, to total: inout SumTotal
    ) {
        if CPUFeatures.isWide {
            WideSums.add(
                blocks, factor: factor, divisor: divisor, wantsExtremes: wantsExtremes, to: &total)
        } else {
            PackedSums.add(
                blocks, factor: factor, divisor: divisor, wantsExtremes: wantsExtremes, to: &total)
        }
    }

    /// Over blocks of differences in lane order.
    static func addLanes(
        _ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double,
        wantsExtremes: Bool, to total: inout SumTotal
    ) {
        let scratch = pollux_scratch().assumingMemoryBound(to: UInt32.self)
        if CPUFeatures.isWide {
            WideLanes.add(
                blocks, from: PackedBlocks.signBias, factor: factor, divisor: divisor,
                wantsExtremes: wantsExtremes, scratch: scratch, to: &total)
        } else {
            LaneSums.add(
                blocks, from: PackedBlocks.signBias, factor: factor, divisor: divisor,
                wantsExtremes: wantsExtremes, scratch: scratch, to: &total)
        }
    }
}

/// Sums of single full narrow blocks from their bits, by the widest kernels of this processor.
extension PackedBlocks {
    /// Whether `aggregate` works in `scratch`: the words of most blocks are never written.
    func needsScratch(_ block: PackedBlock) -> Bool {
        order != .values || block.exceptionCount > 0
    }

    /// What the words of a block, or their running sums, stand for: `base + factor * word`.
    func base(_ block: PackedBlock) -> Int64 {
        order == .values ? offset &+ factor &* block.reference : sumBase(block)
    }

    /// Sum, and if wanted minimum and maximum, of a block's doubles without writing them; nil when
    /// that is not possible.
    func aggregate(
        _ block: PackedBlock, divisor: Double, wantsExtremes: Bool,
        scratch: UnsafeMutablePointer<UInt32>?
    ) throws(CodecError) -> BlockAggregate? {
        guard isExactInDoubles(block) else { return nil }
        let base = base(block)
        let numbers = ScaledNumbers(
            base: base, factor: factor, divisor: divisor, wantsExtremes: wantsExtremes)
        guard needsScratch(block) else { return numbers.sum(block.packed, width: block.width) }
        guard let scratch else { return nil }
        guard order == .values else {
            return try differences(block, numbers, scratch)
        }
        // Words with their exceptions, from 2^31 on: exceptions may lie below the reference.
        LanePacking.unpack(
            block.packed, width: block.width, adding: Self.signBias, into: scratch)
        let limit = Int64(1) << Int64(31 - min(block.width, 31))
        var areNarrow = block.width < 31
        try forEachException(block) { position, high in
            if high < -limit || high >= limit - 1 { areNarrow = false }
            scratch[position] &+= UInt32(truncatingIfNeeded: high << Int64(block.width))
        }
        guard areNarrow else { return nil }
        return numbers.from(base &- factor &* Int64(Self.signBias)).sum(scratch, width: 32)
    }

    private func differences(
        _ block: PackedBlock, _ numbers: ScaledNumbers, _ scratch: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) -> BlockAggregate {
        guard CPUFeatures.isWide else {
            return numbers.sum(try sums(block, scratch), width: 32)
        }
        try sumLanes(block, scratch)
        return numbers.result { total in
            WideLanes.add(
                rows: scratch, from: Self.signBias, base: numbers.base, factor: factor,
                divisor: numbers.divisor, wantsExtremes: numbers.wantsExtremes,
                scratch: scratch + ColumnLimits.blockCount, to: &total)
        }
    }
}

/// What words stand for, `(base + factor * word) / divisor`, and what is asked of them.
private struct ScaledNumbers {
    var base: Int64
    var factor: Int64
    var divisor: Double
    var wantsExtremes: Bool

    func from(_ base: Int64) -> ScaledNumbers {
        var result = self
        result.base = base
        return result
    }

    /// Over 1,024 words in natural order, packed in `width` bits.
    func sum(_ source: UnsafeRawPointer, width: Int) -> BlockAggregate {
        result { total in
            withUnsafePointer(to: SumBlock(source, width: width, base: base)) {
                WidestSums.add(
                    UnsafeBufferPointer(start: $0, count: 1), factor: factor, divisor: divisor,
                    wantsExtremes: wantsExtremes, to: &total)
            }
        }
    }

    /// Scaling ascends, so the integers tell which value is least.
    func result(_ add: (inout SumTotal) -> Void) -> BlockAggregate {
        var total = SumTotal(from: 0)
        add(&total)
        guard wantsExtremes else {
            return BlockAggregate(sum: total.sum, minimum: .infinity, maximum: -.infinity)
        }
        return BlockAggregate(
            sum: total.sum, minimum: PackedSums.value(of: total.least, divisor: divisor),
            maximum: PackedSums.value(of: total.greatest, divisor: divisor))
    }
}
