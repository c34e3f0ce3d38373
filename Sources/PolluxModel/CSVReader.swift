/// Reads comma-separated values (RFC 4180): quotes doubled inside quotes, lines end in LF or CRLF.
///
///     var reader = CSVReader(bytes)
///     while let row = try reader.next() { … }
public struct CSVReader: Sendable {
    /// One row and the line it begins on, from 1.
    public struct Row: Hashable, Sendable {
        /// The fields, quotes taken off.
        public var fields: [String]
        /// Whether each was in quotes, so that an empty one is an empty text and not nothing.
        public var isQuoted: [Bool]
        /// The line, from 1.
        public var line: Int
    }

    /// Where and why bytes are no table.
    public struct Fault: Error, Hashable, Sendable {
        /// The line, from 1.
        public var line: Int
        /// What is wrong.
        public var reason: String
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// A reader at the start of a text; a byte order mark is passed over.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// How much of the text has been read, in bytes.
    public var offset: Int { position }

    /// The next row that is not blank; nil at the end.
    public mutating func next() throws(Fault) -> Row? {
        while position < bytes.count {
            var row = Row(fields: [], isQuoted: [], line: line)
            while true {
                try readField(into: &row)
                guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { break }
                position += 1
            }
            skipLineEnd()
            if row.fields != [""] || row.isQuoted[0] { return row }
        }
        return nil
    }

    private mutating func skipLineEnd() {
        if position < bytes.count, bytes[position] == 13 { position += 1 }
        if position < bytes.count, bytes[position] == 10 {
            position += 1
            line += 1
        }
    }

    private mutating func readField(into row: inout Row) throws(Fault) {
        var content: [UInt8] = []
        let isQuoted = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
        if isQuoted {
            let start = line
            position += 1
            while true {
                guard position < bytes.count else {
                    throw Fault(line: start, reason: "a quote that begins here is never closed")
                }
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") {
                    guard position < bytes.count, bytes[position] == byte else { break }
                    position += 1
                } else if byte == 10 {
                    line += 1
                }
                content.append(byte)
            }
            guard isFieldEnd else {
                throw Fault(line: line, reason: "text after a closing quote; write a comma")
            }
        } else {
            while !isFieldEnd {
                content.append(bytes[position])
                position += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Fault(line: line, reason: "the text is not UTF-8")
        }
        row.fields.append(text)
        row.isQuoted.append(isQuoted)
    }

    private var isFieldEnd: Bool {
        guard position < bytes.count else { return true }
        let byte = bytes[position]
        if byte == 13 { return position + 1 == bytes.count || bytes[position + 1] == 10 }
        return byte == UInt8(ascii: ",") || byte == 10
    }

    /// A field as it is written: in quotes where it must be.
    public static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        guard needsQuotes || text.first == " " || text.last == " " else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
