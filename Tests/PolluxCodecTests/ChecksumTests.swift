import PolluxCodec
import PolluxTestKit
import Testing

/// Every length gives the CRC that one bit after the other gives, in one piece or in two.
@Suite struct ChecksumTests {
    @Test func agreesWithBits() {
        var random = Seed(7)
        let bytes = (0..<7000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for count in Array(0..<40) + [3071, 3072, 3073, 3080, 6143, 6144, 6145, 7000] {
            let part = Array(bytes[..<count])
            #expect(Checksum.crc32c(part) == ChecksumTests.bitwise(part), "\(count) bytes")
            let cut = count / 3
            let first = Checksum.crc32c(Array(part[..<cut]))
            #expect(
                Checksum.crc32c(Array(part[cut...]), previous: first)
                    == ChecksumTests.bitwise(part), "\(count) bytes in two pieces")
        }
        #expect(Checksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    }

    private static func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var state = ~UInt32(0)
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = (state >> 1) ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~state
    }
}
