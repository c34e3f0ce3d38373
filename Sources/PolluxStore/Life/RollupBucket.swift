import PolluxKeyValue
import PolluxModel

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

    /// A bucket without points.
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// Adds a point behind those that were added.
    mutating func add(_ time: Int64, _ value: Double, _ quality: Quality, isStep: Bool, gap: Int64?)
    {
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
            if isStep {
                hold(until: time, gap: gap)
            } else if length <= gap ?? .max {
                knownTime += length
                integral += (last + value) / 2 * (Double(length) / 1e9)
            }
        }
        count += 1
        sum += value
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        (lastTime, last) = (time, value)
        isEnded = false
    }

    private mutating func hold(until time: Int64, gap: Int64?) {
        let length = min(time - lastTime, gap ?? .max)
        knownTime += length
        integral += last * (Double(length) / 1e9)
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
        bytes.append((leadEnd == nil ? 0 : 1) | (isEnded ? 2 : 0) | (isLost ? 4 : 0))
        bytes.append(littleEndian: count)
        for value in [sum, minimum, maximum, first, last, integral] {
            bytes.append(littleEndian: value.bitPattern)
        }
        for time in [firstTime, lastTime, knownTime, leadEnd ?? 0] {
            bytes.append(littleEndian: time)
        }
        return withChecksum(bytes)
    }

    init(
        start: Int64, length: Int64, decoding record: UnsafeRawBufferPointer
    ) throws(RecordDefect) {
        self.init(start: start, end: start + length)
        var reader = RecordReader(try checkedPayload(record))
        let flags: UInt8 = try reader.integer()
        guard flags < 4 || flags == 4 else { throw RecordDefect("its flags are unknown") }
        count = try reader.integer()
        sum = try reader.double()
        minimum = try reader.double()
        maximum = try reader.double()
        first = try reader.double()
        last = try reader.double()
        integral = try reader.double()
        firstTime = try reader.integer()
        lastTime = try reader.integer()
        knownTime = try reader.integer()
        let lead: Int64 = try reader.integer()
        leadEnd = flags & 1 != 0 ? lead : nil
        isEnded = flags & 2 != 0
        isLost = flags & 4 != 0
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

    static let kind: UInt8 = 1

    static func key(_ series: SeriesID, _ length: Int64) -> [UInt8] {
        KeyBytes().with(series.rawValue).with(kind).with(UInt64(bitPattern: length)).bytes
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append((isStep ? 1 : 0) | (gap == nil ? 0 : 2))
        for number in [gap ?? 0, from, until] { bytes.append(littleEndian: number) }
        return withChecksum(bytes)
    }

    init(length: Int64, isStep: Bool, gap: Int64?, from: Int64, until: Int64) {
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
            from: try reader.integer(), until: try reader.integer())
        guard flags < 4, length > 0, reader.remaining == 0 else {
            throw RecordDefect("its flags or length are impossible")
        }
    }
}
