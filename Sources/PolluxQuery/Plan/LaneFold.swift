import PolluxCodec
import PolluxModel
import PolluxStore

/// The spans of time that aggregates are asked for, ascending and disjoint.
struct Windows: Sendable {
    let starts: [Int64]
    let ends: [Int64]

    var count: Int { starts.count }

    /// The windows of slices, or nil when they overlap or run backwards.
    init?(_ ranges: [TimeRange]) {
        starts = ranges.map(\.start.nanoseconds)
        ends = ranges.map(\.end.nanoseconds)
        for index in ranges.indices.dropFirst() where starts[index] < ends[index - 1] {
            return nil
        }
    }

    private init(starts: [Int64], ends: [Int64]) {
        self.starts = starts
        self.ends = ends
    }

    /// The windows at another time.
    func shifted(by nanoseconds: Int64) -> Windows {
        Windows(
            starts: starts.map { $0.addingSaturated(nanoseconds) },
            ends: ends.map { $0.addingSaturated(nanoseconds) })
    }
}

/// Adds up the points of one source over windows: samples, curve, or both, in one pass.
struct LaneFold: Sendable {
    /// What a fold adds up.
    struct Needs: Sendable, Hashable {
        var samples = false
        /// Whether the least and greatest sample matter.
        var extremes = false
        /// Whether the first and last sample matter.
        var ends = false
        var curve = false
        /// Of rollups alone: the values of states, how long each held, and what followed what.
        var states = false
        var durations = false
        var changes = false
        /// Of rollups alone: the increase of counters.
        var increase = false
        /// Of rollups alone: how values are spread.
        var spread = false
    }

    let windows: Windows
    let needs: Needs
    /// The points that count as samples: `low <= time < high`.
    let low: Int64
    let high: Int64
    private(set) var samples: [SampleSums] = []
    var curve: CurveFold?
    private var window = 0
    private var lastRunCount = 0
    /// Buckets that stand for the points in them, ascending and disjoint.
    private var buckets: [RollupBucket] = []
    private var nextBucket = 0
    /// Points before this instant stood in a bucket or were added.
    private var covered = Int64.min
    /// How many buckets were added.
    private(set) var usedBuckets = 0

    init(
        windows: Windows, needs: Needs, definition: MeasureDefinition, piece: TimeRange,
        wanted: TimeRange, now: Int64
    ) {
        self.windows = windows
        self.needs = needs
        low = max(piece.start, wanted.start).nanoseconds
        high = min(piece.end, wanted.end).nanoseconds
        if needs.samples { samples = Array(repeating: SampleSums(), count: windows.count) }
        if needs.curve {
            curve = CurveFold(
                starts: windows.starts, ends: windows.ends, definition: definition, piece: piece,
                wanted: wanted, now: now)
        }
    }

    /// What a chunk's column means to the windows, as far as its span and statistics say.
    enum Outlook {
        /// None of its points matters.
        case beside
        /// Its statistics have been added.
        case added
        /// Its points must be read.
        case needed
    }

    /// Adds a chunk's column by its statistics where they say all that is asked.
    mutating func take(
        _ column: SealedColumn, onlyGood: Bool
    ) throws -> Outlook {
        guard column.last >= low, column.first < high else { return .beside }
        if !buckets.isEmpty {
            switch bucketsOver(column.first, column.last) {
            case .beside: return .beside
            case .needed: return .needed
            case .added: passBuckets(until: column.first)
            }
        }
        while window < windows.count, windows.ends[window] <= max(column.first, low) {
            window += 1
        }
        if !needs.curve {
            guard window < windows.count, windows.starts[window] <= column.last else {
                return .beside
            }
        }
        guard window < windows.count, windows.starts[window] <= column.first, column.first >= low,
            column.last < windows.ends[window], column.last < high,
            let statistics = try column.statistics()
        else { return .needed }
        let isAllGood = statistics.goodCount == statistics.count
        guard isAllGood || (onlyGood && !needs.ends && !needs.curve) else { return .needed }
        if needs.curve {
            guard curve?.add(statistics) == true else { return .needed }
        }
        if needs.samples { samples[window].add(statistics) }
        return .added
    }

    /// Adds usable points, but not those in buckets; times ascend.
    mutating func add(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ rows: Range<Int>
    ) {
        guard !buckets.isEmpty else {
            addRows(times, values, rows)
            return
        }
        var row = rows.lowerBound
        while row < rows.upperBound {
            passBuckets(until: times[row])
            if times[row] < covered {
                row = RowSearch.first(
                    times, row..<rows.upperBound, notBefore: covered, hint: 0)
                continue
            }
            let limit = nextBucket < buckets.count ? buckets[nextBucket].start : .max
            let stop = RowSearch.first(times, row..<rows.upperBound, notBefore: limit, hint: 0)
            addRows(times, values, row..<stop)
            row = stop
        }
    }

    private mutating func addRows(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ rows: Range<Int>
    ) {
        guard !rows.isEmpty else { return }
        let start = RowSearch.first(times, rows, notBefore: low, hint: 0)
        let end = RowSearch.first(times, start..<rows.upperBound, notBefore: high, hint: .max)
        guard start < end else { return }
        if needs.curve { curve?.add(times, values, start..<end) }
        guard needs.samples else { return }
        var row = start
        while row < end {
            while window < windows.count, windows.ends[window] <= times[row] { window += 1 }
            guard window < windows.count else { return }
            if windows.starts[window] > times[row] {
                row = RowSearch.first(
                    times, row..<end, notBefore: windows.starts[window], hint: 0)
                continue
            }
            let stop = RowSearch.first(
                times, row..<end, notBefore: windows.ends[window], hint: lastRunCount)
            samples[window].add(times, values, row..<stop, wantsExtremes: needs.extremes)
            lastRunCount = stop - row
            row = stop
        }
    }

