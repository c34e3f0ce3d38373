import PolluxKeyValue
public import PolluxModel

/// What is kept of the points of a series over one bucket of time (storage-format/life.md §4).
///
/// Only good, finite points count. The curve is what the measure's shape and gap make of them
/// between the first and the last; what comes before and behind follows from the neighbours.
public struct RollupBucket: Hashable, Sendable {
    /// The bucket's first instant.
    public var start: Int64
    /// The first instant behind it.
    public var end: Int64
    /// Good points.
    public var count: UInt64 = 0
    /// Their sum.
    public var sum = 0.0
    /// The least of them.
    public var minimum = Double.infinity
    /// The greatest of them.
    public var maximum = -Double.infinity
    /// The instant of the first.
    public var firstTime: Int64 = 0
    /// The first.
    public var first = 0.0
    /// The instant of the last.
    public var lastTime: Int64 = 0
    /// The last.
    public var last = 0.0
    /// Time between the first and the last, or the end behind it, in which the curve is known.
    public var knownTime: Int64 = 0
    /// The area under the curve there, in value times seconds.
    public var integral = 0.0
    /// The instant of an end mark before the first point, if there is one.
    public var leadEnd: Int64?
    /// Whether an end mark follows the last point.
    public var isEnded = false
    /// Whether some of its points were deleted after they had gone: nothing of it is known.
    public var isLost = false
    /// Whether the sums and values of numbers mean something: not for texts and truth values.
    public var hasNumbers = true
    /// For states, the values.
    public var states: RollupStates?
    /// For counters, how they ran.
    public var counter: RollupCounter?
    /// For numbers, how they are spread.
    public var sketch: RollupSketch?

    /// A bucket without points.
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// A bucket for the points of a series.
    init(start: Int64, length: Int64, contents: RollupContents, kind: ValueKind) {
        self.init(start: start, end: start + length)
        hasNumbers = kind == .float || kind == .integer
        if contents.contains(.states) { states = RollupStates() }
        if contents.contains(.counter), hasNumbers { counter = RollupCounter() }
        if contents.contains(.sketch), hasNumbers { sketch = RollupSketch() }
    }

    /// Adds a point behind those that were added; `exact` is its value where states or a counter
    /// are kept.
    mutating func add(
        _ time: Int64, _ value: Double, _ quality: Quality, isStep: Bool, gap: Int64?,
        exact: Value? = nil
    ) {
        if quality == .end {
            guard count > 0 else {
                leadEnd = leadEnd ?? time
                return
            }
            if !isEnded { hold(until: time, gap: gap) }
            isEnded = true
            return
        }
        guard quality == .good, value.isFinite else { return }
        if count == 0 {
            (firstTime, first) = (time, value)
        } else if !isEnded {
            let length = time - lastTime
            let known = knownTime
            defer { counter?.bridge(length - (knownTime - known)) }
            if isStep {
                hold(until: time, gap: gap)
            } else if length <= gap ?? .max {
                knownTime += length
                integral += (last + value) / 2 * (Double(length) / 1e9)
            }
        }
        count += 1
        if hasNumbers {
            sum += value
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            sketch?.add(value)
        }
        (lastTime, last) = (time, value)
        isEnded = false
        if let exact {
            states?.enter(exact)
            counter?.add(exact)
        }
    }

    private mutating func hold(until time: Int64, gap: Int64?) {
        let length = min(time - lastTime, gap ?? .max)
        knownTime += length
        integral += last * (Double(length) / 1e9)
        states?.hold(length)
    }

    /// The first value as the kind that it is, as far as it is known; nil without points.
    public var firstValue: Value? {
        guard count > 0 else { return nil }
        if let held = states?.values.first { return held.value }
        return counter?.first ?? .float(first)
    }

    /// The last value as the kind that it is, as far as it is known; nil without points.
    public var lastValue: Value? {
        guard count > 0 else { return nil }
        if let states, states.values.indices.contains(states.last) {
            return states.values[states.last].value
        }
        return counter?.last ?? .float(last)
    }

    /// Whether there is nothing to keep.
    var isEmpty: Bool { count == 0 && leadEnd == nil && !isLost }

    // MARK: Bytes

    static let kind: UInt8 = 2

