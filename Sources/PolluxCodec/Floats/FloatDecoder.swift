internal import PolluxKernels

/// Decodes columns of doubles, one switch per column.
enum FloatDecoder {
    /// Decodes all that `reader` holds, which must be one column of `target.count` values.
    static func decode(
        _ reader: ByteReader, sibling: UnsafeBufferPointer<Double>?,
        into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        var reader = reader
        let (encoding, count) = try FloatColumn.header(&reader)
        guard count == target.count else {
            throw .countMismatch(expected: target.count, found: count)
        }
        switch encoding {
        case .floatConstant:
            target.update(repeating: Double(bitPattern: try reader.word("the constant")))
            try reader.finish()
        case .floatRunLength: try decodeRuns(&reader, into: target)
        case .floatScaled:
            try decodeScaled(try ScaledParts(reader, count: count), into: target)
        case .floatSibling:
            guard let sibling, sibling.count == count else {
                throw .siblingMissing(expected: count, found: sibling?.count)
            }
            try decodeSibling(
                try ScaledParts(reader, count: count), sibling: sibling, into: target)
        case .floatDictionary: try decodeDictionary(&reader, into: target)
        case .floatSplit: try decodeSplit(&reader, into: target)
        case .floatGorilla: try Gorilla.decode(reader.rest, into: target)
        case .floatPlanes:
            let integers = rebound(target)
            try IntegerColumn.decode(try reader.nested("the bit patterns"), into: integers)
            try reader.finish()
            for row in 0..<count {
                let bits = FloatEncoder.ordered(UInt64(bitPattern: integers[row]))
                target[row] = Double(bitPattern: UInt64(bitPattern: bits))
            }
        case .floatZstd:
            let frame = reader.rest
            guard let source = frame.baseAddress else {
                throw .compression(reason: "an empty frame")
            }
            try Zstd.decompress(
                source, count: frame.count, into: UnsafeMutableRawBufferPointer(target))
        default:
            let source = try reader.take(8 * count, "the values")
            try reader.finish()
            UnsafeMutableRawBufferPointer(target).copyMemory(
                from: UnsafeRawBufferPointer(start: source, count: 8 * count))
        }
    }

    /// The caller's doubles as integers of the same size, to be filled and then scaled in place.
    private static func rebound(
        _ values: UnsafeMutableBufferPointer<Double>
    ) -> UnsafeMutableBufferPointer<Int64> {
        UnsafeMutableRawBufferPointer(values).assumingMemoryBound(to: Int64.self)
    }

    private static func decodeScaled(
        _ parts: ScaledParts, into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        guard var place = target.baseAddress else { return }
        var nested = parts.integers
        let (inner, innerCount) = try IntegerColumn.header(&nested)
        if let order = PackedOrder(inner) {
            guard innerCount == target.count else {
                throw .countMismatch(expected: target.count, found: innerCount)
            }
            var blocks = try PackedBlocks(nested, order: order, count: innerCount)
            try withScratch { scratch throws(CodecError) in
                while blocks.remainingCount > 0 {
                    let block = try blocks.next()
                    try blocks.decode(
                        block, divisor: parts.scale.divisor, into: place, scratch: scratch)
                    place += block.count
                }
            }
            try blocks.finish()
        } else {
            let integers = rebound(target)
            try IntegerColumn.decode(parts.integers, into: integers)
            try join(parts, integers, into: target)
        }
        try finish(parts, target)
    }

    private static func decodeSibling(
        _ parts: ScaledParts, sibling: UnsafeBufferPointer<Double>,
        into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        let integers = rebound(target)
        try IntegerColumn.decode(parts.integers, into: integers)
        if let whole = integers.baseAddress, let other = sibling.baseAddress {
            Scaling.addRounded(
                other, count: target.count, divisor: parts.scale.divisor, sign: 1, to: whole)
        }
        try join(parts, integers, into: target)
        try finish(parts, target)
    }

    private static func join(
        _ parts: ScaledParts, _ integers: UnsafeMutableBufferPointer<Int64>,
        into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        guard let source = integers.baseAddress, let place = target.baseAddress else { return }
        Scaling.join(source, count: target.count, divisor: parts.scale.divisor, into: place)
    }

    /// Printing, distances and exceptions, after the quotients.
    private static func finish(
        _ parts: ScaledParts, _ target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        if parts.scale.isPrinted, let values = target.baseAddress {
            Printing.printAll(values, count: target.count)
        }
        if let stream = parts.distances {
            var distances: [Int64] = []
            try distances.appendDecoded(target.count) { buffer throws(CodecError) in
                try IntegerColumn.decode(stream, into: buffer)
            }
            distances.withUnsafeBufferPointer { distances in
                if let distances = distances.baseAddress, let values = target.baseAddress {
                    Scaling.move(values, by: distances, count: target.count)
                }
            }
        }
        try parts.patch(target)
    }

    private static func decodeNested(
        _ reader: inout ByteReader, _ field: String, limit: Int
    ) throws(CodecError) -> [Double] {
        let nested = try reader.nested(field)
        var header = nested
        let (encoding, count) = try FloatColumn.header(&header)
        guard count <= limit else { throw .tooMany(count: UInt64(count), limit: limit) }
        guard encoding != .floatSibling else {
            throw .unknownMode(encoding.rawValue, column: "nested float")
        }
        var values: [Double] = []
        try values.appendDecoded(count) { target throws(CodecError) in
            try decode(nested, sibling: nil, into: target)
        }
        return values
    }

    private static func decodeRuns(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        let values = try decodeNested(&reader, "the values of the runs", limit: target.count)
        let lengths = try IntegerColumn.decodeNested(
            &reader, "the lengths of the runs", limit: target.count)
        try reader.finish()
        try expandRuns(lengths, runCount: values.count, count: target.count) { run, rows in
            let value = values[run]
            for row in rows { target[row] = value }
        }
    }

    private static func decodeDictionary(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        let levels = try decodeNested(&reader, "the levels", limit: target.count)
        let indices = rebound(target)
        try IntegerColumn.decode(try reader.nested("the level of each row"), into: indices)
        try reader.finish()
        try indices.replaceIndices(by: levels)
    }

    private static func decodeSplit(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        let count = target.count
        let cut = Int(try reader.byte("the cut"))
        guard (1...63).contains(cut) else {
            throw .invalid(field: "the cut", value: Int64(cut))
        }
        var front: [Int64] = []
        let nested = try reader.nested("the front bits")
        try front.appendDecoded(count) { buffer throws(CodecError) in
            try IntegerColumn.decode(nested, into: buffer)
        }
        let source = try reader.take(TailBits.byteCount(count: count, width: cut), "the rest")
        try reader.finish()
        let integers = rebound(target)
        guard let rests = integers.baseAddress else { return }
        TailBits.read(source, count: count, width: cut, reference: 0, into: rests)
        for row in 0..<count { rests[row] |= front[row] << Int64(cut) }
    }
}
