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
/// one.
struct ModelRun {
    let definition: Definition
    let question: Question
    let into: String
    let context: StandingContext

    /// How far back a new one learns, when the text says no range.
    private static let firstReach: Int64 = 24 * 3_600_000_000_000
    /// The most points one look takes in.
    private static let rowLimit = 5_000_000

    /// The samples that the models of a query take in.
    static func samples(of query: QuerySyntax) -> QuerySyntax {
        var query = query
        query.head = .read
        query.clauses.using = nil
        return query
    }

    /// Consumes what is older than `wait` and not consumed yet.
    func run() throws -> QueryDependencies {
        let position = try position()
        let wait = question.length(of: question.query.clauses.wait?.form)
        let horizon = context.now.advanced(by: -max(0, wait ?? context.limits.defaultWait))
        let start =
            position
            ?? context.now.advanced(by: -(question.writtenLength ?? ModelRun.firstReach))
        guard start < horizon else { return question.dependencies }
        var options = question.options(
            now: context.now, restriction: TimeRange(start: start, end: horizon),
            limits: context.limits)
        options.rowLimit = ModelRun.rowLimit
        let query = ModelRun.samples(of: question.since(start, now: context.now))
        let result = try context.ask(query, question.text, options)
        guard let column = result.itemColumn else { return result.dependencies }
        let steps = try steps(result, column)
        let moved = horizon.nanoseconds(since: position ?? .distantPast)
        // Nothing came: the position need not be written every second.
        if !steps.isEmpty || moved > 60_000_000_000 { try write(steps, position: horizon) }
        return result.dependencies
    }

    private func position() throws -> Timestamp? {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        return try OpenEvents.read(
            .continuousQuery, definition.name, context.tables, in: snapshot.transaction)?.position
    }

    private func steps(_ result: QueryResult, _ column: ResultColumn) throws -> [ModelStep] {
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        var steps: [AssetID: ModelStep] = [:]
        for (row, key) in result.keys.enumerated() {
            guard let asset = key.asset, let value = column.value(row)?.number else { continue }
            if steps[asset] == nil {
                let stored = try snapshot.transaction.value(
                    context.tables.models, LiveTables.key(model: definition.name, asset))
                let state = try stored.map {
                    try ModelState(decoding: $0, name: definition.name)
                }
                steps[asset] = ModelStep(asset, from: state ?? ModelState())
            }
            steps[asset]?.take(key.range.start, value)
        }
        return steps.sorted { $0.key < $1.key }.map(\.value)
    }

    private func write(_ steps: [ModelStep], position: Timestamp) throws {
        let sink = MeasureSink(name: into, kind: .float, unit: "")
        let (definition, tables, graph) = (definition, context.tables, context.graph)
        let provenance = context.provenance(definition)
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
                var state = step.state
                let recorder = AnomalyRecorder(
                    name: definition.name, graph: graph, provenance: provenance)
                state.event = try recorder.record(step, in: transaction)
                try write.put(
                    tables.models, LiveTables.key(model: definition.name, step.asset),
                    state.encode())
            }
            try transaction.append(batch)
            try OpenEvents(position: position)
                .write(.continuousQuery, definition.name, tables, in: write)
        }
    }
}

/// Records the episodes of a model as events.
struct AnomalyRecorder {
    let name: String
    let graph: Graph
    let provenance: Provenance

    /// Ends the event that was open, records those that came and went, and opens one if need be.
    ///
    /// - Returns: the event that is open now.
    func record(_ step: ModelStep, in transaction: StoreTransaction) throws -> EventID? {
        let write = transaction.transaction
        var open = try step.state.event.flatMap { id in
            // Someone may have deleted it by hand.
            try graph.event(id, in: write)?.end == nil ? id : nil
        }
        if let id = open, try graph.event(id, in: write) == nil { open = nil }
        for episode in step.ended {
            transaction.noteEventChange()
            if let id = open {
                try graph.editEvent(
                    id, time: AnomalyRecorder.time(episode),
                    attributes: AnomalyRecorder.attributes(episode), by: provenance, in: write)
                open = nil
            } else {
                try graph.record(
                    event: name, of: step.asset, at: AnomalyRecorder.time(episode),
                    attributes: AnomalyRecorder.attributes(episode), by: provenance, in: write)
            }
        }
        if open == nil, let episode = step.opened {
            transaction.noteEventChange()
            open = try graph.record(
                event: name, of: step.asset,
                at: .open(from: Timestamp(nanoseconds: episode.start)),
                attributes: AnomalyRecorder.attributes(episode), by: provenance, in: write)
        }
        return open
    }

    private static func time(_ episode: AnomalyEpisode) -> EventTime {
        let start = Timestamp(nanoseconds: episode.start)
        let end = Timestamp(nanoseconds: episode.end)
        return end > start ? .span(TimeRange(start: start, end: end)) : .instant(start)
    }

    private static func attributes(_ episode: AnomalyEpisode) -> [Attribute] {
        [
            Attribute("peak", .float(episode.peak)),
            Attribute("cause", .text(episode.cause.word)),
            Attribute("alarms", .integer(Int64(episode.alarmCount))),
            Attribute("method", .text(SeriesWatch.version)),
        ]
    }
}
