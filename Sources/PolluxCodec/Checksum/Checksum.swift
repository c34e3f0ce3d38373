/// Checksums over stored bytes.
public enum Checksum {
    /// CRC-32C (Castagnoli, reflected, start and end inverted) of `bytes`.
    ///
    /// Pass an earlier result as `previous` to continue over more bytes. O(count). Long inputs are
    /// read in three streams at once, because one stream waits for its own tables.
    public static func crc32c(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return previous }
        var state = ~previous
        var index = 0
        tables.withUnsafeBufferPointer { tables in
            guard let tables = tables.baseAddress else { return }
            while bytes.count - index >= 3 * streamByteCount {
                state = threeStreams(base + index, state, tables)
                index += 3 * streamByteCount
            }
            // Eight bytes at a time, each through the table of its distance from the end.
            while index + 8 <= bytes.count {
                state = advance(state, word(base, index), tables)
                index += 8
            }
            while index < bytes.count {
                state = (state >> 8) ^ tables[Int((state ^ UInt32(bytes[index])) & 0xFF)]
                index += 1
            }
        }
        return ~state
    }

    /// CRC-32C of `bytes`.
    public static func crc32c(_ bytes: [UInt8], previous: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { crc32c($0, previous: previous) }
    }

    // MARK: Streams

    /// Bytes of each of the three streams; a multiple of eight.
    private static let streamByteCount = 1024

    /// The state after three neighbouring streams.
    private static func threeStreams(
        _ bytes: UnsafeRawPointer, _ state: UInt32, _ tables: UnsafePointer<UInt32>
    ) -> UInt32 {
        var (first, second, third) = (state, UInt32(0), UInt32(0))
        var index = 0
        while index < streamByteCount {
            first = advance(first, word(bytes, index), tables)
            second = advance(second, word(bytes, streamByteCount + index), tables)
            third = advance(third, word(bytes, 2 * streamByteCount + index), tables)
            index &+= 8
        }
        // A state is linear in what came before: moved over the bytes that follow, it adds up.
        return skip(skip(first, tables) ^ second, tables) ^ third
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The state after eight more bytes.
    @inline(__always)
    private static func advance(
        _ state: UInt32, _ word: UInt64, _ tables: UnsafePointer<UInt32>
    ) -> UInt32 {
        let mixed = word ^ UInt64(state)
        var next: UInt32 = 0
        for place in 0..<8 {
            let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 &* place)) & 0xFF
            next ^= tables[(7 &- place) &* 256 &+ byte]
        }
        return next
    }

    /// The state after as many zero bytes as a stream has.
    @inline(__always)
    private static func skip(_ state: UInt32, _ tables: UnsafePointer<UInt32>) -> UInt32 {
        var next: UInt32 = 0
        for place in 0..<4 {
            let byte = Int(state >> UInt32(8 &* place)) & 0xFF
            next ^= tables[(8 &+ place) &* 256 &+ byte]
        }
        return next
    }

    // MARK: Tables

    /// Twelve tables of 256: table k below 8 advances a byte over k zero bytes more, the last four
    /// advance the four bytes of a state over a stream of zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 12 * 256)
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
        let bits = (0..<32).map { bit -> UInt32 in
            var state = UInt32(1) << UInt32(bit)
            for _ in 0..<streamByteCount {
                state = (state >> 8) ^ tables[Int(state & 0xFF)]
            }
            return state
        }
        for place in 0..<4 {
            for byte in 0..<256 {
                for bit in 0..<8 where byte >> bit & 1 == 1 {
                    tables[(8 + place) * 256 + byte] ^= bits[place * 8 + bit]
                }
            }
        }
        return tables
    }()
}
