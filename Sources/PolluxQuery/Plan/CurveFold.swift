import PolluxModel
import PolluxStore

/// What a curve adds up to inside one window.
struct CurveSums: Sendable {
    /// Known time in nanoseconds.
    var knownTime: Int64 = 0
    /// Value times seconds.
    var integral = 0.0
    var minimum = Double.infinity
    var maximum = -Double.infinity

    mutating func merge(_ other: CurveSums) {
        knownTime = knownTime.addingSaturated(other.knownTime)
        integral += other.integral
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }
}

/// Adds up the curve through samples window by window as the samples come, by the rules of
/// `SpanBuilder` and `CurveIntegrator`, without keeping the spans.
///
/// Windows ascend and do not overlap.
struct CurveFold: Sendable {
    let starts: [Int64]
    let ends: [Int64]
    let isStep: Bool
    let gap: Int64?
    /// Where spans are wanted: inside the piece, inside the question's range.
    let low: Int64
    let high: Int64
    let wantedLow: Int64
    let wantedHigh: Int64
    /// Where the plant ends the piece.
    let pieceEnd: Int64
    let now: Int64
    private(set) var sums: [CurveSums]
    /// Where a value held at the live edge begins, which the next sample may change.
    private(set) var provisionalFrom: Int64?
    private var window = 0
    private var previous: (time: Int64, value: Double)?

    init(
        starts: [Int64], ends: [Int64], definition: MeasureDefinition, piece: TimeRange,
        wanted: TimeRange, now: Int64
    ) {
        self.starts = starts
        self.ends = ends
        isStep = definition.shape == .step
        gap = definition.gap
        low = max(piece.start, wanted.start).nanoseconds
        high = min(piece.end, wanted.end).nanoseconds
        wantedLow = wanted.start.nanoseconds
        wantedHigh = wanted.end.nanoseconds
        pieceEnd = piece.end.nanoseconds
        self.now = now
        sums = Array(repeating: CurveSums(), count: starts.count)
    }

    // MARK: Samples

    /// Adds one sample.
    mutating func add(time: Int64, value: Double) {
        if let before = previous { close(before, at: time, next: value) }
        previous = (time, value)
    }

    /// Adds samples of ascending times; what is not a finite number is left out.
    mutating func add(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ rows: Range<Int>
    ) {
        var row = rows.lowerBound
        while row < rows.upperBound {
            guard values[row].isFinite else {
                row += 1
                continue
            }
            add(time: times[row], value: values[row])
            row += 1
            row = addInside(times, values, row, rows.upperBound)
        }
    }

    /// Adds samples while they and the one before lie in the window that is open.
    ///
    /// - Returns: the first row that was not added.
    private mutating func addInside(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ start: Int, _ end: Int
    ) -> Int {
        guard var (time, value) = previous, window < starts.count, time >= starts[window],
            time >= low
        else { return start }
        let limit = min(ends[window], high, now)
        let gap = gap ?? .max
        var own = sums[window]
        var row = start
        while row < end {
            let next = times[row]
            let reached = values[row]
            let length = next &- time
            guard next <= limit, length >= 0, length <= gap, reached.isFinite else { break }
            let last = isStep ? value : reached
            own.knownTime &+= length
            own.integral += (value + last) / 2 * (Double(length) / 1e9)
            own.minimum = min(own.minimum, value, last)
            own.maximum = max(own.maximum, value, last)
            (time, value) = (next, reached)
            row += 1
        }
        sums[window] = own
        previous = (time, value)
        return row
    }

    /// Ends the value held so far.
    mutating func addEnd(time: Int64) {
        guard let before = previous else { return }
        emit(before.time, heldEnd(before.time, until: time), before.value, before.value)
        previous = nil
    }

    /// Adds the points of a chunk by what is known of them.
    ///
    /// - Returns: false, and nothing is added, when it does not say all that the windows need.
    mutating func add(_ statistics: ColumnStatistics) -> Bool {
        guard let inside = isStep ? statistics.stepIntegral : statistics.linearIntegral,
            let longest = statistics.longestGap, gap.map({ longest <= $0 }) ?? true,
            statistics.firstTime >= low, statistics.lastTime < high, statistics.lastTime <= now
        else { return false }
        var own = window
        while own < starts.count, ends[own] <= statistics.firstTime { own += 1 }
        guard own < starts.count, starts[own] <= statistics.firstTime,
            statistics.lastTime < ends[own]
        else { return false }
        add(time: statistics.firstTime, value: statistics.first)
        sums[own].knownTime &+= statistics.lastTime &- statistics.firstTime
        sums[own].integral += inside
        sums[own].minimum = min(sums[own].minimum, statistics.minimum)
        sums[own].maximum = max(sums[own].maximum, statistics.maximum)
        previous = (statistics.lastTime, statistics.last)
        return true
    }

