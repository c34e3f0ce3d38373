import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `anomalies in vibration of spindle of machine CNC-3 last 1d`: episodes in which a series was
/// unlike itself.
///
/// The same code watches data as it arrives; here it starts from nothing at the start of the range,
/// or a fixed time before it, so the answer depends on the range alone.
struct AnomalyHead {
    /// The methods that `using` may name.
    static let methods = WatchMethod.allCases.map(\.word)

    /// Makes the rows of the episodes of each piece and measure.
    ///
    /// - Throws: `QueryError` for an unknown method, a measure that holds no numbers, too little
    ///   history everywhere, or cancellation; what store and graph throw.
    func rows(
        pieces: [PathPiece], measures: [(name: String, unit: String)], range: TimeRange,
        now: Timestamp, zone: ZoneRules, snapshot: Snapshot, graph: Graph, method: String?,
        keys: [String] = [], siteZones: [AssetID: ZoneRules] = [:], cancellation: CancellationFlag?
    ) throws -> QueryResult {
        let reading = HeadReading(snapshot: snapshot, graph: graph, cancellation: cancellation)
        var run = AnomalyRun(
            reading: reading, method: try AnomalyHead.method(method), range: range, now: now,
            zone: zone,
            siteZones: siteZones, keys: CycleKeys(measures: keys, reading: reading))
        var subjects: [AssetID] = []
        var spans: [AssetID: [TimeRange]] = [:]
        for piece in pieces {
            guard let span = piece.range.intersection(range) else { continue }
            if spans[piece.subject] == nil { subjects.append(piece.subject) }
            spans[piece.subject, default: []].append(span)
            run.reading.dependencies.assets.formUnion(
                [piece.subject, piece.place, piece.item].compactMap { $0 })
        }
        for subject in subjects {
            let ordered = (spans[subject] ?? []).sorted { $0.start < $1.start }
            let first = run.rows.count
            for measure in measures {
                try run.watch(subject, during: ordered, measure.name, unit: measure.unit)
            }
            // Stable: episodes that begin together keep the order of the measures.
            run.sortRows(from: first)
        }
        return try run.result(measures: measures)
    }

    /// The method of a word, `novelty` for none; one that there is not is refused.
    static func method(_ word: String?) throws -> WatchMethod {
        guard let word else { return .novelty }
        if let method = WatchMethod(word: word) { return method }
        throw QueryError.runtime(
            .unknownMethod,
            "there is no method '\(word)' for anomalies; there are: "
                + methods.joined(separator: ", "))
    }
}

/// One episode as a row.
struct AnomalyRow {
    var asset: AssetID
    var name: String
    var measure: String
    var unit: String
    var episode: AnomalyEpisode
    /// The point with the highest score, and what was expected of it.
    var value: Double
    var peak: ModelOutput
    var note: String?
}
