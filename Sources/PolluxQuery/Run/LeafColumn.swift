import PolluxModel

/// What one leaf says about one asset: its samples and its curve, stitched from pieces.
///
/// Samples and spans are flat arrays in ascending time. Values are numbers: booleans are 0 and 1,
/// texts are indexes into `words`. Spans are known stretches `[start, end)` with the value at the
/// start and towards the end; a span of no length is a sample behind which nothing is known.
struct LeafColumn {
    var kind: ValueKind
    /// The words that text values index.
    var words: [String] = []

    /// The instants of the samples.
    var sampleTimes: [Int64] = []
    var sampleValues: [Double] = []
    /// Exact values of an integer series, one per sample; empty for the other kinds.
    var sampleIntegers: [Int64] = []
    /// The piece each sample belongs to: nothing is carried from one piece into the next.
    var samplePieces: [Int32] = []
    /// Qualities where some are not good; else empty.
    var sampleQualities: [Quality] = []

    var spanStarts: [Int64] = []
    var spanEnds: [Int64] = []
    var spanFirst: [Double] = []
    var spanLast: [Double] = []

    /// Rollups that stand for points, ascending.
    var buckets: [BucketPart] = []

    /// Where a held value at the live edge begins to be provisional, if there is one.
    var provisionalFrom: Int64?
    /// For numbers: what comes before the first sample of each piece, by piece.
    var entering: [Entering] = []

    /// What comes before the first sample of a piece.
    enum Entering: Hashable, Sendable {
        /// No sample of the series at all.
        case nothing
        /// Samples outside of the piece: nothing is counted from them.
        case beyond
        /// A sample of the piece, before what is read.
        case sample(EnteringValue)

        var sample: EnteringValue? {
            if case .sample(let value) = self { return value }
            return nil
        }
    }

    /// The sample of a piece before the first one that is read.
    struct EnteringValue: Hashable, Sendable {
        var time: Int64
        var value: Double
        /// The exact value of an integer series.
        var integer: Int64?
        /// Whether an end mark follows: a counter counts on from it, a curve does not.
        var isEnded: Bool
    }

    /// For counters: where between two samples the curve is not known, start and end in turn.
    ///
    /// What was counted meanwhile is known at the end.
    var bridges: [Int64] = []

    /// How much later than they were its values are shown, for `offset`.
    var shift: Int64 = 0

    /// Qualities and staleness, where the question asks about them.
    var track: QualityTrack?

    init(kind: ValueKind) { self.kind = kind }

    /// Bytes that the arrays hold, about.
    var byteCount: Int {
        sampleTimes.count * 20 + sampleIntegers.count * 8 + spanStarts.count * 32
            + buckets.count * MemoryLayout<BucketPart>.stride
    }

    /// What is said of the column as a whole, without its samples and its curve.
    var withoutSamples: LeafColumn {
        var column = LeafColumn(kind: kind)
        column.words = words
        column.provisionalFrom = provisionalFrom
        return column
    }

    mutating func appendSpan(_ start: Int64, _ end: Int64, _ first: Double, _ last: Double) {
        guard end >= start else { return }
        spanStarts.append(start)
        spanEnds.append(end)
        spanFirst.append(first)
        spanLast.append(last)
    }

    /// The word of a text value.
    func word(_ value: Double) -> String? {
        let index = Int(value)
        return words.indices.contains(index) ? words[index] : nil
    }

    /// The whole number that a value at an instant stands for where a double cannot hold it; nil
    /// where it can, or nothing is known but the double.
    func whole(_ value: Double, at time: Int64) -> Int64? {
        guard value.magnitude >= 0x1p53, !sampleIntegers.isEmpty else { return nil }
        let index = sampleTimes.endOfPrefix { $0 <= time } - 1
        guard index >= 0, Double(sampleIntegers[index]) == value else { return nil }
        return sampleIntegers[index]
    }

    /// The curve's value at an instant, or nil where it is not known.
    ///
    /// O(log spans).
    func value(at time: Int64) -> Double? {
        let low = spanStarts.endOfPrefix { $0 <= time }
        guard low > 0 else { return nil }
        return value(inSpan: low - 1, at: time)
    }

    /// The value inside a span that starts at or before `time`, or nil beyond its end.
    func value(inSpan span: Int, at time: Int64) -> Double? {
        let start = spanStarts[span]
        if time == start { return spanFirst[span] }
        guard time < spanEnds[span] else { return nil }
        let first = spanFirst[span]
        let last = spanLast[span]
        if first == last { return first }
        let length = Double(spanEnds[span].subtractingSaturated(start))
        return first + (last - first) * (Double(time.subtractingSaturated(start)) / length)
    }
}

/// Turns the points of one piece into samples and spans of a column.
///
/// Points come in ascending time and have been chosen by quality; end marks come along. The piece
/// knows whether it begins and ends because the plant changed (nothing is carried over) or only
/// because the question does.
struct SpanBuilder {
    let shape: MeasureShape
    let gap: Int64?
    /// Where the piece begins and ends in the plant.
    let piece: TimeRange
    /// Where samples and spans are wanted.
    let wanted: TimeRange
    /// The present: nothing is known beyond it.
    let now: Int64
    let number: Int32
    private let isCounter: Bool
    private var previous: (time: Int64, value: Double)?

