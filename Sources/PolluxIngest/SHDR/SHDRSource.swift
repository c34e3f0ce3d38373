import Glibc
import PolluxModel
import Synchronization

/// Takes the lines of one adapter on a thread of its own and commits them.
///
/// An adapter keeps nothing, so a line that was read is held until it is committed; while commits
/// fail nothing more is read. When the connection is lost, everything the adapter said ends.
public final class SHDRSource: Sendable {
    /// The adapter.
    public let adapter: SHDRAdapter
    private let commit: @Sendable ([TopicMessage]) throws -> Void
    private struct State {
        var status = MQTTStatus()
        var isRunning = false
        var thread: MQTTThread?
    }
    private let state = Mutex(State())
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
        state.withLock { state in
            guard state.thread == nil else { return }
            state.isRunning = true
            state.thread = MQTTThread { [self] in run() }
            if state.thread == nil { state.status.lastProblem = "the system has no thread left" }
        }
    }

    /// Finishes the lines in hand, ends what stands, and waits for the thread to end.
    public func stop() {
        let thread = state.withLock { state in
            state.isRunning = false
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    /// What the connection is doing.
    public var status: MQTTStatus { state.withLock { $0.status } }

    private var isRunning: Bool { state.withLock { $0.isRunning } }

    private func run() {
        var pause = Backoff()
        while isRunning {
            var connection: SHDRConnection
            switch SHDRConnection.open(host: adapter.host, port: adapter.port) {
            case .success(let opened): connection = opened
            case .failure(let problem):
                note(problem.reason)
                pause.wait { isRunning }
                continue
            }
            pause = Backoff()
            state.withLock { state in
                if state.status.isEverConnected { state.status.reconnectCount += 1 }
                state.status.isEverConnected = true
                state.status.isConnected = true
                state.status.lastProblem = ""
            }
            let problem = serve(&connection)
            connection.close()
            if let problem { note(problem) }
            _ = store([message(Array(SHDRReader.disconnected.utf8))])
            // An adapter that ends each connection at once must not be called without a pause.
            if problem != nil { pause.wait { isRunning } }
        }
        state.withLock { $0.status.isConnected = false }
    }

    private func note(_ problem: String) {
        state.withLock { state in
            state.status.isConnected = false
            state.status.lastProblem = problem
        }
    }

    private func message(_ payload: [UInt8]) -> TopicMessage {
        TopicMessage(topic: adapter.topic, payload: payload, receivedAt: MQTTLibrary.now())
    }

    /// Serves one connection until it ends; returns why, or nil when the source was stopped.
    private func serve(_ connection: inout SHDRConnection) -> String? {
        var lines = SHDRLines()
        var heart = SHDRHeartbeat(silence: silence, at: SHDRConnection.milliseconds())
        while isRunning {
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
        state.withLock { state in
            state.status.messageCount += UInt64(batch.count)
            state.status.byteCount += UInt64(batch.reduce(0) { $0 + $1.payload.count })
            state.status.lastArrival = batch.last?.receivedAt
        }
        var pause = Backoff()
        while true {
            do {
                try commit(batch)
                state.withLock { $0.status.committedCount += UInt64(batch.count) }
                return true
            } catch {
                state.withLock { state in
                    state.status.failedCommitCount += 1
                    state.status.lastProblem = "\(error)"
                }
                guard isRunning else { return false }
                pause.wait { isRunning }
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
