import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

/// One look at a stored `anomalies in`: points that have come go through the models in time order.
///
/// Scores, events, models and the position are one commit, so a crash neither loses nor doubles
/// one. When the past is corrected, the models go back to how they were before it and take
/// everything in again; what they stored meanwhile is replaced.
struct ModelRun {
    let definition: Definition
    let question: Question
    let into: String
    let context: StandingContext

    /// How far back a new one learns, when the text says no range.
    private static let firstReach: Int64 = 24 * 3_600_000_000_000
    /// The most points one stretch takes in.
    private static let rowLimit = 1_000_000
    /// The longest stretch that is taken in at once, and the shortest, in nanoseconds.
    private static let longestStretch: Int64 = 3_600_000_000_000
    private static let shortestStretch: Int64 = 1_000_000_000
    /// The longest one look goes on; the next one continues.
    private static let patience = Duration.seconds(4)

    private var checkpoints: ModelCheckpoints {
        ModelCheckpoints(name: definition.name, tables: context.tables)
    }

    /// The samples that the models of a query take in.
    static func samples(of query: QuerySyntax) -> QuerySyntax {
        var query = query
        query.head = .read
        query.clauses.using = nil
        return query
    }

    /// Consumes what is older than `wait` and not consumed yet.
    ///
    /// - Parameters:
    ///   - dirty: the earliest instant from which the past is another; nil for none.
    ///   - isFirst: whether the process has just begun: what was committed just before the end of
    ///     the one before may not have been looked at.
    func run(dirty: Timestamp?, isFirst: Bool) throws -> QueryDependencies {
        let wait = question.length(of: question.query.clauses.wait?.form)
        let horizon = context.now.advanced(by: -max(0, wait ?? context.limits.defaultWait))
        var position = try position()
        var dirty = dirty
        if isFirst, let position {
            dirty = SliceRun.reach(afterRestartAt: position, dirty: dirty)
        }
        if let dirty, let known = position, dirty < known {
            position = try goBack(to: dirty, from: known)
        }
        var start =
            position
            ?? context.now.advanced(by: -(question.writtenLength ?? ModelRun.firstReach))
            .advanced(by: -method.learningReach)
        var dependencies = question.dependencies
        var stretch = ModelRun.longestStretch
        let began = ContinuousClock.now
        var isBegun = false
        while start < horizon, !isBegun || began.duration(to: .now) < ModelRun.patience {
            let range = TimeRange(
                start: start, end: min(horizon, start.advanced(by: stretch)))
            do {
                let found = try take(range, isFirst: position == nil && !isBegun)
                dependencies = isBegun ? dependencies.merging(found) : found
            } catch let error as QueryError
                where error.code == .rowLimit && stretch > ModelRun.shortestStretch
            {
                stretch = max(ModelRun.shortestStretch, stretch / 8)
                continue
            }
            isBegun = true
            start = range.end
        }
        return dependencies
    }

    /// The method that `using` names; `create` has refused what there is not.
    private var method: WatchMethod {
        question.query.clauses.using?.form.name.text(question.parameters)
            .flatMap(WatchMethod.init) ?? .novelty
    }

    private func position() throws -> Timestamp? {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        return try OpenEvents.read(
            .continuousQuery, definition.name, context.tables, in: snapshot.transaction)?.position
    }

    // MARK: Going back

    /// Makes the models those of before an instant, and returns from where points are taken in
    /// again.
    ///
    /// A model that took in nothing so late stays as it is.
    private func goBack(to dirty: Timestamp, from known: Timestamp) throws -> Timestamp {
        let (definition, tables) = (definition, context.tables)
        let checkpoints = checkpoints
        let snapshot = try context.store.snapshot()
        let expired = try snapshot.newestExpiry(of: question.dependencies.series)
        snapshot.close()
        return try context.store.writeBlocking { transaction in
            let write = transaction.transaction
            var start = dirty
            var corrections = try Corrections.read(
                .continuousQuery, definition.name, tables, in: write)
            var models: [(AssetID, ModelState)] = []
            try write.forEach(tables.models, prefix: KeyBytes().with(definition.name).bytes) {
                key, value in
                let asset = key.loadUnaligned(fromByteOffset: key.count - 4, as: UInt32.self)
                models.append(
                    (
                        AssetID(rawValue: UInt32(bigEndian: asset)),
                        try ModelState(decoding: value, name: definition.name)
                    ))
                return true
            }
            for (asset, state) in models where state.position >= dirty {
                let kept = try checkpoints.positions(of: asset, in: write)
                // What has gone by retention cannot be learned from again.
                guard let position = kept.last(where: { $0 < dirty }) ?? kept.first,
                    position >= expired ?? .distantPast,
                    let old = try checkpoints.state(of: asset, at: position, in: write)
                else {
                    corrections.uncorrectedBefore = known
                    continue
                }
                try write.put(
                    tables.models, LiveTables.key(model: definition.name, asset), old.encode())
                try checkpoints.remove(of: asset, after: position, in: write)
                start = min(start, position.advanced(by: 1))
            }
            corrections.replayEnd = max(corrections.replayEnd ?? known, known)
            try corrections.write(.continuousQuery, definition.name, tables, in: write)
            try OpenEvents(position: start)
                .write(.continuousQuery, definition.name, tables, in: write)
            return start
        }
    }

    // MARK: Taking in

