public import PolluxModel

/// What the catalog knows of a series.
public struct SeriesDescription: Hashable, Sendable {
    /// The number that stands for the series in points and keys.
    public var id: SeriesID
    /// The asset that the source addresses.
    public var asset: AssetID
    /// The measure.
    public var measure: MeasureID
    /// The kind of every value.
    public var kind: ValueKind
    /// The asset whose parts arrive together, usually the machine; chunks hold one group each.
    public var group: AssetID

    /// A description from its parts.
    public init(
        id: SeriesID, asset: AssetID, measure: MeasureID, kind: ValueKind, group: AssetID
    ) {
        self.id = id
        self.asset = asset
        self.measure = measure
        self.kind = kind
        self.group = group
    }
}

/// One observation of one series.
public struct Point: Hashable, Sendable {
    /// When it was observed.
    public var instant: Timestamp
    /// What was observed; says nothing when the quality is `end`.
    public var value: Value
    /// How far it can be trusted.
    public var quality: Quality

    /// A point from its parts.
    public init(instant: Timestamp, value: Value, quality: Quality = .good) {
        self.instant = instant
        self.value = value
        self.quality = quality
    }
}

/// Counts about one series since it began; what `describe` shows.
public struct SeriesCounts: Hashable, Sendable {
    /// Distinct points in chunks, plus rows in the head.
    public var points: UInt64 = 0
    /// Points that arrived after a later one of the same series.
    public var late: UInt64 = 0
    /// Points that replaced a different value at the same instant.
    public var duplicate: UInt64 = 0
    /// Points that were refused before they reached the store.
    public var rejected: UInt64 = 0
    /// The earliest and the latest instant, or nil when there is no point.
    public var span: (first: Timestamp, last: Timestamp)? {
        guard let first, let last else { return nil }
        return (first, last)
    }
    /// The earliest instant.
    public var first: Timestamp?
    /// The latest instant.
    public var last: Timestamp?

    /// No points at all.
    public init() {}
}