    /// Adds the points of a bucket, which lies in one window or between two.
    mutating func add(_ bucket: RollupBucket) {
        if let time = bucket.leadEnd { addEnd(time: time) }
        guard bucket.count > 0 else { return }
        add(time: bucket.firstTime, value: bucket.first)
        previous = bucket.isEnded ? nil : (bucket.lastTime, bucket.last)
        var own = window
        while own < starts.count, ends[own] <= bucket.firstTime { own += 1 }
        guard own < starts.count, starts[own] <= bucket.firstTime else { return }
        sums[own].knownTime &+= bucket.knownTime
        sums[own].integral += bucket.integral
        sums[own].minimum = min(sums[own].minimum, bucket.minimum)
        sums[own].maximum = max(sums[own].maximum, bucket.maximum)
    }

    /// Ends the piece; `hasNext` says that the series goes on behind it.
    mutating func finish(hasNext: Bool) {
        guard let before = previous else { return }
        previous = nil
        let end = min(pieceEnd, now)
        guard isStep || !hasNext else {
            emit(before.time, before.time, before.value, before.value)
            return
        }
        let held = heldEnd(before.time, until: end)
        emit(before.time, held, before.value, before.value)
        if !isStep, !hasNext, pieceEnd >= now,
            gap.map({ before.time.addingSaturated($0) >= now }) ?? true, held > wantedLow
        {
            provisionalFrom = before.time
        }
    }

    // MARK: Spans

    private func heldEnd(_ start: Int64, until end: Int64) -> Int64 {
        guard let gap else { return max(start, end) }
        return max(start, min(end, start.addingSaturated(gap)))
    }

    private mutating func close(
        _ before: (time: Int64, value: Double), at time: Int64, next: Double
    ) {
        if isStep {
            emit(before.time, heldEnd(before.time, until: time), before.value, before.value)
        } else if gap.map({ time.subtractingSaturated(before.time) <= $0 }) ?? true {
            emit(before.time, time, before.value, next)
        } else {
            emit(before.time, before.time, before.value, before.value)
        }
    }

    /// Clips a span to what is wanted and gives it to the windows.
    private mutating func emit(_ start: Int64, _ end: Int64, _ first: Double, _ last: Double) {
        let low = max(start, self.low)
        let high = min(end, self.high, max(now, start))
        if low > high || low >= wantedHigh { return }
        if low == high && (start != low || start != end) { return }
        guard first != last, low > start || high < end else {
            spread(low, high, first, last)
            return
        }
        let length = Double(end.subtractingSaturated(start))
        spread(
            low, high, first + (last - first) * (Double(low.subtractingSaturated(start)) / length),
            first + (last - first) * (Double(high.subtractingSaturated(start)) / length))
    }

    private mutating func spread(_ start: Int64, _ end: Int64, _ first: Double, _ last: Double) {
        guard start < end else {
            while window < starts.count, ends[window] <= start { window += 1 }
            guard window < starts.count, starts[window] <= start else { return }
            sums[window].minimum = min(sums[window].minimum, first)
            sums[window].maximum = max(sums[window].maximum, first)
            return
        }
        while window < starts.count, ends[window] <= start { window += 1 }
        let length = Double(end.subtractingSaturated(start))
        let rise = last - first
        var own = window
        while own < starts.count, starts[own] < end {
            let low = max(start, starts[own])
            let high = min(end, ends[own])
            let from = low == start ? first : first + rise * (Double(low &- start) / length)
            let to = high == end ? last : first + rise * (Double(high &- start) / length)
            let known = high.subtractingSaturated(low)
            sums[own].knownTime &+= known
            sums[own].integral += (from + to) / 2 * (Double(known) / 1e9)
            sums[own].minimum = min(sums[own].minimum, from, to)
            sums[own].maximum = max(sums[own].maximum, from, to)
            if ends[own] > end { break }
            own += 1
        }
        window = min(own, starts.count)
        // The window that the span ends in stays open for the next one.
        if own < starts.count, starts[own] >= end { window = own }
    }
}
