import PolluxGraph
import PolluxKeyValue
public import PolluxModel
import PolluxStore
import Synchronization

/// Sparkplug's side of the pipeline: what needs order, memory and a way back to the broker.
extension IngestPipeline {
    /// Makes a source a Sparkplug host application, or passive with nil, which it is by default.
    ///
    /// - Parameters:
    ///   - host: the name of the host application.
    ///   - instant: the time in its will and its state.
    ///   - source: the source's name, as given to `ingest`.
    public func setSparkplugHost(_ host: String?, since instant: Timestamp, of source: String) {
        state.withLock { state in
            state.sparkplug.setHost(
                host.map { SparkplugHost.Application(name: $0, since: instant) }, of: source)
        }
    }

    /// The messages to publish on a source now, each once, at QoS 0 unless retained: requests for
    /// births, and the state of a host application that was said to be offline.
    public func takeCommands(of source: String) -> [TopicMessage] {
        state.withLock { $0.sparkplug.takeCommands(of: source) }
    }

    /// The payload of a host application's state (`spBv1.0/STATE/name`, QoS 1, retained).
    public static func sparkplugState(isOnline: Bool, at instant: Timestamp) -> [UInt8] {
        SparkplugCommand.state(isOnline: isOnline, at: instant)
    }

    /// Takes what has waited long enough: Sparkplug messages and births that never came.
    ///
    /// To be called now and then, also when nothing arrives.
    /// - Throws: an error of the store; then it is tried again with the next call.
    public func settle(at now: Timestamp) throws {
        try findWaitingNodes()
        var resolver = MessageResolver(options: options, storedTimes: [:])
        let job: CommitJob? = state.withLock { (state) -> CommitJob? in
            guard !state.sparkplug.dueNodes(at: now).isEmpty else { return nil }
            let rules = state.rules.topics
            // Rare, so that it may rest on nothing: a commit that cannot fail by an edit of the
            // plant need not be taken back.
            state.resolving(isFresh: true) { state in
                let generation = state.generation
                let messages = state.sparkplug.settle(
                    at: now,
                    rules: { source in
                        SparkplugHost.Surroundings(
                            rules: rules, generation: generation, source: source,
                            futureTolerance: options.futureTolerance, load: { _ in nil })
                    }, cache: &state.addresses, write: &resolver.write)
                let message = TopicMessage(topic: "", payload: [], receivedAt: now)
                for decoded in messages {
                    resolver.resolve(decoded, of: message, number: 1, with: &state.addresses)
                }
            }
            return CommitJob(
                graph: graph, write: resolver.write,
                provenance: Provenance(recordedAt: now, source: "sparkplug"),
                createsUnknown: options.createsUnknown, allowance: state.allowance(at: now),
                generation: state.generation, plantVersion: nil, isFromLines: false)
        }
        guard let job else { return }
        let write = resolver.write
        let result = try commit { transaction in
            let result = try job.run(transaction)
            try self.keepSparkplug(write, transaction.transaction)
            return result
        }
        _ = finish(write, job, result, bytes: 0, now, messages: 0) { _ in "" }
    }

    /// Reads the nodes that waited for something when the server last ran.
    private func findWaitingNodes() throws {
        let rules: TopicRules? = state.withLock { state in
            state.sparkplug.knowsWaiting ? nil : state.rules.topics
        }
        guard let rules else { return }
        let transaction = try store.environment.beginRead()
        defer { transaction.close() }
        let reader = SparkplugRecordReader(table: sparkplugTable, rules: rules)
        let waiting = try reader.waitingNodes(in: transaction)
        state.withLock { $0.sparkplug.adopt(waiting) }
    }

    /// What a message of Sparkplug's namespace would write, by the births that are stored.
    func trySparkplug(_ message: TopicMessage, _ rules: IngestRules) throws -> DecodedMessage {
        var state = IngestState(options: options)
        state.rules = rules
        let around = surroundings(state, source: "try", isReplay: true)
        var resolver = MessageResolver(options: options, storedTimes: [:])
        return try resolver.read(
            sparkplug: message, around, PayloadReader(rules: state.rules, options: options),
            &state)
    }

    /// Commits, and forgets the state of Sparkplug's sessions when that fails: what is stored
    /// counts.
    func commit(
        _ body: @escaping @Sendable (StoreTransaction) throws -> CommitResult
    ) throws -> CommitResult {
        do {
            return try store.writeBlocking(body)
        } catch {
            state.withLock { $0.sparkplug.forget() }
            throw error
        }
    }

    /// Writes births and sessions in the commit of their points.
    func keepSparkplug(_ write: PendingWrite, _ transaction: WriteTransaction) throws {
        for record in write.sparkplugRecords {
            try transaction.put(sparkplugTable, record.key, record.value)
        }
    }

    /// What Sparkplug messages of a batch need.
    func surroundings(
        _ state: IngestState, source: String, isReplay: Bool
    ) -> SparkplugHost.Surroundings {
        let reader = SparkplugRecordReader(table: sparkplugTable, rules: state.rules.topics)
        let environment = store.environment
        return SparkplugHost.Surroundings(
            rules: state.rules.topics, generation: state.generation, source: source,
            isReplay: isReplay,
            futureTolerance: options.futureTolerance,
            load: { topic in
                let transaction = try environment.beginRead()
                defer { transaction.close() }
                return try reader.node(of: topic, in: transaction)
            })
    }
}

extension MessageResolver {
    /// Takes a batch of messages; those of Sparkplug are decoded here, in their order.
    mutating func resolve(
        _ messages: [TopicMessage], _ decoded: inout [DecodedMessage],
        _ around: SparkplugHost.Surroundings, _ reader: PayloadReader, _ state: inout IngestState
    ) throws {
        for index in messages.indices {
            if SparkplugTopic.owns(messages[index].topic) {
                decoded[index] = try read(sparkplug: messages[index], around, reader, &state)
            }
            resolve(
                decoded[index], of: messages[index], number: index + 1, with: &state.addresses)
        }
    }

    /// Reads a message of Sparkplug's namespace; points of known series are in the write after it.
    mutating func read(
        sparkplug message: TopicMessage, _ around: SparkplugHost.Surroundings,
        _ reader: PayloadReader, _ state: inout IngestState
    ) throws -> DecodedMessage {
        let known = state.sparkplug.knownTopic(message.topic)
        switch known.map(SparkplugTopic.Reading.message) ?? SparkplugTopic.read(message.topic) {
        case .message(let topic):
            return try state.sparkplug.take(
                message, topic, around, cache: &state.addresses, write: &write)
        case .hostState(let host):
            state.sparkplug.takeState(of: host, message, source: around.source)
            return DecodedMessage(format: "Sparkplug host state")
        case .wrong(let reason):
            return DecodedMessage(format: "Sparkplug", problems: [reason])
        case .none:
            return reader.read(
                topic: message.topic, payload: message.payload, receivedAt: message.receivedAt)
        }
    }
}
