public import PolluxModel

/// A request to delete what a question means.
public struct RemovalRequest: Sendable {
    /// The question: measures of a path, and when.
    public var text: String
    /// When, in the place of clauses about time or within them; nil when the text says it.
    public var range: TimeRange?
    /// Who asks.
    public var by: String
    /// Why; not empty.
    public var reason: String
    /// How the text is read.
    public var options: QueryOptions

    /// A request.
    public init(
        text: String, range: TimeRange? = nil, by: String, reason: String,
        options: QueryOptions = QueryOptions()
    ) {
        self.text = text
        self.range = range
        self.by = by
        self.reason = reason
        self.options = options
    }
}

/// What a delete did, or would do.
public struct RemovalReport: Sendable {
    /// What goes of one series.
    public struct Part: Hashable, Sendable {
        /// The name of the asset that has the series.
        public var asset: String
        /// The measure.
        public var measure: String
        /// The range.
        public var range: TimeRange
        /// Distinct points.
        public var pointCount: UInt64
    }

    /// The number of its record; nil when nothing was deleted yet.
    public var number: UInt64?
    /// When it was done, or looked at.
    public var instant: Timestamp
    /// Who asked; empty in records from before this was kept.
    public var by: String
    /// What was asked for, as it was written.
    public var what: String
    /// Why.
    public var reason: String
    /// What goes of each series.
    public var parts: [Part]
    /// Distinct points of all series.
    public var pointCount: UInt64 { parts.reduce(0) { $0 + $1.pointCount } }
}