    init(
        definition: MeasureDefinition, piece: TimeRange, wanted: TimeRange, now: Int64,
        number: Int32
    ) {
        shape = definition.isStep ? .step : definition.shape
        gap = definition.gap
        isCounter = definition.kind == .counter
        self.piece = piece
        self.wanted = wanted
        self.now = now
        self.number = number
    }

    /// Adds a sample with a value.
    mutating func add(
        time: Int64, value: Double, integer: Int64, quality: Quality, to column: inout LeafColumn
    ) {
        if let before = previous {
            close(before, at: time, next: value, in: &column)
        }
        previous = (time, value)
        // A value that held before the piece leads into it, but is no sample of it.
        guard piece.start.nanoseconds <= time, wanted.start.nanoseconds <= time,
            time < wanted.end.nanoseconds
        else { return }
        column.sampleTimes.append(time)
        column.sampleValues.append(value)
        if column.kind == .integer { column.sampleIntegers.append(integer) }
        column.samplePieces.append(number)
        if quality != .good && column.sampleQualities.isEmpty {
            column.sampleQualities = Array(
                repeating: .good, count: column.sampleTimes.count - 1)
        }
        if quality != .good || !column.sampleQualities.isEmpty {
            column.sampleQualities.append(quality)
        }
    }

    /// Closes what was held where a bucket's first point lies.
    mutating func enter(_ part: BucketPart, in column: inout LeafColumn) {
        if let before = previous {
            close(before, at: part.firstTime, next: part.first, in: &column)
        }
        previous = nil
    }

    /// Adds a run of one value inside a bucket.
    func draw(_ start: Int64, _ end: Int64, _ value: Double, in column: inout LeafColumn) {
        emit(start, end, value, value, &column)
    }

    /// Goes on with a bucket's last point.
    mutating func leave(_ part: BucketPart, isEnded: Bool) {
        previous = isEnded ? nil : (part.lastTime, part.last)
    }

    /// Ends the value held so far at an end mark.
    mutating func addEnd(time: Int64, to column: inout LeafColumn) {
        guard let before = previous else { return }
        // A line needs its other end: towards an end mark the last value is held.
        emit(before.time, heldEnd(before.time, until: time), before.value, before.value, &column)
        previous = nil
    }

    /// Ends the piece; `hasNext` says that the series goes on behind it.
    mutating func finish(hasNext: Bool, in column: inout LeafColumn) {
        guard let before = previous else { return }
        previous = nil
        let end = min(piece.end.nanoseconds, now)
        // A line into another piece is never drawn; a step holds until the plant changed.
        guard shape == .step || !hasNext else {
            emit(before.time, before.time, before.value, before.value, &column)
            return
        }
        let held = heldEnd(before.time, until: end)
        emit(before.time, held, before.value, before.value, &column)
        if shape == .linear, !hasNext, piece.end.nanoseconds >= now,
            gap.map({ before.time.addingSaturated($0) >= now }) ?? true,
            held > wanted.start.nanoseconds
        {
            column.provisionalFrom = min(column.provisionalFrom ?? .max, before.time)
        }
    }

    private func heldEnd(_ start: Int64, until end: Int64) -> Int64 {
        guard let gap else { return max(start, end) }
        return max(start, min(end, start.addingSaturated(gap)))
    }

    private func close(
        _ before: (time: Int64, value: Double), at time: Int64, next: Double,
        in column: inout LeafColumn
    ) {
        switch shape {
        case .step:
            let held = heldEnd(before.time, until: time)
            emit(before.time, held, before.value, before.value, &column)
            // What was counted before the piece is no part of it.
            if before.time >= piece.start.nanoseconds {
                bridge(from: held, to: time, in: &column)
            }
        case .linear:
            let joined = gap.map { time.subtractingSaturated(before.time) <= $0 } ?? true
            if joined {
                emit(before.time, time, before.value, next, &column)
            } else {
                emit(before.time, before.time, before.value, before.value, &column)
                bridge(from: before.time, to: time, in: &column)
            }
        }
    }

    /// Notes a stretch of a counter that only its ends are known of.
    private func bridge(from start: Int64, to end: Int64, in column: inout LeafColumn) {
        guard isCounter else { return }
        let low = max(start, piece.start.nanoseconds, wanted.start.nanoseconds)
        let high = min(end, piece.end.nanoseconds, wanted.end.nanoseconds)
        if low < high { column.bridges += [low, high] }
    }

    /// Appends the part of a span that lies in the piece, in what is wanted, and before now.
    private func emit(
        _ start: Int64, _ end: Int64, _ first: Double, _ last: Double, _ column: inout LeafColumn
    ) {
        let low = max(start, piece.start.nanoseconds, wanted.start.nanoseconds)
        let high = min(end, piece.end.nanoseconds, wanted.end.nanoseconds, max(now, start))
        if low > high || low >= wanted.end.nanoseconds { return }
        if low == high && (start != low || start != end) { return }
        guard first != last, low > start || high < end else {
            column.appendSpan(low, high, first, last)
            return
        }
        let length = Double(end.subtractingSaturated(start))
        column.appendSpan(
            low, high, first + (last - first) * (Double(low.subtractingSaturated(start)) / length),
            first + (last - first) * (Double(high.subtractingSaturated(start)) / length))
    }
}

extension Int64 {
    /// The sum, or the end of the range that it lies beyond.
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the range that it lies beyond.
    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (self < other ? .min : .max) : difference
    }
}
