internal import PolluxKernels

/// An encoded column of times opened for reading in parts, and for finding rows by time.
///
/// Times of a constant step are computed; those in packed blocks are decoded block by block, and a
/// search looks at the blocks' first times before it decodes one; all others are decoded whole,
/// once. Of times on a line, a search decodes none where the bounds of their rests tell enough.
///
///     var reader = try TimeReader(bytes)
///     let first = try reader.firstRow(notBefore: slice.start)
///
/// Borrows the column's bytes, which must outlive it. Not for several threads at once.
public struct TimeReader: ~Copyable {
    private enum Source {
        case steps(first: Int64, step: Int64)
        /// Packed integers: times, or what is left after `first + row * step`.
        case blocks(BlockIndex, first: Int64, step: Int64)
        /// A line whose rests lie between bounds and have not been needed yet.
        case line(TimeLine, rests: ClosedRange<Int64>, bytes: UnsafeRawBufferPointer)
        case whole([Int64])
    }

    /// The number of times.
    public let count: Int
    private var source: Source
    private var memory: BlockMemory

    /// Opens the column.
    public init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        let opened = try Self.open(bytes)
        count = opened.count
        source = opened.source
        memory = BlockMemory()
    }

    private static func open(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> (count: Int, source: Source) {
        var reader = ByteReader(bytes)
        let (encoding, count) = try TimeColumn.header(&reader)
        var first: Int64 = 0
        var step: Int64 = 0
        var nested: ByteReader?
        switch encoding {
        case .timeConstantStep:
            first = try reader.signed("the first time")
            step = try reader.signed("the step")
            try reader.finish()
            return (count, .steps(first: first, step: step))
        case .timePacked, .timeDense: nested = try reader.nested("the times")
        case .timeLine:
            first = try reader.signed("the first time")
            step = try reader.signed("the step")
            nested = try reader.nested("the rests")
        default: break
        }
        if let nested, let index = try BlockIndex(nested: nested, count: count) {
            try reader.finish()
            return (count, .blocks(index, first: first, step: step))
        }
        if encoding == .timeLine, let nested, let rests = PlanesColumn.bounds(nested: nested) {
            let line = TimeLine(first: first, step: step, count: count)
            return (count, .line(line, rests: rests, bytes: bytes))
        }
        var times: [Int64] = []
        try TimeColumn.decode(bytes, into: &times)
        return (count, .whole(times))
    }

    /// Decodes `rows` into the caller's memory, which has room for `rows.count` times.
    ///
    /// O(rows), plus at most two blocks.
    public mutating func decode(
        rows: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        guard rows.lowerBound >= 0, rows.upperBound <= count else {
            throw .countMismatch(expected: rows.upperBound, found: count)
        }
        try decodeLine()
        switch source {
        case .steps(let first, let step):
            IntegerLoops.fill(
                target, count: rows.count, first: first &+ Int64(rows.lowerBound) &* step,
                step: step)
        case .line: break
        case .whole(let times):
            times.withUnsafeBufferPointer {
                for (place, row) in rows.enumerated() { target[place] = $0[row] }
            }
        case .blocks(let index, let first, let step):
            var place = target
            for piece in BlockPieces(rows) {
                if piece.rows.count == index.places[piece.block].count,
                    memory.held != piece.block
                {
                    try decode(index, piece.block, first, step, into: place)
                } else {
                    let held = try hold(index, piece.block, first, step)
                    place.update(from: held + piece.rows.lowerBound, count: piece.rows.count)
                }
                place += piece.rows.count
            }
        }
    }

    /// The time of one row.
    public mutating func time(at row: Int) throws(CodecError) -> Int64 {
        guard row >= 0, row < count else { throw .countMismatch(expected: row + 1, found: count) }
        try decodeLine()
        switch source {
        case .steps(let first, let step): return first &+ Int64(row) &* step
        case .line: return 0
        case .whole(let times): return times[row]
        case .blocks(let index, let first, let step):
            let held = try hold(index, row / ColumnLimits.blockCount, first, step)
            return held[row % ColumnLimits.blockCount]
        }
    }

    /// The first row whose time is not before `time`, or `count` when there is none.
    ///
    /// The times must ascend, as those of chunks do; else some row is given. O(log rows); a step
    /// is divided, and of packed blocks at most about log(blocks) are decoded.
    public mutating func firstRow(notBefore time: Int64) throws(CodecError) -> Int {
        var low = 0
        var high = count
        switch source {
        case .steps(let first, let step):
            let line = TimeLine(first: first, step: step, count: count)
            if let rows = line.candidates(time, 0...0) {
                (low, high) = (rows.lowerBound, rows.upperBound)
            }
        case .line(let line, let rests, _):
            if let rows = line.candidates(time, rests) {
                (low, high) = (rows.lowerBound, rows.upperBound)
            }
        case .blocks(let index, let first, let step):
            let line = TimeLine(first: first, step: step, count: count)
            (low, high) = try candidates(time, index, line)
        case .whole: break
        }
        while low < high {
            let middle = low + (high - low) / 2
            if try self.time(at: middle) < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The rows among which the first one not before `time` is, all of one block.
    private mutating func candidates(
        _ time: Int64, _ index: BlockIndex, _ line: TimeLine
    ) throws(CodecError) -> (low: Int, high: Int) {
        let size = ColumnLimits.blockCount
        var lowBlock = 0
        var highBlock = (count + size - 1) / size
        while highBlock - lowBlock > 1 {
            let middle = (lowBlock + highBlock) / 2
            let row = middle * size
            let isBefore: Bool
            if let rows = Self.candidates(time, index, line, middle),
                row < rows.lowerBound || row >= rows.upperBound
            {
                isBefore = row < rows.lowerBound
            } else {
                isBefore = try self.time(at: row) < time
            }
            if isBefore { lowBlock = middle } else { highBlock = middle }
        }
        let low = lowBlock * size
        let high = min(count, highBlock * size)
        guard lowBlock < index.places.count,
            let rows = Self.candidates(time, index, line, lowBlock)
        else { return (low, high) }
        return (min(max(rows.lowerBound, low), high), min(max(rows.upperBound, low), high))
    }

    /// The rows that may be the first not before `time` if all rests were like those of a block.
    private static func candidates(
        _ time: Int64, _ index: BlockIndex, _ line: TimeLine, _ block: Int
    ) -> ClosedRange<Int>? {
        index.blocks.bounds(index.places[block]).flatMap { line.candidates(time, $0) }
    }

    /// Decodes the times of a line whose rests are needed.
    private mutating func decodeLine() throws(CodecError) {
        guard case .line(_, _, let bytes) = source else { return }
        var times: [Int64] = []
        try TimeColumn.decode(bytes, into: &times)
        source = .whole(times)
    }

    private mutating func hold(
        _ index: BlockIndex, _ block: Int, _ first: Int64, _ step: Int64
    ) throws(CodecError) -> UnsafePointer<Int64> {
        let values = memory.values.assumingMemoryBound(to: Int64.self)
        if memory.held != block {
            memory.held = nil
            try decode(index, block, first, step, into: values)
            memory.held = block
        }
        return UnsafePointer(values)
    }

    private mutating func decode(
        _ index: BlockIndex, _ block: Int, _ first: Int64, _ step: Int64,
        into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let place = index.places[block]
        try index.blocks.decode(place, into: target, scratch: memory.words)
        guard first != 0 || step != 0 else { return }
        let row = Int64(block * ColumnLimits.blockCount)
        IntegerLoops.addLine(target, count: place.count, first: first &+ row &* step, step: step)
    }
}
