import PolluxModel

/// One line of line protocol, as places in the body; the arrays are reused from line to line.
struct LineScan {
    /// One field: where its key stands, and its value.
    struct Field {
        var keyStart = 0
        var keyEnd = 0
        var kind = LineFieldKind.float
        /// A double's pattern, an integer's two's complement, an unsigned number, 0 or 1.
        var bits: UInt64 = 0
        /// Where a text stands, without its quotes.
        var textStart = 0
        var textEnd = 0
        /// Whether the text contains a backslash.
        var isEscaped = false
    }

    /// Where the line begins and ends, without its line end.
    var start = 0
    var end = 0
    /// The line's number, from 1.
    var number = 0
    /// Where measurement and tags end.
    var keyEnd = 0
    /// Where the measurement ends.
    var measurementEnd = 0
    /// The fields in order.
    var fields: [Field] = []
    /// Whether a field is a text.
    var hasText = false
    /// The timestamp as written; nil when absent.
    var timestamp: Int64?
    /// Why the line cannot be read; nil when it can.
    var fault: StaticString?
}

/// The kinds that a field's value can be written in.
enum LineFieldKind: UInt8 {
    case float
    case integer
    case unsigned
    case boolean
    case text
}

/// Reads line protocol from bytes, line by line, without making a text.
///
/// Grammar: `measurement[,tag=value]* field=value[,field=value]* [timestamp]`; a backslash takes
/// the meaning off a comma, an equals sign or a blank in names, and off `"` and `\` in texts.
struct LineScanner {
    private var position = 0
    private var number = 0

    /// Reads the next line that is neither blank nor a comment; false at the end of the body.
    ///
    /// When the line cannot be read, `line.fault` says why and the scanner stands behind it.
    mutating func next(_ bytes: Span<UInt8>, into line: inout LineScan) -> Bool {
        let count = bytes.count
        if position == 0 { position = LineScanner.contentStart(bytes) }
        while position < count {
            number += 1
            var start = position
            while start < count, bytes[start] == UInt8(ascii: " ") || bytes[start] == 9 {
                start += 1
            }
            if start == count { return false }
            if bytes[start] == 10 {
                position = start + 1
                continue
            }
            if bytes[start] == 13, start + 1 == count || bytes[start + 1] == 10 {
                position = start + 2
                continue
            }
            if bytes[start] == UInt8(ascii: "#") {
                position = LineScanner.lineEnd(bytes, from: start) + 1
                continue
            }
            line.start = start
            line.number = number
            line.fields.removeAll(keepingCapacity: true)
            line.timestamp = nil
            line.hasText = false
            line.fault = nil
            read(bytes, &line)
            return true
        }
        return false
    }

