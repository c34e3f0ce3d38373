internal import PolluxKernels

/// A column of integers planned for packing: numbers over a common factor, differenced.
///
/// Owns its memory: two columns of 64-bit numbers.
struct PackedColumn {
    let order: PackedOrder
    private let factor: Int64
    private let offset: Int64
    /// The numbers over the common factor.
    private let numbers: [Int64]
    private let residuals: [Int64]
    private var plans: [PackedPlan] = []
    /// Exact bytes of the encoded column.
    private(set) var byteCount: Int

    /// Plans the packing of `numbers`, which stand for `offset + factor * number`; nil as soon as
    /// it is known to take more than `limit` bytes.
    init?(
        _ numbers: [Int64], order: PackedOrder, factor: Int64, offset: Int64,
        limit: Double = .infinity
    ) {
        self.order = order
        self.factor = factor
        self.offset = offset
        self.numbers = numbers
        residuals = Self.residuals(of: numbers, order: order)
        let zigzag = UInt64(bitPattern: (offset << 1) ^ (offset >> 63))
        byteCount =
            1 + varintByteCount(bits: bitLength(UInt64(numbers.count)))
            + varintByteCount(bits: bitLength(UInt64(factor)))
            + varintByteCount(bits: bitLength(zigzag))
        guard planBlocks(limit: limit) else { return nil }
    }

    private mutating func planBlocks(limit: Double) -> Bool {
        let count = numbers.count
        var plans: [PackedPlan] = []
        plans.reserveCapacity((count + ColumnLimits.blockCount - 1) / ColumnLimits.blockCount)
        var byteCount = self.byteCount
        withUnsafeTemporaryAllocation(
            of: UInt32.self, capacity: 2 * ColumnLimits.blockCount
        ) { words in
            residuals.withUnsafeBufferPointer { residuals in
                numbers.withUnsafeBufferPointer { numbers in
                    var first = 0
                    while first < count, Double(byteCount) <= limit {
                        let length = min(count - first, ColumnLimits.blockCount)
                        let plan = plan(
                            first, count: length, numbers, residuals,
                            words.baseAddress.unsafelyUnwrapped)
                        plans.append(plan)
                        byteCount += plan.byteCount
                        first += length
                    }
                }
            }
        }
        self.plans = plans
        self.byteCount = byteCount
        return Double(byteCount) <= limit
    }

    private func plan(
        _ first: Int, count: Int, _ numbers: UnsafeBufferPointer<Int64>,
        _ residuals: UnsafeBufferPointer<Int64>, _ words: UnsafeMutablePointer<UInt32>
    ) -> PackedPlan {
        let plain = numbers.baseAddress.unsafelyUnwrapped
        let (start, step) = Self.start(of: first, numbers: plain, residuals: residuals)
        var headByteCount = 0
        if order != .values { headByteCount += Self.signedByteCount(start) }
        if order == .deltaDeltas { headByteCount += Self.signedByteCount(step) }
        let isNarrow =
            order == .values || Self.isNarrow(plain + first, count: count, start: start)
        return PackedPlan(
            residuals.baseAddress.unsafelyUnwrapped + first, count: count, needsWide: !isNarrow,
            headByteCount: headByteCount, words)
    }

    /// Appends the column.
    func append(to bytes: inout [UInt8]) {
        bytes.appendHeader(order.encoding, count: numbers.count)
        bytes.appendVarint(UInt64(factor))
        bytes.appendSigned(offset)
        residuals.withUnsafeBufferPointer { residuals in
            numbers.withUnsafeBufferPointer { numbers in
                guard let differenced = residuals.baseAddress, let plain = numbers.baseAddress
                else { return }
                for (index, plan) in plans.enumerated() {
                    let first = index * ColumnLimits.blockCount
                    let length = min(numbers.count - first, ColumnLimits.blockCount)
                    let starts = Self.start(of: first, numbers: plain, residuals: residuals)
                    append(plan, differenced + first, count: length, starts, to: &bytes)
                }
            }
        }
    }

