extension [UInt8] {
    /// Appends an unsigned LEB128 number.
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a zigzag LEB128 number.
    mutating func appendSigned(_ value: Int64) {
        appendVarint(Varint.zigzag(value))
    }

    /// Appends a little-endian 64-bit word.
    mutating func appendWord(_ value: UInt64) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends the mode and the count that start every column.
    mutating func appendHeader(_ encoding: ColumnEncoding, count: Int) {
        append(encoding.rawValue)
        appendVarint(UInt64(count))
    }

    /// Appends what `body` writes, preceded by its length.
    mutating func appendNested(_ body: (inout [UInt8]) -> Void) {
        var nested: [UInt8] = []
        body(&nested)
        appendVarint(UInt64(nested.count))
        append(contentsOf: nested)
    }

    /// Appends an already encoded column, preceded by its length.
    mutating func appendNested(_ column: [UInt8]) {
        appendVarint(UInt64(column.count))
        append(contentsOf: column)
    }

    /// Appends `count` bytes, all of which `body` writes.
    mutating func appendSpace(_ count: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
        guard count > 0 else { return }
        append(addingCapacity: count) { space in
            space.withUnsafeMutableBufferPointer { buffer, written in
                if let base = buffer.baseAddress { body(UnsafeMutableRawPointer(base)) }
                written = count
            }
        }
    }
}

/// LEB128 numbers straight into memory.
enum Varint {
    /// Writes a number to `target`, which has room for ten bytes; returns how many it took.
    @inline(__always)
    static func write(_ value: UInt64, _ target: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = value
        var count = 0
        while rest >= 0x80 {
            target[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            count += 1
        }
        target[count] = UInt8(truncatingIfNeeded: rest)
        return count + 1
    }

    /// A signed number as an unsigned one, small where its size is.
    static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }
}

/// Bytes that a LEB128 number of `bits` significant bits takes.
func varintByteCount(bits: Int) -> Int {
    bits == 0 ? 1 : (bits + 6) / 7
}

/// Significant bits of a number.
func bitLength(_ value: UInt64) -> Int {
    64 - value.leadingZeroBitCount
}
