public import PolluxKeyValue

/// How long the points of a series are kept and which rollups are kept of them.
public struct LifeRule: Hashable, Sendable {
    /// How long points are kept, in nanoseconds; nil for good.
    public var retention: Int64?
    /// The lengths of rollup buckets, as in `LifeDeclaration`.
    public var rollups: [Int64]
    /// Whether values hold until the next point rather than lead to it in a line.
    public var isStep: Bool
    /// The longest time a point is trusted, in nanoseconds; nil until the next one.
    public var gap: Int64?
    /// What rollups hold beyond the sums of numbers.
    public var contents: RollupContents
    /// What the rule is about in words, such as `vibration of spindle`; for records of expiry.
    public var subject: String

    /// A rule from its parts.
    public init(
        retention: Int64?, rollups: [Int64] = [], isStep: Bool = false, gap: Int64? = nil,
        contents: RollupContents = [], subject: String = ""
    ) {
        self.contents = contents
        self.retention = retention
        self.rollups = rollups
        self.isStep = isStep
        self.gap = gap
        self.subject = subject
    }

    /// The instant up to which points may go at `now`: whole buckets, and in steps of a part of
    /// the retention, so that a chunk is not cut again and again.
    func horizon(at now: Int64) -> Int64? {
        guard let retention else { return nil }
        let (oldest, overflow) = now.subtractingReportingOverflow(retention)
        guard !overflow else { return nil }
        return oldest.floored(to: max(retention / 32, 1)).floored(to: rollups.last ?? 1)
    }
}

/// Says how long the points of series are kept; the plant knows it.
public protocol LifeRules: Sendable {
    /// The shortest time that points of any series are kept, nil when all are kept for good, and
    /// whether there are rollups of any.
    func lives(
        in transaction: ReadTransaction
    ) throws -> (shortestRetention: Int64?, hasRollups: Bool)
    /// The rule for a series, nil when nothing is said about it.
    func rule(for series: SeriesDescription, in transaction: ReadTransaction) throws -> LifeRule?
}

extension Int64 {
    /// The greatest multiple of a length that is not greater.
    func floored(to length: Int64) -> Int64 {
        let rest = self % length
        let distance = rest < 0 ? rest + length : rest
        return subtractingReportingOverflow(distance).overflow ? .min : self - distance
    }
}
