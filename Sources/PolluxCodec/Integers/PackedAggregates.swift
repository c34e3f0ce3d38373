internal import PolluxKernels
internal import PolluxWideKernels

/// Sums of many blocks by one call of a kernel, for processors that have those.
extension BlockIndex {
    /// How many blocks are handed to a kernel at once.
    private static let runLength = 16

    /// Adds the first blocks of `numbers`, up to one that a kernel cannot sum from its bits alone;
    /// returns how many that were.
    ///
    /// All blocks were checked when the index was made. O(blocks), nothing from the heap.
    func addWide(
        _ numbers: Range<Int>, divisor: Double, wantsExtremes: Bool,
        to result: inout FloatAggregate
    ) -> Int {
        guard CPUFeatures.isWide, blocks.order != .deltaDeltas,
            isPlain(places[numbers.lowerBound])
        else { return 0 }
        var total = WideTotal(from: result.sum)
        let end = withUnsafeTemporaryAllocation(
            of: WideBlock.self, capacity: Self.runLength
        ) { run in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: WideLanes.scratchCount) {
                let scratch = $0.baseAddress.unsafelyUnwrapped
                var next = numbers.lowerBound
                while true {
                    let first = next
                    while next < numbers.upperBound, next - first < run.count {
                        let block = places[next]
                        guard isPlain(block) else { break }
                        run.initializeElement(at: next - first, to: wide(block))
                        next += 1
                    }
                    if next == first { return next }
                    add(
                        UnsafeBufferPointer(rebasing: run[..<(next - first)]), divisor,
                        wantsExtremes, scratch, &total)
                }
            }
        }
        result.count += (end - numbers.lowerBound) * ColumnLimits.blockCount
        result.sum = total.sum
        if wantsExtremes {
            // Scaling ascends, so the integers tell which value is least.
            result.minimum = min(
                result.minimum, PackedSums.value(of: total.least, divisor: divisor))
            result.maximum = max(
                result.maximum, PackedSums.value(of: total.greatest, divisor: divisor))
        }
        return end - numbers.lowerBound
    }

    private func add(
        _ run: UnsafeBufferPointer<WideBlock>, _ divisor: Double, _ wantsExtremes: Bool,
        _ scratch: UnsafeMutablePointer<UInt32>, _ total: inout WideTotal
    ) {
        if blocks.order == .values {
            WideSums.add(
                run, factor: blocks.factor, divisor: divisor, wantsExtremes: wantsExtremes,
                to: &total)
        } else {
            WideLanes.add(
                run, from: PackedBlocks.signBias, factor: blocks.factor, divisor: divisor,
                wantsExtremes: wantsExtremes, scratch: scratch, to: &total)
        }
    }

    private func isPlain(_ block: PackedBlock) -> Bool {
        block.exceptionCount == 0 && blocks.isExactInDoubles(block)
    }

    private func wide(_ block: PackedBlock) -> WideBlock {
        WideBlock(
            block.packed, width: block.width,
            base: blocks.order == .values
                ? blocks.offset &+ blocks.factor &* block.reference : blocks.sumBase(block),
            adding: UInt32(truncatingIfNeeded: block.reference))
    }
}

/// Sums of single full narrow blocks from their bits, by the widest kernels of this processor.
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
        if CPUFeatures.isWide {
            return result { total in
                withUnsafePointer(to: WideBlock(source, width: width, base: base)) {
                    WideSums.add(
                        UnsafeBufferPointer(start: $0, count: 1), factor: factor,
                        divisor: divisor, wantsExtremes: wantsExtremes, to: &total)
                }
            }
        }
        return result { total in
            total.sum = PackedSums.sum(
                source, width: width, base: base, factor: factor, divisor: divisor)
            guard wantsExtremes else { return }
            let words = PackedSums.range(source, width: width)
            total.least = base &+ factor &* Int64(words.least)
            total.greatest = base &+ factor &* Int64(words.greatest)
        }
    }

    /// Scaling ascends, so the integers tell which value is least.
    func result(_ add: (inout WideTotal) -> Void) -> BlockAggregate {
        var total = WideTotal(from: 0)
        add(&total)
        guard wantsExtremes else {
            return BlockAggregate(sum: total.sum, minimum: .infinity, maximum: -.infinity)
        }
        return BlockAggregate(
            sum: total.sum, minimum: PackedSums.value(of: total.least, divisor: divisor),
            maximum: PackedSums.value(of: total.greatest, divisor: divisor))
    }
}
