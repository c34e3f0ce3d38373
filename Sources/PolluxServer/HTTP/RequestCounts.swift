import Synchronization

/// How many requests ended with which status, and how many points and queries there were.
final class RequestCounts: Sendable {
    /// The numbers of one moment.
    struct Numbers: Sendable {
        /// Requests by status code.
        var requests: [Int: Int] = [:]
        /// Queries that were started.
        var queries = 0
        /// Queries that ended in an error.
        var failedQueries = 0
        /// Nanoseconds that queries ran in all.
        var queryNanoseconds: Int64 = 0
        /// Bytes of write bodies after unpacking.
        var writtenBytes = 0
        /// Rows that were sent to subscribers.
        var liveRows = 0
    }

    private let numbers = Mutex(Numbers())

    /// The numbers now.
    var now: Numbers { numbers.withLock { $0 } }

    /// Counts a response.
    func count(status: Int) {
        numbers.withLock { $0.requests[status, default: 0] += 1 }
    }

    /// Counts a query that ended.
    func countQuery(since start: ContinuousClock.Instant, failed: Bool) {
        let time = start.duration(to: .now)
        let nanoseconds =
            time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
        numbers.withLock { numbers in
            numbers.queries += 1
            numbers.failedQueries += failed ? 1 : 0
            numbers.queryNanoseconds += nanoseconds
        }
    }

    /// Counts the bytes of a write.
    func countWrite(byteCount: Int) {
        numbers.withLock { $0.writtenBytes += byteCount }
    }

    /// Counts rows sent to a subscriber.
    func countLiveRows(_ count: Int) {
        numbers.withLock { $0.liveRows += count }
    }
}
