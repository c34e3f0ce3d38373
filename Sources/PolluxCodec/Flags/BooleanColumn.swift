/// Columns of booleans: bytes and back.
public enum BooleanColumn {
    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [Bool], tier: EncodingTier, into bytes: inout [UInt8]) {
        fatalError("not yet")
    }

    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Bool]
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
}
