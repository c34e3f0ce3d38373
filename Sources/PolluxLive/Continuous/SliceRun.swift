import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

/// One look at a continuous query: slices that are final become points (S19).
///
/// Only what differs from what is stored is written, so doing it twice does nothing.
struct SliceRun {
    let definition: Definition
    let question: Question
    let into: String
    let context: StandingContext

    private static let hour: Int64 = 3_600_000_000_000
    /// After a start, this much before the position is looked at again: late points that were
    /// committed just before the end of the process were not.
    static let restartReach: Int64 = hour

    /// From where to look again in a process that has just begun.
    static func reach(afterRestartAt position: Timestamp, dirty: Timestamp?) -> Timestamp {
        let reach = position.advanced(by: -restartReach)
        return min(dirty ?? reach, reach)
    }

    /// A point to write, or to take away when it has no value.
    private struct Change: Hashable, Sendable {
        var asset: AssetID
        var instant: Timestamp
        var value: Value?
    }

    /// Asks again over the slices that can have changed and writes the difference.
    func run(dirty: Timestamp?, isFirst: Bool) throws -> QueryDependencies {
        let snapshot = try context.store.snapshot()
        let state = try OpenEvents.read(
            .continuousQuery, definition.name, context.tables, in: snapshot.transaction)
        var start = self.start(state, dirty: dirty, isFirst: isFirst)
        if isByEvent, state != nil, dirty != nil,
            let began = try earliestBegin(before: start, snapshot)
        {
            start = min(start, began.advanced(by: -1))
        }
        snapshot.close()
        let options = question.options(
            now: context.now,
            restriction: TimeRange(start: start, end: context.now.advanced(by: 1)),
            limits: context.limits)
        let result = try context.ask(
            question.since(start, now: context.now), question.text, options)
        var answered = question
        answered.dependencies = result.dependencies
        let horizon = context.now.advanced(by: -answered.wait(context.limits))
        guard let column = result.itemColumn else { return result.dependencies }
        let sink = MeasureSink(name: into, kind: column.storedKind, unit: column.storedUnit)
        var changes = try changes(
            result, column, sink, from: start, horizon: horizon)
        // Points go where rows went, but only when something before the position has changed.
        if let dirty, state != nil {
            changes += try withoutRows(result, from: start, since: dirty, horizon: horizon)
        }
        let isDue = horizon > (state?.position ?? .distantPast)
        if !changes.isEmpty || (state == nil && isDue) {
            try write(changes, sink, position: max(horizon, state?.position ?? horizon))
        }
        return result.dependencies
    }

    private func start(_ state: OpenEvents?, dirty: Timestamp?, isFirst: Bool) -> Timestamp {
        guard let state else {
            return context.now.advanced(by: -(question.writtenLength ?? SliceRun.hour))
        }
        var start = min(state.position, context.now)
        if isFirst { start = start.advanced(by: -SliceRun.restartReach) }
        if let dirty { start = min(start, dirty) }
        let gap = question.dependencies.largestGap ?? MeasureDefinition.defaultGap
        let slice = question.sliceLength ?? 24 * SliceRun.hour
        return start.advanced(by: -gap).advanced(by: -slice)
    }

    private var isByEvent: Bool {
        if case .event? = question.query.clauses.every?.form.stride { return true }
        return false
    }

    /// The assets that had rows, as far as that is known: those that the path meant, and the items
    /// and places that rows show.
    private func writers(_ result: QueryResult?) -> Set<AssetID> {
        var assets = question.dependencies.assets
        if let result { assets.formUnion(result.keys.compactMap(\.asset)) }
        return assets
    }

    /// When the slices between events began that hold an instant: a slice may be older than any
    /// margin, and its point stands where it began.
    private func earliestBegin(
        before instant: Timestamp, _ snapshot: Snapshot
    ) throws -> Timestamp? {
        var begin: Timestamp?
        for asset in writers(nil) {
            let range = TimeRange(start: .distantPast, end: instant.advanced(by: 1))
            guard let last = try instants(asset, range, snapshot)?.times.last else { continue }
            begin = min(begin ?? last, last)
        }
        return begin
    }

    /// The times of the points that are stored of an asset, and their series.
    private func instants(
        _ asset: AssetID, _ range: TimeRange, _ snapshot: Snapshot
    ) throws -> (series: SeriesID, times: [Timestamp])? {
        guard let type = try context.graph.asset(asset, in: snapshot.transaction)?.type,
            let measure = try context.graph.measure(
                named: into, of: type, in: snapshot.transaction),
            let series = try snapshot.series(of: asset, measure: measure.id)
        else { return nil }
        let reader = try snapshot.reader(series.id, range)
        var batch = ColumnBatch(kind: series.kind)
        var times: [Timestamp] = []
        while try reader.next(into: &batch) {
            times += batch.times[0..<batch.count].map { Timestamp(nanoseconds: $0) }
        }
        return (series.id, times)
    }

