/// The formats in which points enter and leave as files.
public enum PointFormat: String, Sendable, CaseIterable {
    /// Line protocol.
    case line
    /// Comma-separated values, one point a row.
    case csv
    /// One JSON object a line, one point each.
    case ndjson

    /// The type of a body of this format.
    public var mediaType: String {
        switch self {
        case .line: "text/plain; charset=utf-8"
        case .csv: "text/csv; charset=utf-8"
        case .ndjson: "application/x-ndjson"
        }
    }
}
