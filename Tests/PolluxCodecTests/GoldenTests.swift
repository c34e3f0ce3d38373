import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxCodec

/// The columns of storage-format/golden/v1, which every later version must read.
///
/// `POLLUX_WRITE_GOLDEN=1` writes files that do not exist yet; existing ones are never changed.
@Suite struct GoldenTests {
    /// The bytes of a golden file, after checking that its first byte names the mode.
    private static func golden(
        _ encoding: ColumnEncoding, _ note: String, variant: String = "",
        _ make: @autoclosure () -> [UInt8]?
    ) throws -> [UInt8] {
        let stem =
            "encoding-" + encoding.name.replacingOccurrences(of: " ", with: "-")
            + (variant.isEmpty ? "" : "-" + variant)
        let file = Places.repository.appendingPathComponent("storage-format/golden/v1/\(stem).hex")
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["POLLUX_WRITE_GOLDEN"] != nil
        {
            let bytes = try #require(make(), "\(stem): the mode cannot hold these values")
            let text = "# \(encoding.name): \(note)\n" + hexText(bytes)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let bytes = try lines.flatMap { $0.split(separator: " ") }.map {
            try #require(UInt8($0, radix: 16), "\(stem): not hexadecimal")
        }
        #expect(bytes.first == encoding.rawValue, "\(stem)")
        return bytes
    }

    /// Sixteen bytes a line.
    private static func hexText(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
            text += index % 16 == 15 || index == bytes.count - 1 ? "\n" : " "
        }
        return text
    }

    private func check(
        _ encoding: ColumnEncoding, _ note: String, variant: String = "", _ values: [Double],
        sibling: [Double]? = nil
    ) throws {
        let made = values.withUnsafeBufferPointer { values in
            (sibling ?? []).withUnsafeBufferPointer {
                FloatEncoder(
                    values, tier: variant == "block" ? .fast : .dense,
                    sibling: sibling == nil ? nil : $0, mayNest: true
                ).bytes(as: encoding)
            }
        }
        let bytes = try Self.golden(encoding, note, variant: variant, made)
        var decoded: [Double] = []
        try bytes.withUnsafeBytes {
            try FloatColumn.decode($0, sibling: sibling, into: &decoded)
        }
        #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern), "\(encoding.name)")
        let description = try bytes.withUnsafeBytes { try FloatColumn.describe($0) }
        #expect(description.count == values.count)
    }

    @Test func floats() throws {
        let decimals = [20.1, 20.3, 20.2, 20.4, 20.3, 20.5, 20.4, 20.6]
        let roots = (1...16).map { Double($0).squareRoot() }
        try check(
            .floatConstant, "8 times 21.5", [Double](repeating: 21.5, count: 8))
        try check(
            .floatRunLength, "5 times 20.5, 4 times 21.25, 3 times 20.5",
            [20.5, 20.5, 20.5, 20.5, 20.5, 21.25, 21.25, 21.25, 21.25, 20.5, 20.5, 20.5])
        try check(.floatScaled, "20.1 20.3 20.2 20.4 20.3 20.5 20.4 20.6", decimals)
        try check(
            .floatScaled,
            "20.1 20.3 20.2 20.4 20.3 20.5 20.4 20.6, -0.0, the NaN 7FF8 0000 0000 002A, and again",
            variant: "exceptions",
            decimals + [-0.0, Double(bitPattern: 0x7FF8_0000_0000_002A)] + decimals)
        try check(
            .floatScaled, "i * 0.1 in doubles, i from 0 to 15", variant: "distances",
            (0..<16).map { Double($0) * 0.1 })
        try check(
            .floatScaled, "1,030 values (i * 7 mod 13) / 10, i from 0", variant: "block",
            (0..<1030).map { Double($0 * 7 % 13) / 10 })
        try check(
            .floatScaled, "(1343 + i * i) / 3 with 15 significant digits, i from 0 to 15",
            variant: "printed",
            try (0..<16).map {
                try #require(Double(String(format: "%.15g", Double(1343 + $0 * $0) / 3)))
            })
        try check(
            .floatDictionary, "square roots of 2 3 2 2 3 2 3 3 2 2 3 2",
            [2, 3, 2, 2, 3, 2, 3, 3, 2, 2, 3, 2].map { ($0 as Double).squareRoot() })
        let commanded = (0..<12).map { Double($0) * 2.5 }
        try check(
            .floatSibling, "sibling i * 2.5, values the sibling + 0.01 * (i mod 3) as decimals",
            (0..<12).map { Double($0 * 250 + $0 % 3) / 100 }, sibling: commanded)
        try check(.floatSplit, "square roots of 1 to 16", roots)
        try check(
            .floatGorilla, "15.5 14.0625 14.0625 3.25 8.625 13.1",
            [
                15.5, 14.0625, 14.0625, 3.25, 8.625, 13.1,
            ])
        try check(
            .floatRaw, "1.5 -0.0 +infinity and the NaN FFF8 0000 0000 0001",
            [1.5, -0.0, .infinity, Double(bitPattern: 0xFFF8_0000_0000_0001)])
        try check(.floatPlanes, "square roots of 1 to 16", roots)
        try check(
            .floatZstd, "square roots of 1 to 16, four times over", roots + roots + roots + roots)
    }

