import PolluxKeyValue
import PolluxModel

/// Builds the value of a key: a version byte, the fields, a checksum (storage-format/graph.md §1).
struct RecordWriter {
    private var bytes: [UInt8]

    init(version: UInt8 = 1) {
        bytes = [version]
        bytes.reserveCapacity(48)
    }

    mutating func put(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// A number in groups of seven bits, lowest first.
    mutating func put(number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(fixed: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: fixed >> shift))
        }
    }

    mutating func put(_ instant: Timestamp) {
        put(fixed: UInt64(bitPattern: instant.nanoseconds))
    }

    mutating func put(_ text: String) {
        put(number: UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ range: TimeRange) {
        let hasStart = range.start != .distantPast
        let hasEnd = range.end != .distantFuture
        put((hasStart ? 1 : 0) | (hasEnd ? 2 : 0))
        if hasStart { put(range.start) }
        if hasEnd { put(range.end) }
    }

    mutating func put(_ value: Value) {
        put(value.kind.rawValue)
        switch value {
        case .float(let number): put(fixed: number.bitPattern)
        case .integer(let number): put(fixed: UInt64(bitPattern: number))
        case .boolean(let flag): put(flag ? 1 : 0)
        case .text(let text): put(text)
        }
    }

    mutating func put(_ attributes: [Attribute]) {
        put(number: UInt64(attributes.count))
        for attribute in attributes {
            put(attribute.name)
            put(attribute.value)
        }
    }

    /// The record with its checksum.
    consuming func finish() -> [UInt8] {
        let sum = bytes.withUnsafeBytes { RecordChecksum.crc32c($0) }
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: sum >> shift))
        }
        return bytes
    }
}

/// Reads the fields of a record; every read checks what is left and throws on bytes that lie.
struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 1
    private let end: Int
    private let table: String
    private let record: String

    /// A reader past the version byte, once version and checksum are right.
    init(
        _ bytes: UnsafeRawBufferPointer, table: Table, record: @autoclosure () -> String
    ) throws(GraphError) {
        self.bytes = bytes
        self.table = table.name
        self.record = record()
        end = bytes.count - 4
        guard bytes.count >= 5 else { throw corrupt("only \(bytes.count) bytes") }
        guard bytes[0] == 1 else { throw corrupt("unknown version \(bytes[0])") }
        var stored: UInt32 = 0
        for index in 0..<4 { stored |= UInt32(bytes[end + index]) << UInt32(index * 8) }
        let sum = RecordChecksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        guard sum == stored else { throw corrupt("checksum mismatch") }
    }

    func corrupt(_ reason: String) -> GraphError {
        .corrupt(table: table, record: record, reason: reason)
    }

    mutating func byte() throws(GraphError) -> UInt8 {
        guard position < end else { throw corrupt("cut short") }
        defer { position += 1 }
        return bytes[position]
    }

    /// A byte that is 0 or 1.
    mutating func flag() throws(GraphError) -> Bool {
        let value = try byte()
        guard value < 2 else { throw corrupt("a flag of \(value)") }
        return value == 1
    }

    mutating func number() throws(GraphError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || (shift == 63 && next <= 1) else {
                throw corrupt("a number is too long")
            }
            result |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 { return result }
            shift += 7
        }
    }

    mutating func number32() throws(GraphError) -> UInt32 {
        guard let value = UInt32(exactly: try number()) else {
            throw corrupt("a number is too large")
        }
        return value
    }

    mutating func fixed() throws(GraphError) -> UInt64 {
        guard end - position >= 8 else { throw corrupt("cut short") }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(index * 8) }
        position += 8
        return value
    }

    mutating func instant() throws(GraphError) -> Timestamp {
        Timestamp(nanoseconds: Int64(bitPattern: try fixed()))
    }

    mutating func text() throws(GraphError) -> String {
        let count = try number()
        guard count <= UInt64(end - position) else { throw corrupt("a text is too long") }
        let slice = bytes[position..<(position + Int(count))]
        position += Int(count)
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw corrupt("a text is not UTF-8")
        }
        return text
    }

    mutating func range() throws(GraphError) -> TimeRange {
        let flags = try byte()
        guard flags < 4 else { throw corrupt("unknown range flags \(flags)") }
        let start = flags & 1 != 0 ? try instant() : .distantPast
        let finish = flags & 2 != 0 ? try instant() : .distantFuture
        guard start <= finish else { throw corrupt("a range ends before it begins") }
        return TimeRange(start: start, end: finish)
    }

    mutating func value() throws(GraphError) -> Value {
        let tag = try byte()
        guard let kind = ValueKind(rawValue: tag) else {
            throw corrupt("unknown value kind \(tag)")
        }
        switch kind {
        case .float: return .float(Double(bitPattern: try fixed()))
        case .integer: return .integer(Int64(bitPattern: try fixed()))
        case .boolean: return .boolean(try flag())
        case .text: return .text(try text())
        }
    }

    mutating func attributes() throws(GraphError) -> [Attribute] {
        let count = try number()
        // Each attribute takes at least three bytes; a larger count would only reserve memory.
        guard count <= UInt64(end - position) / 3 else { throw corrupt("too many attributes") }
        var attributes: [Attribute] = []
        attributes.reserveCapacity(Int(count))
        for _ in 0..<count {
            let name = try text()
            attributes.append(Attribute(name, try value()))
        }
        return attributes
    }

    /// Makes sure that nothing is left over.
    func finish() throws(GraphError) {
        guard position == end else { throw corrupt("\(end - position) bytes too many") }
    }
}

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as of RFC 3720 §12.1.
enum RecordChecksum {
    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index)
        for _ in 0..<8 {
            value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1
        }
        return value
    }

    static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var sum: UInt32 = 0xFFFF_FFFF
            for byte in bytes {
                sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8)
            }
            return ~sum
        }
    }
}
