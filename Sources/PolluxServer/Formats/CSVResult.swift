import PolluxQuery

/// An answer as CSV (RFC 4180, but lines end with `\n`); a missing cell is empty.
enum CSVResult {
    /// Writes the names of the columns.
    static func header(_ result: QueryResult, to bytes: inout [UInt8]) {
        guard !result.columns.isEmpty else { return }
        for (index, column) in result.columns.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendText(column.name, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Appends a text, in quotes where it holds a separator; the empty text is `""`, so that it
    /// differs from a missing cell.
    static func appendText(_ text: String, to bytes: inout [UInt8]) {
        let needsQuotes =
            text.isEmpty
            || text.utf8.contains { byte in
                byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 10 || byte == 13
            }
        guard needsQuotes else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// An answer as a Markdown table.
enum MarkdownResult {
    /// Writes the headings and the rule under them.
    static func header(_ result: QueryResult, to bytes: inout [UInt8]) {
        guard !result.columns.isEmpty else { return }
        for column in result.columns {
            bytes.append(contentsOf: "| ".utf8)
            appendText(CellText.heading(column), to: &bytes)
            bytes.append(UInt8(ascii: " "))
        }
        bytes.append(contentsOf: "|\n".utf8)
        for column in result.columns {
            bytes.append(contentsOf: (column.isNumeric ? "| --: " : "| --- ").utf8)
        }
        bytes.append(contentsOf: "|\n".utf8)
    }

    /// Writes one row.
    static func row(_ row: Int, of result: QueryResult, to bytes: inout [UInt8]) {
        for column in result.columns {
            bytes.append(contentsOf: "| ".utf8)
            var text: [UInt8] = []
            CellText.append(column.cell(row), zone: result.zone, time: .rfc3339, to: &text)
            appendText(String(decoding: text, as: UTF8.self), to: &bytes)
            bytes.append(UInt8(ascii: " "))
        }
        bytes.append(contentsOf: "|\n".utf8)
    }

    private static func appendText(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "|"): bytes.append(contentsOf: "\\|".utf8)
            case 10, 13: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
    }
}

extension ResultColumn {
    /// Whether its cells are set to the right.
    var isNumeric: Bool { kind == .float || kind == .integer || kind == .duration }
}
