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
        var dirt = dirt
        if dirt.plant || work.logNumber == nil {
            dirt.plantFrom = editedFrom(&work, now: now)
        }
        var pause: Int64 = 60_000_000_000
        for key in work.standing.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard var one = work.standing[key] else { continue }
            if !dirt.isEmpty { one.dirt.add(dirt) }
            if let due = one.due(options), due <= now { run(&one, newest: newest, now: now) }
            if let due = one.due(options) {
                pause = min(pause, max(0, due.nanoseconds(since: now)))
            }
            work.standing[key] = one
        }
        let entries = LiveEngine.entries(work)
        noteEntries(entries)
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
            let dirty = one.dirt.earliest(for: question)
            switch (one.definition.kind, question.query.head) {
            case (.alert, _):
                question.dependencies = try AlertRun(
                    definition: one.definition, question: question, settings: one.settings,
                    context: context
                ).run(dirty: dirty)
            case (_, .anomalies):
                question.dependencies = try ModelRun(
                    definition: one.definition, question: question, into: one.into ?? "",
                    context: context
                ).run()
            default:
                question.dependencies = try SliceRun(
                    definition: one.definition, question: question, into: one.into ?? "",
                    context: context
                ).run(dirty: dirty, isFirst: isFirst)
            }
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

    /// The earliest instant that edits of the plant since the last look reach back to.
    ///
    /// What only adds an asset or a name changes no answer about others, so it is passed over.
    private func editedFrom(_ work: inout Work, now: Timestamp) -> Timestamp? {
        guard let snapshot = try? store.snapshot() else { return now.advanced(by: -longestEdit) }
        defer { snapshot.close() }
        guard let entries = try? graph.log(limit: 1000, in: snapshot.transaction) else {
            return nil
        }
        let known = work.logNumber
        work.logNumber = entries.first?.number ?? known ?? 0
        guard let known else { return nil }
        let edits = entries.filter { entry in
            guard entry.number > known else { return false }
            switch entry.action {
            case .move, .relate, .unrelate, .set, .retire: return true
            case .declare, .create, .record, .edit, .delete: return false
            }
        }
        return edits.map(\.span.start).min().map { max($0, now.advanced(by: -longestEdit)) }
    }

    /// An edit that reaches further back than a week corrects only the last week by itself.
    private var longestEdit: Int64 { 7 * 86_400_000_000_000 }
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
