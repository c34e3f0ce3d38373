import Glibc

/// State behind a lock, with waiting for a condition on it.
///
/// For the writer's queue and the head, where threads wait for each other; `Synchronization.Mutex`
/// has no condition variable.
// Why: `state` is only touched between lock and unlock of the POSIX mutex.
final class Monitor<State>: @unchecked Sendable {
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone.
    func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Waits until `isReady` holds, then runs `body` alone.
    func withLock<Result>(
        when isReady: (State) -> Bool, _ body: (inout State) throws -> Result
    ) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReady(state) { pthread_cond_wait(condition, mutex) }
        return try body(&state)
    }

    /// Waits until `isReady` holds or the time is over, then runs `body` alone.
    func withLock<Result>(
        when isReady: (State) -> Bool, orAfterMilliseconds limit: Int,
        _ body: (inout State) throws -> Result
    ) rethrows -> Result {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let nanoseconds = end.tv_nsec + (limit % 1_000) * 1_000_000
        end.tv_sec += limit / 1_000 + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReady(state) {
            if pthread_cond_timedwait(condition, mutex, &end) != 0 { break }
        }
        return try body(&state)
    }

    /// Wakes everyone who waits for a condition.
    func wakeAll() { pthread_cond_broadcast(condition) }
}
