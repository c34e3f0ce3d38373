import PolluxModel

/// Writes the fields of a stored record one after the other; a checksum ends it.
struct LiveRecordWriter {
    private var bytes: [UInt8]

    /// A record of a format number.
    init(format: UInt8) { bytes = [format] }

    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ instant: Timestamp) { put(instant.nanoseconds) }

    mutating func put(bytes more: [UInt8]) {
        put(Int64(more.count))
        bytes.append(contentsOf: more)
    }

    mutating func put(_ text: String) { put(bytes: Array(text.utf8)) }

    consuming func finish() -> [UInt8] {
        put(LiveRecordReader.checksum(bytes[...]))
        return bytes
    }
}

/// Reads what `LiveRecordWriter` wrote; damage is an error, never a wrong field.
struct LiveRecordReader {
    private var rest: ArraySlice<UInt8>
    private let name: String

    /// A reader of a record of a format number; `name` says whose it is when it is damaged.
    init(_ stored: UnsafeRawBufferPointer, format: UInt8, name: String) throws(LiveError) {
        let bytes = Array(stored)
        self.name = name
        guard bytes.count >= 9, bytes[0] == format else { throw .damagedDefinition(name) }
        rest = bytes[(bytes.count - 8)...]
        let sum = try int64()
        guard sum == LiveRecordReader.checksum(bytes[..<(bytes.count - 8)]) else {
            throw .damagedDefinition(name)
        }
        rest = bytes[1..<(bytes.count - 8)]
    }

    /// FNV-1a in 64 bits.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> Int64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: sum)
    }

    /// Whether every byte was read.
    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(LiveError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .damagedDefinition(name) }
        return byte
    }

    mutating func int64() throws(LiveError) -> Int64 {
        guard rest.count >= 8 else { throw .damagedDefinition(name) }
        var value: UInt64 = 0
        for byte in rest.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
        rest = rest.dropFirst(8)
        return Int64(bitPattern: value)
    }

    mutating func instant() throws(LiveError) -> Timestamp {
        Timestamp(nanoseconds: try int64())
    }

    /// A count of things of at least one byte each.
    mutating func count() throws(LiveError) -> Int {
        let count = try int64()
        guard count >= 0, count <= rest.count else { throw .damagedDefinition(name) }
        return Int(count)
    }

    mutating func bytes() throws(LiveError) -> [UInt8] {
        let count = try count()
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func text() throws(LiveError) -> String {
        String(decoding: try bytes(), as: UTF8.self)
    }
}
