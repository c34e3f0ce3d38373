internal import PolluxKernels

/// Differences taken before packing.
enum PackedOrder: Int {
    case values = 0
    case deltas = 1
    case deltaDeltas = 2

    /// Every order, by its number.
    static let all: [PackedOrder] = [.values, .deltas, .deltaDeltas]

    init?(_ encoding: ColumnEncoding) {
        switch encoding {
        case .integerPacked: self = .values
        case .integerPackedDelta: self = .deltas
        case .integerPackedDeltaDelta: self = .deltaDeltas
        default: return nil
        }
    }

    var encoding: ColumnEncoding {
        switch self {
        case .values: .integerPacked
        case .deltas: .integerPackedDelta
        case .deltaDeltas: .integerPackedDeltaDelta
        }
    }
}

/// One block of a packed column, checked: all of `packed` and `exceptions` lies within the column.
struct PackedBlock {
    var count: Int
    /// Bits per number, 0...64; at most 32 when the block is narrow.
    var width: Int
    /// Whether running sums need 64-bit arithmetic, or the width exceeds 32.
    var isWide: Bool
    var reference: Int64
    var start: Int64
    var startDelta: Int64
    var packed: UnsafeRawPointer
    var exceptionCount: Int
    var exceptions: ByteReader

    /// Whether the block kernels can decode it; others go through plain loops.
    var isFullAndNarrow: Bool { count == ColumnLimits.blockCount && !isWide }
}

/// Reads the blocks of a packed column one after the other (storage-format/encodings.md §4).
struct PackedBlocks {
    let order: PackedOrder
    let factor: Int64
    let offset: Int64
    private(set) var remainingCount: Int
    private var reader: ByteReader

    /// `reader` stands behind the column's mode and count.
    init(_ reader: ByteReader, order: PackedOrder, count: Int) throws(CodecError) {
        var reader = reader
        let factor = try reader.varint("the common factor")
        guard factor >= 1, factor <= UInt64(Int64.max) else {
            throw .invalid(field: "the common factor", value: Int64(truncatingIfNeeded: factor))
        }
        self.order = order
        self.factor = Int64(factor)
        offset = try reader.signed("the offset")
        remainingCount = count
        self.reader = reader
    }

    /// The blocks of a nested column of integers; nil when its mode has none.
    init?(nested reader: ByteReader, count: Int) throws(CodecError) {
        var reader = reader
        let (encoding, found) = try IntegerColumn.header(&reader)
        guard found == count else { throw .countMismatch(expected: count, found: found) }
        guard let order = PackedOrder(encoding) else { return nil }
        try self.init(reader, order: order, count: count)
    }

    /// The next block; call it only while `remainingCount` is not 0.
    @inline(__always)
    mutating func next() throws(CodecError) -> PackedBlock {
        let count = min(remainingCount, ColumnLimits.blockCount)
        remainingCount -= count
        let head = try reader.byte("a block's width")
        let code = Int(head & 0x7F)
        let isWide = code > 32
        let width = isWide ? code - 33 : code
        guard width <= 64 else { throw .invalid(field: "a block's width", value: Int64(head)) }
        let reference = try reader.signed("a block's reference")
        let start = order == .values ? 0 : try reader.signed("a block's start")
        let startDelta = order == .deltaDeltas ? try reader.signed("a block's first step") : 0
        var exceptionCount = 0
        var exceptionBytes = 0
        if head & 0x80 != 0 {
            exceptionCount = try reader.count("a block's exceptions", limit: count)
            guard exceptionCount > 0 else {
                throw .invalid(field: "a block's exceptions", value: 0)
            }
            exceptionBytes = try reader.count(
                "the length of a block's exceptions", limit: reader.remaining)
        }
        let byteCount = TailBits.byteCount(count: count, width: width)
        let packed = try reader.take(byteCount, "a block's numbers")
        let exceptions = try reader.take(exceptionBytes, "a block's exceptions")
        return PackedBlock(
            count: count, width: width, isWide: isWide, reference: reference, start: start,
            startDelta: startDelta, packed: packed, exceptionCount: exceptionCount,
            exceptions: ByteReader(
                UnsafeRawBufferPointer(start: exceptions, count: exceptionBytes)))
    }

    /// Where the next block begins.
    var start: UnsafeRawPointer { reader.pointer }

    /// Throws when bytes follow the last block.
    func finish() throws(CodecError) {
        try reader.finish()
    }

    /// Decodes a block to the column's integers; `values` has room for `block.count`.
    func decode(
        _ block: PackedBlock, into values: UnsafeMutablePointer<Int64>,
        scratch: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) {
        guard block.isFullAndNarrow else {
            try decodeSlowly(block, into: values, scratch: scratch)
            IntegerLoops.scale(values, count: block.count, base: offset, factor: factor)
            return
        }
        if order == .values {
            let base = offset &+ factor &* block.reference
            LanePacking.unpack(
                block.packed, width: block.width, base: base, factor: factor, into: values)
            try forEachException(block) { position, high in
                values[position] &+= factor &* (high << Int64(block.width))
            }
        } else {
            let words = try sums(block, scratch)
            WordBlock.scale(words, base: sumBase(block), factor: factor, into: values)
        }
    }

