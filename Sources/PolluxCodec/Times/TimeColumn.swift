/// Columns of timestamps in nanoseconds since 1970 UTC: bytes and back.
public enum TimeColumn {
    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [Int64], tier: EncodingTier, into bytes: inout [UInt8]) {
        fatalError("not yet")
    }

    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Int64]
    ) throws(CodecError) {
        fatalError("not yet")
    }

    /// The number of values, from the header alone.
    public static func count(of bytes: UnsafeRawBufferPointer) throws(CodecError) -> Int {
        fatalError("not yet")
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        fatalError("not yet")
    }

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(
        _ values: UnsafeBufferPointer<Int64>, tier: EncodingTier, into bytes: inout [UInt8]
    ) {
        fatalError("not yet")
    }

    /// Decodes exactly `values.count` values into the caller's memory.
    ///
    /// Throws when the header holds another count. O(count); no allocation per value.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        fatalError("not yet")
    }
}
