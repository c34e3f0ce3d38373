import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

/// One look at an alert: its episodes become events.
struct AlertRun {
    let definition: Definition
    let question: Question
    let settings: [Attribute]
    let context: StandingContext

    private static let hour: Int64 = 3_600_000_000_000
    /// How far back a new alert looks.
    private static let firstReach: Int64 = 24 * hour
    /// A position this old is written though nothing else is.
    private static let positionInterval: Int64 = 60_000_000_000

    /// Asks again over the time that can have changed and writes the difference.
    ///
    /// - Parameters:
    ///   - dirty: the earliest instant that arrived points or edits reach back to.
    ///   - isFirst: whether the process has just begun: what was committed just before the end of
    ///     the one before may not have been looked at.
    /// - Returns: what the answer depended on.
    func run(dirty: Timestamp?, isFirst: Bool) throws -> QueryDependencies {
        let (state, openStart) = try known()
        var dirty = dirty
        if isFirst, let state {
            dirty = SliceRun.reach(afterRestartAt: state.position, dirty: dirty)
        }
        let start = self.start(state, openStart: openStart, dirty: dirty)
        let query = question.since(start, now: context.now)
        let options = question.options(
            now: context.now, restriction: nil, limits: context.limits)
        let result = try context.ask(query, question.text, options)
        let covered = result.range ?? TimeRange(start: start, end: context.now)
        let plan = EventPlan(
            name: definition.name, source: OpenEvents.source(.alert, definition.name),
            episodes: episodes(result), assets: result.dependencies.assets, covered: covered,
            graph: context.graph)
        try write(plan, state: state)
        return result.dependencies
    }

    private func known() throws -> (OpenEvents?, Timestamp?) {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        let state = try OpenEvents.read(
            .alert, definition.name, context.tables, in: snapshot.transaction)
        let starts = try (state?.events ?? []).compactMap {
            try context.graph.event($0, in: snapshot.transaction)?.start
        }
        return (state, starts.min())
    }

    private func start(
        _ state: OpenEvents?, openStart: Timestamp?, dirty: Timestamp?
    ) -> Timestamp {
        let clause = question.query.clauses.episode?.form
        let longest = max(
            question.length(of: clause?.minimum) ?? 0,
            question.length(of: clause?.untilMinimum) ?? 0)
        let gap = question.dependencies.largestGap ?? MeasureDefinition.defaultGap
        let margin = -min(longest, 30 * 24 * AlertRun.hour) - gap
        var start = context.now.advanced(by: -(question.writtenLength ?? AlertRun.hour))
        if let state {
            start = min(start, state.position.advanced(by: margin))
        } else {
            start = min(start, context.now.advanced(by: -AlertRun.firstReach))
        }
        if let dirty { start = min(start, dirty.advanced(by: margin)) }
        if let openStart { start = min(start, openStart.advanced(by: margin)) }
        return start
    }

    private func episodes(_ result: QueryResult) -> [AlertEpisode] {
        result.keys.indices.compactMap { row in
            let key = result.keys[row]
            guard let asset = key.asset else { return nil }
            let note = result.note(row)
            return AlertEpisode(
                asset: asset, range: key.range,
                // What is unknown is not over.
                isOpen: note.contains("open") || note.contains("stale"),
                beganEarlier: note.contains("began earlier"),
                attributes: settings + AlertRun.values(result, row))
        }
    }

    /// The items of a row as attributes.
    private static func values(_ result: QueryResult, _ row: Int) -> [Attribute] {
        result.columns.compactMap { column in
            switch column.kind {
            case .timestamp, .asset, .note: return nil
            case .duration, .float, .integer, .boolean, .text: break
            }
            switch column.cell(row) {
            case .float(let value): return Attribute(column.name, .float(value))
            case .integer(let value): return Attribute(column.name, .integer(value))
            case .duration(let value): return Attribute(column.name, .float(Double(value) / 1e9))
            case .boolean(let flag): return Attribute(column.name, .boolean(flag))
            case .text(let text): return Attribute(column.name, .text(text))
            case .missing, .timestamp: return nil
            }
        }
    }

    private func write(_ plan: EventPlan, state: OpenEvents?) throws {
        let open = state?.events ?? []
        let changes = try {
            let snapshot = try context.store.snapshot()
            defer { snapshot.close() }
            return try plan.changes(open: open, in: snapshot.transaction)
        }()
        let age = context.now.nanoseconds(since: state?.position ?? .distantPast)
        guard !changes.isEmpty || age > AlertRun.positionInterval else { return }
        let (definition, tables, now) = (definition, context.tables, context.now)
        let provenance = context.provenance(definition)
        try context.store.writeBlocking { transaction in
            let write = transaction.transaction
            // A drop may have come in between: then nothing is written any more.
            guard
                try write.value(tables.definitions, LiveTables.key(.alert, definition.name)) != nil
            else { return }
            let before = try OpenEvents.read(.alert, definition.name, tables, in: write)
            let changes = try plan.changes(open: before?.events ?? [], in: write)
            let events = try plan.apply(
                changes, open: before?.events ?? [], by: provenance, in: write)
            try OpenEvents(position: now, events: events)
                .write(.alert, definition.name, tables, in: write)
            if !changes.isEmpty { transaction.noteEventChange() }
        }
    }
}
