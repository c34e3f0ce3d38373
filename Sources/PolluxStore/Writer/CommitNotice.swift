public import PolluxModel

/// What one commit changed; sent to observers after the commit is durable and visible.
public struct CommitNotice: Sendable {
    /// A series that got or lost points, and the span of their times.
    public struct Touched: Hashable, Sendable {
        /// The series.
        public var series: SeriesID
        /// The earliest instant written or deleted.
        public var first: Int64
        /// The latest instant written or deleted.
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
    /// The series that got or lost points, each once.
    public var touched: [Touched]
    /// The points that were written, in the order of writing.
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

extension CommitNotice {
    /// The spans of both lists, each series once.
    static func joined(_ written: [Touched], _ removed: [Touched]) -> [Touched] {
        guard !removed.isEmpty else { return written }
        var result = written
        var place: [SeriesID: Int] = [:]
        for (index, one) in written.enumerated() { place[one.series] = index }
        for one in removed {
            if let index = place[one.series] {
                result[index].first = min(result[index].first, one.first)
                result[index].last = max(result[index].last, one.last)
            } else {
                place[one.series] = result.count
                result.append(one)
            }
        }
        return result
    }
}
