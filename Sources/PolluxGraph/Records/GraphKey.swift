import PolluxKeyValue
import PolluxModel

/// Builds keys in one buffer; byte order is the order of the fields (storage-format/graph.md §1).
struct GraphKey {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(40) }

    init(_ kind: UInt8) {
        self.init()
        bytes.append(kind)
    }

    init(_ first: AssetID) {
        self.init()
        add(first.rawValue)
    }

    mutating func add(_ byte: UInt8) { bytes.append(byte) }

    mutating func add(_ value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func add(_ value: UInt64) {
        add(UInt32(truncatingIfNeeded: value >> 32))
        add(UInt32(truncatingIfNeeded: value))
    }

    mutating func add(_ instant: Timestamp) {
        add(UInt64(bitPattern: instant.nanoseconds) ^ (1 << 63))
    }

    /// Folded text, cut to a key's length, and a zero byte.
    mutating func add(folded text: [UInt8]) {
        bytes.append(contentsOf: text)
        bytes.append(0)
    }

    mutating func add(raw text: [UInt8]) { bytes.append(contentsOf: text) }

    func with(_ value: UInt32) -> GraphKey {
        var copy = self
        copy.add(value)
        return copy
    }

    func with(_ instant: Timestamp) -> GraphKey {
        var copy = self
        copy.add(instant)
        return copy
    }
}

/// Names as they stand in keys.
enum GraphName {
    /// LMDB keys hold 511 bytes; the longest key beside a name takes 40.
    static let byteCountLimit = 200

    /// A name without case, for keys and comparisons; cut to the length of a key.
    static func folded(_ name: String) -> [UInt8] {
        Array(name.lowercased().utf8.prefix(byteCountLimit))
    }

    /// Refuses what cannot be a name: nothing, too much, control characters.
    static func check(_ name: String) throws(GraphError) {
        if name.isEmpty { throw .badName(name: name, reason: "it is empty") }
        if name.utf8.count > byteCountLimit {
            throw .badName(
                name: String(name.prefix(40)) + "…",
                reason: "it is longer than \(byteCountLimit) bytes")
        }
        for scalar in name.unicodeScalars where scalar.value < 0x20 || scalar.value == 0x7F {
            let printable = String(
                name.unicodeScalars.map { $0.value < 0x20 ? "?" : Character($0) })
            throw .badName(name: printable, reason: "it holds a control character")
        }
    }
}

/// The fields of a key that scans read back.
struct GraphKeyReader {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private let table: Table

    init(_ bytes: UnsafeRawBufferPointer, skipping count: Int, table: Table) {
        self.bytes = bytes
        position = count
        self.table = table
    }

    func corrupt(_ reason: String) -> GraphError {
        let hexadecimal = bytes.prefix(64).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return .corrupt(table: table.name, record: hexadecimal.joined(), reason: reason)
    }

    mutating func uint32() throws(GraphError) -> UInt32 {
        guard position >= 0, bytes.count - position >= 4 else {
            throw corrupt("its key is too short")
        }
        var value: UInt32 = 0
        for index in 0..<4 { value = value << 8 | UInt32(bytes[position + index]) }
        position += 4
        return value
    }

    mutating func uint64() throws(GraphError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    mutating func instant() throws(GraphError) -> Timestamp {
        Timestamp(nanoseconds: Int64(bitPattern: try uint64() ^ (1 << 63)))
    }

    mutating func asset() throws(GraphError) -> AssetID { AssetID(rawValue: try uint32()) }

    /// The bytes up to the zero byte.
    mutating func skipText() throws(GraphError) {
        while position < bytes.count {
            position += 1
            if bytes[position - 1] == 0 { return }
        }
        throw corrupt("its key has no end of text")
    }

    func finish() throws(GraphError) {
        guard position == bytes.count else { throw corrupt("its key is too long") }
    }
}
