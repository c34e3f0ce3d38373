internal import CZstd
internal import PolluxKernels

/// Sums of single full narrow blocks from their bits.
extension PackedBlocks {
    /// Sum, and if wanted minimum and maximum, of a block's doubles without writing them; nil when
    /// that is not possible.
    ///
    /// The integers are added up exactly and divided once (storage-format/encodings.md §10).
    func aggregate(
        _ block: PackedBlock, divisor: Double, wantsExtremes: Bool
    ) throws(CodecError) -> BlockAggregate? {
        guard isExactInDoubles(block) else { return nil }
        if order == .values, block.exceptionCount == 0 {
            return result(
                PackedSums.total(block.packed, width: block.width, wantsExtremes: wantsExtremes),
                base: offset &+ factor &* block.reference, divisor, wantsExtremes)
        }
        let scratch = pollux_scratch().assumingMemoryBound(to: UInt32.self)
        if order == .deltas, block.exceptionCount == 0,
            LaneSums.isSmall(width: block.width, reference: block.reference)
        {
            return result(
                LaneSums.total(
                    block.packed, width: block.width,
                    adding: UInt32(truncatingIfNeeded: block.reference),
                    wantsExtremes: wantsExtremes, scratch: scratch),
                base: sumBase(block), divisor, wantsExtremes)
        }
        if order != .values {
            try sumLanes(block, scratch)
            return result(
                LaneSums.total(scratch, wantsExtremes: wantsExtremes), base: sumBase(block),
                divisor, wantsExtremes)
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
        return result(
            PackedSums.total(scratch, width: 32, wantsExtremes: wantsExtremes),
            base: offset &+ factor &* (block.reference &- Int64(Self.signBias)), divisor,
            wantsExtremes)
    }

    /// What words stand for, `(base + factor * word) / divisor`, added up.
    private func result(
        _ total: WordTotal, base: Int64, _ divisor: Double, _ wantsExtremes: Bool
    ) -> BlockAggregate {
        let count = Int64(ColumnLimits.blockCount)
        let sum = count &* base &+ factor &* Int64(truncatingIfNeeded: total.sum)
        guard wantsExtremes else {
            return BlockAggregate(
                sum: Double(sum) / divisor, minimum: .infinity, maximum: -.infinity)
        }
        // Scaling ascends, so the words tell which value is least.
        return BlockAggregate(
            sum: Double(sum) / divisor,
            minimum: Double(base &+ factor &* Int64(total.least)) / divisor,
            maximum: Double(base &+ factor &* Int64(total.greatest)) / divisor)
    }
}
