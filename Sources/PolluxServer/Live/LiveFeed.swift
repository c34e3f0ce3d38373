public import PolluxModel
public import PolluxQuery

/// Where the server gets the rows of watched queries from.
public protocol LiveFeed: Sendable {
    /// Begins to watch a question; `text` may or may not begin with `watch`.
    ///
    /// - Throws: `QueryError` when the text is wrong. Blocks: called on a thread for queries.
    func subscribe(to text: String, options: QueryOptions) throws -> any LiveRows
    /// The continuous queries or alerts there are.
    func entries(alerts: Bool) throws -> [LiveEntry]
}

/// The rows of one watched question, in a queue with a bound.
public protocol LiveRows: AnyObject, Sendable {
    /// The columns, without rows.
    var columns: [ResultColumn] { get }
    /// Waits for what comes next; nil when the subscription has ended.
    func next() async -> LiveUpdate?
    /// Ends the subscription; `next` returns nil soon.
    func cancel()
}

/// What a watched question has to say.
public enum LiveUpdate: Sendable {
    /// What is known of rows.
    public enum State: String, Sendable {
        /// They may change.
        case provisional
        /// They stay, unless late points correct them.
        case final
        /// They replace final rows of the same key.
        case corrected
    }

    /// Rows, and the instant up to which slices are final.
    case rows(QueryResult, State, finalUntil: Timestamp?)
    /// The subscriber was too slow: this many rows were passed over.
    case lagging(skippedCount: Int)
    /// The question cannot be answered any more, and why.
    case failed(QueryError)
}
