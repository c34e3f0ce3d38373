import BenchFrame
import PolluxCodec
import PolluxTestKit

/// Speeds of encoding, decoding and fused sums, beside a sum over raw doubles from memory.
struct Scans {
    /// Enough values that neither raw doubles nor their chunks stay in a cache.
    private static let count = 16 << 20

    /// Where the values come from.
    enum Nature: String, CaseIterable {
        case levels = "frame of reference"
        case walk = "delta"
        case real = "reference columns"
    }

    /// What is done with the chunks.
    enum Work: String {
        case decode
        case sum = "fused sum"
        case aggregate = "fused sum, min, max"
        case encode
    }

    private struct Key: Hashable {
        var nature: Nature
        var tier: EncodingTier
        var work: Work
    }

    private var rows: [(name: String, rate: Double)] = []
    private var rates: [Key: Double] = [:]

    /// A sum over raw doubles in memory.
    var raw: Double { rows.first?.rate ?? .nan }

    /// Millions of values a second.
    func rate(_ nature: Nature, _ tier: EncodingTier, _ work: Work) -> Double? {
        rates[Key(nature: nature, tier: tier, work: work)]
    }

    /// Values in one chunk after the other, encoded; `values` keeps only what encoding needs.
    private struct Chunks {
        var values: [[Double]]
        var bytes: [[UInt8]]
        var count: Int

        init(_ values: [[Double]], _ tier: EncodingTier) {
            self.values = values
            count = values.reduce(0) { $0 + $1.count }
            bytes = values.map {
                var bytes: [UInt8] = []
                FloatColumn.encode($0, tier: tier, into: &bytes)
                return bytes
            }
        }

        func encode(_ tier: EncodingTier) {
            for chunk in values {
                var bytes: [UInt8] = []
                FloatColumn.encode(chunk, tier: tier, into: &bytes)
                Stopwatch.keep(bytes)
            }
        }

        func decode(into target: UnsafeMutableBufferPointer<Double>) throws {
            for (chunk, plain) in zip(bytes, values) {
                try chunk.withUnsafeBytes {
                    let rows = UnsafeMutableBufferPointer(rebasing: target[..<plain.count])
                    try FloatColumn.decode($0, into: rows)
                }
            }
        }

        func aggregate(wantsExtremes: Bool) throws {
            for (chunk, plain) in zip(bytes, values) {
                try chunk.withUnsafeBytes {
                    Stopwatch.keep(
                        try FloatColumn.aggregate(
                            $0, rows: 0..<plain.count, wantsExtremes: wantsExtremes))
                }
            }
        }
    }

    /// Runs all scans; `real` are the chunks of the reference columns.
    init(real: [[Double]]) throws {
        let levels = Self.made(.levels)
        let raw = Stopwatch.least {
            levels.withUnsafeBufferPointer { Stopwatch.keep(FloatAggregate($0)) }
        }
        let sum = Stopwatch.least { Stopwatch.keep(levels.withUnsafeBufferPointer(Self.sum)) }
        add("raw doubles in memory: sum", Self.count, sum)
        add("raw doubles in memory: sum, min, max", Self.count, raw)
        try measure(.levels, Columns.chunks(levels))
        try measure(.walk, Columns.chunks(Self.made(.walk)))
        try measure(.real, real)
        try measureTimes()
    }

    /// Levels of two decimals, or a walk.
    private static func made(_ nature: Nature) -> [Double] {
        var random = Seed(7)
        var integer = 2000
        return (0..<count).map { _ in
            if nature == .levels { return Double(2000 + random.next() % 1000) / 100 }
            integer += Int(random.next() % 41) - 20
            return Double(integer) / 100
        }
    }

    /// Adds up a column over and over, and prints how fast.
    static func profile(_ nature: Nature) throws {
        let chunks = Chunks(Columns.chunks(made(nature)), .fast)
        for (name, wantsExtremes) in [("sum", false), ("sum, min, max", true)] {
            let seconds = try Stopwatch.least(rounds: 50) {
                try chunks.aggregate(wantsExtremes: wantsExtremes)
            }
            print("\(nature.rawValue), \(name): \(text(Double(count) / seconds / 1e6, 0)) Mv/s")
        }
    }

    /// A plain sum with enough accumulators to be bound by memory alone.
    private static func sum(_ values: UnsafeBufferPointer<Double>) -> Double {
        var sums = (SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>())
        values.withMemoryRebound(to: SIMD8<Double>.self) { vectors in
            var index = 0
            while index + 4 <= vectors.count {
                sums.0 += vectors[index]
                sums.1 += vectors[index + 1]
                sums.2 += vectors[index + 2]
                sums.3 += vectors[index + 3]
                index += 4
            }
        }
        return (sums.0 + sums.1 + sums.2 + sums.3).sum()
    }

    private mutating func add(_ name: String, _ count: Int, _ seconds: Double) {
        rows.append((name, Double(count) / seconds / 1e6))
    }

    private mutating func measure(_ nature: Nature, _ values: [[Double]]) throws {
        let target = UnsafeMutableBufferPointer<Double>.allocate(capacity: Columns.chunkCount)
        defer { target.deallocate() }
        for (label, tier) in [("fast", EncodingTier.fast), ("dense", .dense)] {
            let chunks = Chunks(values, tier)
            let mode = try chunks.bytes[0].withUnsafeBytes {
                try FloatColumn.describe($0).modes.map(\.name).joined(separator: ", ")
            }
            let title = "\(nature.rawValue), \(label) (\(nature == .real ? "mixed" : mode))"
            func note(_ work: Work, _ count: Int, _ seconds: Double) {
                add("\(title): \(work.rawValue)", count, seconds)
                rates[Key(nature: nature, tier: tier, work: work)] = Double(count) / seconds / 1e6
            }
            note(.decode, chunks.count, try Stopwatch.least { try chunks.decode(into: target) })
            for (work, wantsExtremes) in [(Work.sum, false), (.aggregate, true)] {
                note(
                    work, chunks.count,
                    try Stopwatch.least { try chunks.aggregate(wantsExtremes: wantsExtremes) })
            }
            // A part is enough for encoding, which is slow.
            let part = Chunks(Array(values.prefix(256)), tier)
            note(.encode, part.count, Stopwatch.least(rounds: 3) { part.encode(tier) })
        }
    }

    private mutating func measureTimes() throws {
        for (name, times) in Times.generated(count: 4 << 20) {
            let chunks = stride(from: 0, to: times.count, by: Columns.chunkCount).map { first in
                var bytes: [UInt8] = []
                TimeColumn.encode(
                    Array(times[first..<first + Columns.chunkCount]), tier: .fast, into: &bytes)
                return bytes
            }
            let target = UnsafeMutableBufferPointer<Int64>.allocate(capacity: Columns.chunkCount)
            defer { target.deallocate() }
            add(
                "times, \(name): decode", times.count,
                try Stopwatch.least {
                    for chunk in chunks {
                        try chunk.withUnsafeBytes { try TimeColumn.decode($0, into: target) }
                    }
                })
        }
    }

    /// The speeds as ratios, the peers' after ours.
    func table(_ peers: Peers) -> Table {
        var table = Table(["one thread", "Mv/s", "× sum of raw doubles"])
        for row in rows + peers.speeds.map({ ($0.name, $0.rate) }) {
            table.add([row.name, text(row.rate, 0), text(row.rate / raw, 2)])
        }
        return table
    }
}
