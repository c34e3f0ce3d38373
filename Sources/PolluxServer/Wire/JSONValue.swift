/// A JSON value as a client sent it; members keep their order, the last of equal names wins.
enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case float(Double)
    case string(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    /// The member of an object, or nil.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.0 == name }?.1
    }

    /// The text of a string, or nil.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let first), .boolean(let second)): first == second
        case (.integer(let first), .integer(let second)): first == second
        case (.float(let first), .float(let second)): first == second
        case (.string(let first), .string(let second)): first == second
        case (.array(let first), .array(let second)): first == second
        case (.object(let first), .object(let second)):
            first.count == second.count
                && zip(first, second).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
        default: false
        }
    }
}

/// What is wrong with a text that should be JSON.
struct JSONError: Error, Equatable {
    /// One sentence.
    var message: String
    /// The line, from 1.
    var line: Int
    /// The byte within the line, from 1.
    var column: Int
}

/// Reads one JSON value from bytes that came from outside; depth and size are bounded.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private static let depthLimit = 64

    /// Reads the value that fills `bytes`; blank space around it is allowed.
    static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        reader.skipBlanks()
        let value = try reader.readValue(depth: 0)
        reader.skipBlanks()
        guard reader.position == bytes.count else {
            throw reader.failure("unexpected text after the end of the JSON value")
        }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONReader.depthLimit else {
            throw failure("JSON is nested deeper than \(JSONReader.depthLimit) levels")
        }
        switch peek() {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || (48...57).contains(byte):
            return try readNumber()
        case .some: throw failure("expected a JSON value here")
        case nil: throw failure("the JSON text ends too early")
        }
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSONValue {
        var members: [(String, JSONValue)] = []
        position += 1
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipBlanks()
            guard peek() == UInt8(ascii: "\"") else { throw failure("expected a name in quotes") }
            let name = try readString()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw failure("expected `:` after the name") }
            skipBlanks()
            members.append((name, try readValue(depth: depth + 1)))
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected `,` or `}`") }
        }
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            skipBlanks()
            elements.append(try readValue(depth: depth + 1))
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected `,` or `]`") }
        }
    }

    private mutating func readWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let expected = Array("\(word)".utf8)
        guard bytes[position...].starts(with: expected) else {
            throw failure("expected a JSON value here")
        }
        position += expected.count
        return value
    }

    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let firstDigit = position
        let digits = skipDigits()
        var isValid = digits > 0 && !(digits > 1 && bytes[firstDigit] == 48)
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            if skipDigits() == 0 { isValid = false }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            if skipDigits() == 0 { isValid = false }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard isValid, let number = Double(text), number.isFinite else {
            position = start
            throw failure("this is not a JSON number")
        }
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        return .float(number)
    }

    private mutating func readString() throws(JSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw failure("the text is not valid UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                position += 1
                try readEscape(into: &content)
            case 0..<0x20: throw failure("a line break or control character inside a string")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw failure("the JSON text ends inside a string")
    }

    private mutating func readEscape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = peek() else { throw failure("the JSON text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "u"):
            let unit = try readHexUnit()
            var scalar = UInt32(unit)
            if (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try readHexUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("a lone surrogate") }
                scalar = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            }
            guard let character = Unicode.Scalar(scalar) else { throw failure("a lone surrogate") }
            content.append(contentsOf: Character(character).utf8)
        default: throw failure("an escape that JSON does not know")
        }
    }

    private mutating func readHexUnit() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("`\\u` needs four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = peek(), (48...57).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func failure(_ message: String) -> JSONError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONError(message: message, line: line, column: before.count - lineStart + 1)
    }
}
