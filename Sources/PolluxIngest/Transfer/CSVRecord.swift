/// How a file of CSV is written, as its first line shows.
struct CSVDialect: Hashable, Sendable {
    /// What stands between cells.
    var separator = UInt8(ascii: ",")
    /// What ends a line: a line feed, with a carriage return before it or without, or a carriage
    /// return alone.
    var lineEnd: UInt8 = 10

    /// The usual way: commas and line feeds.
    init() {}

    /// The way of a file that begins so.
    ///
    /// Cells are separated by the one of comma, semicolon and tab that stands most often in the
    /// first line, outside of quotes; by the comma where none stands.
    init(of bytes: ArraySlice<UInt8>) {
        let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        var counts = [0, 0, 0]
        var isQuoted = false
        for (index, byte) in zip(bytes.indices, bytes) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == 10 { break }
            if byte == 13, index + 1 < bytes.endIndex, bytes[index + 1] != 10 {
                lineEnd = 13
                break
            }
            if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
        }
        let best = counts.indices.max {
            counts[$0] < counts[$1] || (counts[$0] == counts[$1] && $0 > $1)
        }
        separator = candidates[best ?? 0]
    }
}

/// One record of CSV (RFC 4180): cells in quotes may hold separators, line breaks and doubled
/// quotes.
struct CSVRecord {
    var cells: [String]
    /// Where the next record begins.
    var end: Int
    /// Ends of lines in it, its own included.
    var lineCount: Int
    /// What is wrong with it.
    var fault: String?

    /// The fault of a cell in another encoding.
    static let notUTF8 = "a cell is not UTF-8"

    /// The record at the front; nil when it is not complete yet, or nothing is left.
    static func next(
        _ bytes: ArraySlice<UInt8>, _ dialect: CSVDialect, isEnd: Bool
    ) -> CSVRecord? {
        guard !bytes.isEmpty else { return nil }
        var record = CSVRecord(cells: [], end: bytes.endIndex, lineCount: 0)
        var cell: [UInt8] = []
        var index = bytes.startIndex
        var isQuoted = false
        // Bytes of the cell that stood in quotes: a carriage return among them is its own.
        var quotedCount = 0
        func close(atLineEnd: Bool = false) {
            if atLineEnd, cell.count > quotedCount, cell.last == 13 { cell.removeLast() }
            quotedCount = 0
            if let text = String(validating: cell, as: UTF8.self) {
                record.cells.append(text)
            } else {
                record.fault = notUTF8
                record.cells.append("")
            }
            cell.removeAll(keepingCapacity: true)
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte == dialect.lineEnd { record.lineCount += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    cell.append(byte)
                    continue
                }
                // At the end of a piece it is not known yet what the quote means.
                if index == bytes.endIndex, !isEnd { return nil }
                if index < bytes.endIndex, bytes[index] == UInt8(ascii: "\"") {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                    quotedCount = cell.count
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty: isQuoted = true
            case dialect.separator: close()
            case dialect.lineEnd:
                close(atLineEnd: true)
                record.end = index
                record.lineCount += 1
                return record
            default: cell.append(byte)
            }
        }
        guard isEnd else { return nil }
        if isQuoted { record.fault = "a quote is not closed" }
        close(atLineEnd: true)
        record.lineCount += 1
        return record
    }
}