    static func key(_ series: SeriesID, _ length: Int64, _ start: Int64) -> [UInt8] {
        KeyBytes().with(series.rawValue).with(kind).with(UInt64(bitPattern: length))
            .with(Timestamp(nanoseconds: start)).bytes
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(
            (leadEnd == nil ? 0 : 1) | (isEnded ? 2 : 0) | (isLost ? 4 : 0)
                | (hasNumbers ? 0 : 8) | (states == nil ? 0 : 16) | (counter == nil ? 0 : 32)
                | (sketch == nil ? 0 : 64))
        bytes.append(littleEndian: count)
        if hasNumbers {
            for value in [sum, minimum, maximum, first, last, integral] {
                bytes.append(littleEndian: value.bitPattern)
            }
        }
        for time in [firstTime, lastTime, knownTime, leadEnd ?? 0] {
            bytes.append(littleEndian: time)
        }
        states?.append(to: &bytes)
        counter?.append(to: &bytes)
        sketch?.append(to: &bytes)
        return withChecksum(bytes)
    }

    init(
        start: Int64, length: Int64, decoding record: UnsafeRawBufferPointer
    ) throws(RecordDefect) {
        self.init(start: start, end: start + length)
        var reader = RecordReader(try checkedPayload(record))
        let flags: UInt8 = try reader.integer()
        guard flags == 4 || flags & ~123 == 0 else { throw RecordDefect("its flags are unknown") }
        hasNumbers = flags & 8 == 0
        count = try reader.integer()
        if hasNumbers {
            sum = try reader.double()
            minimum = try reader.double()
            maximum = try reader.double()
            first = try reader.double()
            last = try reader.double()
            integral = try reader.double()
        }
        firstTime = try reader.integer()
        lastTime = try reader.integer()
        knownTime = try reader.integer()
        let lead: Int64 = try reader.integer()
        leadEnd = flags & 1 != 0 ? lead : nil
        isEnded = flags & 2 != 0
        isLost = flags & 4 != 0
        if flags & 16 != 0 { states = try RollupStates(decoding: &reader) }
        if flags & 32 != 0 { counter = try RollupCounter(decoding: &reader) }
        if flags & 64 != 0 { sketch = try RollupSketch(decoding: &reader) }
        guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
        let times = (count > 0 ? [firstTime, lastTime] : []) + (leadEnd.map { [$0] } ?? [])
        guard times.allSatisfy({ $0 >= start && $0 < end }), firstTime <= lastTime else {
            throw RecordDefect("its times lie outside the bucket")
        }
    }
}

/// How far the rollups of a series are made (storage-format/life.md §3).
public struct RollupMark: Hashable, Sendable {
    /// The length of the buckets.
    public var length: Int64
    /// Whether the curve in the buckets is one of steps.
    public var isStep: Bool
    /// The gap of the curve in the buckets.
    public var gap: Int64?
    /// Buckets from this instant on are whole.
    public var from: Int64
    /// Buckets up to this instant are made, those without points apart.
    public var until: Int64
    /// What the buckets from the points that were there when it was declared on hold.
    public var contents: RollupContents = []

    static let kind: UInt8 = 1

    static func key(_ series: SeriesID, _ length: Int64) -> [UInt8] {
        KeyBytes().with(series.rawValue).with(kind).with(UInt64(bitPattern: length)).bytes
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append((isStep ? 1 : 0) | (gap == nil ? 0 : 2) | contents.rawValue)
        for number in [gap ?? 0, from, until] { bytes.append(littleEndian: number) }
        return withChecksum(bytes)
    }

    init(
        length: Int64, isStep: Bool, gap: Int64?, from: Int64, until: Int64,
        contents: RollupContents = []
    ) {
        self.contents = contents
        self.length = length
        self.isStep = isStep
        self.gap = gap
        self.from = from
        self.until = until
    }

    init(length: Int64, decoding record: UnsafeRawBufferPointer) throws(RecordDefect) {
        var reader = RecordReader(try checkedPayload(record))
        let flags: UInt8 = try reader.integer()
        let gap: Int64 = try reader.integer()
        self.init(
            length: length, isStep: flags & 1 != 0, gap: flags & 2 != 0 ? gap : nil,
            from: try reader.integer(), until: try reader.integer(),
            contents: RollupContents(rawValue: flags & ~3))
        guard contents.isSubset(of: .all), length > 0, reader.remaining == 0 else {
            throw RecordDefect("its flags or length are impossible")
        }
    }
}
