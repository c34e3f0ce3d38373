import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// The state of one `anomalies` question: rows, notes, and how much history there was.
struct AnomalyRun {
    var reading: HeadReading
    let method: WatchMethod
    let range: TimeRange
    let now: Timestamp
    let zone: ZoneRules
    /// The zones of assets whose days are not those of the question.
    let siteZones: [AssetID: ZoneRules]
    /// What machines were doing, for `cycle`.
    private var keys: CycleKeys
    private(set) var rows: [AnomalyRow] = []
    private var notes: [String] = []
    private var pointCount = 0
    private var seriesCount = 0
    private var readyCount = 0
    private var first: Timestamp?
    private var last: Timestamp?

    init(
        reading: HeadReading, method: WatchMethod, range: TimeRange, now: Timestamp,
        zone: ZoneRules, siteZones: [AssetID: ZoneRules], keys: CycleKeys
    ) {
        self.keys = keys
        self.reading = reading
        self.method = method
        self.siteZones = siteZones
        self.range = range
        self.now = now
        self.zone = zone
    }

    /// Runs the model over a measure of an asset; a new series, where the source changes, starts
    /// from nothing, for another sensor has habits of its own.
    mutating func watch(
        _ subject: AssetID, during spans: [TimeRange], _ measure: String, unit: String
    ) throws {
        let name = try reading.name(of: subject)
        var order: [SeriesID] = []
        var sources: [HeadSource] = []
        for span in spans {
            for source in try reading.sources(of: subject, measure: measure, during: span) {
                try check(source.series.kind, measure, of: name)
                _ = try reading.definition(of: source)
                if !order.contains(source.series.id) { order.append(source.series.id) }
                sources.append(source)
            }
        }
        sources = try learned(subject, measure, order) + sources
        var collectors: [SeriesID: EpisodeCollector] = [:]
        for source in sources {
            var collector =
                collectors[source.series.id]
                ?? EpisodeCollector(
                    method, from: range.start, zone: siteZones[subject] ?? zone)
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    guard let number = batch.goodNumber(row) else { continue }
                    let instant = Timestamp(nanoseconds: batch.times[row])
                    let key =
                        method == .cycle
                        ? try keys.key(of: subject, at: instant, in: source.range) : nil
                    collector.append(instant, number, key: key)
                }
            }
            collectors[source.series.id] = collector
        }
        guard collectors.values.contains(where: \.isInRange) else {
            notes.append("no points of \(measure) of \(name) in the range")
            return
        }
        for id in order {
            guard let collector = collectors[id], collector.isInRange else { continue }
            take(collector, subject, name, measure, unit)
        }
    }

    /// Where the series of the range are read before it, for a method that learns so.
    private mutating func learned(
        _ subject: AssetID, _ measure: String, _ series: [SeriesID]
    ) throws -> [HeadSource] {
        guard method.learningReach > 0, !series.isEmpty else { return [] }
        let before = TimeRange(
            start: range.start.advanced(by: -method.learningReach), end: range.start)
        return try reading.sources(of: subject, measure: measure, during: before).filter {
            series.contains($0.series.id)
        }
    }

    private func check(_ kind: ValueKind, _ measure: String, of name: String) throws {
        guard kind != .float, kind != .integer else { return }
        throw QueryError.runtime(
            .methodDoesNotFit,
            "\(method.word) reads numbers; \(measure) of \(name) holds "
                + (kind == .text ? "texts" : "truth values"))
    }

    /// Takes over what one series gave.
    private mutating func take(
        _ collector: EpisodeCollector, _ subject: AssetID, _ name: String, _ measure: String,
        _ unit: String
    ) {
        seriesCount += 1
        pointCount += collector.pointCount
        if let start = collector.first { first = min(start, first ?? start) }
        if let end = collector.last { last = max(end, last ?? end) }
        let seen = collector.watch.learnedCount
        if seen < ModelConstants.warmUpCount {
            let learning = ModelCondition.learning(seen: seen, of: ModelConstants.warmUpCount)
            notes.append("\(learning) for \(measure) of \(name)")
        } else {
            readyCount += 1
        }
        if seen >= ModelConstants.warmUpCount, let note = cycleNote(collector.watch) {
            notes.append(note.replacing("$", with: "\(measure) of \(name)"))
        }
        if collector.watch.faultCount > 0 {
            notes.append(
                "sensor at fault at \(collector.watch.faultCount) points of \(measure) of \(name)")
        }
        func append(
            _ found: (episode: AnomalyEpisode, value: Double, peak: ModelOutput), _ note: String?
        ) {
            rows.append(
                AnomalyRow(
                    asset: subject, name: name, measure: measure, unit: unit,
                    episode: found.episode, value: found.value, peak: found.peak, note: note))
        }
        for found in collector.closed { append(found, nil) }
        if let open = collector.open {
            append(open, range.end >= now ? "open" : "open at the end of the range")
        }
    }

    /// What must be known of a cycle, with `$` for the series; nil when there is nothing.
    private func cycleNote(_ watch: SeriesWatch) -> String? {
        guard let cycle = watch.cycle else { return nil }
        if watch.noBaselineCount > 0 {
            let seen = cycle.keyCount == 1 ? "1 kind" : "\(cycle.keyCount) kinds"
            return "no baseline for the work at \(watch.noBaselineCount) points of $ (\(seen) seen)"
        }
        guard cycle.scoredCount == 0 else { return nil }
        let what = method == .seasonal ? "time of day" : "work"
        if cycle.hasBaselines { return "$ does not follow the \(what): novelty alone speaks" }
        return "no time of day of $ was seen on \(ModelConstants.cycleVisitCount) days before: "
            + "novelty alone speaks"
    }

    /// Brings the rows of one asset into the order of time.
    mutating func sortRows(from first: Int) {
        let sorted = rows[first...].enumerated().sorted {
            ($0.element.episode.start, $0.offset) < ($1.element.episode.start, $1.offset)
        }
        rows.replaceSubrange(first..., with: sorted.map(\.element))
    }

    /// The answer.
    ///
    /// - Throws: `tooLittleHistory` when no series had enough points for one score.
    func result(measures: [(name: String, unit: String)]) throws -> QueryResult {
        guard readyCount > 0 else { throw tooLittleHistory(measures.map(\.name)) }
        var result = QueryResult(
            content: .rows, columns: columns(units: Set(measures.map(\.unit))), zone: zone)
        result.range = range
        result.notes = notes
        if let first, let last {
            let series = seriesCount == 1 ? "" : " of \(seriesCount) series"
            result.notes.insert(
                "history: \(pointCount) points\(series) from \(first.text(in: zone)) to "
                    + last.text(in: zone), at: 0)
        }
        if rows.isEmpty {
            result.notes.append("no anomalies: no score reached \(ModelConstants.alarmLevel)")
        }
        result.stats = reading.stats
        result.stats.points += keys.stats.points
        result.stats.series += keys.stats.series
        result.stats.rows = rows.count
        result.dependencies = reading.dependencies.merging(keys.dependencies)
        result.keys = rows.map { row in
            RowKey(
                asset: row.asset, name: row.name,
                range: TimeRange(
                    start: Timestamp(nanoseconds: row.episode.start),
                    end: Timestamp(nanoseconds: row.episode.end)))
        }
        return result
    }

    private func tooLittleHistory(_ measures: [String]) -> QueryError {
        let why =
            notes.isEmpty ? "the path means no asset in the range" : notes.joined(separator: "; ")
        return .runtime(
            .tooLittleHistory,
            "too little history for anomalies in \(measures.joined(separator: ", ")): \(why); "
                + "ask over a longer range (\(ModelConstants.warmUpCount) points are needed)")
    }

    private func columns(units: Set<String>) -> [ResultColumn] {
        let unit = units.count == 1 ? units.first.flatMap { $0.isEmpty ? nil : $0 } : nil
        func numbers(_ name: String, _ value: (AnomalyRow) -> Double?) -> ResultColumn {
            let cells = rows.map(value)
            return ResultColumn(
                name: name, kind: .float, unit: name == "score" ? nil : unit,
                cells: ResultCells(.floats(cells.map { $0 ?? 0 }), missing: cells.map { $0 == nil })
            )
        }
        func texts(
            _ name: String, _ kind: ResultColumn.Kind, _ text: (AnomalyRow) -> String?
        ) -> ResultColumn {
            ResultColumn(name: name, kind: kind, cells: ResultCells(texts: rows.map(text)))
        }
        func times(_ name: String, _ time: (AnomalyRow) -> Int64) -> ResultColumn {
            ResultColumn(
                name: name, kind: .timestamp, cells: ResultCells(.integers(rows.map(time))))
        }
        var columns = [
            times("time") { $0.episode.start }, times("until") { $0.episode.end },
            texts("asset", .asset) { $0.name }, texts("measure", .text) { $0.measure },
            numbers("score") { $0.episode.peak }, numbers("value") { $0.value },
            numbers("expected") { $0.peak.expected }, numbers("low") { $0.peak.low },
            numbers("high") { $0.peak.high }, texts("cause", .text) { $0.episode.cause.word },
            texts("method", .text) { [method] _ in method.word }, texts("note", .note) { $0.note },
        ]
        // Numbers of several units share columns: each row says its own.
        if units.count > 1 {
            columns.insert(texts("unit", .text) { $0.unit.isEmpty ? nil : $0.unit }, at: 4)
        }
        return columns
    }
}
