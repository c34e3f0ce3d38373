import Glibc
import PolluxKeyValue
import PolluxModel
import Synchronization

/// The thread that settles what arrived.
///
/// It lets idle groups be sealed, has cold chunks rewritten in the dense tier, and gives free pages
/// back to the file system.
///
/// It decodes and encodes by itself, beside the writer, which only swaps the result in between two
/// commits. When a chunk changed meanwhile, the result is thrown away and the chunk comes again.
final class Rewriter: Sendable {
    let writer: Writer
    var options: StoreOptions { writer.options }
    /// One pass at a time.
    private let passing = Mutex<Void>(())

    struct State {
        var isStopped = false
        var thread: pthread_t?
        /// Groups with chunks to look at, the first instant to look from, and since when (by the
        /// clock that only goes forward, microseconds) nothing was added.
        var dirty: [AssetID: (from: Int64, quietSince: Int64)] = [:]
        /// What was committed when, for what has been quiet for how long.
        var sequences: [(at: Int64, sequence: UInt64)] = []
        /// Whether all groups of the database were looked at once since it was opened.
        var hasListed = false
        /// Who says how long points are kept.
        var rules: (any LifeRules)?
        /// When life was looked at last, by the clock that only goes forward.
        var lifePassedAt: Int64?
        /// When the clock of life was moved last, by the clock that only goes forward.
        var lifeClockMovedAt: Int64?
        /// Bytes of memory that packing freed since they were given back.
        var packedByteCount = 0
        /// Bytes of chunks were moved since free pages were given back.
        var hasMoved = false
    }
    let state = Monitor(State())

    init(writer: Writer) { self.writer = writer }

    // MARK: The thread

    func start() throws {
        let argument = Unmanaged.passRetained(self)
        var begun = pthread_t()
        let code = pthread_create(&begun, nil, runRewriter, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw StoreError.failed(
                action: "start the rewriting", reason: String(cString: strerror(code)))
        }
        let id = begun
        state.withLock { $0.thread = id }
    }

    /// Ends the thread after the chunk it is at.
    func stop() {
        let thread = state.withLock { state -> pthread_t? in
            state.isStopped = true
            defer { state.thread = nil }
            return state.thread
        }
        state.wakeAll()
        guard let thread else { return }
        if pthread_equal(pthread_self(), thread) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func run() {
        // Behind the threads that answer clients, when the machine is busy. Linux takes the number
        // 0 as the calling thread, not its process (setpriority(2), C library differences).
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        while true {
            let isStopped = state.withLock(
                when: { $0.isStopped }, orAfterMilliseconds: options.settleIntervalMilliseconds
            ) { $0.isStopped }
            if isStopped { return }
            do {
                try settle()
                try passLifeWhenDue()
            } catch StoreError.closed {
                return
            } catch {
                // A full disk or a damaged chunk: what is stored stays as it is, the next pass
                // tries again, and `check` names the damage.
                writer.counters.withLock { $0.failedRewrites += 1 }
            }
        }
    }

    // MARK: Passes

    /// Notes that chunks of a group were written, from an instant on.
    func note(group: AssetID, from: Int64) {
        state.withLock { state in
            let known = state.dirty[group]?.from ?? .max
            state.dirty[group] = (min(known, from), Clock.monotonicMicroseconds())
        }
    }

    /// One pass in the background: what is quiet is sealed, what is cold is rewritten.
    private func settle() throws {
        try listOnce()
        let now = Clock.monotonicMicroseconds()
        let quiet = Int64(options.coldMilliseconds) * 1_000
        let sequence = try ask { $0.lastSequence }
        let quietSequence = state.withLock { state -> UInt64? in
            state.sequences.append((now, sequence))
            let count = state.sequences.prefix { $0.at <= now - quiet }.count
            if count > 1 { state.sequences.removeFirst(count - 1) }
            return count > 0 ? state.sequences[0].sequence : nil
        }
        if let quietSequence {
            while try ask({ try $0.sealQuiet(upTo: quietSequence) }) {
                if isStopped { return }
            }
            packQuiet(upTo: quietSequence)
        }
        var report = CompactionReport()
        let groups = state.withLock { $0.dirty }
        for (group, mark) in groups.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let isQuiet = mark.quietSince <= now - quiet
            try rewrite(group, from: mark.from, withLast: isQuiet, &report)
            if isStopped { return }
            state.withLock { state in
                // The last chunk of a group that still grows stays to be looked at.
                if isQuiet, state.dirty[group]?.quietSince == mark.quietSince {
                    state.dirty[group] = nil
                }
            }
        }
        let isIdle = quietSequence == sequence
        let isDue = state.withLock { state -> Bool in
            if report.rewrittenChunks > 0 { state.hasMoved = true }
            return state.hasMoved && isIdle
        }
        if isDue {
            try releasePages()
            state.withLock { $0.hasMoved = false }
        }
    }

