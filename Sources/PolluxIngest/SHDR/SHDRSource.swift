import Glibc
import PolluxModel

/// Takes the lines of one adapter on a thread of its own and commits them.
///
/// An adapter keeps nothing, so a line that was read is held until it is committed; while commits
/// fail nothing more is read. When the connection is lost, everything the adapter said ends.
public final class SHDRSource: Sendable {
    /// The adapter.
    public let adapter: SHDRAdapter
    private let commit: @Sendable ([TopicMessage]) throws -> Void
    private let life = SourceLife()
    /// Time without an answer to `* PING`, beyond the adapter's own, until the connection counts as
    /// lost, in milliseconds.
    private let silence: Int64

    /// A source that hands its lines to a pipeline; nothing happens before `start`.
    public convenience init(adapter: SHDRAdapter, pipeline: IngestPipeline) {
        self.init(adapter: adapter) { messages in
            try pipeline.ingest(messages, source: adapter.sourceName)
        }
        pipeline.register(self)
    }

    /// A source that hands its lines to `commit`, which returns when they are durable.
    init(
        adapter: SHDRAdapter, silence: Int64 = 10_000,
        commit: @escaping @Sendable ([TopicMessage]) throws -> Void
    ) {
        self.adapter = adapter
        self.silence = silence
        self.commit = commit
    }

    /// Connects, and reconnects with growing pauses for as long as it runs; returns at once.
    public func start() {
        life.start { [self] in run() }
    }

    /// Finishes the lines in hand, ends what stands, and waits for the thread to end.
    public func stop() {
        life.stop()
    }

    /// What the connection is doing.
    public var status: ConnectionStatus { life.status }

    private func run() {
        var pause = Backoff()
        while life.isRunning {
            var connection: SHDRConnection
            switch SHDRConnection.open(host: adapter.host, port: adapter.port) {
            case .success(let opened): connection = opened
            case .failure(let problem):
                life.disconnected(problem.reason)
                pause.wait { life.isRunning }
                continue
            }
            pause = Backoff()
            life.connected()
            let problem = serve(&connection)
            connection.close()
            if let problem { life.disconnected(problem) }
            _ = store([message(Array(SHDRReader.disconnected.utf8))])
            // An adapter that ends each connection at once must not be called without a pause.
            if problem != nil { pause.wait { life.isRunning } }
        }
        life.update { $0.isConnected = false }
    }

    private func message(_ payload: [UInt8]) -> TopicMessage {
        TopicMessage(topic: adapter.topic, payload: payload, receivedAt: MQTTLibrary.now())
    }

    /// Serves one connection until it ends; returns why, or nil when the source was stopped.
    private func serve(_ connection: inout SHDRConnection) -> String? {
        var lines = SHDRLines()
        var heart = SHDRHeartbeat(silence: silence, at: SHDRConnection.milliseconds())
        while life.isRunning {
            if heart.isPingDue(at: SHDRConnection.milliseconds()),
                let problem = connection.send("* PING\n")
            {
                return problem
            }
            var bytes: [UInt8] = []
            if let problem = connection.receive(waiting: 50, into: &bytes) {
                _ = store(lines.take().map(message))
                return problem
            }
            let now = SHDRConnection.milliseconds()
            if !bytes.isEmpty { heart.hear(at: now) }
            if let problem = lines.append(bytes, receivedAt: MQTTLibrary.now()) { return problem }
            for period in lines.takeHeartbeats() { heart.answer(period: period) }
            let batch = lines.take()
            if !batch.isEmpty, !store(batch.map(message)) { return nil }
            if heart.isSilent(at: now) { return "the adapter does not answer" }
        }
        return nil
    }

    /// Commits lines, trying again while that fails; false when the source was stopped before.
    private func store(_ batch: [TopicMessage]) -> Bool {
        guard !batch.isEmpty else { return true }
        life.received(batch)
        var pause = Backoff()
        while true {
            do {
                try commit(batch)
                life.update { $0.committedCount += UInt64(batch.count) }
                return true
            } catch {
                life.update { status in
                    status.failedCommitCount += 1
                    status.lastProblem = "\(error)"
                }
                guard life.isRunning else { return false }
                pause.wait { life.isRunning }
            }
        }
    }
}

/// When to ask an adapter whether it is there, and when it is not.
struct SHDRHeartbeat {
    private let silence: Int64
    private var lastPing: Int64 = .min
    private var lastHeard: Int64
    /// How often the adapter wants to be asked; nil until it answers, as older ones never do.
    private(set) var period: Int64?

    init(silence: Int64, at now: Int64) {
        self.silence = silence
        lastHeard = now
    }

    /// Whether to ask now; counts as asked.
    mutating func isPingDue(at now: Int64) -> Bool {
        guard lastPing == .min || now - lastPing >= (period ?? silence) else { return false }
        lastPing = now
        return true
    }

    mutating func hear(at now: Int64) { lastHeard = now }

    mutating func answer(period: Int64) { self.period = min(max(period, 100), 600_000) }

    /// Whether nothing came for twice the time within which an answer was promised.
    func isSilent(at now: Int64) -> Bool {
        guard let period else { return false }
        return now - lastHeard > period * 2
    }
}
