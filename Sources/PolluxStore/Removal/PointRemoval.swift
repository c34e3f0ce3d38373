public import PolluxModel

/// A request to delete points, with what its record shall say.
public struct PointRemoval: Sendable {
    /// A series and the range of it that goes.
    public struct Part: Hashable, Sendable {
        /// The series.
        public var series: SeriesID
        /// The points from its start up to, not including, its end.
        public var range: TimeRange

        /// A part.
        public init(series: SeriesID, range: TimeRange) {
            self.series = series
            self.range = range
        }
    }

    /// What goes.
    public var parts: [Part]
    /// Who asked for it.
    public var by: String
    /// What was asked for, as it was written.
    public var what: String
    /// Why.
    public var reason: String

    /// A request.
    public init(parts: [Part], by: String, what: String, reason: String) {
        self.parts = parts
        self.by = by
        self.what = what
        self.reason = reason
    }
}

/// The record of a range delete: it stays for good.
public struct RemovalRecord: Hashable, Sendable {
    /// What went of one series.
    public struct Part: Hashable, Sendable {
        /// The series.
        public var series: SeriesID
        /// The range that was asked for.
        public var range: TimeRange
        /// Distinct points that went.
        public var pointCount: UInt64

        /// A part.
        public init(series: SeriesID, range: TimeRange, pointCount: UInt64) {
            self.series = series
            self.range = range
            self.pointCount = pointCount
        }
    }

    /// Its number, in the order of deleting, from 1.
    public var number: UInt64
    /// When it was done.
    public var instant: Timestamp
    /// Who asked for it; empty in records from before this was kept.
    public var by: String
    /// What was asked for, as it was written.
    public var what: String
    /// Why.
    public var reason: String
    /// What went.
    public var parts: [Part]
    /// Distinct points that went, of all series.
    public var pointCount: UInt64 { parts.reduce(0) { $0 + $1.pointCount } }
}
