/// A kind of column whose bytes begin with a mode and a count (storage-format/encodings.md §1).
public protocol EncodedColumn {
    /// The kind as errors name it, such as `float`.
    static var kind: String { get }
    /// The upper digit of the mode byte.
    static var modeDigit: UInt8 { get }
}

extension EncodedColumn {
    /// The number of values, from the header alone.
    public static func count(of bytes: UnsafeRawBufferPointer) throws(CodecError) -> Int {
        var reader = ByteReader(bytes)
        return try header(&reader).count
    }

    /// Reads the mode, which must be one of this kind, and the count.
    static func header(
        _ reader: inout ByteReader
    ) throws(CodecError) -> (encoding: ColumnEncoding, count: Int) {
        try reader.header(of: kind) { $0.rawValue >> 4 == modeDigit }
    }
}

/// A kind of column whose values are 64-bit integers.
public protocol EncodedIntegers: EncodedColumn {
    /// Decodes exactly `values.count` values into the caller's memory.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError)
}

extension EncodedIntegers {
    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Int64]
    ) throws(CodecError) {
        let count = try count(of: bytes)
        try values.appendDecoded(count) { target throws(CodecError) in
            try decode(bytes, into: target)
        }
    }
}
