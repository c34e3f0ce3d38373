/// A part of a write that was not stored, and why.
public struct Rejection: Hashable, Sendable {
    /// The line of the body, counted from 1; for messages, their position in the batch from 1.
    public var line: Int
    /// The line or topic as it came, cut after 256 bytes.
    public var text: String
    /// Why, in words that clients of line protocol know.
    public var reason: String
    /// Why, in words for files and messages of other formats.
    public var plainReason: String

    init(line: Int, text: String, reason: RefusalReason) {
        self.line = line
        self.text = text
        self.reason = reason.lineText
        plainReason = reason.plainText
    }

    /// The whole message, such as `unable to parse 'm f=': missing field value`.
    public var message: String {
        isConflict ? "partial write: \(reason)" : "unable to parse '\(text)': \(reason)"
    }

    private var isConflict: Bool { !isSyntax }
    /// Whether the text itself could not be read, as opposed to a refusal of what it says.
    public var isSyntax = true
}

/// What a write stored, once it is durable.
public struct WriteOutcome: Sendable {
    /// Points stored.
    public var pointCount = 0
    /// Events recorded.
    public var eventCount = 0
    /// Lines or messages that were stored in full.
    public var acceptedCount = 0
    /// Points or lines that were not stored.
    public var rejectedCount = 0
    /// The first rejections, in order; at most `IngestOptions.listedRejectionCount`.
    public var rejections: [Rejection] = []
    /// Assets that appeared.
    public var newAssetCount = 0
    /// Series that appeared.
    public var newSeriesCount = 0
    /// Points left out because a broker replayed what is already stored.
    public var replayedCount = 0

    /// An empty outcome.
    public init() {}
}
