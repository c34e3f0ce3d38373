import Synchronization

/// Lets transactions in side by side, and a growing map alone.
///
/// LMDB's map may only be resized while no transaction of the process is open (lmdb.h,
/// `mdb_env_set_mapsize`). Waiting polls, because growing happens a few times in a database's life.
final class MapGate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
    }
    private let state = Mutex(State())

    /// Waits until the gate is open, then counts one transaction in.
    func enter() {
        while true {
            let isIn = state.withLock { state in
                if state.isClosed { return false }
                state.inside += 1
                return true
            }
            if isIn { return }
            pause()
        }
    }

    /// Counts one transaction out.
    func leave() {
        state.withLock { $0.inside -= 1 }
    }

    /// How long a growing map waits for open transactions before it gives up.
    static let patienceMilliseconds = 5_000

    /// Closes the gate, waits until everyone is out, runs `body` and opens again.
    ///
    /// - Returns: nil when someone stayed inside for too long; then `body` did not run. A thread
    ///   that holds one read and begins another would otherwise wait for itself.
    func alone<Result>(_ body: () -> Result) -> Result? {
        state.withLock { $0.isClosed = true }
        defer { state.withLock { $0.isClosed = false } }
        var waited = 0
        while state.withLock({ $0.inside > 0 }) {
            guard waited < MapGate.patienceMilliseconds else { return nil }
            pause()
            waited += 1
        }
        return body()
    }
}
