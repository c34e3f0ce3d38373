import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxKeyValue

@Suite struct KeyBytesTests {
    @Test("the order of keys is the order of their fields", arguments: [1, 2, 3] as [UInt64])
    func order(seedNumber: UInt64) {
        var seed = Seed(seedNumber)
        for _ in 0..<500 {
            let left = (seed.next() % 3, Int64(bitPattern: seed.next()))
            let right = (seed.next() % 3, Int64(bitPattern: seed.next()))
            let a = KeyBytes().with(UInt32(left.0)).with(Timestamp(nanoseconds: left.1)).bytes
            let b = KeyBytes().with(UInt32(right.0)).with(Timestamp(nanoseconds: right.1)).bytes
            #expect(a.lexicographicallyPrecedes(b) == (left < right), "seed \(seedNumber)")
        }
    }

    @Test("fields come back, and a key that is too short gives nil")
    func reading() {
        let bytes = KeyBytes().with(UInt8(3)).with(UInt32(70_000)).with(UInt64(1) << 40)
            .with(Timestamp(nanoseconds: -5)).with("Müller").bytes
        bytes.withUnsafeBytes { raw in
            var reader = KeyReader(raw)
            #expect(reader.byte() == 3)
            #expect(reader.uint32() == 70_000)
            #expect(reader.uint64() == 1 << 40)
            #expect(reader.instant() == Timestamp(nanoseconds: -5))
            #expect(reader.text() == "Müller")
            #expect(reader.byte() == nil)
            #expect(reader.uint32() == nil)
        }
    }

    @Test("text is cut at a zero byte, so that it cannot forge the next field")
    func zeroByte() {
        #expect(KeyBytes().with("a\0b").bytes == KeyBytes().with("a").bytes)
    }
}
