import Glibc
public import PolluxModel
import Synchronization

/// Takes messages from one broker on a thread of its own and acknowledges them after the commit.
///
/// A message is acknowledged to the broker only when `commit` has returned; when it throws, or the
/// process ends before, the broker delivers the message again to the same client name.
public final class MQTTSource: Sendable {
    /// The broker.
    public let address: MQTTAddress
    /// What the source does besides taking messages.
    private let duties: MQTTDuties
    private let commit: @Sendable ([TopicMessage]) throws -> Void
    private let life = SourceLife()
    /// What waits for a connection.
    private let outgoing = Mutex<[OutgoingMessage]>([])

    /// A source that hands its messages to a pipeline; nothing happens before `start`.
    public convenience init(address: MQTTAddress, pipeline: IngestPipeline) {
        let name = address.sourceName
        let duties = MQTTDuties.sparkplug(
            host: address.sparkplugHost, source: name, pipeline: pipeline)
        self.init(address: address, duties: duties) { messages in
            try pipeline.ingest(messages, source: name)
        }
        pipeline.register(self)
    }

    /// A source that hands its messages to `commit`, which returns when they are durable; when it
    /// throws, the messages stay unacknowledged and the broker sends them again.
    public init(
        address: MQTTAddress, duties: MQTTDuties = MQTTDuties(),
        commit: @escaping @Sendable ([TopicMessage]) throws -> Void
    ) {
        self.address = address
        self.duties = duties
        self.commit = commit
    }

    /// Messages that may wait for a connection in `publish`.
    public static let outgoingLimit = 10_000

    /// Publishes through this source's connection, after the commit in hand; while there is no
    /// connection the message waits for one.
    ///
    /// - Returns: false when too many are waiting; the message is not taken then.
    @discardableResult
    public func publish(_ message: OutgoingMessage) -> Bool {
        outgoing.withLock { outgoing in
            guard outgoing.count < MQTTSource.outgoingLimit else { return false }
            outgoing.append(message)
            return true
        }
    }

    /// Connects, and reconnects with growing pauses for as long as it runs; returns at once.
    public func start() {
        life.start { [self] in run() }
    }

    /// Finishes the batch in hand, disconnects and waits for the thread to end.
    ///
    /// The session stays at the broker, which keeps what is published meanwhile.
    public func stop() {
        life.stop()
    }

    /// What the connection is doing.
    public var status: ConnectionStatus { life.status }

    private func run() {
        var usesVersion5 = address.version != .three
        var pause = Backoff()
        while life.isRunning {
            guard
                let session = MQTTSession(
                    address: address, usesVersion5: usesVersion5,
                    will: duties.will(MQTTLibrary.now()))
            else {
                life.disconnected("cannot make a client of the name \(address.client)")
                pause.wait { life.isRunning }
                continue
            }
            let problem = session.connect() ?? serve(session, &pause)
            if let problem, life.isRunning {
                life.disconnected(problem)
                // Old brokers refuse version 5, or close the connection without a word.
                if address.version == nil {
                    if let answer = session.answer {
                        if answer == 1 || answer == 132 { usesVersion5 = false }
                    } else if !status.isEverConnected, problem != connectionRefused {
                        usesVersion5.toggle()
                    }
                }
                pause.wait { life.isRunning }
            }
        }
        life.update { $0.isConnected = false }
    }

    private var connectionRefused: String { String(cString: strerror(ECONNREFUSED)) }

    /// Serves one connection until it ends; returns why, or nil when the source was stopped.
    private func serve(_ session: MQTTSession, _ pause: inout Backoff) -> String? {
        var isFirst = true
        while life.isRunning {
            // The only place that writes: acknowledgements leave here, after the commit below.
            if let problem = session.drain() { return problem }
            if let problem = session.receive(
                waiting: 50, limit: Int(address.receiveMaximum))
            {
                // What was read before the connection broke is stored; the broker repeats it.
                _ = store(session.takeBatch())
                // The library calls every refusal of version 5 a protocol error.
                if isFirst, let answer = session.answer, answer != 0 { return refusal(answer) }
                return problem
            }
            if let answer = session.answer, isFirst {
                guard answer == 0 else { return refusal(answer) }
                isFirst = false
                pause = Backoff()
                life.connected()
                for message in duties.connected(MQTTLibrary.now()) {
                    if let problem = session.publish(message) { return problem }
                }
            }
            if let problem = session.subscriptionProblem {
                life.update { $0.lastProblem = problem }
            }
            // On failure the connection is dropped with its acknowledgements unwritten.
            if let problem = store(session.takeBatch()) { return problem }
            if session.answer == 0, let problem = publishWaiting(session) { return problem }
            if let problem = session.keepAlive() { return problem }
        }
        _ = session.drain()
        // The last acknowledgements leave only after their commit, here as above.
        if session.answer != 0 || sayGoodbye(session) { session.disconnect() }
        return nil
    }

