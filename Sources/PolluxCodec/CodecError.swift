/// What is wrong with the bytes of an encoded column.
///
/// The caller adds which record the bytes came from.
public enum CodecError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes end before the field does.
    case truncated(field: String, needed: Int, available: Int)
    /// The first byte names no mode of this kind of column.
    case unknownMode(UInt8, column: String)
    /// A count in the header is not the count that was asked for.
    case countMismatch(expected: Int, found: Int)
    /// The header promises more values than any column may hold.
    case tooMany(count: UInt64, limit: Int)
    /// A field has a value that no writer produces.
    case invalid(field: String, value: Int64)
    /// zstd refused its part of the column.
    case compression(reason: String)
    /// The column is stored against another column, which was not given or has another length.
    case siblingMissing(expected: Int, found: Int?)
    /// A text is not valid UTF-8.
    case notText(index: Int)
    /// Bytes follow the end of the column.
    case trailingBytes(count: Int)

    /// One sentence for people: what is bad and where in the column.
    public var description: String {
        switch self {
        case .truncated(let field, let needed, let available):
            "the column ends inside \(field): \(needed) bytes are needed, \(available) are left"
        case .unknownMode(let byte, let column):
            "mode byte \(byte) is not a mode of a \(column) column"
        case .countMismatch(let expected, let found):
            "the column holds \(found) values where \(expected) are expected"
        case .tooMany(let count, let limit):
            "the column claims \(count) values; at most \(limit) are allowed"
        case .invalid(let field, let value):
            "\(field) has the impossible value \(value)"
        case .compression(let reason):
            "a compressed part cannot be read: \(reason)"
        case .siblingMissing(let expected, let found):
            "the column needs its sibling column with \(expected) values; "
                + (found.map { "it has \($0)" } ?? "none was given")
        case .notText(let index):
            "text \(index) is not valid UTF-8"
        case .trailingBytes(let count):
            "\(count) bytes follow the end of the column"
        }
    }
}
