import PolluxGraph
import PolluxKeyValue
public import PolluxModel
import PolluxStore
import Synchronization

extension IngestPipeline {
    /// Stores messages in one commit and returns when they are durable; blocks.
    ///
    /// What cannot be read goes to the dead-letter table in the same commit.
    /// - Throws: an error of the store when nothing could be committed; the caller keeps the
    ///   messages unacknowledged.
    @discardableResult
    public func ingest(_ messages: [TopicMessage], source: String) throws -> WriteOutcome {
        try ingest(messages, source: source, keepsLetters: true).outcome
    }

    /// Like `ingest`; says too which messages were refused, by their position from 1.
    func ingest(
        _ messages: [TopicMessage], source: String, keepsLetters: Bool
    ) throws -> (outcome: WriteOutcome, refused: Set<Int>) {
        guard !messages.isEmpty else { return (WriteOutcome(), []) }
        return try EditedPlant.retrying { isFresh in
            try ingest(messages, source: source, keepsLetters: keepsLetters, isFresh: isFresh)
        }
    }

    private func ingest(
        _ messages: [TopicMessage], source: String, keepsLetters: Bool, isFresh: Bool
    ) throws -> (outcome: WriteOutcome, refused: Set<Int>) {
        var account = DeliveryAccount(self, source: source)
        let messages = account.recall(messages)
        let now = messages.map(\.receivedAt).max() ?? messages[0].receivedAt
        var (reader, devices) = surroundings
        var decoded = messages.map {
            IngestPipeline.decode($0, &reader, &devices, isReplay: !keepsLetters)
        }
        account.note(messages, decoded)
        let stored = try storedTimes(of: messages, decoded)
        var resolver = MessageResolver(options: options, storedTimes: stored)
        let letters = keepsLetters ? letters : nil
        let job = try state.withLock { state in
            let version = store.plantVersion
            state.follow(version)
            try state.resolving(isFresh: isFresh) { state in
                let around = surroundings(state, source: source, isReplay: !keepsLetters)
                try resolver.resolve(messages, &decoded, around, reader, &state)
            }
            return CommitJob(
                graph: graph, write: resolver.write,
                provenance: Provenance(recordedAt: now, source: source),
                createsUnknown: options.createsUnknown, allowance: state.allowance(at: now),
                generation: state.generation, plantVersion: isFresh ? nil : version,
                isFromLines: false)
        }
        let write = resolver.write
        var result = CommitResult()
        if !write.hasNothing || !write.refusedOrigins.isEmpty {
            result = try commit { [account, devices, publishers = reader.publishers] transaction in
                var result = try job.run(transaction)
                try self.keepSparkplug(write, transaction.transaction)
                try self.keepDevices(devices, at: now, transaction.transaction)
                try self.keep(publishers, transaction.transaction)
                try account.put(in: transaction.transaction)
                if let letters {
                    result.deadLetterCount = try IngestPipeline.keep(
                        messages, write, result, in: letters, source, transaction.transaction)
                }
                return result
            }
        }
        let bytes = messages.reduce(0) { $0 + $1.payload.count }
        let outcome = finish(
            write, job, result, bytes: bytes, now, messages: messages.count
        ) { origin in
            String(messages[origin - 1].topic.prefix(256))
        }
        account.close(self, result.batch)
        learn(devices, reader.publishers)
        return (outcome, write.refusedOrigins.union(result.refusals.map(\.origin)))
    }

    /// Reads a message as far as its format allows without the order of messages.
    private static func decode(
        _ message: TopicMessage, _ reader: inout PayloadReader,
        _ devices: inout MTConnectDevices, isReplay: Bool
    ) -> DecodedMessage {
        if devices.owns(message) {
            return reader.skipped(message.topic) ?? devices.read(message, isReplay: isReplay)
        }
        // Sparkplug needs the order of messages and what came before: the resolver reads it.
        if SparkplugTopic.owns(message.topic) { return DecodedMessage(format: "Sparkplug") }
        let decoded = reader.read(
            topic: message.topic, payload: message.payload, receivedAt: message.receivedAt)
        for note in decoded.opcua { reader.publishers.learn(note) }
        return decoded
    }

    /// What messages are read by, and what was learned of their senders before.
    private var surroundings: (PayloadReader, MTConnectDevices) {
        state.withLock { state in
            var reader = PayloadReader(rules: state.rules, options: options)
            reader.publishers = state.publishers
            return (reader, state.mtconnect)
        }
    }

    /// Puts refused messages aside, each once with all its reasons.
    private static func keep(
        _ messages: [TopicMessage], _ write: PendingWrite, _ result: CommitResult,
        in letters: DeadLetterTable, _ source: String, _ transaction: WriteTransaction
    ) throws -> Int {
        var reasons: [Int: [String]] = [:]
        for refusal in write.refusals + result.refusals
        where reasons[refusal.origin, default: []].count < 4 {
            reasons[refusal.origin, default: []].append(refusal.reason.plainText)
        }
        let origins = write.refusedOrigins.union(result.refusals.map(\.origin)).sorted()
        for origin in origins {
            let message = messages[origin - 1]
            let reason = reasons[origin]?.joined(separator: "; ") ?? "refused"
            try letters.add(
                DeadLetter(
                    id: 0, time: message.receivedAt, source: source, topic: message.topic,
                    payload: message.payload, reason: reason), in: transaction)
        }
        return origins.count
    }

