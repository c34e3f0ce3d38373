import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

extension LiveEngine {
    /// Looks at the alerts and continuous queries that are due; the nanoseconds until one is again.
    func runStanding(
        _ work: inout Work, dirt: Dirt, newest: SeriesID, now: Timestamp
    ) -> Int64 {
        var pause: Int64 = 60_000_000_000
        for key in work.standing.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard var one = work.standing[key] else { continue }
            if !dirt.isEmpty { one.add(dirt, now: now, limits: options, understand) }
            if let due = one.due(options), due <= now { run(&one, newest: newest, now: now) }
            if let due = one.due(options) {
                pause = min(pause, max(0, due.nanoseconds(since: now)))
            }
            work.standing[key] = one
        }
        noteEntries(of: work)
        return pause
    }

    private func run(_ one: inout Standing, newest: SeriesID, now: Timestamp) {
        guard var question = one.question else { return }
        let started = ContinuousClock.now
        var failure: (any Error)?
        do {
            let context = StandingContext(
                store: store, graph: graph, tables: tables, limits: options, ask: ask, now: now)
            let isFirst = one.dirt.all
            if question.meaning == nil {
                question.understood(now: now, limits: options, understand)
            }
            let dirty = try one.dirt.earliest(for: question).map {
                try bounded($0, question, one.definition, now: now)
            }
            switch (one.definition.kind, question.query.head) {
            case (.alert, _):
                question.dependencies = try AlertRun(
                    definition: one.definition, question: question, settings: one.settings,
                    context: context
                ).run(dirty: dirty, isFirst: isFirst)
            case (_, .anomalies):
                question.dependencies = try ModelRun(
                    definition: one.definition, question: question, into: one.into ?? "",
                    context: context
                ).run(dirty: dirty, isFirst: isFirst)
            default:
                question.dependencies = try SliceRun(
                    definition: one.definition, question: question, into: one.into ?? "",
                    context: context
                ).run(dirty: dirty, isFirst: isFirst)
            }
            try one.note(corrections: self.corrections(of: one.definition))
            question.newestSeries = newest
            one.question = question
            one.dirt = Dirt()
        } catch {
            failure = error
        }
        let cost = started.duration(to: .now)
        let (seconds, fraction) = cost.components
        one.finished(
            at: now, cost: seconds &* 1_000_000_000 &+ fraction / 1_000_000_000, error: failure)
    }

    /// A correction that reaches further back than a week, or than points are kept, is followed
    /// from there on only; what is stored of the time before stays, and readers are told.
    private func bounded(
        _ dirty: Timestamp, _ question: Question, _ definition: Definition, now: Timestamp
    ) throws -> Timestamp {
        var bound = now.advanced(by: -ModelCheckpoints.reach)
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        if let expired = try snapshot.newestExpiry(of: question.dependencies.series) {
            // A slice that begins before cannot be worked out again.
            let margin = (question.sliceLength ?? 0) + (question.dependencies.largestGap ?? 0)
            bound = max(bound, expired.advanced(by: margin).advanced(by: margin))
        }
        guard dirty < bound else { return dirty }
        let (_, position) = try corrections(of: definition)
        // What was not looked at yet is no correction, and a new one has stored nothing so old.
        guard let position, dirty < position else { return dirty }
        let limit = bound
        guard definition.created < limit else { return limit }
        try store.writeBlocking { transaction in
            let write = transaction.transaction
            var corrections = try Corrections.read(
                definition.kind, definition.name, self.tables, in: write)
            corrections.uncorrectedBefore = max(corrections.uncorrectedBefore ?? limit, limit)
            try corrections.write(definition.kind, definition.name, self.tables, in: write)
        }
        return limit
    }

    /// How far corrections have come, with the position from which the past is worked out again.
    private func corrections(
        of definition: Definition
    ) throws -> (corrections: Corrections, position: Timestamp?) {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let (kind, name) = (definition.kind, definition.name)
        return (
            try Corrections.read(kind, name, tables, in: snapshot.transaction),
            try OpenEvents.read(kind, name, tables, in: snapshot.transaction)?.position
        )
    }
}

extension Snapshot {
    /// Up to when points of some series have gone by retention; nil when all are there.
    func newestExpiry(of series: Set<SeriesID>) throws -> Timestamp? {
        guard try hasExpiries else { return nil }
        var newest: Timestamp?
        for one in series {
            guard let expired = try expiry(of: one)?.expired else { continue }
            newest = max(newest ?? expired, expired)
        }
        return newest
    }
}

/// What alerts and continuous queries work with.
struct StandingContext: Sendable {
    let store: Store
    let graph: Graph
    let tables: LiveTables
    let limits: LiveOptions
    let ask: Ask
    let now: Timestamp

    /// Who is written into the log.
    func provenance(_ definition: Definition) -> Provenance {
        Provenance(recordedAt: now, source: OpenEvents.source(definition.kind, definition.name))
    }
}