    private func check(
        _ encoding: ColumnEncoding, _ note: String, variant: String = "", _ values: [Int64]
    ) throws {
        let made = values.withUnsafeBufferPointer {
            IntegerEncoder($0, tier: .dense, mayNest: true).bytes(as: encoding)
        }
        let bytes = try Self.golden(encoding, note, variant: variant, made)
        var decoded: [Int64] = []
        try bytes.withUnsafeBytes { try IntegerColumn.decode($0, into: &decoded) }
        #expect(decoded == values, "\(encoding.name)")
        let description = try bytes.withUnsafeBytes { try IntegerColumn.describe($0) }
        #expect(description.count == values.count)
    }

    @Test func integers() throws {
        var patched: [Int64] = (0..<1024).map { $0 * 7 % 13 }
        patched[100] = 1_000_000
        patched[900] = -5
        patched += [40, 41, 42]
        var stepped: [Int64] = (0..<1024).map { $0 * 5 + $0 % 3 }
        stepped += [9, 8, 7]
        let curved: [Int64] = (0..<1026).map { $0 * $0 + $0 % 2 }
        try check(.integerConstant, "8 times -7", [Int64](repeating: -7, count: 8))
        try check(
            .integerRunLength, "5 times 100, 4 times 300, 3 times 100",
            [100, 100, 100, 100, 100, 300, 300, 300, 300, 100, 100, 100])
        try check(.integerPacked, "105 115 110 145 130 105", [105, 115, 110, 145, 130, 105])
        try check(
            .integerPacked,
            "1,024 values i * 7 mod 13, but 1,000,000 at 100 and -5 at 900, then 40 41 42",
            variant: "block",
            patched)
        try check(
            .integerPacked, "i * 9E3779B97F4A7C15 (hexadecimal) modulo 2^64, i from 1 to 5",
            variant: "wide",
            (1...5).map { Int64($0) &* Int64(bitPattern: 0x9E37_79B9_7F4A_7C15) })
        try check(
            .integerPackedDelta, "1000 1010 1030 1040 1060 1070 1090",
            [1000, 1010, 1030, 1040, 1060, 1070, 1090])
        try check(
            .integerPackedDelta, "1,024 values 5 * i + (i mod 3), i from 0, then 9 8 7",
            variant: "block",
            stepped)
        try check(
            .integerPackedDeltaDelta, "0 3 8 15 24 35 48 63 (i * i + 2 * i)",
            (0..<8).map { $0 * $0 + 2 * $0 })
        try check(
            .integerPackedDeltaDelta, "1,026 values i * i + (i mod 2), i from 0", variant: "block",
            curved)
        try check(
            .integerDictionary, "1000000007 -3 17 -3 17 1000000007 17 17",
            [1_000_000_007, -3, 17, -3, 17, 1_000_000_007, 17, 17])
        try check(
            .integerPlanes, "i * i * 1000, i from 0 to 15", (0..<16).map { $0 * $0 * 1000 })
        try check(.integerRaw, "1, -1, greatest of 64 bits", [1, -1, .max])
    }