    /// Whether the values of samples tell all that is needed, once it is known which rows lie in
    /// which window.
    var needsNoTimes: Bool {
        needs.samples && !needs.ends && !needs.curve && buckets.isEmpty
    }

    /// Adds the points of a column whose times are only searched, and whose values are summed up as
    /// they are stored, or decoded where a window cuts a block; gives the sums that `add` gives.
    mutating func add(
        _ times: SealedTimes, _ values: SealedFloats, room: inout [Double]
    ) throws {
        let start = try times.firstRow(notBefore: low)
        let end = try times.firstRow(notBefore: high)
        // `row` is the first whose time is not before `reached`.
        var (row, reached) = (start, low)
        while row < end, window < windows.count {
            let stop = min(end, try times.firstRow(notBefore: windows.ends[window]))
            guard stop > row else {
                window += 1
                continue
            }
            var begin = row
            if windows.starts[window] > reached {
                begin = max(row, try times.firstRow(notBefore: windows.starts[window]))
            }
            if begin < stop { try add(values, begin..<stop, room: &room) }
            (row, reached) = (stop, windows.ends[window])
        }
    }

    /// Adds some rows to the window reached.
    private mutating func add(
        _ values: SealedFloats, _ rows: Range<Int>, room: inout [Double]
    ) throws {
        let found = try values.aggregate(rows, wantsExtremes: needs.extremes)
        guard !found.sum.isFinite else { return samples[window].add(found) }
        try values.withValues(rows, room: &room) { values in
            samples[window].addFinite(values, count: rows.count)
        }
    }

    /// Adds points that were gathered.
    mutating func add(_ points: PointScratch) {
        points.times.withUnsafeBufferPointer { times in
            points.values.withUnsafeBufferPointer { values in
                guard let times = times.baseAddress, let values = values.baseAddress else { return }
                add(times, values, 0..<points.times.count)
            }
        }
    }

    /// Adds the value before the first point, which holds or leads into the source's span.
    mutating func enter(_ point: Point) {
        guard point.quality != .end, let value = point.value.number else { return }
        curve?.add(time: point.instant.nanoseconds, value: value)
    }

    /// Adds a point outside of what counts as samples, only for the curve.
    mutating func lead(to point: Point) {
        passBuckets(until: .max)
        guard point.quality != .end else {
            curve?.addEnd(time: point.instant.nanoseconds)
            return
        }
        guard let value = point.value.number else { return }
        curve?.add(time: point.instant.nanoseconds, value: value)
    }

    /// Adds an end mark.
    mutating func addEnd(time: Int64) {
        guard time >= low, time < high else { return }
        passBuckets(until: time)
        guard time >= covered else { return }
        curve?.addEnd(time: time)
    }
}

extension LaneFold {
    /// Sets the buckets that stand for points.
    mutating func use(_ chosen: [RollupBucket]) { buckets = chosen }

    /// Adds the buckets that begin up to an instant.
    private mutating func passBuckets(until time: Int64) {
        while nextBucket < buckets.count, buckets[nextBucket].start <= time {
            let bucket = buckets[nextBucket]
            nextBucket += 1
            covered = bucket.end
            usedBuckets += 1
            if needs.curve { curve?.add(bucket) }
            guard needs.samples, bucket.count > 0 else { continue }
            while window < windows.count, windows.ends[window] <= bucket.firstTime { window += 1 }
            if window < windows.count, windows.starts[window] <= bucket.start {
                samples[window].add(bucket)
            }
        }
    }

    /// Whether buckets stand for all points of a span, some of them, or (`added`) none.
    private func bucketsOver(_ first: Int64, _ last: Int64) -> Outlook {
        var reached = max(first, covered)
        var isTouched = first < covered
        var index = nextBucket
        while index < buckets.count, buckets[index].end <= first { index += 1 }
        while index < buckets.count, buckets[index].start <= last {
            isTouched = true
            guard buckets[index].start <= reached else { return .needed }
            reached = buckets[index].end
            index += 1
        }
        guard isTouched else { return .added }
        return reached > last ? .beside : .needed
    }

    /// Adds the buckets that are left and ends the piece.
    mutating func finish(hasNext: Bool) {
        passBuckets(until: .max)
        curve?.finish(hasNext: hasNext)
    }
}

/// Search among ascending times.
enum RowSearch {
    /// The first of `rows` whose time is at or after `time`; `hint` says how many rows are likely
    /// before it.
    @inline(__always)
    static func first(
        _ times: UnsafePointer<Int64>, _ rows: Range<Int>, notBefore time: Int64, hint: Int
    ) -> Int {
        var low = rows.lowerBound
        var high = rows.upperBound
        guard low < high, times[low] < time else { return low }
        if hint > 0, hint < high - low {
            let guess = low + hint
            if times[guess - 1] < time, times[guess] >= time { return guess }
            if times[guess] < time {
                low = guess + 1
                var step = 16
                while low + step < high, times[low + step] < time {
                    low += step + 1
                    step *= 2
                }
                high = min(high, low + step)
            } else {
                high = guess
            }
        } else if hint == .max, times[high - 1] < time {
            return high
        }
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
