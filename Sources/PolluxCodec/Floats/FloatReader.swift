internal import PolluxKernels
internal import PolluxModel

/// An encoded column of doubles opened for reading in parts: rows of a block at a time, or sums.
///
/// Modes made of packed blocks are decoded block by block, 8 KiB that stay in the first cache, and
/// only those asked for; a constant is never decoded; all others are decoded whole, once, when
/// opened. The block read last is kept, so that neighbouring ranges that share it cost one decode.
/// Blocks are found, and what is wrong with them, at the first question that needs them.
///
///     var reader = try FloatReader(bytes)
///     for rows in slices { total.add(try reader.aggregate(rows: rows)) }
///
/// Borrows the column's bytes, which must outlive it. Not for several threads at once; opening
/// costs little, so each opens its own.
public struct FloatReader: ~Copyable {
    private enum Source {
        case constant(Double)
        /// Packed integers over a scale and nothing else, whose blocks nobody has looked for yet.
        case packed(PackedBlocks, FloatScale)
        case blocks(Blocks)
        case whole([Double])
    }

    /// A scaled column whose integers, and distances if any, are packed.
    ///
    /// An object, so that a reader is small: one that adds up a whole column has none.
    fileprivate final class Blocks {
        let integers: BlockIndex
        let distances: BlockIndex?
        let scale: FloatScale
        /// Exceptions in the order of rows.
        let rows: [Int]
        let values: [Double]

        init(
            _ integers: PackedBlocks, distances: BlockIndex? = nil, scale: FloatScale,
            rows: [Int] = [], values: [Double] = []
        ) throws(CodecError) {
            self.integers = try BlockIndex(integers)
            self.distances = distances
            self.scale = scale
            self.rows = rows
            self.values = values
        }
    }

    /// The number of values.
    public let count: Int
    private var source: Source
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
            let source = try scaled(try ScaledParts(reader, count: count), count: count)
        {
            return (count, source)
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
        try findBlocks()
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

    /// Count, sum, minimum and maximum of `rows`.
    ///
    /// Blocks that lie within `rows` are summed up straight from their packed form. The sum is that
    /// of storage-format/encodings.md §10, the others are the same in every mode. Without
    /// `wantsExtremes`, minimum and maximum stay those of no values, which saves their time.
    /// O(rows / 1,024) blocks.
    public mutating func aggregate(
        rows: Range<Int>, wantsExtremes: Bool = true
    ) throws(CodecError) -> FloatAggregate {
        try check(rows)
        if case .packed(let packed, let scale) = source, rows.count == count {
            return try sum(packed, divisor: scale.divisor, wantsExtremes)
        }
        try findBlocks()
        var result = FloatAggregate()
        switch source {
        case .blocks(let blocks)
        where rows.count >= ColumnLimits.blockCount && blocks.distances == nil
            && !blocks.scale.isPrinted:
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

    /// Adds up a whole column as its blocks are found, which leaves nothing to be kept.
    private mutating func sum(
        _ packed: PackedBlocks, divisor: Double, _ wantsExtremes: Bool
    ) throws(CodecError) -> FloatAggregate {
        var result = FloatAggregate()
        var rest = packed
        while rest.remainingCount > 0 {
            let block = try rest.next()
            if let fused = try packed.aggregate(
                block, divisor: divisor, wantsExtremes: wantsExtremes)
            {
                result.add(fused, count: block.count)
                continue
            }
            let values = memory.values.assumingMemoryBound(to: Double.self)
            memory.held = nil
            try packed.decode(block, divisor: divisor, into: values, scratch: memory.words)
            result.add(values, count: block.count, wantsExtremes: wantsExtremes)
        }
        try rest.finish()
        return result
    }

    /// Adds whole blocks straight from their packed form where that is possible.
    private mutating func add(
        _ blocks: Blocks, _ rows: Range<Int>, _ wantsExtremes: Bool,
        to result: inout FloatAggregate
    ) throws(CodecError) {
        for piece in BlockPieces(rows) {
            if piece.rows.count == ColumnLimits.blockCount,
                !blocks.hasException(in: piece.block),
                let fused = try blocks.integers.blocks.aggregate(
                    blocks.integers.places[piece.block], divisor: blocks.scale.divisor,
                    wantsExtremes: wantsExtremes)
            {
                result.add(fused, count: piece.rows.count)
                continue
            }
            result.add(
                try hold(piece.block) + piece.rows.lowerBound, count: piece.rows.count,
                wantsExtremes: wantsExtremes)
        }
    }

    private func check(_ rows: Range<Int>) throws(CodecError) {
        guard rows.lowerBound >= 0, rows.upperBound <= count else {
            throw .countMismatch(expected: rows.upperBound, found: count)
        }
    }

    /// Finds the blocks of a column, for all questions but those about all of it.
    private mutating func findBlocks() throws(CodecError) {
        guard case .packed(let packed, let scale) = source else { return }
        source = .blocks(try Blocks(packed, scale: scale))
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
        case .packed, .whole: break
        }
        memory.held = block
        return UnsafePointer(values)
    }

    private mutating func decode(
        _ blocks: Blocks, _ block: Int, into values: UnsafeMutablePointer<Double>
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

    /// Integers over a scale; nil unless they, and distances if there are any, are packed.
    private static func scaled(
        _ parts: ScaledParts, count: Int
    ) throws(CodecError) -> Source? {
        guard let integers = try PackedBlocks(nested: parts.integers, count: count) else {
            return nil
        }
        var (rows, values): ([Int], [Double]) = ([], [])
        try parts.forEachException(count: count) { row, value in
            rows.append(row)
            values.append(value)
        }
        if parts.distances == nil, !parts.scale.isPrinted, rows.isEmpty {
            return .packed(integers, parts.scale)
        }
        var distances: BlockIndex?
        if let stream = parts.distances {
            distances = try BlockIndex(nested: stream, count: count)
            if distances == nil { return nil }
        }
        return .blocks(
            try Blocks(
                integers, distances: distances, scale: parts.scale, rows: rows, values: values))
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
        rows.endOfPrefix { $0 < row }
    }

    fileprivate func hasException(in block: Int) -> Bool {
        guard !rows.isEmpty else { return false }
        let index = firstException(from: block * ColumnLimits.blockCount)
        return index < rows.count && rows[index] / ColumnLimits.blockCount == block
    }
}
