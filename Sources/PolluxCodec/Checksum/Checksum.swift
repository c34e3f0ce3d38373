/// Checksums over stored bytes.
public enum Checksum {
    /// CRC-32C (Castagnoli, reflected, start and end inverted) of `bytes`.
    ///
    /// Pass an earlier result as `previous` to continue over more bytes. O(count).
    public static func crc32c(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var state = ~previous
            var index = 0
            // Eight bytes at a time, each through the table of its distance from the end.
            while index + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let mixed = word ^ UInt64(state)
                state = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 * place)) & 0xFF
                    state ^= tables[(7 - place) * 256 + byte]
                }
                index += 8
            }
            while index < bytes.count {
                state = (state >> 8) ^ tables[Int((state ^ UInt32(bytes[index])) & 0xFF)]
                index += 1
            }
            return ~state
        }
    }

    /// CRC-32C of `bytes`.
    public static func crc32c(_ bytes: [UInt8], previous: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { crc32c($0, previous: previous) }
    }

    /// Eight tables of 256: table k advances a byte over k zero bytes more.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var state = UInt32(byte)
            for _ in 0..<8 { state = (state >> 1) ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
            tables[byte] = state
        }
        for table in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(table - 1) * 256 + byte]
                tables[table * 256 + byte] = (before >> 8) ^ tables[Int(before & 0xFF)]
            }
        }
        return tables
    }()
}