    /// Takes in the points of a stretch of time.
    private func take(_ range: TimeRange, isFirst: Bool) throws -> QueryDependencies {
        var options = question.options(
            now: context.now, restriction: range, limits: context.limits)
        options.rowLimit = ModelRun.rowLimit
        let query = ModelRun.samples(of: question.since(range.start, now: context.now))
        let result = try context.ask(query, question.text, options)
        guard let column = result.itemColumn else { return result.dependencies }
        let (steps, corrections, read) = try steps(result, column, range)
        // Nothing came: the position need not be written every second.
        let isLong = isFirst || range.nanoseconds > 60_000_000_000
        if !steps.isEmpty || isLong || corrections.replayEnd != nil {
            try write(steps, range, corrections)
        }
        return result.dependencies.merging(read)
    }

    private func steps(
        _ result: QueryResult, _ column: ResultColumn, _ range: TimeRange
    ) throws -> ([ModelStep], Corrections, QueryDependencies) {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        let corrections = try Corrections.read(
            .continuousQuery, definition.name, context.tables, in: snapshot.transaction)
        var keys = CycleKeys(
            measures: question.query.clauses.using?.form.keys.map(\.text) ?? [],
            snapshot: snapshot, graph: context.graph)
        var steps: [AssetID: ModelStep] = [:]
        func step(_ asset: AssetID) throws -> ModelStep {
            let stored = try snapshot.transaction.value(
                context.tables.models, LiveTables.key(model: definition.name, asset))
            var state = ModelState(method)
            state.position = range.start.advanced(by: -1)
            if let stored { state = try ModelState(decoding: stored, name: definition.name) }
            return ModelStep(
                asset, from: state,
                checkpoint: try checkpoints.positions(of: asset, in: snapshot.transaction).last)
        }
        for (row, key) in result.keys.enumerated() {
            guard let asset = key.asset, let value = column.value(row)?.number else { continue }
            if steps[asset] == nil { steps[asset] = try step(asset) }
            let instant = key.range.start
            let work = method == .cycle ? try keys.key(of: asset, at: instant, in: range) : nil
            let place = method.place(
                at: instant, in: result.siteZones[asset] ?? result.zone, key: work)
            steps[asset]?.take(instant, value, place: place)
        }
        if corrections.replayEnd != nil {
            // What an asset has stored may have no points any more.
            try snapshot.transaction.forEach(
                context.tables.models, prefix: KeyBytes().with(definition.name).bytes
            ) { key, _ in
                let folded = key.loadUnaligned(fromByteOffset: key.count - 4, as: UInt32.self)
                let asset = AssetID(rawValue: UInt32(bigEndian: folded))
                if steps[asset] == nil { steps[asset] = try step(asset) }
                return true
            }
        }
        return (steps.sorted { $0.key < $1.key }.map(\.value), corrections, keys.dependencies)
    }

    private func write(
        _ steps: [ModelStep], _ range: TimeRange, _ corrections: Corrections
    ) throws {
        let sink = MeasureSink(name: into, kind: .float, unit: "")
        let (definition, tables, graph) = (definition, context.tables, context.graph)
        let provenance = context.provenance(definition)
        let checkpoints = checkpoints
        let recorder = AnomalyRecorder(
            name: definition.name, graph: graph, provenance: provenance,
            isReplay: corrections.replayEnd != nil)
        let stale = recorder.isReplay ? try staleScores(steps, range) : [:]
        try context.store.writeBlocking { transaction in
            let write = transaction.transaction
            let key = LiveTables.key(.continuousQuery, definition.name)
            // A drop may have come in between: then nothing is written any more.
            guard try write.value(tables.definitions, key) != nil else { return }
            var batch = PointBatch()
            for step in steps {
                if !step.scores.isEmpty {
                    let target = try sink.target(
                        step.asset, graph: graph, by: provenance, in: transaction)
                    for (time, score) in step.scores {
                        guard let value = target.value(.float(score)) else { continue }
                        batch.append(target.series, at: time, value)
                    }
                }
                for (series, times) in stale[step.asset] ?? [:] {
                    for time in times {
                        try transaction.removePoints(
                            of: series, in: TimeRange(start: time, end: time.advanced(by: 1)),
                            reason: "continuous query \(definition.name): "
                                + "the model gives no score here now")
                    }
                }
                var state = step.state
                state.event = try recorder.record(step, in: range, transaction)
                try write.put(
                    tables.models, LiveTables.key(model: definition.name, step.asset),
                    state.encode())
                try checkpoints.add(step.checkpoints, of: step.asset, in: write)
            }
            try transaction.append(batch)
            try OpenEvents(position: range.end)
                .write(.continuousQuery, definition.name, tables, in: write)
            if let end = corrections.replayEnd, range.end >= end {
                var done = corrections
                done.replayEnd = nil
                try done.write(.continuousQuery, definition.name, tables, in: write)
            }
        }
    }

    /// Scores that are stored and that the models do not give any more.
    private func staleScores(
        _ steps: [ModelStep], _ range: TimeRange
    ) throws -> [AssetID: [SeriesID: [Timestamp]]] {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        var found: [AssetID: [SeriesID: [Timestamp]]] = [:]
        for step in steps {
            let start = max(range.start, step.before.advanced(by: 1))
            guard start < range.end,
                let type = try context.graph.asset(step.asset, in: snapshot.transaction)?.type,
                let measure = try context.graph.measure(
                    named: into, of: type, in: snapshot.transaction),
                let series = try snapshot.series(of: step.asset, measure: measure.id)
            else { continue }
            let given = Set(step.scores.map(\.time.nanoseconds))
            let reader = try snapshot.reader(
                series.id, TimeRange(start: start, end: range.end))
            var batch = ColumnBatch(kind: series.kind)
            while try reader.next(into: &batch) {
                for time in batch.times[0..<batch.count] where !given.contains(time) {
                    found[step.asset, default: [:]][series.id, default: []]
                        .append(Timestamp(nanoseconds: time))
                }
            }
        }
        return found
    }
}
