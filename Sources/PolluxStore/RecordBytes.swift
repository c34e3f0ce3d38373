/// What is wrong with the bytes of a record; the place that knows the record's name adds it.
struct RecordDefect: Error, Equatable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Appends little-endian fields to bytes.
extension [UInt8] {
    mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Overwrites a field that was appended before its value was known.
    mutating func put<Integer: FixedWidthInteger>(_ value: Integer, at offset: Int) {
        Swift.withUnsafeBytes(of: value.littleEndian) { field in
            for (index, byte) in field.enumerated() { self[offset + index] = byte }
        }
    }
}

/// Reads little-endian fields in order; nothing is read past the end.
struct RecordReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Bytes not yet read.
    var remaining: Int { bytes.count - offset }

    mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(RecordDefect) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard remaining >= size else { throw RecordDefect("the record ends early") }
        defer { offset += size }
        return Integer(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    mutating func double() throws(RecordDefect) -> Double {
        Double(bitPattern: try integer())
    }

    /// The next `count` bytes, still in the record.
    mutating func slice(_ count: Int) throws(RecordDefect) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { throw RecordDefect("the record ends early") }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }
}

/// The part of a record between two offsets, or a defect when they do not lie inside it.
func section(
    of bytes: UnsafeRawBufferPointer, at offset: UInt32, count: UInt32, name: String
) throws(RecordDefect) -> UnsafeRawBufferPointer {
    let end = UInt64(offset) + UInt64(count)
    guard end <= UInt64(bytes.count) else {
        throw RecordDefect("\(name) lies outside the record")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(end)])
}
