import PolluxKeyValue
import PolluxModel

/// The newest points of every series in memory, each row visible from its own commit on.
///
/// Changed by the writer's thread alone, under the lock; read by snapshots under the lock for as
/// long as it takes to copy references.
final class Head: Sendable {
    let monitor = Monitor(HeadState())

    /// Makes the rows of a commit visible and tells which series they touched.
    func publish(
        _ batches: [PointBatch], new: [SlotSeed], transaction: UInt64, sequence: UInt64,
        sealing: SealOutcome? = nil
    ) -> [CommitNotice.Touched] {
        let touched = monitor.withLock { state in
            if let sealing { state.retire(sealing, transaction: transaction) }
            for seed in new { state.addSlot(seed) }
            var touched: [CommitNotice.Touched] = []
            for batch in batches {
                state.publish(
                    batch, transaction: transaction, sequence: sequence, touched: &touched)
            }
            state.endCommit(transaction)
            return touched
        }
        monitor.wakeAll()
        return touched
    }

    /// Announces that a commit is on its way, so that no snapshot sees it before its rows are here.
    func beginCommit() { monitor.withLock { $0.isCommitting = true } }

    /// Says that the announced commit did not happen, or changed no rows.
    func endCommit(_ transaction: UInt64?) {
        monitor.withLock { $0.endCommit(transaction) }
        monitor.wakeAll()
    }

    /// Begins a view: an LMDB read transaction whose rows in memory stay until `endView`.
    func beginView(_ environment: Environment) throws -> ReadTransaction {
        try view(environment, waits: true).unsafelyUnwrapped
    }

    /// Begins a view, or returns nil where it would have to wait until a commit is published.
    func beginViewNow(_ environment: Environment) throws -> ReadTransaction? {
        try view(environment, waits: false)
    }

    private func view(_ environment: Environment, waits: Bool) throws -> ReadTransaction? {
        // The reservation keeps rows that are sealed between the two steps below.
        let reservation = monitor.withLock { $0.reserve() }
        let transaction: ReadTransaction
        do {
            transaction = try environment.beginRead()
        } catch {
            monitor.withLock { $0.release(reservation) }
            throw error
        }
        let id = transaction.id
        let isSeen = monitor.withLock(
            when: { !waits || Head.isPublished(id, $0) }
        ) { state in
            defer { state.release(reservation) }
            guard Head.isPublished(id, state) else { return false }
            state.viewCounts[id, default: 0] += 1
            return true
        }
        if isSeen { return transaction }
        transaction.close()
        return nil
    }

    /// Whether the rows of a commit that was seen in the map are in memory too.
    private static func isPublished(_ id: UInt64, _ state: HeadState) -> Bool {
        !state.isCommitting || state.publishedID >= id
    }

    /// Ends a view; rows that only it could see are freed.
    func endView(_ id: UInt64) { monitor.withLock { $0.release(id) } }

    /// The rows of a series that commit `transaction` sees.
    func rows(of series: SeriesID, at transaction: UInt64) -> HeadRows {
        monitor.withLock { $0.rows(of: series, at: transaction) }
    }
}

/// What the head needs to know of a series when its first row comes.
struct SlotSeed {
    var description: SeriesDescription
    /// The newest time in chunks, so that late points are known as late.
    var lastTime: Int64?
}

/// Which rows of the head a transaction moved into chunks.
struct SealOutcome {
    /// Slots of the head, each with the number of its rows that are now in chunks.
    var slots: [Int32] = []
    var groups: [Int32] = []
    /// The groups whose chunks changed, with the first instant of what was written or removed.
    var firsts: [(group: AssetID, first: Int64)] = []
    var chunkCount = 0
}
