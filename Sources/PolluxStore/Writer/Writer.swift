import Glibc
import PolluxKeyValue
import PolluxModel
import Synchronization

/// The one thread that commits: it gathers bodies into a transaction, publishes their points into
/// the head, answers their callers, and seals what is due in between.
// Why: the fields without a lock belong to the writer's thread alone once `start` has begun it.
final class Writer: @unchecked Sendable {
    let environment: Environment
    let tables: Tables
    let options: StoreOptions
    let head: Head
    let queue: WriteQueue
    let observers = Observers()
    let counters = Mutex(StoreStatistics())
    /// Why the last commit failed; nil after one that did not.
    let failure = Mutex<WriteFailure?>(nil)
    private let thread = Mutex<pthread_t?>(nil)

    /// How often the plant was edited since the start; written by this thread alone.
    let plantVersion = Atomic<UInt64>(0)
    /// The newest journal record that is committed.
    var lastSequence: UInt64 = 0
    /// Records in the journal with their sizes, oldest first.
    var journal: [(sequence: UInt64, byteCount: Int)] = []
    var journalByteCount = 0
    /// Told of each group that was sealed and the first instant that its chunks changed at.
    var sealed: (@Sendable (AssetID, Int64) -> Void)?
    /// Told of late points inside the commit that writes them.
    let lateRecorder = Mutex<LateRecorder?>(nil)
    /// How many callers waited when the last commit ended, those that it answered included.
    private var callerCount = 1
    /// How long the last commit took to reach the disk, in microseconds.
    private var syncTime: Int64 = 0
    /// After a failed sealing: commits to wait before the next try.
    var sealingPause = 0
    /// Why the last sealing failed; nil after one that did not.
    var sealFailure: (any Error)?

    init(environment: Environment, tables: Tables, options: StoreOptions) {
        self.environment = environment
        self.tables = tables
        self.options = options
        head = Head()
        queue = WriteQueue(limit: options.queueCountLimit)
    }

    /// Begins the thread; replay must be done.
    func start() throws {
        let argument = Unmanaged.passRetained(self)
        var begun = pthread_t()
        let code = pthread_create(&begun, nil, runWriter, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw StoreError.failed(
                action: "start the writer", reason: String(cString: strerror(code)))
        }
        let id = begun
        thread.withLock { $0 = id }
    }

    func run() {
        while true {
            switch queue.next() {
            case .commit(let jobs): commit(jobs)
            case .chore(let chore): chore(self)
            case .stop: return
            }
            sealDue()
        }
    }

    /// Waits for the end of the thread; on the thread itself it only lets go of it.
    func join() {
        let begun = thread.withLock { thread -> pthread_t? in
            defer { thread = nil }
            return thread
        }
        guard let begun else { return }
        if pthread_equal(pthread_self(), begun) != 0 {
            pthread_detach(begun)
        } else {
            pthread_join(begun, nil)
        }
    }

    // MARK: Commits

    /// What the bodies of one commit left behind.
    private struct Gathered {
        var id: UInt64 = 0
        var batches: [PointBatch] = []
        var seeds: [SlotSeed] = []
        var sealing = SealOutcome()
        var removed: [CommitNotice.Touched] = []
        var plantChanged = false
        var plantEdited = false
        var plantVersion: UInt64 = 0
        var eventsChanged = false
        var deliveries: [@Sendable () -> Void] = []
        var journalByteCount = 0
    }

    /// A body that threw, so that it can be taken out.
    private struct BodyFailure: Error {
        var index: Int
        var cause: any Error
    }

    private func commit(_ first: [WriteJob]) {
        if let cause = refusal() {
            fail(first, cause)
            return
        }
        var jobs = first
        let deadline = Clock.monotonicMicroseconds() + Int64(options.commitDelayMicroseconds)
        while !jobs.isEmpty {
            do {
                var reached: Int64 = 0
                let gathered = try environment.writeAny { transaction in
                    defer { reached = Clock.monotonicMicroseconds() }
                    return try runBodies(&jobs, transaction, deadline: deadline)
                }
                syncTime = Clock.monotonicMicroseconds() - reached
                callerCount = jobs.count + queue.count
                publish(gathered, jobCount: jobs.count)
                return
            } catch let failure as BodyFailure {
                head.endCommit(nil)
                let job = jobs.remove(at: failure.index)
                counters.withLock { $0.failedWrites += 1 }
                job.fail(failure.cause)
            } catch {
                head.endCommit(nil)
                fail(jobs, Writer.reason(for: error))
                return
            }
        }
    }

    /// Tells writers of a commit that it did not take place.
    private func fail(_ jobs: [WriteJob], _ cause: any Error) {
        failure.withLock { $0 = WriteFailure(cause) }
        counters.withLock { $0.failedWrites += UInt64(jobs.count) }
        for job in jobs { job.fail(cause) }
    }

    /// An LMDB error as writers should see it.
    static func reason(for error: any Error) -> any Error {
        switch error as? KeyValueError {
        case .mapFull, .diskFull: StoreError.diskFull(reason: "\(error)")
        default: error
        }
    }

