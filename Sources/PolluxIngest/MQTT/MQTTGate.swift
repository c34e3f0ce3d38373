import Glibc

/// Waiting with a time limit, for threads that may block.
///
/// Why unchecked: the count is only touched under the mutex, and the two C objects are made for use
/// from several threads.
final class MQTTGate: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count = 0

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A step of the wall clock must not shorten or lengthen a wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Changes the count and wakes who waits; the count never falls below zero.
    func add(_ change: Int) {
        pthread_mutex_lock(mutex)
        count = max(0, count + change)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// The count now.
    var current: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return count
    }

    /// Waits until the count fulfils a condition; false after the time limit.
    func wait(seconds: Double, until isMet: (Int) -> Bool) -> Bool {
        var limit = timespec()
        clock_gettime(CLOCK_MONOTONIC, &limit)
        let nanoseconds = Int(min(max(seconds, 0), 1e6) * 1e9) + limit.tv_nsec
        limit.tv_sec += nanoseconds / 1_000_000_000
        limit.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isMet(count) {
            if pthread_cond_timedwait(condition, mutex, &limit) == ETIMEDOUT {
                return isMet(count)
            }
        }
        return true
    }
}
