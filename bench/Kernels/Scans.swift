import BenchFrame
import BenchRaw
import PolluxCodec
import PolluxTestKit

/// Speeds of encoding, decoding and fused sums, beside a sum over raw doubles from memory.
struct Scans {
    /// Enough values that neither raw doubles (512 MiB) nor their chunks (50 MiB or more) stay in a
    /// cache.
    private static let count = 64 << 20
    /// Everything has as many rounds, all in turn, or one would meet the quieter moments.
    private static let rounds = 25

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

    /// What is timed, and how many values it goes through.
    private struct Job {
        var name: String
        var key: Key?
        var count: Int
        var body: () throws -> Void
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
        /// How many values each chunk has; asking the plain values would fetch them from memory.
        var counts: [Int]
        var count: Int

        init(_ values: [[Double]], _ tier: EncodingTier) {
            self.values = values
            counts = values.map(\.count)
            count = counts.reduce(0, +)
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
            for (chunk, count) in zip(bytes, counts) {
                try chunk.withUnsafeBytes {
                    let rows = UnsafeMutableBufferPointer(rebasing: target[..<count])
                    try FloatColumn.decode($0, into: rows)
                }
            }
        }

        func aggregate(wantsExtremes: Bool) throws {
            for (chunk, count) in zip(bytes, counts) {
                try chunk.withUnsafeBytes {
                    Stopwatch.keep(
                        try FloatColumn.aggregate(
                            $0, rows: 0..<count, wantsExtremes: wantsExtremes))
                }
            }
        }

        /// Sums of windows of `size` rows, one after the other.
        func aggregate(windowsOf size: Int) throws {
            for (chunk, count) in zip(bytes, counts) {
                try chunk.withUnsafeBytes {
                    var reader = try FloatReader($0)
                    for first in stride(from: 0, to: count, by: size) {
                        let rows = first..<min(first + size, count)
                        Stopwatch.keep(try reader.aggregate(rows: rows))
                    }
                }
            }
        }
    }

    /// Runs all scans; `real` are the chunks of the reference columns.
    init(real: [[Double]]) throws {
        let levels = Self.made(.levels)
        let target = UnsafeMutableBufferPointer<Double>.allocate(capacity: Columns.chunkCount)
        defer { target.deallocate() }
        var jobs = [
            Job(name: "raw doubles in memory: sum", count: Self.count) { Self.rawSum(levels) },
            Job(name: "raw doubles in memory: sum, min, max", count: Self.count) {
                levels.withUnsafeBufferPointer { Stopwatch.keep(FloatAggregate($0)) }
            },
        ]
        jobs += try Self.jobs(.levels, Columns.chunks(levels), target)
        jobs += try Self.jobs(.walk, Columns.chunks(Self.made(.walk)), target)
        jobs += try Self.jobs(.real, real, target)
        jobs += Self.timeJobs()
        let seconds = try Stopwatch.least(rounds: Self.rounds, inTurn: jobs.map(\.body))
        for (job, seconds) in zip(jobs, seconds) {
            let rate = Double(job.count) / seconds / 1e6
            rows.append((job.name, rate))
            if let key = job.key { rates[key] = rate }
        }
    }

    /// Levels of two decimals, or a walk.
    private static func made(_ nature: Nature, count: Int = count) -> [Double] {
        var random = Seed(7)
        var integer = 2000
        return (0..<count).map { _ in
            if nature == .levels { return Double(2000 + random.next() % 1000) / 100 }
            integer += Int(random.next() % 41) - 20
            return Double(integer) / 100
        }
    }

    /// Adds up a column over and over, and prints how fast, beside raw doubles.
    ///
    /// Fewer `values` than usual stay in a cache: what is left then is the processor's own time.
    static func profile(_ nature: Nature, values: Int?) throws {
        let count = values ?? count
        let plain = made(nature, count: count)
        let chunks = Chunks(Columns.chunks(plain), .fast)
        // Runs too short are not measured well: the clock of processor time may err by a tick.
        let times = max(1, (16 << 20) / count)
        let seconds = try Stopwatch.least(
            rounds: 50,
            inTurn: [
                { for _ in 0..<times { rawSum(plain) } },
                { for _ in 0..<times { try chunks.aggregate(wantsExtremes: false) } },
                { for _ in 0..<times { try chunks.aggregate(wantsExtremes: true) } },
                { for _ in 0..<times { try chunks.aggregate(windowsOf: 60) } },
            ])
        let names = [
            "raw doubles in memory, sum", "\(nature.rawValue), sum", "the same, min, max",
            "the same by windows of 60 rows",
        ]
        for (name, time) in zip(names, seconds) {
            let rate = text(Double(times * count) / time / 1e6, 0)
            print("\(name): \(rate) Mv/s, × \(text(seconds[0] / time, 2))")
        }
    }

    /// The fastest sum over raw doubles, with the widest vectors there are.
    private static func rawSum(_ values: [Double]) {
        values.withUnsafeBufferPointer { values in
            guard CPUFeatures.isWide, let start = values.baseAddress else {
                return Stopwatch.keep(sum(values))
            }
            Stopwatch.keep(RawSums.wide(start, count: values.count))
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

    private static func jobs(
        _ nature: Nature, _ values: [[Double]], _ target: UnsafeMutableBufferPointer<Double>
    ) throws -> [Job] {
        var jobs: [Job] = []
        for (label, tier) in [("fast", EncodingTier.fast), ("dense", .dense)] {
            let chunks = Chunks(values, tier)
            let mode = try chunks.bytes[0].withUnsafeBytes {
                try FloatColumn.describe($0).modes.map(\.name).joined(separator: ", ")
            }
            let title = "\(nature.rawValue), \(label) (\(nature == .real ? "mixed" : mode))"
            // Real columns are few, and a server finds them in a cache: they are gone through
            // several times.
            let times = nature == .real ? 10 : 1
            func add(_ work: Work, _ count: Int, _ body: @escaping () throws -> Void) {
                jobs.append(
                    Job(
                        name: "\(title): \(work.rawValue)",
                        key: Key(nature: nature, tier: tier, work: work), count: times * count
                    ) { for _ in 0..<times { try body() } })
            }
            add(.decode, chunks.count) { try chunks.decode(into: target) }
            add(.sum, chunks.count) { try chunks.aggregate(wantsExtremes: false) }
            add(.aggregate, chunks.count) { try chunks.aggregate(wantsExtremes: true) }
            // A part is enough for encoding, which is slow.
            let part = Chunks(Array(values.prefix(256)), tier)
            add(.encode, part.count) { part.encode(tier) }
        }
        return jobs
    }

    private static func timeJobs() -> [Job] {
        Times.generated(count: 4 << 20).map { name, times in
            let chunks = stride(from: 0, to: times.count, by: Columns.chunkCount).map { first in
                var bytes: [UInt8] = []
                TimeColumn.encode(
                    Array(times[first..<first + Columns.chunkCount]), tier: .fast, into: &bytes)
                return bytes
            }
            return Job(name: "times, \(name): decode", count: times.count) {
                try withUnsafeTemporaryAllocation(of: Int64.self, capacity: Columns.chunkCount) {
                    for chunk in chunks {
                        let target = $0
                        try chunk.withUnsafeBytes { try TimeColumn.decode($0, into: target) }
                    }
                }
            }
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
