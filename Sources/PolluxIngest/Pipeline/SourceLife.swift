import PolluxModel
import Synchronization

/// The thread of a source and what is known of its connection.
final class SourceLife: Sendable {
    private struct State {
        var status = ConnectionStatus()
        var isRunning = false
        var thread: SourceThread?
    }
    private let state = Mutex(State())

    /// What the connection is doing.
    var status: ConnectionStatus { state.withLock { $0.status } }

    /// Whether the source was started and not stopped.
    var isRunning: Bool { state.withLock { $0.isRunning } }

    /// Runs a body on a thread of its own, unless one runs already; returns at once.
    func start(_ run: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard state.thread == nil else { return }
            state.isRunning = true
            state.thread = SourceThread(run)
            if state.thread == nil { state.status.lastProblem = "the system has no thread left" }
        }
    }

    /// Tells the thread to end and waits for that.
    func stop() {
        let thread = state.withLock { state in
            state.isRunning = false
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    /// Changes what is known.
    func update(_ change: (inout ConnectionStatus) -> Void) {
        state.withLock { change(&$0.status) }
    }

    /// Notes that the connection stands.
    func connected() {
        update { status in
            if status.isEverConnected { status.reconnectCount += 1 }
            status.isEverConnected = true
            status.isConnected = true
            status.lastProblem = ""
        }
    }

    /// Notes that the connection is gone, and why.
    func disconnected(_ problem: String) {
        update { status in
            status.isConnected = false
            status.lastProblem = problem
        }
    }

    /// Counts messages that came.
    func received(_ batch: [TopicMessage]) {
        let bytes = batch.reduce(0) { $0 + $1.payload.count }
        update { status in
            status.messageCount += UInt64(batch.count)
            status.byteCount += UInt64(bytes)
            status.lastArrival = batch.last?.receivedAt
        }
    }
}
