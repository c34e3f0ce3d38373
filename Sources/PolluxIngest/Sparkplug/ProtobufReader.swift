/// Where and why bytes are no protocol-buffer message.
struct ProtobufError: Error, Hashable, CustomStringConvertible {
    /// Bytes from the start of the payload.
    var offset: Int
    /// What is wrong there.
    var reason: String

    var description: String { "byte \(offset): \(reason)" }
}

/// Reads the fields of one protocol-buffer message off borrowed bytes, in the order they stand.
///
/// Every length is checked against the end of the message, so hostile bytes cost no more than
/// their number; nothing is copied.
struct ProtobufReader {
    /// How a field's bytes are laid out.
    enum Wire: UInt8 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private(set) var position: Int
    private let end: Int

    /// A reader of the message that fills a range of the bytes.
    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// Whether every field was read.
    var isAtEnd: Bool { position >= end }

    private func error(_ reason: String) -> ProtobufError {
        ProtobufError(offset: position, reason: reason)
    }

    /// The number and layout of the next field.
    @inline(__always)
    mutating func field(_ bytes: Span<UInt8>) throws(ProtobufError) -> (number: Int, wire: Wire) {
        let tag = try varint(bytes)
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw error("the field number is not valid") }
        guard let wire = Wire(rawValue: UInt8(truncatingIfNeeded: tag & 7)) else {
            throw error("the wire type \(tag & 7) is not known")
        }
        return (Int(truncatingIfNeeded: tag >> 3), wire)
    }

    /// A number of one to ten bytes.
    @inline(__always)
    mutating func varint(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
        guard position < end else { throw error("the message ends within a field") }
        let first = bytes[position]
        position += 1
        if first < 0x80 { return UInt64(first) }
        return try longVarint(bytes, UInt64(first & 0x7F))
    }

    private mutating func longVarint(
        _ bytes: Span<UInt8>, _ start: UInt64
    ) throws(ProtobufError) -> UInt64 {
        var value = start
        var shift: UInt64 = 7
        while position < end {
            let byte = bytes[position]
            position += 1
            // The tenth byte holds one bit only; further bits would be lost.
            guard shift < 63 || byte <= 1 else { throw error("a number is longer than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift <= 63 else { throw error("a number is longer than ten bytes") }
        }
        throw error("the message ends within a number")
    }

    /// Eight bytes, little-endian.
    @inline(__always)
    mutating func fixed64(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
        guard end - position >= 8 else { throw error("the message ends within eight bytes") }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(index * 8) }
        position += 8
        return value
    }

    /// Four bytes, little-endian.
    @inline(__always)
    mutating func fixed32(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt32 {
        guard end - position >= 4 else { throw error("the message ends within four bytes") }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[position + index]) << UInt32(index * 8) }
        position += 4
        return value
    }

    /// Where the bytes of a text, of bytes or of an inner message stand.
    @inline(__always)
    mutating func range(_ bytes: Span<UInt8>) throws(ProtobufError) -> Range<Int> {
        let length = try varint(bytes)
        guard length <= UInt64(end - position) else {
            throw error("a length of \(length) bytes reaches past the end of the message")
        }
        let start = position
        position += Int(length)
        return start..<position
    }

    /// Passes over a field that means nothing here.
    mutating func skip(_ wire: Wire, _ bytes: Span<UInt8>) throws(ProtobufError) {
        switch wire {
        case .varint: _ = try varint(bytes)
        case .fixed64: _ = try fixed64(bytes)
        case .bytes: _ = try range(bytes)
        case .fixed32: _ = try fixed32(bytes)
        }
    }
}

/// Texts inside borrowed bytes.
enum BytesText {
    /// A copy of a range.
    static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(range.count)
        for index in range { content.append(bytes[index]) }
        return content
    }

    /// The UTF-8 text of a range; nil when it is none.
    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        String(validating: copy(bytes, range), as: UTF8.self)
    }

    /// Whether a range holds exactly these characters.
    static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where bytes[range.lowerBound + index] != word.utf8Start[index]
        {
            return false
        }
        return true
    }
}
