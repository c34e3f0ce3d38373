import PolluxModel

/// Writes JSON as UTF-8 bytes; the caller opens and closes what it nests, commas come by
/// themselves.
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
        JSONValue.append(text, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    mutating func string(_ text: String) {
        separate()
        JSONValue.append(text, to: &bytes)
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
        separate()
        value.append(to: &bytes)
        needsComma = true
    }

    /// Writes the value of a point or an attribute.
    mutating func value(_ value: Value) {
        switch value {
        case .float(let number): self.number(number)
        case .integer(let number): self.number(number)
        case .boolean(let flag): boolean(flag)
        case .text(let text): string(text)
        }
    }

    private static let nullText: [UInt8] = Array("null".utf8)

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
