public import PolluxModel

/// Why something was not stored.
public enum RejectionKind: String, CaseIterable, Hashable, Sendable {
    /// The bytes could not be read, or no rule matches them.
    case unreadable
    /// Its time lies in the future.
    case future
    /// The value or unit does not fit the series.
    case conflict
    /// A limit on new assets or series was reached.
    case limit
    /// The asset or measure is unknown, and new ones are switched off.
    case unknown
    /// The plant does not allow it, such as an end without a beginning.
    case plant
}

/// Counters of one source since the start of the process.
public struct SourceStatistics: Hashable, Sendable {
    /// The source's name: `http`, a broker's address, a file.
    public var source: String
    /// Messages or requests taken in.
    public var messageCount: UInt64 = 0
    /// Bytes of their payloads.
    public var byteCount: UInt64 = 0
    /// Points stored.
    public var pointCount: UInt64 = 0
    /// Events recorded.
    public var eventCount: UInt64 = 0
    /// Points, lines or messages not stored.
    public var rejectedCount: UInt64 = 0
    /// The same by their kind.
    public var rejections: [RejectionKind: UInt64] = [:]
    /// Points rejected because they lie in the future.
    public var futureCount: UInt64 = 0
    /// Points left out as replays of retained messages.
    public var replayedCount: UInt64 = 0
    /// Points older than one that the source sent before in the same series.
    public var lateCount: UInt64 = 0
    /// Points at the time of the newest one that the source sent before in the same series.
    public var duplicateCount: UInt64 = 0
    /// Messages that the broker sent again although they were stored.
    public var redeliveredCount: UInt64 = 0
    /// The newest time of a point; with `lastArrival` it tells how far behind the source is.
    public var newestInstant: Timestamp?
    /// Messages put into the dead-letter table.
    public var deadLetterCount: UInt64 = 0
    /// Assets that appeared.
    public var newAssetCount: UInt64 = 0
    /// Series that appeared.
    public var newSeriesCount: UInt64 = 0
    /// Points or attribute changes left out because of a limit on new things.
    public var limitedCount: UInt64 = 0
    /// When something last arrived.
    public var lastArrival: Timestamp?

    /// How much older its newest point is than the last arrival, in nanoseconds; nil before both.
    public var lag: Int64? {
        guard let lastArrival, let newestInstant else { return nil }
        return max(0, lastArrival.nanoseconds(since: newestInstant))
    }

    /// Counters at zero.
    public init(source: String) {
        self.source = source
    }
}

/// A message that could not be stored, kept with its reason.
public struct DeadLetter: Hashable, Sendable {
    /// Its number; grows with time.
    public var id: UInt64
    /// When it was put aside.
    public var time: Timestamp
    /// The source it came from.
    public var source: String
    /// Its topic.
    public var topic: String
    /// Its bytes.
    public var payload: [UInt8]
    /// Why it could not be stored.
    public var reason: String
}

/// What became of dead letters that were tried again.
public struct ReplayOutcome: Hashable, Sendable {
    /// Letters that were stored and removed.
    public var storedCount = 0
    /// Letters that stay.
    public var remainingCount = 0
    /// An empty outcome.
    public init() {}
}

/// What a message would write, found without writing anything.
public struct MessageTrial: Hashable, Sendable, CustomStringConvertible {
    /// The rule that matched the topic, or nil.
    public var rule: String?
    /// The kind of payload found, such as `number`, `JSON object`, `line protocol`.
    public var format: String
    /// One line for each point, event or attribute it would write.
    public var lines: [String]
    /// What could not be read, if anything.
    public var problems: [String]

    /// A trial from its parts.
    public init(rule: String?, format: String, lines: [String], problems: [String]) {
        self.rule = rule
        self.format = format
        self.lines = lines
        self.problems = problems
    }

    /// The trial as lines of text.
    public var description: String {
        var text: [String] = []
        text.append("rule     \(rule ?? "none matches")")
        text.append("payload  \(format)")
        text.append(contentsOf: lines.map { "write    \($0)" })
        text.append(contentsOf: problems.map { "problem  \($0)" })
        return text.joined(separator: "\n")
    }
}
