/// A body that waits for the writer.
struct WriteJob: Sendable {
    /// Runs the body and returns what gives its result to the caller once that is durable.
    let perform: @Sendable (StoreTransaction) throws -> @Sendable () -> Void
    /// Tells the caller that the body was taken out.
    let fail: @Sendable (any Error) -> Void
}

/// Bodies and chores on their way to the writer's thread, in order of arrival.
final class WriteQueue: Sendable {
    private struct State {
        var jobs: [WriteJob] = []
        var chores: [@Sendable (Writer) -> Void] = []
        var isClosed = false
        var mustStop = false
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
    func addChore(_ chore: @escaping @Sendable (Writer) -> Void) -> Bool {
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

    /// Waits for work; jobs come before chores, and all of both before the stop.
    func next() -> Work {
        let work = monitor.withLock(
            when: { !$0.jobs.isEmpty || !$0.chores.isEmpty || $0.isClosed || $0.mustStop }
        ) { state -> Work in
            if state.mustStop { return .stop }
            if !state.jobs.isEmpty { return .commit(WriteQueue.takeJobs(&state)) }
            if !state.chores.isEmpty { return .chore(state.chores.removeFirst()) }
            return .stop
        }
        monitor.wakeAll()
        return work
    }

    /// Jobs that arrived while others ran.
    func more() -> [WriteJob] {
        let jobs = monitor.withLock { WriteQueue.takeJobs(&$0) }
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
        let left = monitor.withLock { state -> [WriteJob] in
            state.isClosed = true
            state.mustStop = true
            return WriteQueue.takeJobs(&state)
        }
        monitor.wakeAll()
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