    /// Publishes what is said last; false when what came meanwhile could not be stored.
    private func sayGoodbye(_ session: MQTTSession) -> Bool {
        let messages = duties.closing(MQTTLibrary.now())
        guard !messages.isEmpty else { return true }
        for message in messages { _ = session.publish(message) }
        _ = session.drain()
        // What lies unread when a connection is closed resets it, and the broker takes a connection
        // that was reset as lost: it would publish the will as well.
        _ = session.receive(waiting: 200, limit: Int(address.receiveMaximum))
        return store(session.takeBatch()) == nil
    }

    /// Queues what is to be published; returns why the connection must end, if it must.
    private func publishWaiting(_ session: MQTTSession) -> String? {
        let waiting = outgoing.withLock { outgoing in
            defer { outgoing.removeAll(keepingCapacity: true) }
            return outgoing
        }
        do {
            for message in waiting + (try duties.turn(MQTTLibrary.now())) {
                // A message that cannot be sent at all must not end the connection for ever.
                if let problem = session.publish(message) {
                    life.update { $0.lastProblem = problem }
                }
            }
        } catch {
            return "\(error)"
        }
        return nil
    }

    private func refusal(_ answer: Int32) -> String {
        switch answer {
        case 1, 132: "the broker does not speak this version of MQTT"
        case 2, 133: "the broker refuses the client name \(address.client)"
        case 3, 136: "the broker is not available"
        case 4, 134: "the broker refuses user and password"
        case 5, 135: "the broker says: not authorised"
        default: "the broker refuses the connection (code \(answer))"
        }
    }

    /// Commits a batch; returns why that failed.
    private func store(_ batch: [TopicMessage]) -> String? {
        guard !batch.isEmpty else { return nil }
        life.received(batch)
        do {
            try commit(batch)
        } catch {
            life.update { $0.failedCommitCount += 1 }
            return "\(error)"
        }
        life.update { $0.committedCount += UInt64(batch.count) }
        return nil
    }
}

/// What a source says to its broker of its own accord; each is called on the source's thread.
public struct MQTTDuties: Sendable {
    /// What the broker publishes for us when the connection breaks; asked before each connection.
    public var will: @Sendable (Timestamp) -> OutgoingMessage?
    /// What is published first on each connection; the subscriptions leave before it.
    public var connected: @Sendable (Timestamp) -> [OutgoingMessage]
    /// What is published now; asked after each commit and about every 50 ms while nothing arrives.
    ///
    /// When it throws, the connection is dropped, as after a commit that failed.
    public var turn: @Sendable (Timestamp) throws -> [OutgoingMessage]
    /// What is published last, before the source disconnects because it was stopped.
    public var closing: @Sendable (Timestamp) -> [OutgoingMessage]

    /// Duties from their parts; a source has none by default.
    public init(
        will: @escaping @Sendable (Timestamp) -> OutgoingMessage? = { _ in nil },
        connected: @escaping @Sendable (Timestamp) -> [OutgoingMessage] = { _ in [] },
        turn: @escaping @Sendable (Timestamp) throws -> [OutgoingMessage] = { _ in [] },
        closing: @escaping @Sendable (Timestamp) -> [OutgoingMessage] = { _ in [] }
    ) {
        self.will = will
        self.connected = connected
        self.turn = turn
        self.closing = closing
    }
}

/// Growing pauses between attempts: 0.1 s doubling to 10 s.
struct Backoff {
    private var milliseconds: UInt32 = 100

    /// Waits in small steps for as long as `isWanted`.
    mutating func wait(while isWanted: () -> Bool) {
        var waited: UInt32 = 0
        while waited < milliseconds, isWanted() {
            usleep(20_000)
            waited += 20
        }
        milliseconds = min(milliseconds * 2, 10_000)
    }
}
