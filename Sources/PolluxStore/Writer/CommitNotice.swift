public import PolluxModel

/// What one commit changed; sent to observers after the commit is durable and visible.
public struct CommitNotice: Sendable {
    /// A series that got points, and the span of their times.
    public struct Touched: Hashable, Sendable {
        /// The series.
        public var series: SeriesID
        /// The earliest instant written.
        public var first: Int64
        /// The latest instant written.
        public var last: Int64

        /// A span from its parts.
        public init(series: SeriesID, first: Int64, last: Int64) {
            self.series = series
            self.first = first
            self.last = last
        }
    }

    /// The commit; a snapshot with this number or a greater one sees what it changed.
    public var transactionID: UInt64
    /// The series that got points, each once.
    public var touched: [Touched]
    /// The points themselves, in the order of writing.
    public var batches: [PointBatch]
    /// Whether types, assets, relations or attributes changed.
    public var plantChanged: Bool
    /// Whether something known before may mean another thing now: renamed, moved, retired, declared
    /// anew.
    public var plantEdited: Bool
    /// Whether events changed.
    public var eventsChanged: Bool
}

/// Names an observer so that it can be taken away.
public struct ObserverID: Hashable, Sendable {
    let rawValue: UInt64
}
