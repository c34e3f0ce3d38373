import PolluxKeyValue
import PolluxModel

/// One look at the whole database for points that are older than what is kept of their series.
///
/// It searches on its own thread, in a read transaction per group, and has the writer delete what
/// it found in one commit per group.
struct LifePass {
    let writer: Writer
    let rules: any LifeRules
    let now: Int64
    let isStopped: () -> Bool

    /// Chunks whose points go in one commit, so that writers wait for a bounded time.
    private static let chunkLimit = 64

    /// What it did.
    struct Report {
        var points: UInt64 = 0
        var chunks = 0
        var buckets = 0
    }

    /// Makes the rollups that are missing, the shortest buckets first.
    private func makeRollups(_ report: inout Report) throws {
        var wanted: [(series: SeriesDescription, rule: LifeRule)] = []
        try writer.environment.read { transaction in
            try Catalog(tables: writer.tables).forEach(transaction) { series in
                guard let rule = try rules.rule(for: series, in: transaction),
                    !rule.rollups.isEmpty
                else { return }
                wanted.append((series, rule))
            }
        }
        for (series, rule) in wanted {
            for length in rule.rollups {
                var hasMore = true
                while hasMore, !isStopped() {
                    let now = now
                    let made = try writer.perform {
                        try $0.makeRollups(of: series, length: length, rule: rule, now: now)
                    }
                    report.buckets += made.count
                    hasMore = made.hasMore
                }
            }
        }
    }

    /// Makes rollups and deletes what is too old.
    func run(groups: [AssetID]) throws -> Report {
        var report = Report()
        let lives = try writer.environment.read { try rules.lives(in: $0) }
        if lives.hasRollups { try makeRollups(&report) }
        guard let shortest = lives.shortestRetention else { return report }
        let (latest, overflow) = now.subtractingReportingOverflow(shortest)
        guard !overflow else { return report }
        let inHead = writer.head.monitor.withLock { $0.groups(withRowsBefore: latest) }
        for group in Set(groups).union(inHead.keys).sorted(by: { $0.rawValue < $1.rawValue }) {
            while !isStopped() {
                let search = ExpirySearch(
                    tables: writer.tables, rules: rules, now: now, latest: latest,
                    chunkLimit: LifePass.chunkLimit)
                let found = try writer.environment.read { transaction in
                    try search.parts(of: group, head: inHead[group] ?? [], transaction)
                }
                guard !found.parts.isEmpty else { break }
                let parts = found.parts
                let outcome = try writer.perform { try $0.expire(parts, of: group) }
                report.points += outcome.points
                report.chunks += outcome.chunks
                guard found.hasMore, outcome.points > 0 else { break }
            }
        }
        return report
    }
}

/// Finds the series of a group with points that are too old.
struct ExpirySearch {
    let tables: Tables
    let rules: any LifeRules
    let now: Int64
    /// Nothing younger goes, whatever its rule.
    let latest: Int64
    let chunkLimit: Int

    /// The series with the instants up to which their points go, and whether there are more chunks
    /// than were looked at.
    func parts(
        of group: AssetID, head: [SeriesID], _ transaction: ReadTransaction
    ) throws -> (parts: [ExpiredPart], hasMore: Bool) {
        var known: [SeriesID: (rule: LifeRule, horizon: Int64)?] = [:]
        var parts: [SeriesID: ExpiredPart] = [:]
        func add(_ series: SeriesID, first: Int64, limit: Int64) throws {
            let ruling: (rule: LifeRule, horizon: Int64)?
            if let entry = known[series] {
                ruling = entry
            } else {
                ruling = try self.ruling(series, transaction)
                known[series] = .some(ruling)
            }
            guard let (rule, horizon) = ruling, first < horizon else { return }
            var end = horizon
            // Whole buckets, unless one is longer than what may go at once.
            let limited = limit.floored(to: rule.rollups.last ?? 1)
            if limited > first { end = min(end, limited) }
            parts[series] = ExpiredPart(
                series: series, end: max(end, parts[series]?.end ?? .min), rule: rule)
        }
        for series in head { try add(series, first: .min, limit: .max) }
        var views: [ChunkView] = []
        var hasMore = false
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: ChunkKey(group: group, last: .min).bytes)
        while let (bytes, value) = entry {
            let key = try ChunkKey(decoding: bytes)
            guard key.group == group else { break }
            let view = try ChunkView(key: key, bytes: value)
            guard view.first < latest else { break }
            if views.count == chunkLimit {
                hasMore = true
                break
            }
            views.append(view)
            entry = try cursor.next()
        }
        let limit = hasMore ? (views.last?.last ?? .max) : .max
        for view in views {
            for index in 0..<view.columnCount {
                let series = try view.naming { try view.columnEntry(index).series }
                try add(series, first: view.span(ofColumn: index).lowerBound, limit: limit)
            }
        }
        return (Array(parts.values), hasMore)
    }

    private func ruling(
        _ series: SeriesID, _ transaction: ReadTransaction
    ) throws -> (rule: LifeRule, horizon: Int64)? {
        guard let description = try Catalog(tables: tables).description(series, transaction),
            let rule = try rules.rule(for: description, in: transaction),
            let horizon = rule.horizon(at: now)
        else { return nil }
        return (rule, horizon)
    }
}

extension HeadState {
    /// The series by group with a row in memory before an instant.
    func groups(withRowsBefore instant: Int64) -> [AssetID: [SeriesID]] {
        var found: [AssetID: [SeriesID]] = [:]
        for slot in slots where slot.rowCount > 0 {
            let isOld = rows(of: slot.series, at: .max - 1).pieces.contains { piece in
                // Times ascend where nothing came late: the first is the least.
                if slot.isSorted { return piece.count > 0 && piece.segment.times[0] < instant }
                return UnsafeBufferPointer(start: piece.segment.times, count: piece.count)
                    .contains { $0 < instant }
            }
            if isOld { found[groups[Int(slot.group)].id, default: []].append(slot.series) }
        }
        return found
    }
}

extension Writer {
    /// Runs a body in the next commit and waits for it; for threads of the store.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) throws -> Result {
        let answer = Monitor<Swift.Result<Result, any Error>?>(nil)
        let job = WriteJob.make(body) { result in
            answer.withLock { $0 = result }
            answer.wakeAll()
        }
        if queue.addWaiting(job) == .closed { throw StoreError.closed }
        let result = answer.withLock(when: { $0 != nil }) { $0 }
        guard let result else { preconditionFailure("a write ended without an answer") }
        return try result.get()
    }
}
