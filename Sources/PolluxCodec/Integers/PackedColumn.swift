internal import PolluxKernels

/// A column of integers planned for packing: numbers over a common factor, differenced block by
/// block.
struct PackedColumn {
    let order: PackedOrder
    private let factor: Int64
    private let offset: Int64
    /// The numbers over the common factor.
    private let numbers: [Int64]
    /// Their ranges, where they are known.
    private let ranges: NumberRanges?
    private var plans: [PackedPlan] = []
    /// Exact bytes of the encoded column.
    private(set) var byteCount: Int

    /// Plans the packing of `numbers`, which stand for `offset + factor * number`; nil as soon as
    /// it is known to take more than `limit` bytes.
    ///
    /// Also nil where after a few blocks it falls far behind `rival`, the same numbers in another
    /// order. `ranges` are those of the numbers, where they are known.
    init?(
        _ numbers: [Int64], order: PackedOrder, factor: Int64, offset: Int64,
        ranges: NumberRanges? = nil, limit: Double = .infinity, rival: PackedColumn? = nil
    ) {
        self.order = order
        self.ranges = ranges
        self.factor = factor
        self.offset = offset
        self.numbers = numbers
        let zigzag = UInt64(bitPattern: (offset << 1) ^ (offset >> 63))
        byteCount =
            1 + varintByteCount(bits: bitLength(UInt64(numbers.count)))
            + varintByteCount(bits: bitLength(UInt64(factor)))
            + varintByteCount(bits: bitLength(zigzag))
        guard planBlocks(limit: limit, rival?.plans ?? []) else { return nil }
    }

    private mutating func planBlocks(limit: Double, _ rival: [PackedPlan]) -> Bool {
        let count = numbers.count
        var plans: [PackedPlan] = []
        plans.reserveCapacity((count + ColumnLimits.blockCount - 1) / ColumnLimits.blockCount)
        var byteCount = self.byteCount
        var isBehind = false
        withUnsafeTemporaryAllocation(
            of: UInt32.self, capacity: 2 * ColumnLimits.blockCount
        ) { words in
            withResiduals { numbers, scratch in
                let isNarrow =
                    order == .values
                    || Self.isNarrow(ranges?.whole ?? IntegerLoops.range(numbers, count: count))
                var first = 0
                var lead = 0
                while first < count, Double(byteCount) <= limit {
                    let length = min(count - first, ColumnLimits.blockCount)
                    let plan = plan(
                        first, count: length, numbers, scratch, isNarrow: isNarrow,
                        words.baseAddress.unsafelyUnwrapped)
                    plans.append(plan)
                    byteCount += plan.byteCount
                    first += length
                    // A sixteenth more over two blocks is rarely made up for by the others.
                    guard plans.count <= rival.count else { continue }
                    lead += rival[plans.count - 1].byteCount
                    if plans.count >= 2, 16 * byteCount > 17 * lead {
                        isBehind = true
                        break
                    }
                }
            }
        }
        self.plans = plans
        self.byteCount = byteCount
        return !isBehind && Double(byteCount) <= limit
    }

    /// Calls `body` with the numbers, and room for a block's residuals.
    private func withResiduals(
        _ body: (UnsafePointer<Int64>, UnsafeMutablePointer<Int64>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: ColumnLimits.blockCount) {
            scratch in
            numbers.withUnsafeBufferPointer { numbers in
                guard let numbers = numbers.baseAddress else { return }
                body(numbers, scratch.baseAddress.unsafelyUnwrapped)
            }
        }
    }

    /// Differences of the order asked for of one block; they may be the numbers themselves, else
    /// they are in `scratch`.
    ///
    /// The first of a column repeat the second, so that they are free.
    private func residuals(
        _ first: Int, count: Int, _ numbers: UnsafePointer<Int64>,
        _ scratch: UnsafeMutablePointer<Int64>, _ starts: (start: Int64, step: Int64)
    ) -> UnsafePointer<Int64> {
        switch order {
        case .values: return numbers + first
        case .deltas:
            IntegerLoops.differences(
                numbers + first, count: count, previous: starts.start, into: scratch)
            return UnsafePointer(scratch)
        case .deltaDeltas: return ranged(first, count: count, numbers, scratch, starts).values
        }
    }

