import Synchronization

/// Bounds the bytes of write bodies that are being read, decoded or committed.
///
/// A write takes a few times its body in memory until it is durable, so writers that are faster
/// than the disk would otherwise fill the memory. One body is always let in, whatever its size.
final class WriteGate: Sendable {
    /// What one write holds until it is answered; `release` must be called once.
    final class Hold: Sendable {
        private let gate: WriteGate
        private let held = Mutex(0)

        fileprivate init(_ gate: WriteGate) { self.gate = gate }

        /// Holds at least so many bytes.
        ///
        /// - Throws: 503 with a time to try again when too much is on its way already.
        func grow(to byteCount: Int) throws(HTTPFailure) {
            let more = held.withLock { byteCount - $0 }
            guard more > 0 else { return }
            guard gate.take(more, byHolder: byteCount - more) else {
                throw .unavailable(
                    "more is being written than the server can store at the moment",
                    retryAfter: 1)
            }
            held.withLock { $0 = byteCount }
        }

        /// Gives everything back.
        func release() {
            gate.give(
                held.withLock { held in
                    defer { held = 0 }
                    return held
                })
        }
    }

    private struct State {
        var byteCount = 0
        var refusedCount: UInt64 = 0
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// A hold of nothing yet.
    func hold() -> Hold { Hold(self) }

    /// Bytes on their way, and writes that were refused because of them.
    var now: (byteCount: Int, refusedCount: UInt64) {
        state.withLock { ($0.byteCount, $0.refusedCount) }
    }

    private func take(_ more: Int, byHolder own: Int) -> Bool {
        state.withLock { state in
            guard state.byteCount + more <= limit || state.byteCount == own else {
                state.refusedCount += 1
                return false
            }
            state.byteCount += more
            return true
        }
    }

    private func give(_ byteCount: Int) {
        state.withLock { $0.byteCount -= byteCount }
    }
}
