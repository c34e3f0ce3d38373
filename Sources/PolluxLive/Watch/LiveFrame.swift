public import PolluxModel
public import PolluxQuery

/// How settled rows are.
public enum RowState: String, Hashable, Sendable {
    /// Their slice can still change by points that arrive in time.
    case provisional
    /// Their slice is over and waited for.
    case final
    /// They were final and have changed by late points or edits of the plant.
    case corrected
}

/// What a subscriber is sent.
public enum LiveFrame: Sendable {
    /// The subscription runs: its columns, without rows.
    case subscribed(QueryResult)
    /// Rows that are new or have changed.
    case rows(LiveRows)
    /// The query cannot be run for now, or ever; it is tried again when something changes.
    case error(code: String, message: String)
    /// The subscriber was too slow: so many rows were left out, in this span of row times.
    case lagging(skippedRowCount: Int, range: TimeRange)
}

/// Rows of one state.
public struct LiveRows: Sendable {
    /// How settled they are.
    public var state: RowState
    /// The columns and keys of these rows only.
    public var result: QueryResult
    /// Rows that are no longer part of the answer.
    public var removed: [RowKey]
    /// Slices that end at or before this are final.
    public var finalUpTo: Timestamp

    /// Rows from their parts.
    public init(
        state: RowState, result: QueryResult, removed: [RowKey] = [], finalUpTo: Timestamp
    ) {
        self.state = state
        self.result = result
        self.removed = removed
        self.finalUpTo = finalUpTo
    }

    /// Rows here, those taken away included.
    var count: Int { result.keys.count + removed.count }
}
