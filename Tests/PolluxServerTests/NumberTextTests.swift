import PolluxTestKit
import Testing

@testable import PolluxServer

@Suite struct NumberTextTests {
    private func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        NumberText.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "known numbers",
        arguments: [
            (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100"),
            (0.000_001, "0.000001"), (1.25e-7, "1.25e-07"), (123456.789, "123456.789"),
            (999_999_999.5, "999999999.5"), (1e9, "1000000000"), (1e16, "1e+16"),
            (0.1 + 0.2, "0.30000000000000004"), (2.0 / 3, "0.6666666666666666"),
        ])
    func known(value: Double, expected: String) {
        #expect(text(value) == expected)
    }

    @Test("what is written reads back to the same bits, and is never longer than the description")
    func roundTrip() throws {
        let seed: UInt64 = 20_260_302
        var random = Seed(seed)
        for _ in 0..<20_000 {
            var value = Double(bitPattern: random.next())
            if random.next() % 2 == 0 {
                value =
                    (random.unit() * 2000).rounded() / [1, 10, 100, 1000][Int(random.next() % 4)]
            }
            guard value.isFinite else { continue }
            let written = text(value)
            #expect(Double(written)?.bitPattern == value.bitPattern, "seed \(seed): \(value)")
            #expect(written.count <= value.description.count + 3, "seed \(seed): \(value)")
        }
    }

    @Test("not-a-number and the infinities are no numbers")
    func noNumbers() {
        for value in [Double.nan, .infinity, -.infinity, .signalingNaN] {
            #expect(text(value).isEmpty)
            var json = JSONBytes()
            json.number(value)
            #expect(json.bytes == Array("null".utf8))
        }
    }

    @Test("integers at their ends")
    func integers() {
        for value in [Int64.min, -1, 0, 9, 10, Int64.max] {
            var bytes: [UInt8] = []
            NumberText.append(value, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
        }
    }
}
