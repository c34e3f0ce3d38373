/// Reads fields of an encoded column in order; every read is checked against the end.
///
/// Borrows the memory of the buffer it was made from; that must outlive the reader.
struct ByteReader {
    private(set) var pointer: UnsafeRawPointer
    private let end: UnsafeRawPointer
    /// How many columns this one is nested in; bounded, or hostile bytes would exhaust the stack.
    let depth: Int

    /// No writer nests deeper than float run length, scaled, integer run length, packed.
    static let maximumDepth = 6

    init(_ bytes: UnsafeRawBufferPointer, depth: Int = 0) {
        if let base = bytes.baseAddress {
            pointer = base
            end = base + bytes.count
        } else {
            // An empty buffer has no address; any address will do for reading nothing.
            pointer = UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
            end = pointer
        }
        self.depth = depth
    }

    private init(start: UnsafeRawPointer, count: Int, depth: Int) {
        pointer = start
        end = start + count
        self.depth = depth
    }

    /// Bytes that are left.
    var remaining: Int { end - pointer }

    /// One byte.
    @inline(__always)
    mutating func byte(_ field: String) throws(CodecError) -> UInt8 {
        guard pointer < end else { throw lacks(1, field) }
        let value = pointer.load(as: UInt8.self)
        pointer += 1
        return value
    }

    /// What to throw when `count` bytes are wanted and fewer are left; apart, or it would stand
    /// wherever a field is read.
    @inline(never)
    private func lacks(_ count: Int, _ field: String) -> CodecError {
        .truncated(field: field, needed: count, available: remaining)
    }

    /// `count` bytes in place; the pointer is valid for exactly that many.
    @inline(__always)
    mutating func take(_ count: Int, _ field: String) throws(CodecError) -> UnsafeRawPointer {
        guard count >= 0, count <= remaining else { throw lacks(count, field) }
        let start = pointer
        pointer += count
        return start
    }

    /// A little-endian 64-bit word.
    mutating func word(_ field: String) throws(CodecError) -> UInt64 {
        UInt64(littleEndian: try take(8, field).loadUnaligned(as: UInt64.self))
    }

    /// An unsigned LEB128 number.
    @inline(__always)
    mutating func varint(_ field: String) throws(CodecError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte(field)
            if shift == 63 && next > 1 { throw .invalid(field: field, value: Int64(next)) }
            value |= UInt64(next & 0x7F) &<< shift
            if next < 0x80 { return value }
            shift &+= 7
        }
    }

    /// A zigzag LEB128 number.
    @inline(__always)
    mutating func signed(_ field: String) throws(CodecError) -> Int64 {
        let bits = try varint(field)
        return Int64(bitPattern: bits >> 1) ^ (0 &- Int64(bitPattern: bits & 1))
    }

    /// A LEB128 count of at most `limit`.
    mutating func count(_ field: String, limit: Int) throws(CodecError) -> Int {
        let value = try varint(field)
        guard value <= UInt64(limit) else { throw .tooMany(count: value, limit: limit) }
        return Int(value)
    }

    /// The bytes of a nested column, which are preceded by their length.
    mutating func nested(_ field: String) throws(CodecError) -> ByteReader {
        let length = try varint(field)
        guard depth < Self.maximumDepth else { throw .invalid(field: field, value: Int64(depth)) }
        guard length <= UInt64(remaining) else {
            throw .truncated(
                field: field, needed: Int(truncatingIfNeeded: length), available: remaining)
        }
        let start = try take(Int(length), field)
        return ByteReader(start: start, count: Int(length), depth: depth + 1)
    }

    /// The mode and the count at the start of every column.
    mutating func header(
        of column: String, _ isMember: (ColumnEncoding) -> Bool
    ) throws(CodecError) -> (encoding: ColumnEncoding, count: Int) {
        let first = try byte("the mode")
        guard let encoding = ColumnEncoding(rawValue: first), isMember(encoding) else {
            throw .unknownMode(first, column: column)
        }
        return (encoding, try count("the count", limit: ColumnLimits.maximumCount))
    }

    /// Throws when anything follows.
    func finish() throws(CodecError) {
        if remaining != 0 { throw .trailingBytes(count: remaining) }
    }

    /// What is left, as a buffer.
    var rest: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: pointer, count: remaining)
    }
}
