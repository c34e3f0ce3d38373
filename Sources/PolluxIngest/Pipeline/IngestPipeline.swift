public import PolluxGraph
import PolluxKeyValue
public import PolluxModel
public import PolluxStore
import Synchronization

/// The one way of points into the store: reads bytes, finds or makes the assets and series they
/// name, and returns when everything is durable.
///
/// Safe to call from any thread.
public final class IngestPipeline: Sendable {
    /// Limits and habits.
    public let options: IngestOptions
    let store: Store
    let graph: Graph
    let letters: DeadLetterTable
    let settings: Table
    let sparkplugTable: Table
    let mtconnectTable: Table
    let deliveries: DeliveryTable
    let state: Mutex<IngestState>

    /// A pipeline into a store and the graph of the same environment; takes up the topic rules that
    /// were set before.
    ///
    /// - Throws: `KeyValueError` when its tables cannot be opened.
    public init(store: Store, graph: Graph, options: IngestOptions = IngestOptions()) throws {
        self.store = store
        self.graph = graph
        self.options = options
        letters = try DeadLetterTable(
            environment: store.environment, byteCountLimit: options.deadLetterByteCount)
        guard let settings = try store.environment.table("ingest.settings") else {
            throw KeyValueError.failed(action: "open ingest.settings", reason: "read only")
        }
        self.settings = settings
        guard let sparkplugTable = try store.environment.table("ingest.sparkplug") else {
            throw KeyValueError.failed(action: "open ingest.sparkplug", reason: "read only")
        }
        self.sparkplugTable = sparkplugTable
        guard let mtconnectTable = try store.environment.table("ingest.mtconnect") else {
            throw KeyValueError.failed(action: "open ingest.mtconnect", reason: "read only")
        }
        self.mtconnectTable = mtconnectTable
        deliveries = try DeliveryTable(environment: store.environment)
        var state = IngestState(options: options)
        state.deliveries = try IngestPipeline.storedDeliveries(store.environment, deliveries)
        state.rules = try IngestPipeline.storedRules(store.environment, settings)
        state.mtconnect = try IngestPipeline.storedDevices(store.environment, mtconnectTable)
        state.publishers = try IngestPipeline.storedPublishers(store.environment, settings)
        self.state = Mutex(state)
    }

    private static let rulesKey = Array("rules".utf8)

    private static func storedDeliveries(
        _ environment: Environment, _ table: DeliveryTable
    ) throws -> [String: DeliveryWindow] {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        return try table.windows(in: transaction)
    }

    private static func storedRules(
        _ environment: Environment, _ settings: Table
    ) throws -> IngestRules {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        guard let bytes = try transaction.value(settings, rulesKey) else { return IngestRules() }
        return try IngestRules(String(decoding: bytes, as: UTF8.self))
    }

    /// The rules in force; changed by `setRules`, kept over a restart.
    public var rules: IngestRules { state.withLock { $0.rules } }

    /// Replaces the rules, durably; blocks until the commit.
    ///
    /// Messages on their way are read by the rules that were in force when they arrived.
    public func setRules(_ rules: IngestRules) throws {
        let text = Array(rules.text.utf8)
        let settings = settings
        try store.writeBlocking { transaction in
            try transaction.transaction.put(settings, IngestPipeline.rulesKey, text)
        }
        state.withLock {
            $0.rules = rules
            $0.forget()
        }
    }

    /// Stores a body of line protocol and returns after the commit.
    ///
    /// Lines that cannot be stored are listed in the outcome; the others are stored.
    /// - Parameters:
    ///   - bytes: the body, uncompressed UTF-8.
    ///   - precision: the unit of its timestamps.
    ///   - receivedAt: the time of lines without one.
    ///   - source: the name under which it is counted.
    ///   - isWhole: whether nothing is stored when any line cannot be.
    /// - Throws: an error of the store when nothing could be committed.
    public func write(
        lineProtocol bytes: [UInt8], precision: TimestampPrecision = .nanoseconds,
        receivedAt: Timestamp, source: String = "http", isWhole: Bool = false
    ) async throws -> WriteOutcome {
        do {
            return try await write(
                bytes, precision, receivedAt, source, isWhole: isWhole, isFresh: false)
        } catch is EditedPlant {
            return try await write(
                bytes, precision, receivedAt, source, isWhole: isWhole, isFresh: true)
        }
    }

    private func write(
        _ bytes: [UInt8], _ precision: TimestampPrecision, _ receivedAt: Timestamp,
        _ source: String, isWhole: Bool, isFresh: Bool
    ) async throws -> WriteOutcome {
        var (write, job) = prepare(bytes, precision, receivedAt, source, isFresh: isFresh)
        var result = CommitResult()
        if isWhole, write.refusalCount > 0 {
            write.empty()
        } else if !write.hasNothing {
            do {
                result = try await store.write { [job] transaction in
                    let result = try job.run(transaction)
                    guard !isWhole || result.refusals.isEmpty else {
                        throw RefusedWhole(refusals: result.refusals)
                    }
                    return result
                }
            } catch let refused as RefusedWhole {
                write.empty()
                result.refusals = refused.refusals
            }
        }
        return finish(write, job, result, bytes: bytes.count, receivedAt) { origin in
            LineFinder.text(ofLine: origin, in: bytes)
        }
    }

