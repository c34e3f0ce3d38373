import PolluxQuery
import Synchronization

/// The answer that a query thread hands to the shell's thread.
final class AnswerBox: Sendable {
    private struct State {
        var results: [QueryResult] = []
        var byteCount = 0
        var failure: CommandFailure?
        var isFinished = false
    }
    private let state = Mutex(State())

    var isFinished: Bool { state.withLock { $0.isFinished } }
    var answer: (results: [QueryResult], byteCount: Int, failure: CommandFailure?) {
        state.withLock { ($0.results, $0.byteCount, $0.failure) }
    }

    func finish(_ results: [QueryResult], byteCount: Int) {
        state.withLock {
            $0.results = results
            $0.byteCount = byteCount
            $0.isFinished = true
        }
    }

    func fail(_ failure: CommandFailure) {
        state.withLock {
            $0.failure = failure
            $0.isFinished = true
        }
    }
}