    /// All of it now: no chunk is too young.
    func compact(trustsClock: Bool) throws -> CompactionReport {
        var report = CompactionReport()
        if try keepsForATime {
            let wall = Clock.now()
            let now = try advanceLifeClock(
                wall: wall, monotonic: Clock.monotonicMicroseconds(), trustsClock: trustsClock)
            report.expiredPoints = try passLife(now: now)
            report.retentionLag = LifeClock(trusted: now).lag(behind: wall)
        } else {
            _ = try passLife(now: Clock.now())
        }
        try ask { try $0.sealAll() }
        for group in try listGroups() {
            try rewrite(group, from: .min, withLast: true, &report)
            state.withLock { $0.dirty[group] = nil }
        }
        try releasePages()
        return report
    }

    func setLifeRules(_ rules: (any LifeRules)?) {
        state.withLock { $0.rules = rules }
    }

    private func passLifeWhenDue() throws {
        let now = Clock.monotonicMicroseconds()
        let interval = Int64(options.lifeIntervalMilliseconds) * 1_000
        let isDue = state.withLock { state -> Bool in
            guard state.rules != nil, state.lifePassedAt.map({ now - $0 >= interval }) ?? true
            else { return false }
            state.lifePassedAt = now
            return true
        }
        guard isDue else { return }
        guard try keepsForATime else {
            // Rollups need no age, and what is never deleted needs no clock.
            _ = try passLife(now: Clock.now())
            return
        }
        _ = try passLife(now: try advanceLifeClock(wall: Clock.now(), monotonic: now))
    }

    /// Whether the points of any series are kept for a limited time.
    private var keepsForATime: Bool {
        get throws {
            guard let rules = state.withLock({ $0.rules }) else { return false }
            return try writer.environment.read {
                try rules.lives(in: $0).shortestRetention
            } != nil
        }
    }

    /// Moves the clock that ages are counted from, durably, before anything goes by it.
    ///
    /// - Parameter trustsClock: whether somebody said that the wall clock is right.
    func advanceLifeClock(
        wall: Int64, monotonic: Int64, trustsClock: Bool = false
    ) throws -> Int64 {
        let before = state.withLock { $0.lifeClockMovedAt }
        let elapsed = before.map { (monotonic - $0) * 1_000 } ?? 0
        let moved = try writer.perform { transaction -> LifeClock in
            let tables = transaction.tables
            var clock =
                try LifeClock.read(transaction.transaction, tables) ?? LifeClock(trusted: wall)
            clock.advance(wall: wall, elapsed: elapsed)
            if trustsClock, wall > clock.trusted { clock = LifeClock(trusted: wall) }
            try transaction.transaction.put(tables.meta, LifeClock.key, clock.encode())
            return clock
        }
        state.withLock { $0.lifeClockMovedAt = monotonic }
        writer.counters.withLock { $0.retentionLag = moved.lag(behind: wall) }
        return moved.trusted
    }

