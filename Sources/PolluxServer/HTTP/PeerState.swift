import Synchronization

/// Whether the peer of one connection has gone, and what to do when it goes.
final class PeerState: Sendable {
    private struct Waiting {
        var hasLeft = false
        var nextKey = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let waiting = Mutex(Waiting())

    /// Called once by the connection; runs what was registered.
    func leave() {
        let actions = waiting.withLock { waiting in
            waiting.hasLeft = true
            defer { waiting.actions.removeAll() }
            return Array(waiting.actions.values)
        }
        for action in actions { action() }
    }

    /// Runs `action` when the peer leaves, at once if it has left; returns a key to take it back.
    func onLeave(_ action: @escaping @Sendable () -> Void) -> Int {
        let key: Int? = waiting.withLock { waiting in
            guard !waiting.hasLeft else { return nil }
            waiting.nextKey += 1
            waiting.actions[waiting.nextKey] = action
            return waiting.nextKey
        }
        if key == nil { action() }
        return key ?? 0
    }

    /// Takes an action back.
    func forget(_ key: Int) {
        waiting.withLock { _ = $0.actions.removeValue(forKey: key) }
    }
}