    private func checkTimes(
        _ encoding: ColumnEncoding, _ note: String, _ values: [Int64]
    ) throws {
        let made = values.withUnsafeBufferPointer {
            TimeColumn.encoded($0, as: encoding, tier: .dense)
        }
        let bytes = try Self.golden(encoding, note, made)
        var decoded: [Int64] = []
        try bytes.withUnsafeBytes { try TimeColumn.decode($0, into: &decoded) }
        #expect(decoded == values, "\(encoding.name)")
        let description = try bytes.withUnsafeBytes { try TimeColumn.describe($0) }
        #expect(description.count == values.count)
    }

    @Test func times() throws {
        let start: Int64 = 1_700_000_000_000_000_000
        let second: Int64 = 1_000_000_000
        let seconds = (0..<10).map { start + $0 * second }
        // Milliseconds late, as a busy gateway stamps.
        let jitter: [Int64] = [0, 3, 1, 4, 1, 5, 2, 6, 5, 3]
        let late = zip(seconds, jitter).map { $0 + $1 * 1_000_000 }
        let rule = "1700000000 s + i s, i from 0 to 9"
        try checkTimes(.timeConstantStep, rule, seconds)
        try checkTimes(
            .timeStepExceptions, "\(rule), from i = 6 on 30 s later",
            seconds.enumerated().map { $0.offset < 6 ? $0.element : $0.element + 30 * second })
        try checkTimes(.timePacked, "\(rule) + 0 3 1 4 1 5 2 6 5 3 ms", late)
        try checkTimes(.timeDense, "\(rule) + 0 3 1 4 1 5 2 6 5 3 ms", late)
        try checkTimes(.timeLine, "\(rule) + 0 3 1 4 1 5 2 6 5 3 ms", late)
    }

    private func check(_ encoding: ColumnEncoding, _ note: String, _ values: [Bool]) throws {
        let bytes = try Self.golden(
            encoding, note, BooleanColumn.encoded(values, as: encoding))
        var decoded: [Bool] = []
        try bytes.withUnsafeBytes { try BooleanColumn.decode($0, into: &decoded) }
        #expect(decoded == values, "\(encoding.name)")
    }

    @Test func booleans() throws {
        let mixed = [true, true, false, true, false, false, false, true, true, false]
        try check(.booleanConstant, "8 times true", [Bool](repeating: true, count: 8))
        try check(
            .booleanRunLength, "3 times true, 2 times false, 5 times true",
            [true, true, true, false, false, true, true, true, true, true])
        try check(.booleanBits, "1 1 0 1 0 0 0 1 1 0", mixed)
        try check(.booleanZstd, "1 1 0 1 0 0 0 1 1 0", mixed)
    }

    private func check(_ encoding: ColumnEncoding, _ note: String, _ values: [String]) throws {
        let bytes = try Self.golden(
            encoding, note, TextColumn.encoded(values, as: encoding, tier: .dense))
        var decoded: [String] = []
        try bytes.withUnsafeBytes { try TextColumn.decode($0, into: &decoded) }
        #expect(decoded == values, "\(encoding.name)")
    }

    @Test func texts() throws {
        let states = ["idle", "run", "run", "stör", "", "idle"]
        try check(.textDictionary, "idle, run, run, stör, (empty), idle", states)
        try check(.textPlain, "idle, run, run, stör, (empty), idle", states)
        try check(.textZstd, "idle, run, run, stör, (empty), idle", states)
    }

    @Test func qualities() throws {
        let values: [Quality] = [.good, .good, .good, .bad, .bad, .uncertain, .good, .end]
        var made: [UInt8] = []
        QualityColumn.encode(values, into: &made)
        let bytes = try Self.golden(
            .qualityRunLength, "3 times good, 2 times bad, uncertain, good, end", made)
        var decoded: [Quality] = []
        try bytes.withUnsafeBytes {
            try QualityColumn.decode($0, count: values.count, into: &decoded)
        }
        #expect(decoded == values)
    }
}
