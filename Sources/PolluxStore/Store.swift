public import PolluxKeyValue
import Synchronization

/// Keeps points: one writer, many snapshots, everything in one LMDB environment.
///
///     let store = try Store(environment: Environment(directory: path))
///     let series = try await store.write { transaction in
///         let series = try transaction.ensureSeries(
///             asset: spindle, measure: vibration, kind: .float, group: machine)
///         var batch = PointBatch()
///         batch.append(series, at: now, 1.2)
///         try transaction.append(batch)
///         return series
///     }
///     let snapshot = try store.snapshot()
///     let reader = try snapshot.reader(series, .always)
public final class Store: Sendable {
    /// The environment that holds everything.
    public let environment: Environment
    /// The limits in force.
    public let options: StoreOptions
    let writer: Writer
    let rewriter: Rewriter
    let tables: Tables

    /// Opens the store in an environment, rebuilds the head from the journal and starts the writer.
    ///
    /// - Throws: `StoreError.unknownFormat`, `StoreError.corrupt` or a `KeyValueError`.
    public init(environment: Environment, options: StoreOptions = StoreOptions()) throws {
        self.environment = environment
        self.options = options
        tables = try Tables(environment)
        writer = Writer(environment: environment, tables: tables, options: options)
        rewriter = Rewriter(writer: writer)
        let rewriter = rewriter
        writer.sealed = { group, first in rewriter.note(group: group, from: first) }
        try writer.replay()
        try writer.start()
        if options.settlesInBackground { try rewriter.start() }
    }

    deinit { abandon() }

    /// Takes no more writes, finishes those that wait, seals the head and ends the writer.
    ///
    /// Without it nothing is lost: the next start replays the journal. Snapshots stay usable.
    public func close() {
        rewriter.stop()
        _ = writer.queue.addChore { writer in
            do {
                try writer.sealAll()
            } catch {
                // The rows stay in the journal, and the next start finds them there.
                writer.counters.withLock { $0.failedSeals += 1 }
            }
        }
        writer.queue.close()
        writer.join()
    }

    /// Ends the writer as a crash would: what waits is refused, nothing is sealed.
    func abandon() {
        // The queue first, for the rewriter may wait for the writer.
        for job in writer.queue.stopNow() { job.fail(StoreError.closed) }
        writer.join()
        rewriter.stop()
        writer.sealed = nil
    }

    // MARK: Writing

    /// Runs `body` in the next commit and returns its result once that is durable.
    ///
    /// Several bodies share one transaction; one that throws is taken out, its caller gets the
    /// error, and the rest run again. Waits while the queue is full.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let job = WriteJob.make(body) { continuation.resume(with: $0) }
            if writer.queue.add(job, isPatient: true) == .closed { job.fail(StoreError.closed) }
        }
    }

    /// Like `write`, for threads that may block; never call it on the cooperative pool or inside
    /// another body.
    public func writeBlocking<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) throws -> Result {
        try writer.perform(body)
    }

    /// Sets who says how long the points of series are kept; before that, all are kept for good.
    public func setLifeRules(_ rules: (any LifeRules)?) { rewriter.setLifeRules(rules) }

    /// Like `write`, with the result given to `completion` on the writer's thread, which must
    /// return at once.
    ///
    /// When the queue is full, `completion` gets `StoreError.overloaded` before this returns.
    public func submit<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result,
        completion: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) {
        let job = WriteJob.make(body, completion: completion)
        switch writer.queue.add(job, isPatient: false) {
        case .taken: return
        case .full: job.fail(StoreError.overloaded(retryAfterMilliseconds: 50))
        case .closed: job.fail(StoreError.closed)
        }
    }

    // MARK: Reading

    /// A view of points and plant as of the last commit that was published.
    public func snapshot() throws -> Snapshot { snapshot(try writer.head.beginView(environment)) }

    /// Like `snapshot`, for threads that must not wait: nil while a commit that it would see is not
    /// yet published.
    public func snapshotNow() throws -> Snapshot? {
        try writer.head.beginViewNow(environment).map(snapshot)
    }

    private func snapshot(_ transaction: ReadTransaction) -> Snapshot {
        Snapshot(transaction: transaction, head: writer.head, tables: tables, options: options)
    }

    /// How often the plant was edited since the store was opened, up to the last commit: what was
    /// looked up before a change of it must be looked up again.
    public var plantVersion: UInt64 { writer.plantVersion.load(ordering: .acquiring) }

    // MARK: Observing

    /// Calls `body` after each commit that changed points, plant or events, on the writer's thread;
    /// it must return at once.
    @discardableResult
    public func observe(_ body: @escaping @Sendable (CommitNotice) -> Void) -> ObserverID {
        writer.observers.add(body)
    }

    /// Ends an observation.
    public func removeObserver(_ observer: ObserverID) { writer.observers.remove(observer) }

    /// Takes a recorder of late points, or none; there is one at a time.
    public func setLateRecorder(_ recorder: LateRecorder?) {
        writer.lateRecorder.withLock { $0 = recorder }
    }

    /// Why commits fail now; nil when the last one did not.
    public var writeFailure: WriteFailure? { writer.failure.withLock { $0 } }

    /// Counters and sizes now; cheap enough for a metrics page.
    public var statistics: StoreStatistics {
        var result = writer.counters.withLock { $0 }
        result.queueCount = writer.queue.count
        let lateInHead = writer.head.monitor.withLock { state in
            result.headRowCount = state.rowCount
            result.headByteCount = state.byteCount
            result.openSnapshots = state.viewCounts.values.reduce(0, +)
            return state.lateCount
        }
        result.fileByteCount = environment.statistics.usedByteCount
        let catalog = Catalog(tables: tables)
        // A damaged record here must not take the metrics page down; `check` reports it.
        try? environment.read { transaction in
            result.late = try MetaNumber.late.read(transaction, tables) + lateInHead
            result.duplicate = try MetaNumber.duplicate.read(transaction, tables)
            result.rejected = try MetaNumber.rejected.read(transaction, tables)
            result.seriesCount = Int(try catalog.greatest(transaction))
        }
        return result
    }
}

extension WriteJob {
    /// A job from a body and the one who waits for its result.
    static func make<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result,
        completion: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) -> WriteJob {
        WriteJob(
            perform: { transaction in
                let result = try body(transaction)
                return { completion(.success(result)) }
            }, fail: { completion(.failure($0)) })
    }
}
