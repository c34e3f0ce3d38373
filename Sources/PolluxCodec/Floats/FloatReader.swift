internal import PolluxKernels

/// An encoded column of doubles opened for reading in parts: rows of a block at a time, or sums.
///
/// Modes made of packed blocks are decoded block by block, 8 KiB that stay in the first cache, and
/// only those asked for; a constant is never decoded; all others are decoded whole, once, when
/// opened. The block read last is kept, so that neighbouring ranges that share it cost one decode.
///
///     var reader = try FloatReader(bytes)
///     for rows in slices { total.add(try reader.aggregate(rows: rows)) }
///
/// Borrows the column's bytes, which must outlive it. Not for several threads at once; opening
/// costs little, so each opens its own.
public struct FloatReader: ~Copyable {
    private enum Source {
        case constant(Double)
        case blocks(Blocks)
        case whole([Double])
    }

    /// A scaled column whose integers, and distances if any, are packed.
    fileprivate struct Blocks {
        var integers: BlockIndex
        var distances: BlockIndex?
        var scale: FloatScale
        /// Exceptions in the order of rows.
        var rows: [Int] = []
        var values: [Double] = []
    }

    /// The number of values.
    public let count: Int
    private let source: Source
    private var memory: BlockMemory

    /// Opens the column; with a mode that needs a `sibling`, it must be given and is read now.
    public init(
        _ bytes: UnsafeRawBufferPointer, sibling: UnsafeBufferPointer<Double>? = nil
    ) throws(CodecError) {
        let opened = try Self.open(bytes, sibling)
        count = opened.count
        source = opened.source
        memory = BlockMemory()
    }

    private static func open(
        _ bytes: UnsafeRawBufferPointer, _ sibling: UnsafeBufferPointer<Double>?
    ) throws(CodecError) -> (count: Int, source: Source) {
        var reader = ByteReader(bytes)
        let (encoding, count) = try FloatColumn.header(&reader)
        if encoding == .floatConstant {
            let value = Double(bitPattern: try reader.word("the constant"))
            try reader.finish()
            return (count, .constant(value))
        }
        if encoding == .floatScaled,
            let blocks = try blocks(try ScaledParts(reader, count: count), count: count)
        {
            return (count, .blocks(blocks))
        }
        return (count, .whole(try whole(bytes, count, sibling)))
    }

    /// Decodes `rows` into the caller's memory, which has room for `rows.count` values.
    ///
    /// O(rows), plus at most two blocks.
    public mutating func decode(
        rows: Range<Int>, into target: UnsafeMutablePointer<Double>
    ) throws(CodecError) {
        try check(rows)
        var place = target
        for piece in BlockPieces(rows) {
            let size = ColumnLimits.blockCount
            if case .blocks(let blocks) = source, memory.held != piece.block,
                piece.rows.count == blocks.integers.places[piece.block].count
            {
                try decode(blocks, piece.block, into: place)
            } else if case .whole(let values) = source {
                values.withUnsafeBufferPointer {
                    let first = piece.block * size + piece.rows.lowerBound
                    for row in 0..<piece.rows.count { place[row] = $0[first + row] }
                }
            } else {
                let held = try hold(piece.block)
                place.update(from: held + piece.rows.lowerBound, count: piece.rows.count)
            }
            place += piece.rows.count
        }
    }

    /// Calls `body` with the values of `rows`, in place where they are decoded already, else in
    /// `room`, which has space for `rows.count` values.
    public mutating func withValues<Result>(
        rows: Range<Int>, room: UnsafeMutablePointer<Double>,
        _ body: (UnsafePointer<Double>) throws -> Result
    ) throws -> Result {
        try check(rows)
        if case .whole(let values) = source {
            return try values.withUnsafeBufferPointer { values in
                try body(values.baseAddress.map { $0 + rows.lowerBound } ?? UnsafePointer(room))
            }
        }
        try decode(rows: rows, into: room)
        return try body(room)
    }

    /// Count, sum, minimum and maximum of `rows`, the same to the last bit in every mode.
    ///
    /// Blocks that lie within `rows` are summed up straight from their packed form. The sum is that
    /// of storage-format/encodings.md §10. Without `wantsExtremes`, minimum and maximum stay those
    /// of no values, which saves their time. O(rows / 1,024) blocks.
    public mutating func aggregate(
        rows: Range<Int>, wantsExtremes: Bool = true
    ) throws(CodecError) -> FloatAggregate {
        try check(rows)
        var result = FloatAggregate()
        switch source {
        case .blocks(let blocks) where blocks.distances == nil && !blocks.scale.isPrinted:
            try add(blocks, rows, wantsExtremes, to: &result)
        case .whole(let values):
            values.withUnsafeBufferPointer {
                result = FloatAggregate($0, rows: rows, wantsExtremes: wantsExtremes)
            }
        default:
            for piece in BlockPieces(rows) {
                result.add(
                    try hold(piece.block) + piece.rows.lowerBound, count: piece.rows.count,
                    wantsExtremes: wantsExtremes)
            }
        }
        return result
    }

