import PolluxLanguage
import PolluxModel
import PolluxStore

/// What a scan met, for `explain` and the statistics of an answer.
struct ScanCounts: Hashable, Sendable {
    /// Points whose values were read.
    var points = 0
    /// Columns of chunks that were decoded.
    var columnsRead = 0
    /// Columns of chunks that their statistics answered.
    var columnsByStatistics = 0
    /// Columns of chunks in the range that no window needs.
    var columnsSkipped = 0
    /// Buckets of rollups that stood for points.
    var rollups = 0
    /// Rows read in memory.
    var memoryRows = 0
    /// Points set aside because of their quality.
    var setAside = 0

    mutating func add(_ other: ScanCounts) {
        points += other.points
        columnsRead += other.columnsRead
        columnsByStatistics += other.columnsByStatistics
        columnsSkipped += other.columnsSkipped
        rollups += other.rollups
        memoryRows += other.memoryRows
        setAside += other.setAside
    }
}

/// One source of one leaf for one subject, and what is added up from it.
struct ScanLane: Sendable {
    var subject: Int
    var leaf: Int
    var series: SeriesDescription
    var memory: MemoryRows
    /// The source's part of the question's range.
    var range: TimeRange
    var fold: LaneFold
    /// The point after the range that a line leads to.
    var next: Point?
    /// Whether the series goes on behind the source's span.
    var hasNext = false
    /// Whether rows in memory lie among sealed ones, so that they must be merged.
    var isInterleaved = false
    var counts = ScanCounts()
}

/// The series of one group: they share chunks, and mostly times, which are decoded once.
struct GroupScan: Sendable {
    var chunks: [SealedChunk]
    var lanes: [ScanLane]
    let rule: QualityRule
    let stop: StopRule

    /// What reading all of it costs at most, as `Allowance` counts.
    var cost: Int {
        get throws {
            var cost = lanes.reduce(0) { $0 + $1.memory.count }
            for chunk in chunks {
                for lane in lanes {
                    guard let column = try chunk.column(of: lane.series.id) else { continue }
                    cost += column.count + Allowance.columnCost
                }
            }
            return cost
        }
    }

    /// Reads everything and returns the lanes with their sums.
    ///
    /// Runs on any thread while the snapshot is open. Holds the columns of one chunk at a time.
    func run() throws -> [ScanLane] {
        var lanes = lanes
        var scratch = PointScratch()
        for chunk in chunks {
            try stop.check()
            var vectors: [Int: SealedTimes] = [:]
            for index in lanes.indices where !lanes[index].isInterleaved {
                guard let column = try chunk.column(of: lanes[index].series.id) else { continue }
                switch try lanes[index].fold.take(column, onlyGood: rule.takesOnlyGood) {
                case .beside: lanes[index].counts.columnsSkipped += 1
                case .added: lanes[index].counts.columnsByStatistics += 1
                case .needed:
                    let times = try vectors[column.vector] ?? column.openTimes()
                    vectors[column.vector] = times
                    lanes[index].counts.columnsRead += 1
                    try lanes[index].feed(column, times, rule, &scratch)
                }
            }
        }
        for index in lanes.indices {
            if !lanes[index].isInterleaved { lanes[index].feedMemory(rule, &scratch) }
            if let next = lanes[index].next { lanes[index].fold.lead(to: next) }
            let hasNext = lanes[index].hasNext
            lanes[index].fold.finish(hasNext: hasNext)
            lanes[index].counts.rollups = lanes[index].fold.usedBuckets
        }
        return lanes
    }
}

/// Which points count, by quality.
struct QualityRule: Sendable {
    /// By raw value of the quality.
    private let usable: [Bool]
    /// Whether good points alone count.
    let takesOnlyGood: Bool

    init(_ qualities: Set<Quality>) {
        usable = (0...3).map { raw in
            Quality(rawValue: UInt8(raw)).map { qualities.contains($0) } ?? false
        }
        takesOnlyGood = qualities == [.good]
    }

    @inline(__always)
    func takes(_ raw: UInt8) -> Bool { usable[Int(raw & 3)] }
}

/// When a scan has to end early.
struct StopRule: Sendable {
    let cancellation: CancellationFlag?
    /// On the monotonic clock.
    let deadline: Int64
    let timeLimit: Int64

    func check() throws {
        if cancellation?.isCancelled == true {
            throw QueryError.runtime(.cancelled, "the query was cancelled")
        }
        if SystemTime.monotonic() > deadline {
            throw QueryError.runtime(
                .timeLimit,
                "the query took longer than \(timeLimit / 1_000_000_000) s: ask for less, or "
                    + "raise the limit")
        }
    }
}