    /// Where a text begins: behind a byte order mark, which some programs put before UTF-8.
    static func contentStart(_ bytes: Span<UInt8>) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    /// The index of the next line feed, or the end.
    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != 10 { index += 1 }
        return index
    }

    private mutating func read(_ bytes: Span<UInt8>, _ line: inout LineScan) {
        var index = line.start
        line.fault = LineScanner.readKey(bytes, &index, &line)
        while line.fault == nil {
            line.fault = LineScanner.readField(bytes, &index, &line)
            if line.fault != nil || index >= bytes.count || bytes[index] != UInt8(ascii: ",") {
                break
            }
            index += 1
        }
        if line.fault == nil { line.fault = LineScanner.readTimestamp(bytes, &index, &line) }
        // A line feed inside quotes belongs to the text, so a faulty line ends at the first one
        // after the fault.
        let feed = LineScanner.lineEnd(bytes, from: index)
        // Only a text, or what was meant as one, can hold a line feed.
        if line.fault != nil || line.hasText {
            number += LineScanner.feedCount(bytes, line.start, feed)
        }
        line.end = feed > line.start && bytes[feed - 1] == 13 ? feed - 1 : feed
        position = feed + 1
    }

    private static func feedCount(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var feeds = 0
        for index in start..<end where bytes[index] == 10 { feeds += 1 }
        return feeds
    }

    /// Measurement and tags, up to the first blank that no backslash precedes.
    private static func readKey(
        _ bytes: Span<UInt8>, _ index: inout Int, _ line: inout LineScan
    ) -> StaticString? {
        let count = bytes.count
        let start = index
        name: while index < count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): skipEscape(bytes, &index)
            case UInt8(ascii: ","), UInt8(ascii: " "), 10: break name
            default: index += 1
            }
        }
        index = min(index, count)
        guard index > start else { return "missing measurement" }
        line.measurementEnd = index
        while index < count, bytes[index] == UInt8(ascii: ",") {
            index += 1
            if let fault = readTag(bytes, &index) { return fault }
        }
        line.keyEnd = index
        guard index < count, bytes[index] == UInt8(ascii: " ") else { return "missing fields" }
        while index < count, bytes[index] == UInt8(ascii: " ") { index += 1 }
        guard index < count, bytes[index] != 10, bytes[index] != 13 else {
            return "missing fields"
        }
        return nil
    }

    /// Passes over a backslash and what it protects; a line feed ends the line all the same.
    @inline(__always)
    private static func skipEscape(_ bytes: Span<UInt8>, _ index: inout Int) {
        index += 1
        if index < bytes.count, bytes[index] != 10 { index += 1 }
    }

    private static func readTag(_ bytes: Span<UInt8>, _ index: inout Int) -> StaticString? {
        let count = bytes.count
        let keyStart = index
        key: while index < count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): skipEscape(bytes, &index)
            case UInt8(ascii: "="): break key
            case UInt8(ascii: ","), UInt8(ascii: " "), 10: return "missing tag value"
            default: index += 1
            }
        }
        guard index < count else {
            index = count
            return "missing tag value"
        }
        guard index > keyStart else { return "missing tag key" }
        index += 1
        let valueStart = index
        value: while index < count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): skipEscape(bytes, &index)
            case UInt8(ascii: ","), UInt8(ascii: " "), 10: break value
            case UInt8(ascii: "="): return "invalid tag format: = must be escaped"
            default: index += 1
            }
        }
        index = min(index, count)
        return index > valueStart ? nil : "missing tag value"
    }

    private static func readField(
        _ bytes: Span<UInt8>, _ index: inout Int, _ line: inout LineScan
    ) -> StaticString? {
        let count = bytes.count
        var field = LineScan.Field()
        field.keyStart = index
        key: while index < count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): skipEscape(bytes, &index)
            case UInt8(ascii: "="): break key
            case UInt8(ascii: ","), UInt8(ascii: " "), 10, 13: return "invalid field format"
            default: index += 1
            }
        }
        guard index < count else {
            index = count
            return "invalid field format"
        }
        guard index > field.keyStart else { return "missing field key" }
        field.keyEnd = index
        index += 1
        guard index < count, !isEnd(bytes, index) else { return "missing field value" }
        let fault =
            bytes[index] == UInt8(ascii: "\"")
            ? readText(bytes, &index, &field) : LineFieldText.read(bytes, &index, &field)
        if let fault { return fault }
        if field.kind == .text { line.hasText = true }
        line.fields.append(field)
        return nil
    }

    /// Whether a field's value ends at an index that is inside the body.
    @inline(__always)
    static func isEnd(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: " "), 10: true
        case 13: index + 1 == bytes.count || bytes[index + 1] == 10
        default: false
        }
    }

    private static func readText(
        _ bytes: Span<UInt8>, _ index: inout Int, _ field: inout LineScan.Field
    ) -> StaticString? {
        let count = bytes.count
        let start = index
        index += 1
        field.textStart = index
        while index < count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                field.isEscaped = true
                index += 1
            }
            index += 1
        }
        guard index < count else {
            // Resume at the next line, so that one missing quote costs one line.
            index = start
            return "unbalanced quotes"
        }
        field.textEnd = index
        field.kind = .text
        index += 1
        guard index == count || isEnd(bytes, index) else { return "text after the closing quote" }
        return nil
    }

    private static func readTimestamp(
        _ bytes: Span<UInt8>, _ index: inout Int, _ line: inout LineScan
    ) -> StaticString? {
        let count = bytes.count
        while index < count, bytes[index] == UInt8(ascii: " ") { index += 1 }
        if atLineEnd(bytes, index) { return nil }
        var scan = DecimalScan()
        let start = index
        index = scan.read(bytes, from: index, to: count)
        guard scan.isValid, index > start else { return "bad timestamp" }
        while index < count, bytes[index] == UInt8(ascii: " ") { index += 1 }
        guard atLineEnd(bytes, index) else { return "bad timestamp" }
        if let number = scan.integer {
            // The two ends of the range stand for "no time".
            guard number.magnitude <= 9_223_372_036_854_775_806 else {
                return "timestamp out of range"
            }
            line.timestamp = number
            return nil
        }
        // "-0" is no integer to the scanner, because doubles keep that sign.
        if scan.isNegative, index - start == 2, bytes[start + 1] == 48 {
            line.timestamp = 0
            return nil
        }
        return "bad timestamp"
    }

    private static func atLineEnd(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        guard index < bytes.count else { return true }
        return bytes[index] == 10
            || bytes[index] == 13 && (index + 1 == bytes.count || bytes[index + 1] == 10)
    }
}
