import NIOCore
import NIOPosix
import PolluxQuery
import Synchronization

/// A flag that a running query looks at; set once by whoever wants it to stop.
final class StopFlag: Sendable {
    /// Why a query was stopped.
    enum Reason: Sendable {
        case timeLimit
        case peerLeft
        case serverStops
    }

    /// What the engine looks at between batches.
    let cancellation: CancellationFlag
    private let reasonGiven = Mutex<Reason?>(nil)

    /// A flag for a query that may take so many nanoseconds.
    init(after limit: Int64) { cancellation = CancellationFlag(after: limit) }

    /// Why, or nil while the query may go on.
    var reason: Reason? {
        reasonGiven.withLock { $0 } ?? (cancellation.isOverdue ? .timeLimit : nil)
    }

    /// Asks the query to stop; the first reason counts.
    func stop(_ reason: Reason) {
        reasonGiven.withLock { given in
            if given == nil { given = reason }
        }
        cancellation.cancel()
    }
}

/// The threads on which queries run, never those that serve connections.
///
/// A query beyond `limits.pendingQueryCount` is refused at once; one that runs longer than
/// `limits.queryTime`, or whose client has gone, is asked to stop.
final class QueryThreads: Sendable {
    private let pool: NIOThreadPool
    private let operations = NIOThreadPool(numberOfThreads: 1)
    private let limits: ServerLimits
    private let pendingCount = Mutex(0)
    /// Flags of the queries that run or wait.
    private let flags = Mutex<[ObjectIdentifier: StopFlag]>([:])

    init(limits: ServerLimits) {
        self.limits = limits
        pool = NIOThreadPool(numberOfThreads: limits.runningQueryCount)
        pool.start()
        operations.start()
    }

    /// How many queries run or wait.
    var pending: Int { pendingCount.withLock { $0 } }

    /// Runs `body` on a thread of the pool; the flag it gets is set when it should stop.
    func run<Answer: Sendable>(
        _ body: @escaping @Sendable (StopFlag) throws -> Answer
    ) async throws -> Answer {
        let isTaken = pendingCount.withLock { count in
            guard count < limits.pendingQueryCount else { return false }
            count += 1
            return true
        }
        guard isTaken else {
            throw HTTPFailure.tooMany(
                "\(limits.pendingQueryCount) queries are running or waiting already")
        }
        defer { pendingCount.withLock { $0 -= 1 } }
        let flag = StopFlag(after: TimeAmount(limits.queryTime).nanoseconds)
        flags.withLock { $0[ObjectIdentifier(flag)] = flag }
        defer { flags.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(flag)) } }
        let peer = PeerWatch.current?.state
        let key = peer?.onLeave { flag.stop(.peerLeft) }
        defer { if let key { peer?.forget(key) } }
        return try await withTaskCancellationHandler {
            try await pool.runIfActive { try body(flag) }
        } onCancel: {
            flag.stop(.serverStops)
        }
    }

    /// Runs operations that are not queries, such as a snapshot, one at a time and without limit.
    func runLong<Answer: Sendable>(
        _ body: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await operations.runIfActive(body)
    }

    /// Asks all queries to stop, as the server does.
    func stopQueries() {
        for flag in flags.withLock({ Array($0.values) }) { flag.stop(.serverStops) }
    }

    /// Ends the threads; queries that run are finished first.
    func shutDown() async throws {
        try await pool.shutdownGracefully()
        try await operations.shutdownGracefully()
    }
}
