import Synchronization

/// How many connections, WebSockets and subscriptions are open, for limits and `/metrics`.
final class ConnectionCounts: Sendable {
    /// What is counted.
    enum Kind: Int, CaseIterable {
        case connection
        case socket
        case subscription
    }

    private let counts = Mutex([Int](repeating: 0, count: Kind.allCases.count))

    /// Counts one more.
    func open(_ kind: Kind) {
        counts.withLock { $0[kind.rawValue] += 1 }
    }

    /// Counts one more unless there are `limit` already; returns whether it did.
    func open(_ kind: Kind, limit: Int) -> Bool {
        counts.withLock { counts in
            guard counts[kind.rawValue] < limit else { return false }
            counts[kind.rawValue] += 1
            return true
        }
    }

    /// Counts one less.
    func close(_ kind: Kind) {
        counts.withLock { $0[kind.rawValue] -= 1 }
    }

    /// How many are open.
    func count(of kind: Kind) -> Int {
        counts.withLock { $0[kind.rawValue] }
    }
}
