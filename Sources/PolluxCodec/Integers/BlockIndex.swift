internal import PolluxKernels

/// All blocks of a packed column, found and checked, for reading in any order.
struct BlockIndex {
    let blocks: PackedBlocks
    let places: [PackedBlock]

    /// O(blocks): numbers are not touched.
    init(_ blocks: PackedBlocks) throws(CodecError) {
        self.blocks = blocks
        var rest = blocks
        var places: [PackedBlock] = []
        places.reserveCapacity(
            min(rest.remainingCount, ColumnLimits.maximumCount) / ColumnLimits.blockCount + 1)
        while rest.remainingCount > 0 { places.append(try rest.next()) }
        try rest.finish()
        self.places = places
    }

    /// The blocks of a nested column of integers; nil when its mode has none.
    init?(nested reader: ByteReader, count: Int) throws(CodecError) {
        guard let blocks = try PackedBlocks(nested: reader, count: count) else { return nil }
        try self.init(blocks)
    }
}

/// Memory of a reader: one block of values, kept for the next question, and the decoders' scratch.
///
/// Taken when first asked for: sums of many columns need none.
struct BlockMemory: ~Copyable {
    private var start: UnsafeMutableRawPointer?
    /// The block that `values` holds.
    var held: Int?

    init() {}

    private static var byteCount: Int { 8 * ColumnLimits.blockCount }

    /// Room for one block of 64-bit values.
    var values: UnsafeMutableRawPointer {
        mutating get {
            if let start { return start }
            let taken = UnsafeMutableRawPointer.allocate(
                byteCount: 2 * Self.byteCount, alignment: 64)
            start = taken
            return taken
        }
    }

    /// Room for two blocks of words, in the same allocation.
    var words: UnsafeMutablePointer<UInt32> {
        mutating get { (values + Self.byteCount).assumingMemoryBound(to: UInt32.self) }
    }

    deinit {
        start?.deallocate()
    }
}

/// The parts that `rows` are cut into at multiples of `ColumnLimits.blockCount`.
struct BlockPieces: Sequence, IteratorProtocol {
    private var rows: Range<Int>

    init(_ rows: Range<Int>) {
        self.rows = rows
    }

    /// A block, and which of its rows are asked for.
    mutating func next() -> (block: Int, rows: Range<Int>)? {
        guard !rows.isEmpty else { return nil }
        let size = ColumnLimits.blockCount
        let block = rows.lowerBound / size
        let end = Swift.min(rows.upperBound, (block + 1) * size)
        defer { rows = end..<rows.upperBound }
        return (block, (rows.lowerBound - block * size)..<(end - block * size))
    }
}
