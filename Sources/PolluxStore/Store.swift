public import PolluxKeyValue

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

    /// Opens the store in an environment, rebuilds the head from the journal and starts the writer.
    ///
    /// - Throws: `StoreError.unknownFormat`, `StoreError.corrupt` or a `KeyValueError`.
    public init(environment: Environment, options: StoreOptions = StoreOptions()) throws {
        self.environment = environment
        self.options = options
    }

    /// Takes no more writes, finishes those that wait, seals the head and ends the writer.
    ///
    /// Without it nothing is lost: the next start replays the journal.
    public func close() { fatalError() }

    /// Runs `body` in the next commit and returns its result once that is durable.
    ///
    /// Several bodies share one transaction; one that throws is taken out, its caller gets the
    /// error, and the rest run again. Waits while the queue is full.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) async throws -> Result { fatalError() }

    /// Like `write`, for threads that may block; never call it on the cooperative pool or inside
    /// another body.
    public func writeBlocking<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) throws -> Result { fatalError() }

    /// Like `write`, with the result given to `completion` on the writer's thread, which must
    /// return at once.
    ///
    /// When the queue is full, `completion` gets `StoreError.overloaded` before this returns.
    public func submit<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result,
        completion: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) { fatalError() }

    /// A view of points and plant as of the last commit that was published.
    public func snapshot() throws -> Snapshot { fatalError() }

    /// Calls `body` after each commit that changed points, plant or events, on the writer's thread;
    /// it must return at once.
    @discardableResult
    public func observe(_ body: @escaping @Sendable (CommitNotice) -> Void) -> ObserverID {
        fatalError()
    }

    /// Ends an observation.
    public func removeObserver(_ observer: ObserverID) { fatalError() }

    /// Counters and sizes now; cheap enough for a metrics page.
    public var statistics: StoreStatistics { fatalError() }

    /// Seals the head and rewrites cold chunks in the dense tier, and waits for it.
    public func compact() throws -> CompactionReport { fatalError() }
}
