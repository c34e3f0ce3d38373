import Foundation
import PolluxKernels
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxCodec

/// Columns of every nature, for all modes.
private func floatColumns(_ seed: UInt64) -> [[Double]] {
    var random = Seed(seed)
    var columns: [[Double]] = [[], [1.5], [.nan], [-0.0, 0.0]]
    for count in [2, 7, 100, 1023, 1024, 1025, 3000] {
        columns.append([Double](repeating: 21.5, count: count))
        columns.append((0..<count).map { $0 % 2 == 0 ? 1.25 : -7.5 })
        columns.append((0..<count).map { Double($0) / 10 })
        columns.append((0..<count).map { _ in (random.normal() * 1000).rounded() / 100 })
        columns.append((0..<count).map { _ in Double(bitPattern: random.next()) })
        columns.append((0..<count).map { _ in random.normal() })
        columns.append((0..<count).map { _ in (random.unit() * 300).rounded() / 300 + 20 })
        for spike in [1e5, 1e7, 1e9, 1e11] {
            // Exceptions of blocks, on both sides, below and above 32 bits.
            columns.append(
                (0..<count).map { row in
                    let small = Double(random.next() % 64) / 100
                    return row % 137 == 5 ? small + (row % 2 == 0 ? spike : -spike) : small
                })
        }
        columns.append((0..<count).map { Double($0 / 50) * 0x1p40 })
        columns.append(
            (0..<count).map { row in
                let mean = Double(Int(random.next() % 24000) - 12000) / 12
                return row % 90 == 7 ? random.normal() : Double("\(mean.printed)") ?? mean
            })
        columns.append(
            (0..<count).map { row in
                let special: [Double] = [
                    .nan, -.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude,
                    Double(bitPattern: 0x7FF8_0000_DEAD_BEEF), 1e300,
                ]
                return row % 40 == 0 ? special[row / 40 % 8] : Double(row % 300) / 100
            })
    }
    return columns
}

extension Double {
    /// With 15 significant digits, as a spreadsheet writes it.
    fileprivate var printed: String { String(format: "%.15g", self) }
}

private func bits(_ values: [Double]) -> [UInt64] { values.map(\.bitPattern) }

