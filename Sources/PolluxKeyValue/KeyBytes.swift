public import PolluxModel

/// Builds keys whose byte order is the order of their fields: integers big-endian, signed ones with
/// the sign bit flipped, text ended by a zero byte.
public struct KeyBytes: Sendable {
    /// The key so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty key.
    public init() {}

    /// Appends one byte.
    public func with(_ value: UInt8) -> KeyBytes {
        var copy = self
        copy.bytes.append(value)
        return copy
    }

    /// Appends four bytes, big-endian.
    public func with(_ value: UInt32) -> KeyBytes {
        var copy = self
        copy.append(UInt64(value), byteCount: 4)
        return copy
    }

    /// Appends eight bytes, big-endian.
    public func with(_ value: UInt64) -> KeyBytes {
        var copy = self
        copy.append(value, byteCount: 8)
        return copy
    }

    /// Appends an instant so that earlier ones sort first.
    public func with(_ instant: Timestamp) -> KeyBytes {
        with(UInt64(bitPattern: instant.nanoseconds) ^ (1 << 63))
    }

    /// Appends text and a zero byte; text that contains a zero byte is cut there.
    public func with(_ text: String) -> KeyBytes {
        var copy = self
        copy.bytes.append(contentsOf: text.utf8.prefix { $0 != 0 })
        copy.bytes.append(0)
        return copy
    }

    private mutating func append(_ value: UInt64, byteCount: Int) {
        for index in (0..<byteCount).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
        }
    }
}

/// Reads the fields of a key in order; each read is nil when the key is too short.
public struct KeyReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    /// A reader at the front of a key.
    public init(_ key: UnsafeRawBufferPointer) {
        rest = key[...]
    }

    /// Reads one byte.
    public mutating func byte() -> UInt8? {
        rest.popFirst()
    }

    /// Reads four bytes, big-endian.
    public mutating func uint32() -> UInt32? {
        integer(byteCount: 4).map { UInt32(truncatingIfNeeded: $0) }
    }

    /// Reads eight bytes, big-endian.
    public mutating func uint64() -> UInt64? {
        integer(byteCount: 8)
    }

    /// Reads an instant.
    public mutating func instant() -> Timestamp? {
        integer(byteCount: 8).map { Timestamp(nanoseconds: Int64(bitPattern: $0 ^ (1 << 63))) }
    }

    /// Reads text up to its zero byte.
    public mutating func text() -> String? {
        guard let end = rest.firstIndex(of: 0) else { return nil }
        let text = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[(end + 1)...]
        return text
    }

    private mutating func integer(byteCount: Int) -> UInt64? {
        guard rest.count >= byteCount else { return nil }
        var value: UInt64 = 0
        for byte in rest.prefix(byteCount) { value = value << 8 | UInt64(byte) }
        rest = rest.dropFirst(byteCount)
        return value
    }
}
