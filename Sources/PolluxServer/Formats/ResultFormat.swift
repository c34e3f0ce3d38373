import NIOCore
import PolluxModel
public import PolluxQuery

/// The forms in which an answer leaves; the same bytes over HTTP and on the command line.
public enum ResultFormat: String, Sendable, CaseIterable {
    /// `{"columns":[…],"rows":[[…]],"notes"?,"stats":{…}}`.
    case json
    /// A header line, then one line per row (RFC 4180, lines end with `\n`).
    case csv
    /// One JSON object per row.
    case ndjson
    /// A Markdown table.
    case md
    /// Aligned columns for a terminal.
    case table
    /// Charts of braille dots.
    case chart

    /// The answer as bytes, all at once.
    public func bytes(
        of result: QueryResult, options: ResultFormatOptions = ResultFormatOptions()
    ) -> [UInt8] {
        var writer = ResultWriter(result, format: self, options: options)
        var bytes: [UInt8] = []
        while let part = writer.next() { bytes.append(contentsOf: part) }
        return bytes
    }

    /// Whether an answer laid out as a table keeps to the width of the options without cutting a
    /// number or an instant.
    public static func tableFits(_ result: QueryResult, options: ResultFormatOptions) -> Bool {
        TableLayout(result, options: options).fits
    }

    /// The media type of the bytes.
    public var mediaType: String {
        switch self {
        case .json: ContentType.json
        case .csv: ContentType.csv
        case .ndjson: ContentType.ndjson
        case .md: ContentType.markdown
        case .table, .chart: ContentType.text
        }
    }
}

/// How an answer is written.
public struct ResultFormatOptions: Sendable {
    /// How instants are written.
    public var time = TimeForm.rfc3339
    /// The characters a line of a table may have; nil for as many as it needs.
    public var width: Int?
    /// The rows a table shows, followed by a line that says how many more there are; nil for all.
    public var rowLimit: Int?
    /// Whether notes follow a table.
    public var showsNotes = true

    /// The defaults: everything, RFC 3339.
    public init() {}

    /// How instants are written in JSON, NDJSON and CSV.
    public enum TimeForm: String, Sendable, CaseIterable {
        /// Text with the offset of the answer's zone, nanoseconds kept.
        case rfc3339
        /// Nanoseconds since 1970 UTC.
        case ns
        /// Microseconds since 1970 UTC; a fraction keeps the nanoseconds.
        case us
        /// Milliseconds since 1970 UTC; a fraction keeps the nanoseconds.
        case ms
        /// Seconds since 1970 UTC; a fraction keeps the nanoseconds.
        case s

        /// Decimal places between a nanosecond and the unit.
        var decimals: Int {
            switch self {
            case .rfc3339, .ns: 0
            case .us: 3
            case .ms: 6
            case .s: 9
            }
        }
    }
}

/// Writes an answer part by part, so that a large one never stands in memory as text.
public struct ResultWriter: Sendable {
    private let result: QueryResult
    private let format: ResultFormat
    private let options: ResultFormatOptions
    private let layout: TableLayout?
    private let rows: RowBytes?
    private var row = 0
    private var hasBegun = false
    private var hasEnded = false

    /// Bytes after which a part is handed out.
    private static let partByteCount = 64 * 1024

    /// A writer at the start of an answer.
    public init(
        _ result: QueryResult, format: ResultFormat,
        options: ResultFormatOptions = ResultFormatOptions()
    ) {
        self.result = result
        self.format = format
        self.options = options
        layout = format == .table ? TableLayout(result, options: options) : nil
        switch format {
        case .json: rows = RowBytes(result, form: .array, options: options)
        case .ndjson: rows = RowBytes(result, form: .object, options: options)
        case .csv: rows = RowBytes(result, form: .line, options: options)
        case .md, .table, .chart: rows = nil
        }
    }

    /// The next bytes, or nil at the end.
    public mutating func next() -> [UInt8]? {
        var buffer = ByteBuffer()
        guard next(into: &buffer, byteCount: ResultWriter.partByteCount) else { return nil }
        return Array(buffer.readableBytesView)
    }

    /// Appends the next part, of a little more than `byteCount` bytes at most; false at the end.
    mutating func next(into buffer: inout ByteBuffer, byteCount: Int) -> Bool {
        guard !hasEnded else { return false }
        var bytes: [UInt8] = []
        if !hasBegun {
            begin(&bytes)
            hasBegun = true
        }
        if let rows {
            buffer.writeBytes(bytes)
            bytes.removeAll()
            row = rows.write(
                from: row, to: result.rowCount, byteCount: byteCount,
                separator: format == .json ? UInt8(ascii: ",") : nil, into: &buffer)
            if row < result.rowCount { return true }
        }
        let end = layout.map { min($0.shownRowCount, result.rowCount) } ?? result.rowCount
        while row < end {
            write(row: row, to: &bytes)
            row += 1
            if bytes.count >= byteCount {
                buffer.writeBytes(bytes)
                return true
            }
        }
        finish(&bytes)
        buffer.writeBytes(bytes)
        hasEnded = true
        return true
    }

    private mutating func begin(_ bytes: inout [UInt8]) {
        switch format {
        case .json: JSONResult.begin(result, to: &bytes)
        case .csv: CSVResult.header(result, to: &bytes)
        case .ndjson: break
        case .md: MarkdownResult.header(result, to: &bytes)
        case .table: layout?.header(to: &bytes)
        case .chart: row = result.rowCount
        }
    }

    private func write(row: Int, to bytes: inout [UInt8]) {
        if let layout {
            layout.row(row, to: &bytes)
        } else {
            MarkdownResult.row(row, of: result, to: &bytes)
        }
    }

    private func finish(_ bytes: inout [UInt8]) {
        switch format {
        case .json: JSONResult.end(result, to: &bytes)
        case .csv, .ndjson, .md: break
        case .chart: bytes += ChartLayout(result, options: options).text().utf8
        case .table: layout?.footer(to: &bytes)
        }
    }
}