    /// The same with their range.
    private func ranged(
        _ first: Int, count: Int, _ numbers: UnsafePointer<Int64>,
        _ scratch: UnsafeMutablePointer<Int64>, _ starts: (start: Int64, step: Int64)
    ) -> (values: UnsafePointer<Int64>, range: (least: Int64, greatest: Int64)) {
        let block = numbers + first
        switch order {
        case .values:
            let known = ranges.flatMap { $0.blocks.isEmpty ? nil : $0 }
            let range = known?.blocks[first / ColumnLimits.blockCount]
            return (block, range ?? IntegerLoops.range(block, count: count))
        case .deltas:
            let range = Residuals.first(block, count: count, previous: starts.start, into: scratch)
            return (UnsafePointer(scratch), range)
        case .deltaDeltas:
            let range = Residuals.second(
                block, count: count, previous: starts.start, step: starts.step, into: scratch)
            return (UnsafePointer(scratch), range)
        }
    }

    private func plan(
        _ first: Int, count: Int, _ numbers: UnsafePointer<Int64>,
        _ scratch: UnsafeMutablePointer<Int64>, isNarrow: Bool,
        _ words: UnsafeMutablePointer<UInt32>
    ) -> PackedPlan {
        let starts = start(of: first, numbers)
        var headByteCount = 0
        if order != .values { headByteCount += Self.signedByteCount(starts.start) }
        if order == .deltaDeltas { headByteCount += Self.signedByteCount(starts.step) }
        let isNarrow =
            isNarrow
            || Self.isNarrow(
                IntegerLoops.range(numbers + first, count: count), start: starts.start)
        let (values, range) = ranged(first, count: count, numbers, scratch, starts)
        return PackedPlan(
            values, count: count, range: range, needsWide: !isNarrow,
            headByteCount: headByteCount, words)
    }

