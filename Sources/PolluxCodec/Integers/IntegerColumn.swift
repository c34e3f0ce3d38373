internal import PolluxKernels

/// Columns of integers: bytes and back.
///
/// Also the streams of integers inside other columns.
///
/// storage-format/encodings.md §3, §4 and §6.
public enum IntegerColumn: EncodedIntegers {
    /// `integer`.
    public static let kind = "integer"
    /// 2.
    public static let modeDigit: UInt8 = 2

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(
        _ values: UnsafeBufferPointer<Int64>, tier: EncodingTier, into bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: IntegerEncoder(values, tier: tier, mayNest: true).smallest())
    }

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [Int64], tier: EncodingTier, into bytes: inout [UInt8]) {
        values.withUnsafeBufferPointer { encode($0, tier: tier, into: &bytes) }
    }

    /// Decodes exactly `values.count` values into the caller's memory.
    ///
    /// Throws when the header holds another count. O(count); no allocation per value.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        try decode(ByteReader(bytes), into: values)
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        try ColumnDescription.integers(ByteReader(bytes))
    }

    /// Decodes all that `reader` holds, which must be one column of `target.count` values.
    static func decode(
        _ reader: ByteReader, into target: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        var reader = reader
        let (encoding, count) = try IntegerColumn.header(&reader)
        guard count == target.count else {
            throw .countMismatch(expected: target.count, found: count)
        }
        if let order = PackedOrder(encoding) {
            return try decodePacked(reader, order: order, into: target)
        }
        switch encoding {
        case .integerConstant:
            target.update(repeating: try reader.signed("the constant"))
        case .integerRunLength:
            try decodeRuns(&reader, into: target)
        case .integerDictionary:
            try decodeDictionary(&reader, into: target)
        case .integerPlanes:
            try PlanesColumn.decode(&reader, into: target)
        default:
            let source = try reader.take(8 * count, "the values")
            for index in 0..<count {
                let word = source.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
                target[index] = Int64(littleEndian: word)
            }
        }
        try reader.finish()
    }

    /// Decodes a nested column of at most `limit` values.
    static func decodeNested(
        _ reader: inout ByteReader, _ field: String, limit: Int
    ) throws(CodecError) -> [Int64] {
        let nested = try reader.nested(field)
        var header = nested
        let count = try IntegerColumn.header(&header).count
        guard count <= limit else { throw .tooMany(count: UInt64(count), limit: limit) }
        var values: [Int64] = []
        try values.appendDecoded(count) { target throws(CodecError) in
            try decode(nested, into: target)
        }
        return values
    }

    private static func decodePacked(
        _ reader: ByteReader, order: PackedOrder, into target: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        var blocks = try PackedBlocks(reader, order: order, count: target.count)
        guard var place = target.baseAddress else { return try blocks.finish() }
        try withScratch { scratch throws(CodecError) in
            while blocks.remainingCount > 0 {
                let block = try blocks.next()
                try blocks.decode(block, into: place, scratch: scratch)
                place += block.count
            }
            try blocks.finish()
        }
    }

    private static func decodeRuns(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        let values = try decodeNested(&reader, "the values of the runs", limit: target.count)
        let lengths = try decodeNested(&reader, "the lengths of the runs", limit: target.count)
        try expandRuns(lengths, runCount: values.count, count: target.count) { run, rows in
            let value = values[run]
            for row in rows { target[row] = value }
        }
    }

    private static func decodeDictionary(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        let levels = try decodeNested(&reader, "the levels", limit: target.count)
        try decode(try reader.nested("the level of each row"), into: target)
        try target.replaceIndices(by: levels)
    }
}

extension UnsafeMutableBufferPointer<Int64> {
    /// Replaces each index by the bits of the level that it is the place of; throws where it is
    /// the place of none.
    func replaceIndices<Level: BitwiseCopyable>(by levels: [Level]) throws(CodecError) {
        guard let base = baseAddress, count > 0 else { return }
        let (least, greatest) = IntegerLoops.range(base, count: count)
        guard least >= 0, greatest < Int64(levels.count) else {
            throw .invalid(field: "the level of a row", value: least < 0 ? least : greatest)
        }
        levels.withUnsafeBytes {
            IntegerLoops.replaceIndices(
                base, count: count, by: $0.baseAddress.unsafelyUnwrapped)
        }
    }
}

/// Calls `body` with each run's number and rows; throws unless the runs cover exactly `count` rows.
///
/// `lengths` are one less than the run's length.
func expandRuns(
    _ lengths: [Int64], runCount: Int, count: Int, _ body: (_ run: Int, _ rows: Range<Int>) -> Void
) throws(CodecError) {
    guard lengths.count == runCount else {
        throw .countMismatch(expected: runCount, found: lengths.count)
    }
    var row = 0
    for run in 0..<runCount {
        let length = lengths[run]
        guard length >= 0, length < Int64(count - row) else {
            throw .invalid(field: "the length of a run", value: length)
        }
        let end = row + Int(length) + 1
        body(run, row..<end)
        row = end
    }
    guard row == count else { throw .countMismatch(expected: count, found: row) }
}

/// Working memory of the block decoders: two blocks of words on the stack.
func withScratch<R>(
    _ body: (UnsafeMutablePointer<UInt32>) throws(CodecError) -> R
) throws(CodecError) -> R {
    let result = withUnsafeTemporaryAllocation(
        of: UInt32.self, capacity: 2 * ColumnLimits.blockCount
    ) { scratch -> Result<R, CodecError> in
        do throws(CodecError) {
            return .success(try body(scratch.baseAddress.unsafelyUnwrapped))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

extension Array {
    /// Appends `count` elements that `body` writes; nothing is appended when it throws.
    ///
    /// Only for trivial elements; `body` writes all of them or throws.
    mutating func appendDecoded(
        _ count: Int, _ body: (UnsafeMutableBufferPointer<Element>) throws(CodecError) -> Void
    ) throws(CodecError) where Element: BitwiseCopyable {
        var failure: CodecError?
        let decoded = [Element](unsafeUninitializedCapacity: count) { target, initialized in
            let exact = UnsafeMutableBufferPointer(rebasing: target[0..<count])
            do throws(CodecError) {
                try body(exact)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if isEmpty { self = decoded } else { append(contentsOf: decoded) }
    }
}
