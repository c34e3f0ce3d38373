import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// One series to read over one span, and the asset it was found at.
struct HeadSource: Hashable {
    var series: SeriesDescription
    var range: TimeRange
}

/// Finds and reads series for the heads that run a model, and keeps account of it.
struct HeadReading {
    let snapshot: Snapshot
    let graph: Graph
    let cancellation: CancellationFlag?
    /// What it cost so far.
    var stats = QueryStatistics()
    /// What was read so far, or would be if it existed.
    var dependencies = QueryDependencies()
    private var known: Set<SeriesID> = []

    init(snapshot: Snapshot, graph: Graph, cancellation: CancellationFlag?) {
        self.snapshot = snapshot
        self.graph = graph
        self.cancellation = cancellation
    }

    /// Where a measure of an asset is read over a range: in each slice the first candidate that has
    /// a series; neighbouring slices of one series are one.
    mutating func sources(
        of asset: AssetID, measure name: String, during range: TimeRange
    ) throws -> [HeadSource] {
        guard let measure = try graph.measureID(named: name, in: snapshot.transaction) else {
            return []
        }
        dependencies.measures.insert(measure)
        let slices = try graph.sources(
            forMeasureOf: asset, during: range, asOf: nil, in: snapshot.transaction)
        var found: [HeadSource] = []
        for slice in slices {
            dependencies.assets.formUnion(slice.candidates)
            for candidate in slice.candidates {
                guard let series = try snapshot.series(of: candidate, measure: measure) else {
                    continue
                }
                if let last = found.last, last.series == series, last.range.end == slice.range.start
                {
                    found[found.count - 1].range.end = slice.range.end
                } else {
                    found.append(HeadSource(series: series, range: slice.range))
                }
                break
            }
        }
        for source in found { dependencies.series.insert(source.series.id) }
        return found
    }

    /// The measure of a source as declared for the type of the asset it was found at.
    mutating func definition(of source: HeadSource) throws -> MeasureDefinition? {
        guard
            let asset = try graph.asset(source.series.asset, in: snapshot.transaction),
            let measure = try graph.measure(
                source.series.measure, of: asset.type, in: snapshot.transaction)
        else { return nil }
        if let gap = measure.definition.gap {
            dependencies.largestGap = max(gap, dependencies.largestGap ?? 0)
        }
        return measure.definition
    }

    /// Calls `body` with each batch of a source's points, in time order.
    ///
    /// - Throws: `QueryError` when the query is cancelled; what the store throws.
    mutating func forEachBatch(
        of source: HeadSource, _ body: (ColumnBatch) throws -> Void
    ) throws {
        if known.insert(source.series.id).inserted { stats.series += 1 }
        let reader = try snapshot.reader(source.series.id, source.range)
        var batch = ColumnBatch(kind: source.series.kind)
        try checkCancellation()
        while try reader.next(into: &batch) {
            try checkCancellation()
            stats.points += batch.count
            stats.batches += 1
            try body(batch)
        }
    }

    /// Ends the run when someone has asked for it.
    func checkCancellation() throws {
        if cancellation?.isCancelled == true {
            throw QueryError.runtime(.cancelled, "the query was cancelled")
        }
    }

    /// How people call an asset.
    func name(of asset: AssetID) throws -> String {
        try graph.displayName(of: asset, in: snapshot.transaction)
    }
}

extension ColumnBatch {
    /// The number in a row of good quality; nil for other qualities and for texts.
    func goodNumber(_ row: Int) -> Double? {
        guard quality(at: row) == .good else { return nil }
        switch values {
        case .floats(let values): return values[row]
        case .integers(let values): return Double(values[row])
        case .booleans(let values): return values[row] ? 1 : 0
        case .texts: return nil
        }
    }
}

extension Timestamp {
    /// RFC 3339 text in a zone, for notes.
    func text(in zone: ZoneRules) -> String {
        formatted(offsetSeconds: zone.offsetSeconds(at: self))
    }
}