    /// The newest instant of every series that retained messages speak of.
    private func storedTimes(
        of messages: [TopicMessage], _ decoded: [DecodedMessage]
    ) throws -> [RetainedKey: Timestamp] {
        guard messages.contains(where: \.isRetained) else { return [:] }
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let lookup = AddressLookup(graph: graph, transaction: snapshot.transaction)
        var times: [RetainedKey: Timestamp] = [:]
        for (message, content) in zip(messages, decoded) where message.isRetained {
            for group in content.groups {
                guard let asset = try lookup.asset(group.address) else { continue }
                for point in group.points {
                    let key = RetainedKey(address: group.address, measure: point.measure)
                    guard times[key] == nil,
                        let measure = try graph.measureID(
                            named: point.measure, in: snapshot.transaction),
                        let series = try snapshot.series(of: asset, measure: measure)
                    else { continue }
                    times[key] = try snapshot.last(of: series.id)?.instant
                }
            }
        }
        return times
    }

    /// What a message would write, found without writing anything.
    ///
    /// - Parameter rules: rules to try instead of those in force.
    public func tryMessage(
        topic: String, payload: [UInt8], receivedAt: Timestamp, rules: IngestRules? = nil
    ) -> MessageTrial {
        var trial = MessageTrial(rule: nil, format: "", lines: [], problems: [])
        do {
            let message = try decode(topic, payload, receivedAt, rules ?? self.rules)
            trial.rule = message.rule
            trial.format = message.format
            trial.problems = message.problems
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            let describer = TrialDescriber(
                graph: graph, snapshot: snapshot, options: options, receivedAt: receivedAt)
            for group in message.groups { try describer.describe(group, into: &trial) }
        } catch {
            trial.problems.append("\(error)")
        }
        return trial
    }

    private func decode(
        _ topic: String, _ payload: [UInt8], _ receivedAt: Timestamp, _ rules: IngestRules
    ) throws -> DecodedMessage {
        if SparkplugTopic.owns(topic) {
            return try trySparkplug(
                TopicMessage(topic: topic, payload: payload, receivedAt: receivedAt), rules)
        }
        let message = TopicMessage(topic: topic, payload: payload, receivedAt: receivedAt)
        var devices = state.withLock { $0.mtconnect }
        var reader = PayloadReader(rules: rules, options: options)
        if devices.owns(message) {
            return reader.skipped(topic) ?? devices.read(message, isReplay: true)
        }
        reader.publishers = state.withLock { $0.publishers }
        return reader.read(topic: topic, payload: payload, receivedAt: receivedAt)
    }

    /// The newest dead letters, newest first.
    public func deadLetters(limit: Int = 100) throws -> [DeadLetter] {
        let transaction = try store.environment.beginRead()
        defer { transaction.close() }
        return try letters.newest(limit, in: transaction)
    }

    /// Tries dead letters again, oldest first, and removes those that are stored; all when `ids` is
    /// nil.
    ///
    /// A letter without a time of its own gets the time at which it arrived.
    public func replayDeadLetters(_ ids: [UInt64]? = nil) throws -> ReplayOutcome {
        var outcome = ReplayOutcome()
        let wanted = ids.map(Set.init)
        var next: UInt64 = 1
        while true {
            let batch = try nextLetters(from: next)
            guard let last = batch.last else { return outcome }
            next = last.id + 1
            let chosen = batch.filter { wanted?.contains($0.id) ?? true }
            guard !chosen.isEmpty else { continue }
            let messages = chosen.map {
                TopicMessage(topic: $0.topic, payload: $0.payload, receivedAt: $0.time)
            }
            let refused = try ingest(messages, source: "replay", keepsLetters: false).refused
            let stored = chosen.indices.filter { !refused.contains($0 + 1) }.map { chosen[$0].id }
            try removeDeadLetters(stored)
            outcome.storedCount += stored.count
            outcome.remainingCount += chosen.count - stored.count
        }
    }

    private func nextLetters(from first: UInt64) throws -> [DeadLetter] {
        let transaction = try store.environment.beginRead()
        defer { transaction.close() }
        return try letters.letters(from: first, limit: 256, in: transaction)
    }

    /// Throws dead letters away, all when `ids` is nil, and returns how many there were.
    @discardableResult
    public func removeDeadLetters(_ ids: [UInt64]? = nil) throws -> Int {
        let letters = letters
        return try store.writeBlocking { transaction in
            try letters.remove(ids, in: transaction.transaction)
        }
    }
}