    /// Decodes a block to doubles `integer / divisor`; `values` has room for `block.count`.
    ///
    /// Integers of 2^51 or more in size, which no writer stores, give doubles without meaning.
    func decode(
        _ block: PackedBlock, divisor: Double, into values: UnsafeMutablePointer<Double>,
        scratch: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) {
        guard isExactInDoubles(block) else {
            let integers = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Int64.self)
            try decode(block, into: integers, scratch: scratch)
            Scaling.join(integers, count: block.count, divisor: divisor, into: values)
            return
        }
        if order == .values {
            let base = offset &+ factor &* block.reference
            LanePacking.unpack(
                block.packed, width: block.width, base: base, factor: factor, divisor: divisor,
                into: values)
            try forEachException(block) { position, high in
                var integer = Self.word(block, position)
                integer = block.reference &+ (integer | (high << Int64(block.width)))
                integer = offset &+ factor &* integer
                Scaling.join(&integer, count: 1, divisor: divisor, into: values + position)
            }
        } else {
            let words = try sums(block, scratch)
            WordBlock.scale(
                words, base: sumBase(block), factor: factor, divisor: divisor, into: values)
        }
    }

    /// Whether factor * word stays below 2^52, so that doubles can do the integer arithmetic.
    func isExactInDoubles(_ block: PackedBlock) -> Bool {
        block.isFullAndNarrow && factor <= 1 << 20
    }

    /// Signed sums are kept as words from 0 on: 2^31 more than they are.
    static var signBias: UInt32 { LaneSums.bias }

    /// What the biased sums of a block stand for: `sumBase + factor * word`.
    func sumBase(_ block: PackedBlock) -> Int64 {
        offset &+ factor &* (block.start &- Int64(Self.signBias))
    }

    /// The biased running sums of a full narrow block of the delta modes, in natural order.
    ///
    /// They are written to the second half of `scratch`.
    func sums(
        _ block: PackedBlock, _ scratch: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) -> UnsafePointer<UInt32> {
        try sumLanes(block, scratch)
        let words = scratch + ColumnLimits.blockCount
        PrefixSums.joinLanes(scratch, adding: Self.signBias, into: words)
        return UnsafePointer(words)
    }

    /// Running sums within the lanes of a full narrow block of the delta modes, row by row.
    func sumLanes(
        _ block: PackedBlock, _ rows: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) {
        let reference = UInt32(truncatingIfNeeded: block.reference)
        if block.exceptionCount == 0, order == .deltas {
            LanePacking.unpackLaneSums(
                block.packed, width: block.width, adding: reference, into: rows)
            return
        }
        LanePacking.unpack(block.packed, width: block.width, adding: reference, into: rows)
        try forEachException(block) { position, high in
            let place = (position & 31) * 32 + position >> 5
            rows[place] &+= UInt32(truncatingIfNeeded: high << Int64(block.width))
        }
        if order == .deltaDeltas {
            rows[0] &+= UInt32(truncatingIfNeeded: block.startDelta)
            PrefixSums.sumLanes(rows)
            PrefixSums.joinLanes(rows)
        }
        PrefixSums.sumLanes(rows)
    }

    /// A partial or wide block to numbers before the common factor.
    private func decodeSlowly(
        _ block: PackedBlock, into values: UnsafeMutablePointer<Int64>,
        scratch: UnsafeMutablePointer<UInt32>
    ) throws(CodecError) {
        let count = block.count
        if count < ColumnLimits.blockCount {
            TailBits.read(
                block.packed, count: count, width: block.width, reference: block.reference,
                into: values)
        } else {
            let lowWidth = min(block.width, 32)
            let isLaneOrder = order != .values
            LanePacking.unpack(block.packed, width: lowWidth, adding: 0, into: scratch)
            if block.width > 32 {
                // The high words wait in the second half of `scratch`.
                LanePacking.unpack(
                    block.packed + 32 * 128, width: block.width - 32, adding: 0,
                    into: scratch + 1024)
            }
            IntegerLoops.join(
                low: scratch, high: block.width > 32 ? UnsafePointer(scratch + 1024) : nil,
                isLaneOrder: isLaneOrder, reference: block.reference, into: values)
        }
        try forEachException(block) { position, high in
            if block.width < 64 { values[position] &+= high << Int64(block.width) }
        }
        if order == .deltaDeltas {
            IntegerLoops.runningSums(values, count: count, start: block.startDelta)
        }
        if order != .values {
            IntegerLoops.runningSums(values, count: count, start: block.start)
        }
    }

    /// The packed number at a position of a full narrow block in natural order.
    private static func word(_ block: PackedBlock, _ position: Int) -> Int64 {
        // A block of width 0 has no packed bytes: nothing may be read.
        guard block.width > 0 else { return 0 }
        let lane = position & 31
        let bit = (position >> 5) * block.width
        let first = block.packed + ((bit >> 5) * 32 + lane) * 4
        var bits = UInt64(UInt32(littleEndian: first.loadUnaligned(as: UInt32.self)))
        if (bit & 31) + block.width > 32 {
            let second = (first + 128).loadUnaligned(as: UInt32.self)
            bits |= UInt64(UInt32(littleEndian: second)) << 32
        }
        let mask: UInt64 = (1 << UInt64(block.width)) - 1
        return Int64((bits >> UInt64(bit & 31)) & mask)
    }

    /// Calls `body` with each exception's position and its high part.
    func forEachException(
        _ block: PackedBlock, _ body: (_ position: Int, _ high: Int64) -> Void
    ) throws(CodecError) {
        guard block.exceptionCount > 0 else { return }
        var reader = block.exceptions
        var position = -1
        for _ in 0..<block.exceptionCount {
            position += 1 + (try reader.count("an exception's position", limit: block.count))
            guard position < block.count else {
                throw .invalid(field: "an exception's position", value: Int64(position))
            }
            body(position, try reader.signed("an exception"))
        }
        try reader.finish()
    }
}