@Suite struct RoundTripTests {
    @Test("thirds print as the C library prints and reads them, in every decade")
    func printing() throws {
        var random = Seed(5)
        var values: [Double] = [0, -0.0, .infinity, .nan, 1e15, 9.99999999999999e14]
        values.append(.leastNonzeroMagnitude)
        for exponent in 0...9 {
            for _ in 0..<1000 {
                let whole = Double(Int64(bitPattern: random.next()) >> (14 + random.next() % 48))
                values.append(whole / (3 * pow(10, Double(exponent))))
            }
        }
        var printed = values
        printed.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { Printing.printAll(base, count: buffer.count) }
        }
        for (value, found) in zip(values, printed) {
            let isChanged = value.magnitude >= 1e-3 && value.magnitude < 1e15
            let wanted = isChanged ? try #require(Double(value.printed)) : value
            #expect(found.bitPattern == wanted.bitPattern, "\(value)")
            #expect(Printing.printed(value).bitPattern == found.bitPattern)
        }
    }

    @Test("means that were printed take few bytes")
    func printedMeans() throws {
        var random = Seed(6)
        let values = try (0..<8192).map { _ in
            try #require(Double((Double(random.next() % 4096) / 3).printed))
        }
        for tier in EncodingTier.allCases {
            var bytes: [UInt8] = []
            FloatColumn.encode(values, tier: tier, into: &bytes)
            #expect(bytes.count < 8192 * 7 / 4, "\(bytes.count)")
        }
    }

    @Test(arguments: EncodingTier.allCases) func chosenFloats(_ tier: EncodingTier) throws {
        for values in floatColumns(1) {
            var bytes: [UInt8] = []
            FloatColumn.encode(values, tier: tier, into: &bytes)
            var decoded: [Double] = []
            try bytes.withUnsafeBytes { try FloatColumn.decode($0, into: &decoded) }
            #expect(bits(decoded) == bits(values), "mode \(bytes[0])")
            #expect(bytes.count <= 8 * values.count + 5)
            let whole = try bytes.withUnsafeBytes {
                try FloatColumn.aggregate($0, rows: 0..<values.count)
            }
            let plain = values.withUnsafeBufferPointer { FloatAggregate($0) }
            #expect(isSum(whole.sum, plain.sum, of: values[...], mode: bytes[0]))
            #expect(whole.minimum == plain.minimum && whole.maximum == plain.maximum)
            #expect(whole.count == plain.count)
            _ = try bytes.withUnsafeBytes { try FloatColumn.describe($0) }
        }
    }

    @Test func forcedFloats() throws {
        for values in floatColumns(2) {
            let sibling = values.map { ($0 * 8).rounded() / 8 }
            for mode in ColumnEncoding.allCases where mode.rawValue >> 4 == FloatColumn.modeDigit {
                let bytes = values.withUnsafeBufferPointer { values in
                    sibling.withUnsafeBufferPointer {
                        FloatEncoder(values, tier: .dense, sibling: $0, mayNest: true)
                            .bytes(as: mode)
                    }
                }
                guard let bytes else { continue }
                var decoded: [Double] = []
                try bytes.withUnsafeBytes {
                    try FloatColumn.decode($0, sibling: sibling, into: &decoded)
                }
                #expect(bits(decoded) == bits(values), "\(mode.name) \(values.count)")
            }
        }
    }

    @Test func integersAndTimes() throws {
        var random = Seed(3)
        var columns: [[Int64]] = [[], [5], [.min, .max], [.max, .min, 0, .max, .min, 7]]
        for count in [3, 31, 1024, 1025, 2500] {
            columns.append(
                (0..<count).map { Int64($0) * 1_000_000_000 + 1_700_000_000_000_000_000 })
            columns.append((0..<count).map { _ in Int64(bitPattern: random.next()) })
            columns.append(
                (0..<count).map {
                    Int64($0) * 1_000_000_000 + Int64(random.next() % 11) * 1_000_000
                })
            columns.append((0..<count).map { Int64($0) * Int64($0) * 3 - 40 })
            columns.append((0..<count).map { $0 % 97 == 0 ? 1 << 45 : Int64($0 % 5) })
            columns.append((0..<count).map { $0 % 97 == 0 ? -(1 << 30) : Int64($0 % 5) })
            columns.append((0..<count).map { Int64($0 / 40) << 40 })
            columns.append((0..<count).map { _ in Int64(random.next() % 8) * 1_000_003 })
        }
        for values in columns {
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                IntegerColumn.encode(values, tier: tier, into: &bytes)
                var decoded: [Int64] = []
                try bytes.withUnsafeBytes { try IntegerColumn.decode($0, into: &decoded) }
                #expect(decoded == values)
                bytes = []
                TimeColumn.encode(values, tier: tier, into: &bytes)
                decoded = []
                try bytes.withUnsafeBytes { try TimeColumn.decode($0, into: &decoded) }
                #expect(decoded == values)
            }
            for mode in ColumnEncoding.allCases {
                let candidates = values.withUnsafeBufferPointer { values in
                    [
                        IntegerEncoder(values, tier: .dense, mayNest: true).bytes(as: mode),
                        TimeColumn.encoded(values, as: mode, tier: .dense),
                    ]
                }
                for (index, bytes) in candidates.enumerated() {
                    guard let bytes else { continue }
                    var decoded: [Int64] = []
                    try bytes.withUnsafeBytes {
                        index == 0
                            ? try IntegerColumn.decode($0, into: &decoded)
                            : try TimeColumn.decode($0, into: &decoded)
                    }
                    #expect(decoded == values, "\(mode.name) \(values.count)")
                }
            }
        }
    }

    @Test func booleansTextsQualities() throws {
        for count in [0, 1, 2, 9, 1000] {
            let flags = (0..<count).map { $0 / 7 % 2 == 0 }
            let texts = (0..<count).map { ["run", "idle", "", "stör"][$0 / 3 % 4] + "\($0 / 100)" }
            let qualities = (0..<count).map { $0 % 50 == 3 ? Quality.bad : .good }
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                BooleanColumn.encode(flags, tier: tier, into: &bytes)
                var decoded: [Bool] = []
                try bytes.withUnsafeBytes { try BooleanColumn.decode($0, into: &decoded) }
                #expect(decoded == flags)
                bytes = []
                TextColumn.encode(texts, tier: tier, into: &bytes)
                var strings: [String] = []
                try bytes.withUnsafeBytes { try TextColumn.decode($0, into: &strings) }
                #expect(strings == texts)
            }
            var bytes: [UInt8] = []
            QualityColumn.encode(qualities, into: &bytes)
            var decoded: [Quality] = []
            try bytes.withUnsafeBytes {
                try QualityColumn.decode($0, count: count, into: &decoded)
            }
            #expect(decoded == qualities)
        }
    }

    @Test func mutatedBytesNeverCrash() {
        var random = Seed(4)
        for values in floatColumns(5) where values.count > 0 && values.count < 1100 {
            for tier in EncodingTier.allCases {
                var bytes: [UInt8] = []
                FloatColumn.encode(values, tier: tier, into: &bytes)
                for _ in 0..<30 {
                    var mutated = bytes
                    for _ in 0..<(1 + random.next() % 3) {
                        mutated[Int(random.next() % UInt64(min(40, mutated.count)))] =
                            UInt8(truncatingIfNeeded: random.next())
                    }
                    if random.next() % 4 == 0 {
                        mutated.removeLast(Int(random.next() % UInt64(mutated.count)))
                    }
                    mutated.withUnsafeBytes { raw in
                        let target = UnsafeMutableBufferPointer<Double>.allocate(
                            capacity: values.count)
                        defer { target.deallocate() }
                        try? FloatColumn.decode(raw, into: target)
                        _ = try? FloatColumn.describe(raw)
                    }
                }
            }
        }
    }

    @Test func checksum() {
        #expect(Checksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CPUFeatures.isSupported)
    }
}
