internal import PolluxKernels
internal import PolluxWideKernels

/// Sums of full narrow blocks straight from their bits, by the widest kernels of this processor.
extension PackedBlocks {
    /// Whether `aggregate` works in `scratch`: the words of most blocks are never written.
    func needsScratch(_ block: PackedBlock) -> Bool {
        order != .values || block.exceptionCount > 0
    }

    /// Sum, and if wanted minimum and maximum, of a block's doubles without writing them; nil when
    /// that is not possible.
    func aggregate(
        _ block: PackedBlock, divisor: Double, wantsExtremes: Bool,
        scratch: UnsafeMutablePointer<UInt32>?
    ) throws(CodecError) -> BlockAggregate? {
        guard isExactInDoubles(block) else { return nil }
        let base = order == .values ? offset &+ factor &* block.reference : sumBase(block)
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
        let words = scratch + ColumnLimits.blockCount
        if block.exceptionCount == 0, order == .deltas {
            return numbers.result(
                WideLanes.sum(
                    block.packed, width: block.width,
                    adding: UInt32(truncatingIfNeeded: block.reference), from: Self.signBias,
                    base: numbers.base, factor: factor, divisor: numbers.divisor,
                    wantsExtremes: numbers.wantsExtremes, scratch: words))
        }
        try sumLanes(block, scratch)
        return numbers.result(
            WideLanes.sum(
                rows: scratch, from: Self.signBias, base: numbers.base, factor: factor,
                divisor: numbers.divisor, wantsExtremes: numbers.wantsExtremes, scratch: words))
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
        if CPUFeatures.isWide {
            return result(
                WideSums.packed(
                    source, width: width, base: base, factor: factor, divisor: divisor,
                    wantsExtremes: wantsExtremes))
        }
        let sum = PackedSums.sum(
            source, width: width, base: base, factor: factor, divisor: divisor)
        let words =
            wantsExtremes ? PackedSums.range(source, width: width) : (least: 0, greatest: 0)
        return result(WideSum(sum: sum, least: words.least, greatest: words.greatest))
    }

    /// Scaling ascends, so the words tell which value is least.
    func result(_ found: WideSum) -> BlockAggregate {
        guard wantsExtremes else {
            return BlockAggregate(sum: found.sum, minimum: .infinity, maximum: -.infinity)
        }
        return BlockAggregate(
            sum: found.sum,
            minimum: PackedSums.value(
                of: found.least, base: base, factor: factor, divisor: divisor),
            maximum: PackedSums.value(
                of: found.greatest, base: base, factor: factor, divisor: divisor))
    }
}
