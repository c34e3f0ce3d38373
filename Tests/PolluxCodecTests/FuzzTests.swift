import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxCodec

/// Decoders on bytes that no encoder wrote: they may throw or give any values, and nothing else.
///
/// All bytes lie before a forbidden page, so that reading behind the end fails as well.
@Suite struct FuzzTests {
    /// Columns that claim more are only described: they would take the time of the whole suite.
    private static let countLimit = 5000

    /// Decodes the bytes as every kind of column.
    private static func decodeAll(_ bytes: UnsafeRawBufferPointer) {
        _ = try? FloatColumn.describe(bytes)
        _ = try? IntegerColumn.describe(bytes)
        _ = try? TimeColumn.describe(bytes)
        _ = try? BooleanColumn.describe(bytes)
        _ = try? TextColumn.describe(bytes)
        _ = try? QualityColumn.describe(bytes)
        if let count = try? FloatColumn.count(of: bytes), count <= countLimit {
            var values: [Double] = []
            let sibling = [Double](repeating: 1.5, count: count)
            let decoded: Void? = try? FloatColumn.decode(bytes, sibling: sibling, into: &values)
            sibling.withUnsafeBufferPointer { sibling in
                let sum = try? FloatColumn.aggregate(bytes, rows: 0..<count, sibling: sibling)
                #expect((sum == nil) == (decoded == nil), "a sum refuses what decoding refuses")
                _ = try? FloatColumn.aggregate(
                    bytes, rows: 0..<min(1024, count), sibling: sibling)
            }
        }
        if let count = try? IntegerColumn.count(of: bytes), count <= countLimit {
            var values: [Int64] = []
            try? IntegerColumn.decode(bytes, into: &values)
        }
        if let count = try? TimeColumn.count(of: bytes), count <= countLimit {
            var values: [Int64] = []
            try? TimeColumn.decode(bytes, into: &values)
        }
        if let count = try? BooleanColumn.count(of: bytes), count <= countLimit {
            var values: [Bool] = []
            try? BooleanColumn.decode(bytes, into: &values)
        }
        if let count = try? TextColumn.count(of: bytes), count <= countLimit {
            var values: [String] = []
            try? TextColumn.decode(bytes, into: &values)
        }
        for count in [0, 8, 100] {
            var values: [Quality] = []
            try? QualityColumn.decode(bytes, count: count, into: &values)
        }
    }

    /// Small columns of every kind, in every mode that can hold them.
    private static func columns() -> [[UInt8]] {
        var columns: [[UInt8]] = []
        for count in [5, 40, 1024, 1100] {
            let integers: [[Int64]] = [
                (0..<count).map { Int64($0 % 7) * 3 + 100 },
                (0..<count).map { $0 % 300 == 200 ? 1 << 50 : Int64($0) * 10 },
                (0..<count).map { 1_700_000_000_000_000_000 + Int64($0 + $0 % 3) * 1_000_003 },
                (0..<count).map { $0 == 3 ? 9_000_000 : 12 },
            ]
            let floats = integers.map { $0.map { Double($0) / 10 } }
            for mode in ColumnEncoding.allCases {
                for (values, doubles) in zip(integers, floats) {
                    let made = values.withUnsafeBufferPointer { values in
                        doubles.withUnsafeBufferPointer { doubles in
                            [
                                IntegerEncoder(values, tier: .dense, mayNest: true)
                                    .bytes(as: mode),
                                TimeColumn.encoded(values, as: mode, tier: .fast),
                                FloatEncoder(
                                    doubles, tier: .fast, sibling: doubles, mayNest: true
                                ).bytes(as: mode),
                            ]
                        }
                    }
                    columns += made.compactMap { $0 }
                }
                let flags = (0..<count).map { $0 / 5 % 2 == 0 }
                let texts = (0..<count).map { "zustand ä\($0 % 4)" }
                columns += [
                    BooleanColumn.encoded(flags, as: mode),
                    TextColumn.encoded(texts, as: mode, tier: .dense),
                ].compactMap { $0 }
            }
        }
        for count in [8, 100] {
            var bytes: [UInt8] = []
            QualityColumn.encode((0..<count).map { $0 % 3 == 0 ? .bad : .good }, into: &bytes)
            columns.append(bytes)
        }
        return columns
    }

    @Test(arguments: [11, 12] as [UInt64]) func mutatedColumns(_ seed: UInt64) throws {
        var random = Seed(seed)
        let columns = Self.columns()
        #expect(columns.count > 100, "seed \(seed)")
        let memory = try GuardedBytes(capacity: 64 * 1024)
        for column in columns where column.count < 60 * 1024 {
            memory.with(column) { Self.decodeAll($0) }
            for _ in 0..<25 {
                memory.with(random.changed(column, front: 24)) { Self.decodeAll($0) }
            }
        }
    }

    @Test(arguments: [21, 22] as [UInt64]) func arbitraryBytes(_ seed: UInt64) throws {
        var random = Seed(seed)
        let memory = try GuardedBytes(capacity: 4096)
        for mode in ColumnEncoding.allCases {
            for _ in 0..<150 {
                let length = Int(random.next() % (random.next() % 4 == 0 ? 600 : 24))
                var bytes = (0..<length).map { _ in
                    // Small numbers get past the headers more often than any byte does.
                    UInt8(truncatingIfNeeded: random.next()) >> UInt8(random.next() % 8)
                }
                bytes.insert(mode.rawValue, at: 0)
                memory.with(bytes) { Self.decodeAll($0) }
            }
        }
    }

    @Test("a full block of width 0 with exceptions is read within its bytes")
    func exceptionsWithoutPackedBytes() throws {
        let values = (0..<1024).map { $0 == 1000 ? 70_000.5 : 20.5 }
        let memory = try GuardedBytes(capacity: 4096)
        let made = values.withUnsafeBufferPointer {
            FloatEncoder($0, tier: .fast, sibling: nil, mayNest: false).bytes(as: .floatScaled)
        }
        let bytes = try #require(made)
        #expect(bytes.count < 128)
        var decoded: [Double] = []
        try memory.with(bytes) { try FloatColumn.decode($0, into: &decoded) }
        #expect(decoded == values)
    }

    @Test("times at both ends of their range")
    func farTimes() throws {
        for values: [Int64] in [[0, 5, .max], [.min, 0, .max], [-1, 7, .max - 1, .max]] {
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                TimeColumn.encode(values, tier: tier, into: &bytes)
                var decoded: [Int64] = []
                try bytes.withUnsafeBytes { try TimeColumn.decode($0, into: &decoded) }
                #expect(decoded == values)
            }
        }
    }
}