    /// The encoded column.
    func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        // Gaps between exceptions are planned as of one byte; eight in a block may take two.
        bytes.reserveCapacity(byteCount + 8 * plans.count)
        bytes.appendHeader(order.encoding, count: numbers.count)
        bytes.appendVarint(UInt64(factor))
        bytes.appendSigned(offset)
        withResiduals { numbers, scratch in
            // Words of a block, and its exceptions: two numbers of at most ten bytes each.
            let size = ColumnLimits.blockCount
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 6 * size) { memory in
                let words = memory.baseAddress.unsafelyUnwrapped
                for (index, plan) in plans.enumerated() {
                    let first = index * size
                    let length = min(self.numbers.count - first, size)
                    let starts = start(of: first, numbers)
                    let values = residuals(first, count: length, numbers, scratch, starts)
                    append(plan, values, count: length, starts, words, to: &bytes)
                }
            }
        }
        return bytes
    }

    private func append(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, count: Int,
        _ starts: (start: Int64, step: Int64), _ words: UnsafeMutablePointer<UInt32>,
        to bytes: inout [UInt8]
    ) {
        let high = UnsafeMutableRawPointer(words + ColumnLimits.blockCount)
        let exceptions = exceptions(plan, values, count: count, words, into: high)
        let code = UInt8(plan.isWide ? 33 + plan.width : plan.width)
        bytes.append(exceptions.count == 0 ? code : code | 0x80)
        bytes.appendSigned(plan.reference)
        if order != .values { bytes.appendSigned(starts.start) }
        if order == .deltaDeltas { bytes.appendSigned(starts.step) }
        if exceptions.count > 0 {
            bytes.appendVarint(UInt64(exceptions.count))
            bytes.appendVarint(UInt64(exceptions.byteCount))
        }
        if count < ColumnLimits.blockCount {
            TailBits.append(
                values, count: count, width: plan.width, reference: plan.reference, into: &bytes)
        } else if plan.width > 0 {
            appendLanes(plan, values, words, to: &bytes)
        }
        bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: high, count: exceptions.byteCount))
    }

    /// Packs a full block: the low 32 bits in lanes, then what is above them.
    private func appendLanes(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, _ words: UnsafeMutablePointer<UInt32>,
        to bytes: inout [UInt8]
    ) {
        func pack(_ width: Int, above shift: Int, _ target: UnsafeMutableRawPointer) {
            if order == .values {
                IntegerLoops.words(values, reference: plan.reference, shift: shift, into: words)
            } else {
                IntegerLoops.wordsInLaneOrder(
                    values, reference: plan.reference, shift: shift, into: words)
            }
            LanePacking.pack(words, width: width, into: target + shift * 128)
        }
        bytes.appendSpace(plan.width * 128) { target in
            pack(min(plan.width, 32), above: 0, target)
            if plan.width > 32 { pack(plan.width - 32, above: 32, target) }
        }
    }

    /// Writes the numbers that the plan's width cannot hold: gap to the one before, and the high
    /// part.
    private func exceptions(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, count: Int,
        _ rows: UnsafeMutablePointer<UInt32>, into target: UnsafeMutableRawPointer
    ) -> (count: Int, byteCount: Int) {
        guard plan.hasExceptions else { return (0, 0) }
        let found = Residuals.outliers(
            values, count: count, least: plan.reference, span: (1 << UInt64(plan.width)) - 1,
            into: rows)
        let target = target.assumingMemoryBound(to: UInt8.self)
        var byteCount = 0
        var previous = -1
        for place in 0..<found {
            let row = Int(rows[place])
            let high = (values[row] &- plan.reference) >> Int64(plan.width)
            byteCount += Varint.write(UInt64(row - previous - 1), target + byteCount)
            byteCount += Varint.write(Varint.zigzag(high), target + byteCount)
            previous = row
        }
        return (found, byteCount)
    }

    /// What running sums of the block at `first` start from.
    private func start(
        of first: Int, _ numbers: UnsafePointer<Int64>
    ) -> (start: Int64, step: Int64) {
        if first >= 2 {
            return (numbers[first - 1], numbers[first - 1] &- numbers[first - 2])
        }
        let step = self.numbers.count > 1 ? numbers[1] &- numbers[0] : 0
        return (numbers[0] &- step, step)
    }

    static func distances(_ numbers: [Int64], above least: Int64) -> [Int64] {
        [Int64](unsafeUninitializedCapacity: numbers.count) { target, initialized in
            initialized = numbers.count
            numbers.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress, let target = target.baseAddress else {
                    return
                }
                IntegerLoops.distances(
                    source, count: numbers.count, reference: least, into: target)
            }
        }
    }

    static func differences(_ numbers: [Int64], previous: Int64) -> [Int64] {
        let count = numbers.count
        return [Int64](unsafeUninitializedCapacity: count) { target, initialized in
            numbers.withUnsafeBufferPointer { source in
                if let source = source.baseAddress, let target = target.baseAddress {
                    IntegerLoops.differences(
                        source, count: count, previous: previous, into: target)
                }
            }
            initialized = count
        }
    }

    /// Whether all of a column's running sums fit 32 bits, whichever block they are of: numbers are
    /// within 31 bits of each other, and the first block starts a step before the first.
    private static func isNarrow(_ range: (least: Int64, greatest: Int64)) -> Bool {
        let (span, overflow) = range.greatest.subtractingReportingOverflow(range.least)
        return !overflow && span < 1 << 30 && range.least.magnitude < 1 << 62
    }

    /// Whether running sums of one block fit 32 bits.
    private static func isNarrow(_ range: (least: Int64, greatest: Int64), start: Int64) -> Bool {
        let (below, overflow0) = range.least.subtractingReportingOverflow(start)
        let (above, overflow1) = range.greatest.subtractingReportingOverflow(start)
        return !overflow0 && !overflow1 && below >= Int64(Int32.min) && above <= Int64(Int32.max)
    }

    private static func signedByteCount(_ value: Int64) -> Int {
        varintByteCount(bits: bitLength(UInt64(bitPattern: (value << 1) ^ (value >> 63))))
    }
}