    private func runBodies(
        _ jobs: inout [WriteJob], _ transaction: WriteTransaction, deadline: Int64
    ) throws -> Gathered {
        let body = StoreTransaction(
            transaction: transaction, head: head, tables: tables, options: options,
            lastSequence: lastSequence, plantVersion: plantVersion.load(ordering: .relaxed))
        var gathered = Gathered()
        var index = 0
        var valueCount = 0
        while index < jobs.count {
            let batchCount = body.batches.count
            do {
                gathered.deliveries.append(try jobs[index].perform(body))
            } catch let error as KeyValueError where Writer.isFull(error) {
                throw error
            } catch {
                throw BodyFailure(index: index, cause: error)
            }
            for batch in body.batches.dropFirst(batchCount) { valueCount += batch.count }
            index += 1
            // More bodies join while the commit is young and small.
            if index == jobs.count, valueCount * 8 < options.commitByteCount,
                Clock.monotonicMicroseconds() < deadline
            {
                jobs += queue.more(
                    until: index < callerCount ? waitEnd(deadline) : nil)
            }
        }
        gathered.id = transaction.id
        gathered.batches = body.batches.filter { !$0.isEmpty }
        gathered.seeds = Array(body.seeds.values)
        gathered.sealing = body.sealing
        gathered.removed = body.removed
        gathered.plantChanged = body.plantChanged
        gathered.plantEdited = body.plantEdited
        gathered.plantVersion = body.plantVersion
        gathered.eventsChanged = body.eventsChanged
        if !gathered.batches.isEmpty {
            gathered.journalByteCount = try writeJournal(gathered, body.seeds, transaction)
        }
        if let recorder = lateRecorder.withLock({ $0 }) {
            let late = CommitNotice.touched(
                gathered.batches, gathered.removed, before: recorder.before())
            if !late.isEmpty { try recorder.record(late, transaction) }
        }
        // From here until the rows are in the head, a new snapshot waits.
        head.beginCommit()
        return gathered
    }

    /// Until when a commit waits for callers that the last one answered: no longer than half of
    /// what a slow disk takes for one more commit; nil where it is fast.
    private func waitEnd(_ deadline: Int64) -> Int64? {
        guard syncTime >= Int64(options.slowSyncMicroseconds) else { return nil }
        return min(deadline, Clock.monotonicMicroseconds() + syncTime / 2)
    }

    private static func isFull(_ error: KeyValueError) -> Bool {
        switch error {
        case .mapFull, .diskFull: true
        default: false
        }
    }

    private func writeJournal(
        _ gathered: Gathered, _ seeds: [SeriesID: SlotSeed], _ transaction: WriteTransaction
    ) throws -> Int {
        let record = head.monitor.withLock { state in
            JournalRecord.encode(gathered.batches, sequence: lastSequence + 1) { series in
                if let slot = state.slot(of: series) { return state.slots[slot].kind }
                return seeds[series]?.description.kind ?? .float
            }
        }
        try transaction.put(
            tables.journal, KeyBytes().with(lastSequence + 1).bytes, record)
        return record.count
    }

    private func publish(_ gathered: Gathered, jobCount: Int) {
        failure.withLock { $0 = nil }
        if !gathered.batches.isEmpty {
            lastSequence += 1
            journal.append((lastSequence, gathered.journalByteCount))
            journalByteCount += gathered.journalByteCount
        }
        let published = head.publish(
            gathered.batches, new: gathered.seeds, transaction: gathered.id,
            sequence: lastSequence,
            sealing: gathered.sealing.groups.isEmpty ? nil : gathered.sealing)
        let points = gathered.batches.reduce(0) { $0 + $1.count }
        let journalBytes = journalByteCount
        counters.withLock { counters in
            counters.commits += 1
            counters.writes += UInt64(jobCount)
            counters.points += UInt64(points)
            counters.journalByteCount = journalBytes
        }
        // Who keeps names or units of the plant in memory must have let go of them before the
        // caller goes on: its next write may already mean the new ones.
        plantVersion.store(gathered.plantVersion, ordering: .releasing)
        if !gathered.plantEdited { for deliver in gathered.deliveries { deliver() } }
        defer { if gathered.plantEdited { for deliver in gathered.deliveries { deliver() } } }
        for (group, first) in gathered.sealing.firsts { sealed?(group, first) }
        let touched = CommitNotice.joined(published, gathered.removed)
        guard !touched.isEmpty || gathered.plantChanged || gathered.eventsChanged else { return }
        observers.send(
            CommitNotice(
                transactionID: gathered.id, touched: touched, batches: gathered.batches,
                plantChanged: gathered.plantChanged, plantEdited: gathered.plantEdited,
                eventsChanged: gathered.eventsChanged))
    }
}

/// The writer's thread; the argument is a retained `Writer`.
private func runWriter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<Writer>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}

/// Who is told of commits.
final class Observers: Sendable {
    private struct State {
        var next: UInt64 = 1
        var bodies: [(id: UInt64, body: @Sendable (CommitNotice) -> Void)] = []
    }
    private let state = Mutex(State())

    func add(_ body: @escaping @Sendable (CommitNotice) -> Void) -> ObserverID {
        state.withLock { state in
            defer { state.next += 1 }
            state.bodies.append((state.next, body))
            return ObserverID(rawValue: state.next)
        }
    }

    func remove(_ observer: ObserverID) {
        state.withLock { $0.bodies.removeAll { $0.id == observer.rawValue } }
    }

    func send(_ notice: CommitNotice) {
        for entry in state.withLock({ $0.bodies }) { entry.body(notice) }
    }
}