    /// Deletes the points that are older than is kept.
    ///
    /// - Returns: how many went.
    func passLife(now: Int64) throws -> UInt64 {
        guard let rules = state.withLock({ $0.rules }) else { return 0 }
        return try passing.withLock { _ in
            do {
                let pass = LifePass(
                    writer: writer, rules: rules, now: now, isStopped: { self.isStopped })
                let report = try pass.run(groups: try listGroups())
                writer.counters.withLock { counters in
                    counters.lifePasses += 1
                    counters.rollupBuckets += UInt64(report.buckets)
                    counters.expiredPoints += report.points
                    counters.expiredChunks += UInt64(report.chunks)
                }
                if report.points > 0 { state.withLock { $0.hasMoved = true } }
                return report.points
            } catch {
                writer.counters.withLock { $0.failedLifePasses += 1 }
                throw error
            }
        }
    }

    /// Runs `body` on the writer's thread between two commits and waits for it.
    private func ask<Result: Sendable>(
        _ body: @escaping @Sendable (Writer) throws -> Result
    ) throws -> Result {
        let answer = Monitor<Swift.Result<Result, any Error>?>(nil)
        let isTaken = writer.queue.addChore(
            { writer in
                let result = Swift.Result {
                    do { return try body(writer) } catch { throw Writer.reason(for: error) }
                }
                answer.withLock { $0 = result }
                answer.wakeAll()
            },
            abandoned: {
                answer.withLock { $0 = .failure(StoreError.closed) }
                answer.wakeAll()
            })
        guard isTaken else { throw StoreError.closed }
        let result = answer.withLock(when: { $0 != nil }) { $0 }
        guard let result else { preconditionFailure("a chore ended without an answer") }
        return try result.get()
    }

    /// The groups that have chunks.
    private func listGroups() throws -> [AssetID] {
        try writer.environment.read { transaction in
            var groups: [AssetID] = []
            let cursor = try transaction.cursor(writer.tables.chunks)
            defer { cursor.close() }
            var entry = try cursor.seek(atOrAfter: [])
            while let found = entry {
                let group = try ChunkKey(decoding: found.key).group
                groups.append(group)
                entry = try cursor.seek(
                    atOrAfter: KeyBytes().with(group.rawValue).with(UInt64.max).bytes)
                // A chunk that ends at the end of time has the greatest key of its group.
                if let last = entry, try ChunkKey(decoding: last.key).group == group {
                    entry = try cursor.next()
                }
            }
            return groups
        }
    }

    /// What was left to do when the database was closed is looked for once.
    private func listOnce() throws {
        guard !state.withLock({ $0.hasListed }) else { return }
        let groups = try listGroups()
        state.withLock { state in
            state.hasListed = true
            for group in groups {
                let since = state.dirty[group]?.quietSince ?? .min
                state.dirty[group] = (.min, since)
            }
        }
    }

    /// Rewrites what is worth it of a group's chunks, from the one that holds an instant on.
    private func rewrite(
        _ group: AssetID, from: Int64, withLast: Bool, _ report: inout CompactionReport
    ) throws {
        try passing.withLock { _ in
            var from = from
            while !isStopped {
                let search = RewriteSearch(
                    tables: writer.tables, group: group, targetCount: options.sealValueCount)
                let found = try writer.environment.read { transaction in
                    try search.next(from: from, withLast: withLast, transaction)
                }
                guard let found else { return }
                let rewriting = try ChunkRewriting(found, targetCount: options.sealValueCount)
                if try ask({ try $0.swap(rewriting) }) {
                    report.rewrittenChunks += found.sources.count
                    report.byteCountBefore += rewriting.byteCountBefore
                    report.byteCountAfter += rewriting.byteCountAfter
                    writer.counters.withLock {
                        $0.rewrittenChunks += UInt64(found.sources.count)
                    }
                    guard found.last < .max else { return }
                    from = found.last + 1
                } else if withLast == false {
                    // Late points came in; the group was noted again.
                    return
                }
            }
        }
    }

    private func releasePages() throws {
        // LMDB lets go of the pages that a commit freed two commits later.
        for _ in 0..<2 { try ask { try $0.touch() } }
        let released = try writer.environment.releaseFreePages()
        writer.counters.withLock { $0.releasedByteCount += released }
    }
}

/// The rewriter's thread; the argument is a retained `Rewriter`.
private func runRewriter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<Rewriter>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
