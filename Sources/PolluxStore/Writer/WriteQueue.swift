/// A body that waits for the writer.
struct WriteJob: Sendable {
    /// Runs the body and returns what gives its result to the caller once that is durable.
    let perform: @Sendable (StoreTransaction) throws -> @Sendable () -> Void
    /// Tells the caller that the body was taken out.
    let fail: @Sendable (any Error) -> Void
}

/// Work that the writer does between commits.
struct Chore: Sendable {
    let perform: @Sendable (Writer) -> Void
    /// Called instead when the writer ends as a crash would.
    let abandon: @Sendable () -> Void
}

/// Bodies and chores on their way to the writer's thread, in order of arrival.
final class WriteQueue: Sendable {
    private struct State {
        var jobs: [WriteJob] = []
        var chores: [Chore] = []
        var isClosed = false
        var mustStop = false
        /// The last thing the writer took was a commit, so a chore may go before the next one.
        var isChoreDue = false
    }
    private let monitor = Monitor(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// What came of an attempt to queue a job.
    enum Admission { case taken, full, closed }

    /// Queues a job unless the queue is full (`isPatient` waits in line all the same) or closed.
    func add(_ job: WriteJob, isPatient: Bool) -> Admission {
        let admission = monitor.withLock { state -> Admission in
            if state.isClosed { return .closed }
            if !isPatient && state.jobs.count >= limit { return .full }
            state.jobs.append(job)
            return .taken
        }
        monitor.wakeAll()
        return admission
    }

    /// Queues a job as soon as the queue has room; blocks the calling thread meanwhile.
    func addWaiting(_ job: WriteJob) -> Admission {
        let limit = limit
        let admission = monitor.withLock(when: { $0.isClosed || $0.jobs.count < limit }) {
            state -> Admission in
            if state.isClosed { return .closed }
            state.jobs.append(job)
            return .taken
        }
        monitor.wakeAll()
        return admission
    }

    /// Queues work that the writer does between commits.
    func addChore(
        _ perform: @escaping @Sendable (Writer) -> Void,
        abandoned abandon: @escaping @Sendable () -> Void = {}
    ) -> Bool {
        let chore = Chore(perform: perform, abandon: abandon)
        let isTaken = monitor.withLock { state -> Bool in
            if state.isClosed { return false }
            state.chores.append(chore)
            return true
        }
        monitor.wakeAll()
        return isTaken
    }

    /// What the writer does next.
    enum Work {
        case commit([WriteJob])
        case chore(@Sendable (Writer) -> Void)
        case stop
    }

    /// Waits for work; commits and chores take turns, and all of both come before the stop.
    func next() -> Work {
        let work = monitor.withLock(
            when: { !$0.jobs.isEmpty || !$0.chores.isEmpty || $0.isClosed || $0.mustStop }
        ) { state -> Work in
            if state.mustStop { return .stop }
            let isChoreNext = state.isChoreDue || state.jobs.isEmpty
            if isChoreNext, !state.chores.isEmpty {
                state.isChoreDue = false
                return .chore(state.chores.removeFirst().perform)
            }
            state.isChoreDue = true
            return state.jobs.isEmpty ? .stop : .commit(WriteQueue.takeJobs(&state))
        }
        monitor.wakeAll()
        return work
    }

    /// Jobs that arrived while others ran, or arrive until an instant of the monotonic clock, in
    /// microseconds.
    func more(until end: Int64?) -> [WriteJob] {
        let left = end.map { max(0, ($0 - Clock.monotonicMicroseconds() + 999) / 1000) } ?? 0
        let jobs = monitor.withLock(
            when: { left == 0 || !$0.jobs.isEmpty || $0.isClosed || $0.mustStop },
            orAfterMilliseconds: Int(left)
        ) { WriteQueue.takeJobs(&$0) }
        if !jobs.isEmpty { monitor.wakeAll() }
        return jobs
    }

    /// Takes no more jobs; what is queued is still done.
    func close() {
        monitor.withLock { $0.isClosed = true }
        monitor.wakeAll()
    }

    /// Ends the writer as a crash would: what is queued is refused.
    func stopNow() -> [WriteJob] {
        var chores: [Chore] = []
        let left = monitor.withLock { state -> [WriteJob] in
            state.isClosed = true
            state.mustStop = true
            chores = state.chores
            state.chores = []
            return WriteQueue.takeJobs(&state)
        }
        monitor.wakeAll()
        for chore in chores { chore.abandon() }
        return left
    }

    /// Jobs that wait.
    var count: Int { monitor.withLock { $0.jobs.count } }

    private static func takeJobs(_ state: inout State) -> [WriteJob] {
        let jobs = state.jobs
        state.jobs = []
        return jobs
    }
}