    /// Stored points whose slice is there no more: an event was moved or deleted, or the asset was
    /// somewhere else in truth.
    private func withoutRows(
        _ result: QueryResult, from start: Timestamp, since dirty: Timestamp, horizon: Timestamp
    ) throws -> [Change] {
        var begins: [AssetID: Set<Timestamp>] = [:]
        for key in result.keys {
            guard let asset = key.asset else { continue }
            begins[asset, default: []].insert(key.range.start)
        }
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        let length = isByEvent ? 0 : question.sliceLength ?? 0
        // A slice that ended before the change is as it was.
        let first = max(start.advanced(by: 1), dirty.advanced(by: -length))
        guard first < horizon else { return [] }
        var changes: [Change] = []
        for asset in writers(result).sorted() {
            let range = TimeRange(start: first, end: horizon)
            for time in try instants(asset, range, snapshot)?.times ?? []
            where begins[asset]?.contains(time) != true {
                changes.append(Change(asset: asset, instant: time, value: nil))
            }
        }
        return changes
    }

    /// What differs from what is stored.
    private func changes(
        _ result: QueryResult, _ column: ResultColumn, _ sink: MeasureSink, from start: Timestamp,
        horizon: Timestamp
    ) throws -> [Change] {
        var rows: [AssetID: [Int]] = [:]
        for (row, key) in result.keys.enumerated() {
            guard let asset = key.asset, key.range.end <= horizon else { continue }
            // A slice between events that begins with the range began earlier in truth.
            if isByEvent, key.range.start <= start { continue }
            rows[asset, default: []].append(row)
        }
        let snapshot = try context.store.snapshot()
        defer { snapshot.close() }
        var changes: [Change] = []
        for (asset, rows) in rows.sorted(by: { $0.key < $1.key }) {
            let stored = try stored(asset, result.keys[rows[0]].range.start, snapshot)
            for row in rows {
                let instant = result.keys[row].range.start
                let value = column.value(row)
                let before = stored.values[instant.nanoseconds]
                let now = value.flatMap { value in
                    stored.target.map { $0.value(value) } ?? value
                }
                if before != now {
                    changes.append(Change(asset: asset, instant: instant, value: value))
                }
            }
        }
        return changes

        func stored(
            _ asset: AssetID, _ from: Timestamp, _ snapshot: Snapshot
        ) throws -> (values: [Int64: Value], target: MeasureSink.Target?) {
            guard let type = try context.graph.asset(asset, in: snapshot.transaction)?.type,
                let measure = try context.graph.measure(
                    named: into, of: type, in: snapshot.transaction),
                let series = try snapshot.series(of: asset, measure: measure.id)
            else { return ([:], nil) }
            let target = MeasureSink.Target(
                series: series.id, kind: series.kind,
                conversion: try sink.conversion(
                    to: measure.definition.unit,
                    units: try context.graph.units(in: snapshot.transaction)))
            let reader = try snapshot.reader(
                series.id, TimeRange(start: from, end: .distantFuture))
            var batch = ColumnBatch(kind: series.kind)
            var values: [Int64: Value] = [:]
            while try reader.next(into: &batch) {
                for row in 0..<batch.count { values[batch.times[row]] = batch.values[row] }
            }
            return (values, target)
        }
    }

    private func write(_ changes: [Change], _ sink: MeasureSink, position: Timestamp) throws {
        let (definition, tables, graph) = (definition, context.tables, context.graph)
        let provenance = context.provenance(definition)
        try context.store.writeBlocking { transaction in
            let write = transaction.transaction
            let key = LiveTables.key(.continuousQuery, definition.name)
            // A drop may have come in between: then nothing is written any more.
            guard try write.value(tables.definitions, key) != nil else { return }
            var batch = PointBatch()
            var targets: [AssetID: MeasureSink.Target] = [:]
            for change in changes {
                let target =
                    try targets[change.asset]
                    ?? sink.target(change.asset, graph: graph, by: provenance, in: transaction)
                targets[change.asset] = target
                if let value = change.value.flatMap({ target.value($0) }) {
                    batch.append(target.series, at: change.instant, value)
                } else {
                    let range = TimeRange(
                        start: change.instant, end: change.instant.advanced(by: 1))
                    try transaction.removePoints(
                        of: target.series, in: range,
                        reason: "continuous query \(definition.name): the slice is empty now")
                }
            }
            try transaction.append(batch)
            try OpenEvents(position: position)
                .write(.continuousQuery, definition.name, tables, in: write)
        }
    }
}
