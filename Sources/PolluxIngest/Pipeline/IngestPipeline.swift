public import PolluxGraph
public import PolluxModel
public import PolluxStore

/// The one way of points into the store: reads bytes, finds or makes the assets and series they
/// name, and returns when everything is durable. Safe to call from any thread.
public final class IngestPipeline: Sendable {
    /// Limits and habits.
    public let options: IngestOptions
    let store: Store
    let graph: Graph

    /// A pipeline into a store and the graph of the same environment.
    public init(store: Store, graph: Graph, options: IngestOptions = IngestOptions()) throws {
        self.store = store
        self.graph = graph
        self.options = options
    }

    /// The topic rules in force; may be changed at any time, kept over a restart.
    public var rules: TopicRules { fatalError() }

    /// Replaces the topic rules, durably.
    public func setRules(_ rules: TopicRules) throws { fatalError() }

    /// Stores a body of line protocol and returns after the commit.
    ///
    /// Lines that cannot be stored are listed in the outcome; the others are stored.
    /// - Parameters:
    ///   - bytes: the body, uncompressed UTF-8.
    ///   - precision: the unit of its timestamps.
    ///   - receivedAt: the time of lines without one.
    ///   - source: the name under which it is counted.
    /// - Throws: an error of the store when nothing could be committed.
    public func write(
        lineProtocol bytes: [UInt8], precision: TimestampPrecision = .nanoseconds,
        receivedAt: Timestamp, source: String = "http"
    ) async throws -> WriteOutcome { fatalError() }

    /// Like `write`, for threads that may block, such as an import.
    public func writeBlocking(
        lineProtocol bytes: [UInt8], precision: TimestampPrecision = .nanoseconds,
        receivedAt: Timestamp, source: String = "import"
    ) throws -> WriteOutcome { fatalError() }

    /// Stores messages in one commit and returns when they are durable; blocks.
    ///
    /// What cannot be read goes to the dead-letter table in the same commit.
    /// - Throws: an error of the store when nothing could be committed; the caller keeps the
    ///   messages unacknowledged.
    @discardableResult
    public func ingest(_ messages: [TopicMessage], source: String) throws -> WriteOutcome {
        fatalError()
    }

    /// What a message would write, without writing.
    public func tryMessage(
        topic: String, payload: [UInt8], receivedAt: Timestamp
    ) -> MessageTrial { fatalError() }

    /// Counters of every source, by name.
    public var statistics: [SourceStatistics] { fatalError() }

    /// The newest dead letters, newest first.
    public func deadLetters(limit: Int = 100) throws -> [DeadLetter] { fatalError() }

    /// Tries dead letters again and removes those that are stored; all of them when `ids` is nil.
    public func replayDeadLetters(_ ids: [UInt64]? = nil) throws -> ReplayOutcome { fatalError() }

    /// Throws dead letters away; all of them when `ids` is nil. Returns how many.
    @discardableResult
    public func removeDeadLetters(_ ids: [UInt64]? = nil) throws -> Int { fatalError() }
}
