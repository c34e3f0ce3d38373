import Synchronization

/// The answer that a query thread hands to the shell's thread.
final class AnswerBox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var failure: CommandFailure?
        var isFinished = false
    }
    private let state = Mutex(State())

    var isFinished: Bool { state.withLock { $0.isFinished } }
    var result: (bytes: [UInt8], failure: CommandFailure?) {
        state.withLock { ($0.bytes, $0.failure) }
    }

    func append(_ part: [UInt8]) { state.withLock { $0.bytes += part } }
    func finish(_ failure: CommandFailure?) {
        state.withLock {
            $0.failure = failure
            $0.isFinished = true
        }
    }
}