    /// Adds whole blocks straight from their packed form where that is possible, many at a time.
    private mutating func add(
        _ blocks: borrowing Blocks, _ rows: Range<Int>, _ wantsExtremes: Bool,
        to result: inout FloatAggregate
    ) throws(CodecError) {
        var pieces = BlockPieces(rows)
        while let piece = pieces.next() {
            if piece.rows.count == ColumnLimits.blockCount {
                let end = min(
                    rows.upperBound / ColumnLimits.blockCount,
                    blocks.firstWithException(from: piece.block))
                if end > piece.block {
                    let done = blocks.integers.addWide(
                        piece.block..<end, divisor: blocks.scale.divisor,
                        wantsExtremes: wantsExtremes, to: &result)
                    if done > 0 {
                        pieces.skip(done - 1)
                        continue
                    }
                }
                if memory.held != piece.block,
                    let fused = try sum(blocks, piece.block, wantsExtremes)
                {
                    result.add(fused, count: piece.rows.count)
                    continue
                }
            }
            result.add(
                try hold(piece.block) + piece.rows.lowerBound, count: piece.rows.count,
                wantsExtremes: wantsExtremes)
        }
    }

    /// A whole block's sum from its packed form; nil where that is not possible.
    private mutating func sum(
        _ blocks: borrowing Blocks, _ index: Int, _ wantsExtremes: Bool
    ) throws(CodecError) -> BlockAggregate? {
        if blocks.hasException(in: index) { return nil }
        let block = blocks.integers.places[index]
        return try blocks.integers.blocks.aggregate(
            block, divisor: blocks.scale.divisor, wantsExtremes: wantsExtremes,
            scratch: blocks.integers.blocks.needsScratch(block) ? memory.words : nil)
    }

    private func check(_ rows: Range<Int>) throws(CodecError) {
        guard rows.lowerBound >= 0, rows.upperBound <= count else {
            throw .countMismatch(expected: rows.upperBound, found: count)
        }
    }

    /// Decodes a block into the reader's own memory, unless it is there.
    private mutating func hold(_ block: Int) throws(CodecError) -> UnsafePointer<Double> {
        let values = memory.values.assumingMemoryBound(to: Double.self)
        guard memory.held != block else { return UnsafePointer(values) }
        switch source {
        case .constant(let value):
            // All blocks of a constant are the same; one is enough.
            if memory.held == nil {
                values.update(repeating: value, count: ColumnLimits.blockCount)
            }
        case .blocks(let blocks):
            memory.held = nil
            try decode(blocks, block, into: values)
        case .whole: break
        }
        memory.held = block
        return UnsafePointer(values)
    }

    private mutating func decode(
        _ blocks: borrowing Blocks, _ block: Int, into values: UnsafeMutablePointer<Double>
    ) throws(CodecError) {
        let place = blocks.integers.places[block]
        let words = memory.words
        try blocks.integers.blocks.decode(
            place, divisor: blocks.scale.divisor, into: values, scratch: words)
        if blocks.scale.isPrinted { Printing.printAll(values, count: place.count) }
        if let distances = blocks.distances {
            try withUnsafeDistances { moved throws(CodecError) in
                try distances.blocks.decode(
                    distances.places[block], into: moved, scratch: words)
                Scaling.move(values, by: moved, count: place.count)
            }
        }
        let first = block * ColumnLimits.blockCount
        var index = blocks.firstException(from: first)
        while index < blocks.rows.count, blocks.rows[index] < first + place.count {
            values[blocks.rows[index] - first] = blocks.values[index]
            index += 1
        }
    }

    /// One block of integers on the stack.
    private func withUnsafeDistances(
        _ body: (UnsafeMutablePointer<Int64>) throws(CodecError) -> Void
    ) throws(CodecError) {
        let result = withUnsafeTemporaryAllocation(
            of: Int64.self, capacity: ColumnLimits.blockCount
        ) { buffer -> Result<Void, CodecError> in
            do throws(CodecError) {
                return .success(try body(buffer.baseAddress.unsafelyUnwrapped))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func blocks(
        _ parts: ScaledParts, count: Int
    ) throws(CodecError) -> Blocks? {
        guard let integers = try BlockIndex(nested: parts.integers, count: count) else {
            return nil
        }
        var distances: BlockIndex?
        if let stream = parts.distances {
            distances = try BlockIndex(nested: stream, count: count)
            if distances == nil { return nil }
        }
        var blocks = Blocks(
            integers: integers, distances: distances, scale: parts.scale)
        try parts.forEachException(count: count) { row, value in
            blocks.rows.append(row)
            blocks.values.append(value)
        }
        return blocks
    }

    private static func whole(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ sibling: UnsafeBufferPointer<Double>?
    ) throws(CodecError) -> [Double] {
        var values: [Double] = []
        try values.appendDecoded(count) { target throws(CodecError) in
            try FloatDecoder.decode(ByteReader(bytes), sibling: sibling, into: target)
        }
        return values
    }
}

extension FloatReader.Blocks {
    /// The place of the first exception at `row` or behind it.
    fileprivate func firstException(from row: Int) -> Int {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first block from `block` on with an exception; `Int.max` when there is none.
    fileprivate func firstWithException(from block: Int) -> Int {
        guard !rows.isEmpty else { return .max }
        let index = firstException(from: block * ColumnLimits.blockCount)
        return index < rows.count ? rows[index] / ColumnLimits.blockCount : .max
    }

    fileprivate func hasException(in block: Int) -> Bool {
        firstWithException(from: block) == block
    }
}
