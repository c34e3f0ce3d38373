public import PolluxModel

/// Columns of qualities, run-length encoded; no bytes at all when every quality is good.
public enum QualityColumn {
    /// Appends the runs of `qualities`; appends nothing when all are good.
    public static func encode(_ qualities: [Quality], into bytes: inout [UInt8]) {
        fatalError("not yet")
    }

    /// Appends `count` qualities to `qualities`; no bytes mean that all are good.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into qualities: inout [Quality]
    ) throws(CodecError) {
        fatalError("not yet")
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        fatalError("not yet")
    }
}