/// Room for points that were chosen or converted, kept from column to column.
struct PointScratch {
    var times: [Int64] = []
    var values: [Double] = []
    /// Room for values that are decoded in parts; what it holds means nothing.
    var room: [Double] = []

    mutating func removeAll() {
        times.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }
}

extension ScanLane {
    /// Adds the points of a sealed column, reading of it what the windows need.
    mutating func feed(
        _ column: SealedColumn, _ times: SealedTimes, _ rule: QualityRule,
        _ scratch: inout PointScratch
    ) throws {
        try column.check(times)
        if fold.needsNoTimes, let values = try column.openFloats() {
            counts.points += column.count
            return try fold.add(times, values, room: &scratch.room)
        }
        try feed(times.all(), column.values(), column.qualities(), rule, &scratch)
    }

    /// Adds the points of a column.
    mutating func feed(
        _ times: [Int64], _ values: ColumnValues, _ qualities: [Quality], _ rule: QualityRule,
        _ scratch: inout PointScratch
    ) {
        counts.points += times.count
        times.withUnsafeBufferPointer { times in
            guard let times = times.baseAddress else { return }
            switch values {
            case .floats(let floats):
                floats.withUnsafeBufferPointer { floats in
                    guard let values = floats.baseAddress else { return }
                    feed(times, values, floats.count, qualities, rule)
                }
            case .integers(let integers):
                scratch.values.removeAll(keepingCapacity: true)
                for value in integers { scratch.values.append(Double(value)) }
                let converted = scratch.values
                converted.withUnsafeBufferPointer { converted in
                    guard let values = converted.baseAddress else { return }
                    feed(times, values, converted.count, qualities, rule)
                }
            case .booleans, .texts:
                // Only counted; see `EverythingRows`.
                let zeros = [Double](repeating: 0, count: values.count)
                zeros.withUnsafeBufferPointer { zeros in
                    guard let values = zeros.baseAddress else { return }
                    feed(times, values, zeros.count, qualities, rule)
                }
            }
        }
    }

    private mutating func feed(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ count: Int,
        _ qualities: [Quality], _ rule: QualityRule
    ) {
        guard !qualities.isEmpty else {
            fold.add(times, values, 0..<count)
            return
        }
        qualities.withUnsafeBytes { raw in
            feedChosen(times, values, raw.bindMemory(to: UInt8.self), rule)
        }
    }

    /// Adds the points of the qualities that count; end marks end the curve.
    private mutating func feedChosen(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>,
        _ qualities: UnsafeBufferPointer<UInt8>, _ rule: QualityRule
    ) {
        var chosen = PointScratch()
        for row in qualities.indices {
            if rule.takes(qualities[row]) {
                chosen.times.append(times[row])
                chosen.values.append(values[row])
                continue
            }
            if times[row] >= fold.low, times[row] < fold.high { counts.setAside += 1 }
            guard qualities[row] == Quality.end.rawValue else { continue }
            fold.add(chosen)
            chosen.removeAll()
            fold.addEnd(time: times[row])
        }
        fold.add(chosen)
    }

    /// Adds the rows in memory, in place where they are sorted.
    mutating func feedMemory(_ rule: QualityRule, _ scratch: inout PointScratch) {
        guard memory.count > 0 else { return }
        counts.memoryRows += memory.count
        guard memory.isSorted else {
            let batch = memory.merged(in: range)
            feed(batch.times, batch.values, batch.qualities, rule, &scratch)
            return
        }
        let kind = series.kind
        memory.forEachRun { run in
            guard let times = run.times.baseAddress, run.times.count > 0,
                run.times[run.times.count - 1] >= fold.low, run.times[0] < fold.high
            else { return }
            counts.points += run.times.count
            let isAllGood = run.hasOnlyGood
            func feedRun(_ values: UnsafePointer<Double>) {
                if isAllGood {
                    fold.add(times, values, 0..<run.times.count)
                } else {
                    feedChosen(times, values, run.qualities, rule)
                }
            }
            switch kind {
            case .float:
                run.bits.withMemoryRebound(to: Double.self) { values in
                    if let values = values.baseAddress { feedRun(values) }
                }
            case .integer:
                scratch.values.removeAll(keepingCapacity: true)
                for bits in run.bits {
                    scratch.values.append(Double(Int64(bitPattern: bits)))
                }
                let converted = scratch.values
                converted.withUnsafeBufferPointer { values in
                    if let values = values.baseAddress { feedRun(values) }
                }
            case .boolean, .text:
                let zeros = [Double](repeating: 0, count: run.bits.count)
                zeros.withUnsafeBufferPointer { values in
                    if let values = values.baseAddress { feedRun(values) }
                }
            }
        }
    }
}
