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
            if question.meaning == nil {
                question.understood(now: now, limits: options, understand)
            }
            let dirty = one.dirt.earliest(for: question).map {
                max($0, now.advanced(by: -longestEdit))
            }
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
