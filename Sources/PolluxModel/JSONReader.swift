/// Reads JSON strictly (RFC 8259): one value, UTF-8, no comments, no trailing comma, no name twice.
///
/// Depth and size are bounded, so hostile bytes cost no more than their length.
public struct JSONReader {
    /// How much is accepted.
    public struct Limits: Sendable {
        /// Bytes of the whole text.
        public var byteCount = 16 << 20
        /// Arrays and objects within each other.
        public var depth = 64
        /// Values in all.
        public var valueCount = 4_000_000

        /// The defaults.
        public init() {}
    }

    private let limits: Limits
    private let count: Int
    private var position = 0
    private var depth = 0
    private var valueCount = 0

    /// Reads a whole text.
    ///
    /// - Throws: `JSONError` with the place of the first fault.
    public static func parse(
        _ bytes: [UInt8], limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        try parse(bytes.span, limits: limits)
    }

    /// Reads a whole text from borrowed bytes.
    ///
    /// - Throws: `JSONError` with the place of the first fault.
    public static func parse(
        _ bytes: Span<UInt8>, limits: Limits = Limits()
    ) throws(JSONError) -> JSONValue {
        var reader = JSONReader(limits: limits, count: bytes.count)
        guard bytes.count <= limits.byteCount else {
            throw reader.error(bytes, "longer than \(limits.byteCount) bytes")
        }
        // A byte order mark is forbidden to writers, yet some put it.
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            reader.position = 3
        }
        reader.skipBlank(bytes)
        let value = try reader.readValue(bytes)
        reader.skipBlank(bytes)
        guard reader.position == reader.count else {
            throw reader.error(bytes, "text after the end of the value")
        }
        return value
    }

    private init(limits: Limits, count: Int) {
        self.limits = limits
        self.count = count
    }

    private func error(_ bytes: Span<UInt8>, _ reason: String) -> JSONError {
        var line = 1
        var column = 1
        for index in 0..<min(position, bytes.count) {
            if bytes[index] == 10 {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONError(offset: position, line: line, column: column, reason: reason)
    }

    private mutating func skipBlank(_ bytes: Span<UInt8>) {
        while position < count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func readValue(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        guard position < count else { throw error(bytes, "the text ends where a value must be") }
        valueCount += 1
        guard valueCount <= limits.valueCount else {
            throw error(bytes, "more than \(limits.valueCount) values")
        }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object(try readObject(bytes))
        case UInt8(ascii: "["): return .array(try readArray(bytes))
        case UInt8(ascii: "\""): return .text(try readText(bytes))
        case UInt8(ascii: "t"): return try readWord(bytes, "true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord(bytes, "false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord(bytes, "null", .null)
        case UInt8(ascii: "-"), 48...57: return try readNumber(bytes)
        default: throw error(bytes, "a value must begin here")
        }
    }

    private mutating func readWord(
        _ bytes: Span<UInt8>, _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard count - position >= length else { throw error(bytes, "expected \(word)") }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] {
            throw error(bytes, "expected \(word)")
        }
        position += length
        return value
    }

    private mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        let start = position
        var scan = DecimalScan()
        let end = scan.read(bytes, from: start, to: count)
        position = end
        guard scan.isValid, !scan.hasLeadingZero, !scan.hasPlus, scan.hasJSONForm else {
            throw error(bytes, "not a JSON number")
        }
        if let whole = scan.whole(bytes, from: start, to: end) { return .integer(whole) }
        return .number(scan.double(bytes, from: start, to: end))
    }

    private mutating func enter(_ bytes: Span<UInt8>) throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else {
            throw error(bytes, "nested deeper than \(limits.depth)")
        }
        position += 1
        skipBlank(bytes)
    }

    private mutating func readArray(_ bytes: Span<UInt8>) throws(JSONError) -> [JSONValue] {
        try enter(bytes)
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if skip(bytes, "]") { return elements }
        while true {
            elements.append(try readValue(bytes))
            skipBlank(bytes)
            if skip(bytes, "]") { return elements }
            guard skip(bytes, ",") else { throw error(bytes, "expected , or ] in the array") }
            skipBlank(bytes)
        }
    }

    private mutating func readObject(_ bytes: Span<UInt8>) throws(JSONError) -> JSONObject {
        try enter(bytes)
        defer { depth -= 1 }
        var object = JSONObject()
        var names: Set<String> = []
        if skip(bytes, "}") { return object }
        while true {
            guard position < count, bytes[position] == UInt8(ascii: "\"") else {
                throw error(bytes, "expected a name in quotes")
            }
            let nameStart = position
            let name = try readText(bytes)
            if isRepeated(name, object, &names) {
                position = nameStart
                throw error(bytes, "the name \"\(name)\" stands twice")
            }
            skipBlank(bytes)
            guard skip(bytes, ":") else { throw error(bytes, "expected : after the name") }
            skipBlank(bytes)
            object.members.append(JSONObject.Member(name: name, value: try readValue(bytes)))
            skipBlank(bytes)
            if skip(bytes, "}") { return object }
            guard skip(bytes, ",") else { throw error(bytes, "expected , or } in the object") }
            skipBlank(bytes)
        }
    }

    /// Small objects are compared one by one; large ones by a set, so that cost stays linear.
    private func isRepeated(_ name: String, _ object: JSONObject, _ names: inout Set<String>)
        -> Bool
    {
        if object.members.count < 16 {
            return object.members.contains { $0.name == name }
        }
        if names.isEmpty { names = Set(object.members.map(\.name)) }
        return !names.insert(name).inserted
    }

    private mutating func skip(_ bytes: Span<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard position < count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func readText(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        let start = position
        position += 1
        let first = position
        while position < count, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20
        {
            position += 1
        }
        var content: [UInt8] = []
        content.reserveCapacity(position - first)
        for index in first..<position { content.append(bytes[index]) }
        while true {
            guard position < count else {
                position = start
                throw error(bytes, "the text that begins here has no closing quote")
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else {
                throw error(bytes, "a control character must be escaped in a text")
            }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try readEscape(bytes, into: &content)
            } else {
                content.append(byte)
            }
        }
        position += 1
        guard let text = String(validating: content, as: UTF8.self) else {
            position = start
            throw error(bytes, "the text that begins here is not UTF-8")
        }
        return text
    }

    private mutating func readEscape(
        _ bytes: Span<UInt8>, into content: inout [UInt8]
    ) throws(JSONError) {
        guard position < count else { throw error(bytes, "the text ends in an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "n"): content.append(10)
        case UInt8(ascii: "r"): content.append(13)
        case UInt8(ascii: "t"): content.append(9)
        case UInt8(ascii: "u"):
            let scalar = try readScalar(bytes)
            content.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default:
            position -= 1
            throw error(bytes, "unknown escape in a text")
        }
    }

    private mutating func readScalar(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        let high = try readHexadecimal(bytes)
        if let scalar = Unicode.Scalar(UInt32(high)) { return scalar }
        guard high < 0xDC00, skip(bytes, "\\"), skip(bytes, "u") else {
            throw error(bytes, "half of a surrogate pair")
        }
        let low = try readHexadecimal(bytes)
        guard low >= 0xDC00, low < 0xE000,
            let scalar = Unicode.Scalar(
                0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw error(bytes, "half of a surrogate pair") }
        return scalar
    }

    private mutating func readHexadecimal(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        guard count - position >= 4 else { throw error(bytes, "expected four hexadecimal digits") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 65...70: digit = byte - 55
            case 97...102: digit = byte - 87
            default: throw error(bytes, "expected four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
