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

    /// Closes the gate, waits until everyone is out, runs `body` and opens again.
    func alone<Result>(_ body: () -> Result) -> Result {
        state.withLock { $0.isClosed = true }
        while state.withLock({ $0.inside > 0 }) { pause() }
        defer { state.withLock { $0.isClosed = false } }
        return body()
    }
}