    /// Like `write`, for threads that may block, such as an import.
    public func writeBlocking(
        lineProtocol bytes: [UInt8], precision: TimestampPrecision = .nanoseconds,
        receivedAt: Timestamp, source: String = "import"
    ) throws -> WriteOutcome {
        let (write, job, result) = try EditedPlant.retrying { isFresh in
            let (write, job) = prepare(bytes, precision, receivedAt, source, isFresh: isFresh)
            let result =
                write.hasNothing ? CommitResult() : try store.writeBlocking { try job.run($0) }
            return (write, job, result)
        }
        return finish(write, job, result, bytes: bytes.count, receivedAt) { origin in
            LineFinder.text(ofLine: origin, in: bytes)
        }
    }

    /// Reads lines up to what only the commit can find.
    ///
    /// A time after `now` lies in the future, and no limit on new things holds when `isLimited` is
    /// false. When it `isFresh`, it rests on nothing that was looked up before.
    func prepare(
        _ bytes: [UInt8], _ precision: TimestampPrecision, _ receivedAt: Timestamp,
        _ source: String, now: Timestamp? = nil, isLimited: Bool = true, isFresh: Bool
    ) -> (PendingWrite, CommitJob) {
        var resolver = LineResolver(
            options: options, precision: precision, receivedAt: receivedAt,
            now: now ?? receivedAt)
        let job = state.withLock { state in
            let version = store.plantVersion
            state.follow(version)
            resolver.places.rules = state.rules.lines
            state.resolving(isFresh: isFresh) { resolver.resolve(bytes.span, with: &$0.lines) }
            return CommitJob(
                graph: graph, write: resolver.write,
                provenance: Provenance(recordedAt: receivedAt, source: source),
                createsUnknown: options.createsUnknown,
                allowance: isLimited ? state.allowance(at: receivedAt) : .unlimited,
                generation: state.generation, plantVersion: isFresh ? nil : version,
                isFromLines: true)
        }
        return (resolver.write, job)
    }

    /// Remembers and counts what a durable commit did, and says it.
    func finish(
        _ write: PendingWrite, _ job: CommitJob, _ result: CommitResult, bytes: Int,
        _ now: Timestamp, messages: Int = 1, text: (Int) -> String
    ) -> WriteOutcome {
        state.withLock { state in
            state.learn(result, fromLines: job.isFromLines, generation: job.generation)
            state.count(
                job.provenance.source, messages: messages, bytes: bytes, write: write,
                result: result, at: now)
            // Those of messages are counted where their deliveries are.
            if job.isFromLines { state.countOrder(job.provenance.source, result.batch) }
        }
        var outcome = WriteOutcome()
        outcome.pointCount = result.pointCount
        outcome.eventCount = result.eventCount
        outcome.newAssetCount = result.newAssetCount
        outcome.newSeriesCount = result.newSeriesCount
        outcome.replayedCount = write.replayedCount
        outcome.rejectedCount = write.refusalCount + result.refusals.count
        let origins = write.refusedOrigins.union(result.refusals.map(\.origin))
        outcome.acceptedCount = max(0, write.storedOriginCount - origins.count)
        // The earliest lines first: stable, because refusals of one line keep their order.
        let refusals = (write.refusals + result.refusals.prefix(options.listedRejectionCount))
            .enumerated()
            .sorted { ($0.element.origin, $0.offset) < ($1.element.origin, $1.offset) }
            .prefix(options.listedRejectionCount)
        for (_, refusal) in refusals {
            var rejection = Rejection(
                line: refusal.origin, text: text(refusal.origin), reason: refusal.reason)
            rejection.isSyntax = refusal.isSyntax
            outcome.rejections.append(rejection)
        }
        return outcome
    }

    /// Counters of every source, by name.
    public var statistics: [SourceStatistics] {
        state.withLock { $0.sources.values.sorted { $0.source < $1.source } }
    }

    /// Shows a source among `connections` for as long as the pipeline lives.
    func register(_ source: MQTTSource) {
        state.withLock { $0.connections.append(source) }
    }

    /// The sources that take messages from brokers, in the order in which they were made.
    public var connections: [MQTTSource] { state.withLock { $0.connections } }
}

/// Takes a commit back whose write was prepared before the plant was edited: what its names and
/// units mean must be looked up again.
struct EditedPlant: Error {
    /// Runs a write, and once more when the plant was edited on the way: then it is fresh, so that
    /// everything is looked up in the commit itself and no edit can come between.
    static func retrying<Result>(_ write: (_ isFresh: Bool) throws -> Result) throws -> Result {
        do {
            return try write(false)
        } catch is EditedPlant {
            return try write(true)
        }
    }
}

/// Takes a commit back in which something was refused.
private struct RefusedWhole: Error {
    let refusals: [Refusal]
}

/// One write on its way into a commit: values only, so that its body may run again.
struct CommitJob: Sendable {
    let graph: Graph
    let write: PendingWrite
    let provenance: Provenance
    let createsUnknown: Bool
    let allowance: CommitBody.Allowance
    let generation: UInt64
    /// The edit of the plant that the write rests on; nil when it rests on none.
    let plantVersion: UInt64?
    let isFromLines: Bool

    /// Runs in the store's transaction.
    ///
    /// - Throws: `EditedPlant` when the plant is no longer the one that the write rests on.
    func run(_ transaction: StoreTransaction) throws -> CommitResult {
        if let plantVersion, plantVersion != transaction.plantVersion { throw EditedPlant() }
        var body = CommitBody(
            graph: graph, transaction: transaction, provenance: provenance,
            createsUnknown: createsUnknown, allowance: allowance)
        try body.run(write)
        body.result.plantVersion = transaction.plantVersion
        return body.result
    }
}
