/// Which model a stored state belongs to.
enum StateKind: UInt8 {
    case sensorHealth = 1
    case novelty = 2
    case watch = 3
    case toolLife = 4
    case cycleBand = 5
    case drift = 6
    case band = 7
}

/// Writes the state of a model: little-endian fields between a header and a checksum.
struct StateWriter {
    private var bytes: [UInt8]

    /// A state of a kind and version.
    init(_ kind: StateKind, version: UInt8) {
        bytes = [kind.rawValue, version]
    }

    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func put(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func put(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func put(_ value: Int) { put(UInt64(bitPattern: Int64(value))) }

    mutating func put(_ value: Int64) { put(UInt64(bitPattern: value)) }

    mutating func put(_ value: Double) { put(value.bitPattern) }

    mutating func put(_ value: Float) { put(value.bitPattern) }

    mutating func put(_ values: [Float]) {
        put(UInt32(values.count))
        for value in values { put(value) }
    }

    mutating func put(_ values: [Double]) {
        put(UInt32(values.count))
        for value in values { put(value) }
    }

    mutating func put(nested other: [UInt8]) {
        put(UInt32(other.count))
        bytes.append(contentsOf: other)
    }

    mutating func put(text: String) { put(nested: Array(text.utf8)) }

    /// The finished state.
    func finish() -> [UInt8] {
        var copy = self
        copy.put(StateWriter.checksum(bytes[...]))
        return copy.bytes
    }

    /// FNV-1a over 32 bits: enough to notice damage in a record that the table checks again.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }
}

/// Reads what `StateWriter` wrote and refuses everything else.
struct StateReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    /// The version the state was written with.
    let version: UInt8

    /// Checks header and checksum.
    init(_ all: [UInt8], _ kind: StateKind, newest: UInt8) throws(ModelStateError) {
        guard all.count >= 6 else { throw .wrongLength }
        let body = all[..<(all.count - 4)]
        var found: UInt32 = 0
        for (index, byte) in all[(all.count - 4)...].enumerated() {
            found |= UInt32(byte) << UInt32(8 * index)
        }
        guard found == StateWriter.checksum(body) else { throw .damaged }
        guard all[0] == kind.rawValue else {
            throw .otherModel(expected: kind.rawValue, found: all[0])
        }
        guard all[1] >= 1, all[1] <= newest else { throw .unknownVersion(all[1]) }
        version = all[1]
        bytes = body
        position = 2
    }

    mutating func byte() throws(ModelStateError) -> UInt8 {
        guard position < bytes.count else { throw .wrongLength }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func boolean(_ field: String) throws(ModelStateError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw .impossible(field: field)
        }
    }

    mutating func uint32() throws(ModelStateError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw .wrongLength }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[position + index]) << UInt32(8 * index) }
        position += 4
        return value
    }

    mutating func uint64() throws(ModelStateError) -> UInt64 {
        guard bytes.count - position >= 8 else { throw .wrongLength }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += 8
        return value
    }

    mutating func int64() throws(ModelStateError) -> Int64 { Int64(bitPattern: try uint64()) }

    /// A count between 0 and a limit.
    mutating func count(_ field: String, atMost limit: Int = 1 << 53) throws(ModelStateError)
        -> Int
    {
        let value = try int64()
        guard value >= 0, value <= Int64(limit) else { throw .impossible(field: field) }
        return Int(value)
    }

    /// A finite number.
    mutating func number(_ field: String) throws(ModelStateError) -> Double {
        let value = Double(bitPattern: try uint64())
        guard value.isFinite else { throw .impossible(field: field) }
        return value
    }

    /// A finite number that is not negative.
    mutating func positive(_ field: String) throws(ModelStateError) -> Double {
        let value = try number(field)
        guard value >= 0 else { throw .impossible(field: field) }
        return value
    }

    /// Finite numbers, at most `limit` of them.
    mutating func floats(_ field: String, atMost limit: Int) throws(ModelStateError) -> [Float] {
        let count = Int(try uint32())
        guard count <= limit else { throw .impossible(field: field) }
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let value = Float(bitPattern: try uint32())
            guard value.isFinite else { throw .impossible(field: field) }
            values.append(value)
        }
        return values
    }

    /// Finite numbers, at most `limit` of them.
    mutating func numbers(_ field: String, atMost limit: Int) throws(ModelStateError) -> [Double] {
        let count = Int(try uint32())
        guard count <= limit else { throw .impossible(field: field) }
        var values: [Double] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try number(field)) }
        return values
    }

    /// The bytes of a state inside this one.
    mutating func nested() throws(ModelStateError) -> [UInt8] {
        let count = Int(try uint32())
        guard count <= bytes.count - position else { throw .wrongLength }
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    /// Fails unless everything was read.
    func finish() throws(ModelStateError) {
        guard position == bytes.count else { throw .wrongLength }
    }
}
