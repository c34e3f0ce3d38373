import PolluxModel

/// Writes JSON as UTF-8 bytes; the caller opens and closes what it nests, commas come by themselves.
struct JSONBytes: Sendable {
    /// What has been written so far.
    var bytes: [UInt8] = []
    private var needsComma = false

    /// Starts an object.
    mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Ends an object.
    mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Starts an array.
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Ends an array.
    mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value must follow.
    mutating func name(_ text: String) {
        separate()
        JSONBytes.appendString(text, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    mutating func string(_ text: String) {
        separate()
        JSONBytes.appendString(text, to: &bytes)
        needsComma = true
    }

    /// Writes a double, or null where JSON has no number for it.
    mutating func number(_ value: Double) {
        separate()
        if !NumberText.append(value, to: &bytes) { bytes.append(contentsOf: JSONBytes.nullText) }
        needsComma = true
    }

    /// Writes an integer.
    mutating func number(_ value: Int64) {
        separate()
        NumberText.append(value, to: &bytes)
        needsComma = true
    }

    /// Writes an integer.
    mutating func number(_ value: Int) { number(Int64(value)) }

    /// Writes true or false.
    mutating func boolean(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
        needsComma = true
    }

    /// Writes null.
    mutating func null() {
        separate()
        bytes.append(contentsOf: JSONBytes.nullText)
        needsComma = true
    }

    /// Writes an instant as RFC 3339 text in UTC.
    mutating func instant(_ value: Timestamp, offsetSeconds: Int = 0) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        value.appendRFC3339(offsetSeconds: offsetSeconds, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a member with a string value.
    mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// Writes a member with an integer value.
    mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        number(value)
    }

    /// Writes a member with a boolean value.
    mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        boolean(value)
    }

    /// Writes any JSON value.
    mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .boolean(let flag): boolean(flag)
        case .integer(let number): self.number(number)
        case .float(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for (key, element) in members {
                name(key)
                self.value(element)
            }
            endObject()
        }
    }

    /// Appends a quoted string with `"`, `\\` and control characters escaped.
    static func appendString(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: [0x5C, 0x22])
            case UInt8(ascii: "\\"): bytes.append(contentsOf: [0x5C, 0x5C])
            case 0x0A: bytes.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0D: bytes.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x09: bytes.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: [0x5C, UInt8(ascii: "u"), 48, 48])
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let nullText: [UInt8] = Array("null".utf8)

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 48 + value : 87 + value
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }
}