    private func append(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, count: Int,
        _ starts: (start: Int64, step: Int64), to bytes: inout [UInt8]
    ) {
        let exceptions = exceptions(plan, values, count: count)
        let code = UInt8(plan.isWide ? 33 + plan.width : plan.width)
        bytes.append(exceptions.count == 0 ? code : code | 0x80)
        bytes.appendSigned(plan.reference)
        if order != .values { bytes.appendSigned(starts.start) }
        if order == .deltaDeltas { bytes.appendSigned(starts.step) }
        if exceptions.count > 0 {
            bytes.appendVarint(UInt64(exceptions.count))
            bytes.appendVarint(UInt64(exceptions.bytes.count))
        }
        if count < ColumnLimits.blockCount {
            TailBits.append(
                values, count: count, width: plan.width, reference: plan.reference, into: &bytes)
        } else if plan.width > 0 {
            appendLanes(plan, values, to: &bytes)
        }
        bytes.append(contentsOf: exceptions.bytes)
    }

    /// Packs a full block: the low 32 bits in lanes, then what is above them.
    private func appendLanes(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, to bytes: inout [UInt8]
    ) {
        let width = plan.width
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: ColumnLimits.blockCount) { rows in
            guard let rows = rows.baseAddress else { return }
            bytes.appendSpace(width * 128) { target in
                for (shift, part) in [(0, min(width, 32)), (32, width - 32)] where part > 0 {
                    if order == .values {
                        IntegerLoops.words(
                            values, reference: plan.reference, shift: shift, into: rows)
                    } else {
                        IntegerLoops.wordsInLaneOrder(
                            values, reference: plan.reference, shift: shift, into: rows)
                    }
                    LanePacking.pack(rows, width: part, into: target + shift * 128)
                }
            }
        }
    }

    /// The numbers that the plan's width cannot hold: gap to the one before, and the high part.
    private func exceptions(
        _ plan: PackedPlan, _ values: UnsafePointer<Int64>, count: Int
    ) -> (count: Int, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        guard plan.hasExceptions else { return (0, bytes) }
        var found = 0
        var previous = -1
        let limit: UInt64 = 1 << UInt64(plan.width)
        for index in 0..<count {
            let distance = values[index] &- plan.reference
            guard UInt64(bitPattern: distance) >= limit else { continue }
            bytes.appendVarint(UInt64(index - previous - 1))
            bytes.appendSigned(distance >> Int64(plan.width))
            previous = index
            found += 1
        }
        return (found, bytes)
    }

    /// What running sums of the block at `first` start from.
    private static func start(
        of first: Int, numbers: UnsafePointer<Int64>, residuals: UnsafeBufferPointer<Int64>
    ) -> (start: Int64, step: Int64) {
        if first >= 2 {
            return (numbers[first - 1], numbers[first - 1] &- numbers[first - 2])
        }
        let step = residuals.count > 1 ? numbers[1] &- numbers[0] : 0
        return (numbers[0] &- step, step)
    }

    /// Differences of the order asked for; the first repeat the second, so that they are free.
    private static func residuals(of numbers: [Int64], order: PackedOrder) -> [Int64] {
        guard order != .values, numbers.count > 0 else { return numbers }
        let count = numbers.count
        let step = count > 1 ? numbers[1] &- numbers[0] : 0
        var result = differences(numbers, previous: numbers[0] &- step)
        if order == .deltaDeltas {
            result = differences(result, previous: step)
        }
        return result
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

    private static func isNarrow(
        _ numbers: UnsafePointer<Int64>, count: Int, start: Int64
    ) -> Bool {
        let (least, greatest) = IntegerLoops.range(numbers, count: count)
        let (below, overflow0) = least.subtractingReportingOverflow(start)
        let (above, overflow1) = greatest.subtractingReportingOverflow(start)
        return !overflow0 && !overflow1 && below >= Int64(Int32.min) && above <= Int64(Int32.max)
    }

    private static func signedByteCount(_ value: Int64) -> Int {
        varintByteCount(bits: bitLength(UInt64(bitPattern: (value << 1) ^ (value >> 63))))
    }
}
