/// Points that arrived together, one row per point, in arrival order.
///
/// The layout is four flat arrays so that a message costs no allocation per series. Where the same
/// series and instant stand twice, the later row wins.
public struct PointBatch: Sendable {
    /// The series of each point.
    public private(set) var series: [SeriesID] = []
    /// The instant of each point, nanoseconds since 1970 UTC.
    public private(set) var times: [Int64] = []
    /// The value of each point as bits: a double's pattern, an integer's two's complement,
    /// 0 or 1, or an index into `texts`, by the kind of its series.
    public private(set) var bits: [UInt64] = []
    /// The quality of each point; empty when all are good.
    public private(set) var qualities: [Quality] = []
    /// The texts that text points refer to.
    public private(set) var texts: [String] = []

    /// An empty batch.
    public init() {}

    /// Number of points.
    public var count: Int { times.count }
    /// Whether there is no point.
    public var isEmpty: Bool { times.isEmpty }

    /// Makes room for `count` points in all.
    public mutating func reserveCapacity(_ count: Int) {
        series.reserveCapacity(count)
        times.reserveCapacity(count)
        bits.reserveCapacity(count)
    }

    /// Appends a point of a float series.
    @inline(__always)
    public mutating func append(
        _ series: SeriesID, at instant: Timestamp, _ value: Double, quality: Quality = .good
    ) {
        appendBits(series, at: instant, value.bitPattern, quality: quality)
    }

    /// Appends a point of any kind; the caller has checked that the kind is the series' own.
    public mutating func append(
        _ series: SeriesID, at instant: Timestamp, _ value: Value, quality: Quality = .good
    ) {
        let pattern: UInt64
        switch value {
        case .float(let number): pattern = number.bitPattern
        case .integer(let number): pattern = UInt64(bitPattern: number)
        case .boolean(let flag): pattern = flag ? 1 : 0
        case .text(let text):
            pattern = UInt64(texts.count)
            texts.append(text)
        }
        appendBits(series, at: instant, pattern, quality: quality)
    }

    /// Appends a point by its bits; a text's bits are an index that `appendText` returned.
    @inline(__always)
    public mutating func appendBits(
        _ series: SeriesID, at instant: Timestamp, _ pattern: UInt64, quality: Quality = .good
    ) {
        if quality != .good || !qualities.isEmpty {
            appendQuality(quality)
        }
        self.series.append(series)
        times.append(instant.nanoseconds)
        bits.append(pattern)
    }

    /// Adds a text that points may refer to and returns its index.
    public mutating func appendText(_ text: String) -> UInt64 {
        texts.append(text)
        return UInt64(texts.count - 1)
    }

    /// Appends the points of another batch after the ones here.
    public mutating func append(contentsOf other: PointBatch, kind: (SeriesID) -> ValueKind) {
        guard !other.texts.isEmpty || !other.qualities.isEmpty || !qualities.isEmpty else {
            series.append(contentsOf: other.series)
            times.append(contentsOf: other.times)
            bits.append(contentsOf: other.bits)
            return
        }
        let textBase = UInt64(texts.count)
        texts.append(contentsOf: other.texts)
        for index in 0..<other.count {
            let shift = kind(other.series[index]) == .text ? textBase : 0
            appendBits(
                other.series[index], at: Timestamp(nanoseconds: other.times[index]),
                other.bits[index] &+ shift,
                quality: other.qualities.isEmpty ? .good : other.qualities[index])
        }
    }

    /// The rows of this batch with points put between them, each before the row of its place.
    ///
    /// - Parameter points: by ascending place; a place of `count` is behind the last row.
    public func inserting(_ points: [PlacedPoint]) -> PointBatch {
        var merged = PointBatch()
        merged.reserveCapacity(count + points.count)
        merged.texts = texts
        var next = 0
        for point in points {
            merged.append(rows: next..<point.place, of: self)
            next = point.place
            merged.append(point.series, at: point.instant, point.value, quality: point.quality)
        }
        merged.append(rows: next..<count, of: self)
        return merged
    }

    /// Appends rows of a batch whose texts are the first ones here.
    private mutating func append(rows: Range<Int>, of other: PointBatch) {
        guard !rows.isEmpty else { return }
        if !other.qualities.isEmpty || !qualities.isEmpty {
            let good = repeatElement(Quality.good, count: rows.count)
            if qualities.isEmpty { qualities = Array(repeating: .good, count: count) }
            qualities += other.qualities.isEmpty ? Array(good) : Array(other.qualities[rows])
        }
        series += other.series[rows]
        times += other.times[rows]
        bits += other.bits[rows]
    }

    private mutating func appendQuality(_ quality: Quality) {
        if qualities.isEmpty {
            qualities = Array(repeating: .good, count: times.count)
        }
        qualities.append(quality)
    }
}

/// A point that belongs between the rows of a batch.
public struct PlacedPoint: Sendable {
    /// How many rows of the batch come before it.
    public var place: Int
    /// Its series.
    public var series: SeriesID
    /// When.
    public var instant: Timestamp
    /// What, of the kind of its series.
    public var value: Value
    /// How good it is.
    public var quality: Quality

    /// A point from its parts.
    public init(
        place: Int, series: SeriesID, instant: Timestamp, value: Value, quality: Quality
    ) {
        self.place = place
        self.series = series
        self.instant = instant
        self.value = value
        self.quality = quality
    }
}
