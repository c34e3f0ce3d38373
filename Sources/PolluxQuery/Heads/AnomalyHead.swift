import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `anomalies in vibration of spindle of machine CNC-3 last 1d`: episodes in which a series was
/// unlike itself.
///
/// The same code watches data as it arrives; here it starts from nothing at the start of the range,
/// so the answer depends on the range alone.
struct AnomalyHead {
    /// The methods that `using` may name.
    static let methods = ["novelty"]

    /// Makes the rows of the episodes of each piece and measure.
    ///
    /// - Throws: `QueryError` for an unknown method, a measure that holds no numbers, too little
    ///   history everywhere, or cancellation; what store and graph throw.
    func rows(
        pieces: [PathPiece], measures: [(name: String, unit: String)], range: TimeRange,
        now: Timestamp, zone: ZoneRules, snapshot: Snapshot, graph: Graph, method: String?,
        cancellation: CancellationFlag?
    ) throws -> QueryResult {
        try AnomalyHead.check(method: method)
        var run = AnomalyRun(
            reading: HeadReading(snapshot: snapshot, graph: graph, cancellation: cancellation),
            range: range, now: now, zone: zone)
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

    /// Refuses a method that there is not.
    static func check(method: String?) throws {
        guard let method, !methods.contains(method.lowercased()) else { return }
        throw QueryError.runtime(
            .unknownMethod,
            "there is no method '\(method)' for anomalies; there is: "
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

/// The watch over one series: the model, and what its open episode was like at the peak.
struct EpisodeCollector {
    private(set) var watch = SeriesWatch()
    private(set) var pointCount = 0
    private(set) var first: Timestamp?
    private(set) var last: Timestamp?
    /// The episodes that are over.
    private(set) var closed: [(episode: AnomalyEpisode, value: Double, peak: ModelOutput)] = []
    private var value = 0.0
    private var peak = ModelOutput(condition: .ready)

    init() {}

    /// Takes in a number of good quality.
    mutating func append(_ instant: Timestamp, _ number: Double) {
        pointCount += 1
        if first == nil { first = instant }
        last = instant
        let (output, change) = watch.append(at: instant, number)
        switch change {
        case .none: break
        case .began(let episode), .grew(let episode):
            if episode.peakTime == instant.nanoseconds {
                value = number
                peak = output
            }
        case .ended(let episode): closed.append((episode, value, peak))
        }
    }

    /// The episode that was not over at the last point.
    var open: (episode: AnomalyEpisode, value: Double, peak: ModelOutput)? {
        watch.openEpisode.map { ($0, value, peak) }
    }
}
