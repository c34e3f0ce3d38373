/// An encoded column's header as named fields, for `pollux inspect`.
public struct ColumnDescription: Sendable {
    /// The mode of the column.
    public var encoding: ColumnEncoding
    /// The number of values.
    public var count: Int
    /// The bytes of the column, header included.
    public var byteCount: Int
    /// Parameters of the mode, in the order in which they are stored; nested columns are indented
    /// by a dot, such as `integers.width`.
    public var fields: [(name: String, value: String)]
    /// The modes in use, outermost first, such as `float scaled, integer packed delta`.
    public var modes: [ColumnEncoding]
}
