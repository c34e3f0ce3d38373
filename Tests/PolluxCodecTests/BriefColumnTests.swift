import PolluxCodec
import PolluxTestKit
import Testing

/// What is packed in passing reads back bit for bit.
@Suite struct BriefColumnTests {
    @Test(arguments: [0, 1, 100, 2047, 2048, 2049, 5000, 12_500]) func roundTrip(count: Int) throws
    {
        var random = Seed(UInt64(count) &+ 3)
        let integers: [[Int64]] = [
            (0..<count).map { Int64($0 % 500) },
            (0..<count).map { 1_736_121_600_000_000_000 + Int64($0 / 500) * 1_000_000_000 },
            (0..<count).map { _ in Int64(bitPattern: random.next()) },
            (0..<count).map { $0 % 1000 == 7 ? .min : Int64($0) },
        ]
        for values in integers {
            var bytes: [UInt8] = []
            BriefColumn.encode(values, into: &bytes)
            var decoded: [Int64] = []
            try bytes.withUnsafeBytes { try IntegerColumn.decode($0, into: &decoded) }
            #expect(decoded == values)
        }
        let odd: [Double] = [.nan, .infinity, -0.0, .leastNonzeroMagnitude, 1.0 / 3]
        let floats: [[Double]] = [
            (0..<count).map { _ in (random.unit() * 1e5).rounded() / 1000 },
            (0..<count).map { _ in random.normal() },
            (0..<count).map { $0 % 700 == 3 ? odd[$0 % odd.count] : Double($0) / 100 },
        ]
        for values in floats {
            var bytes: [UInt8] = []
            BriefColumn.encode(values, into: &bytes)
            var decoded: [Double] = []
            try bytes.withUnsafeBytes { try FloatColumn.decode($0, into: &decoded) }
            #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern))
        }
    }
}
