import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// One question on one snapshot: bound names, subjects of the path, ranges; answers itself.
///
/// Used by one thread; lives as long as its snapshot.
final class Question {
    let query: QuerySyntax
    let context: StatementContext
    let snapshot: Snapshot
    let engine: QueryEngine
    let ranges: RangeReader
    /// The zones of the sites of subjects, for `timezone local`.
    private var siteZones: [AssetID: ZoneRules] = [:]
    private var knownSpans: [AssetID: [TimeRange]?] = [:]
    private var knownCommon: (range: TimeRange?, origin: Timestamp?)?
    let qualities: Set<Quality>
    private(set) var subjects: [Subject] = []
    /// Sentences about the path, such as minutes in which it was ambiguous.
    private(set) var pathNotes: [String] = []
    var leaves: [BoundLeaf] = []
    /// Leaves that `is stale`, `is uncertain` or `is bad` ask about.
    var trackedLeaves: Set<Int> = []
    var aggregates: [BoundAggregate] = []
    private(set) var notes: [String] = []
    /// The paths of `(x of path)`, by index.
    var scopes: [PathSyntax] = []
    var stats = QueryStatistics()
    var dependencies = QueryDependencies()
    let asOf: Timestamp?
    /// Measures as types have them, looked up once.
    var definitions: [DefinitionKey: MeasureDefinition] = [:]
    let deadline: Int64
    /// How it is answered, once that is known.
    var plan: QuestionPlan?
    /// The items as they were bound, for `explain`.
    var boundOutputs: [BoundExpression] = []
    /// How long its stages took.
    var stages = StageTimes()
    /// What scans met so far.
    var scanCounts = ScanCounts()
    /// Bytes that rows and what they are made of take, about.
    private var heldBytes = 0
    /// What a brief question may still do; nil for others.
    var allowance: Allowance?

    /// The sources of measures of subjects with one piece, found once.
    var sources: [SourceKey: [PlantReader.Source]] = [:]

    /// A measure of a piece.
    struct SourceKey: Hashable {
        var measure: MeasureID
        var piece: PathPiece
    }

    /// A measure of a type.
    struct DefinitionKey: Hashable {
        var measure: MeasureID
        var type: TypeID
    }

    /// Binds zone and path; names in expressions are bound when rows are made.
    ///
    /// `comparison` puts another span in the place of the one written; `now` is then the one that
    /// the question beside it took.
    init(
        query: QuerySyntax, text: String, options: QueryOptions, engine: QueryEngine,
        snapshot: Snapshot, comparison: CompareClause? = nil, now fixed: Timestamp? = nil,
        allowance: Allowance? = nil
    ) throws {
        self.query = query
        self.allowance = allowance
        self.engine = engine
        self.snapshot = snapshot
        var zone = try engine.zone(options)
        let now = fixed ?? options.now ?? SystemTime.now()
        if let clause = query.clauses.timezone, case .named(let name) = clause.form {
            guard let found = engine.zones.zone(named: name.text) else {
                throw QueryError.diagnostics([
                    Diagnostic(
                        .unknownZone, "there is no time zone `\(name.text)`", at: name.range,
                        in: text, notes: ["zones have names such as Europe/Berlin"])
                ])
            }
            zone = found
        }
        let context = StatementContext(
            graph: engine.graph, text: text, options: options, now: now, zone: zone,
            units: try engine.graph.units(in: snapshot.transaction))
        self.context = context
        asOf = try query.clauses.asOf.map { try context.instant($0.form) }
        ranges = RangeReader(
            context: context, snapshot: snapshot, replacement: comparison, asOf: asOf,
            reachesFuture: query.head == .forecast)
        switch query.clauses.including?.form {
        case nil: qualities = [.good]
        case .uncertain: qualities = [.good, .uncertain]
        case .bad: qualities = [.good, .uncertain, .bad]
        }
        deadline =
            options.timeLimit > 0
            ? SystemTime.monotonic().addingSaturated(options.timeLimit) : .max
        try refuseWhatDoesNotFit()
        subjects = try findSubjects(query.path)
        if subjects.reduce(0, { $0 + $1.pieces.count }) > Allowance.pieceLimit {
            try refuseBrief()
        }
        stages.end("resolve the path")
        if let wait = query.clauses.wait {
            dependencies.wait = try context.period(wait.form).nanoseconds
        }
    }

    /// Ends a question that was cancelled or takes too long; called once per column.
    func checkLimits() throws {
        if context.options.cancellation?.isCancelled == true {
            throw QueryError.runtime(.cancelled, "the query was cancelled")
        }
        if SystemTime.monotonic() > deadline {
            let seconds = context.options.timeLimit / 1_000_000_000
            throw QueryError.runtime(
                .timeLimit,
                "the query took longer than \(seconds) s: ask for less")
        }
    }

    /// Takes memory for as long as the question runs, or until it is released.
    ///
    /// - Throws: `QueryError` when all together is more than a question may hold.
    func hold(_ bytes: Int) throws {
        heldBytes += bytes
        try checkMemory()
    }

    /// Gives memory back that was held.
    func release(_ bytes: Int) { heldBytes -= bytes }

    /// Refuses what would need more than a question may hold.
    func checkMemory(adding bytes: Int = 0) throws {
        let limit = context.options.byteLimit
        guard heldBytes + bytes <= limit else {
            throw QueryError.runtime(
                .memoryLimit,
                "the query needs more than \(limit >> 20) MiB: ask for longer slices, or a "
                    + "shorter range")
        }
    }

    /// Refuses an answer of so many rows when it may not have as many.
    func checkRowCount(_ count: Int) throws {
        let most = max(context.options.rowLimit, 0)
        guard count <= most else {
            throw QueryError.runtime(
                .rowLimit,
                "the answer has more than \(most) rows: ask for a shorter range, longer slices, "
                    + "or `limit`")
        }
    }

    /// Adds a sentence for the reader, once.
    func addNote(_ sentence: String) {
        if !notes.contains(sentence) { notes.append(sentence) }
    }

    /// The zones of the subjects' sites with `timezone local`; empty otherwise.
    func zonesOfSites() throws -> [AssetID: ZoneRules] {
        guard query.clauses.timezone?.form == .local else { return [:] }
        for subject in subjects { _ = try zone(of: subject) }
        return siteZones
    }

    /// The zone whose days and hours count for a subject: its site's with `timezone local`.
    func zone(of subject: Subject) throws -> ZoneRules {
        guard let clause = query.clauses.timezone, clause.form == .local else {
            return context.zone
        }
        if let known = siteZones[subject.asset] { return known }
        let now = TimeRange(start: context.now, end: context.now.advanced(by: 1))
        var zone = context.zone
        if let name = try attributePieces("timezone", of: subject, in: now).first?.value {
            let word = PlantListing.text(of: name)
            guard let found = engine.zones.zone(named: word) else {
                throw context.wrong(
                    .unknownZone, "\(subject.name) is in the time zone `\(word)`, which is none",
                    at: clause.range, notes: ["zones have names such as Europe/Berlin"])
            }
            zone = found
        } else {
            addNote(
                "\(subject.name) has no attribute [timezone], and nothing that contains it: "
                    + zone.name)
        }
        siteZones[subject.asset] = zone
        return zone
    }

    /// The zone in which rows are shown: that of all subjects, else UTC.
    func shownZone() throws -> ZoneRules {
        guard query.clauses.timezone?.form == .local else { return context.zone }
        let zones = try subjects.map { try zone(of: $0) }
        guard let first = zones.first, zones.allSatisfy({ $0 == first }) else {
            addNote("the assets are in several time zones: times are shown in UTC")
            return .utc
        }
        return first
    }

    /// The reader of ranges in the zone of a subject.
    func ranges(for subject: Subject) throws -> RangeReader {
        guard query.clauses.timezone?.form == .local else { return ranges }
        var reader = ranges
        reader.context = context.inZone(try zone(of: subject))
        return reader
    }

    /// The spans of time that a question asks about a subject; nil when an event has not happened.
    func spans(of subject: Subject) throws -> [TimeRange]? {
        if let known = knownSpans[subject.asset] { return known }
        let spans = try ranges(for: subject).spans(
            query.clauses, for: subject,
            beginningAt: try Slicing(question: self).border(of: subject))
        // What groups share is found from the spans of all, before each is read.
        if query.clauses.grouping != nil { knownSpans[subject.asset] = .some(spans) }
        return spans
    }

    /// The hull of the spans that a question asks about a subject; nil when an event has not
    /// happened.
    func range(of subject: Subject) throws -> TimeRange? {
        guard let spans = try spans(of: subject), let first = spans.first, let last = spans.last
        else { return nil }
        return TimeRange(start: first.start, end: last.end)
    }

    /// From the first instant that is asked about any subject to the last.
    ///
    /// Rows of groups share it, so that each instant of each asset is in one of them. Subjects that
    /// the path does not mean then do not count.
    func commonRange() throws -> TimeRange? { try common().range }

    /// Where slices are counted from for a subject: the start of the range, whatever `during` keeps
    /// of it, else of what it keeps; with groups, of all their assets alike.
    func origin(of subject: Subject, _ spans: [TimeRange]) throws -> Timestamp {
        let own = try origin(spans, subject)
        guard query.clauses.grouping != nil, let common = try common().origin else { return own }
        return min(own, common)
    }

    private func origin(_ spans: [TimeRange], _ subject: Subject) throws -> Timestamp {
        let first = spans.first?.start ?? .distantPast
        guard query.clauses.during != nil else { return first }
        return min(first, try ranges(for: subject).start(query.clauses, for: subject) ?? first)
    }

    private func common() throws -> (range: TimeRange?, origin: Timestamp?) {
        if let knownCommon { return knownCommon }
        var common: (range: TimeRange?, origin: Timestamp?)
        for subject in subjects {
            guard let spans = try spans(of: subject), let first = spans.first,
                let last = spans.last, !subject.present(in: spans).isEmpty
            else { continue }
            let known = common.range ?? TimeRange(start: first.start, end: last.end)
            common.range = TimeRange(
                start: min(known.start, first.start), end: max(known.end, last.end))
            let origin = try origin(spans, subject)
            common.origin = min(common.origin ?? origin, origin)
        }
        knownCommon = common
        return common
    }

    // MARK: Subjects

    /// The assets a path meant at any time, with the spans in which it did.
    func findSubjects(_ path: PathSyntax) throws -> [Subject] {
        let graphPath = try PathTranslation(context: context).graphPath(
            path, in: snapshot.transaction)
        let resolved = try resolve(graphPath)
        let (resolution, subjects) = (resolved.resolution, resolved.subjects)
        let wanted = try ranges.range(query.clauses, for: nil) ?? .always
        try reportAmbiguity(resolution, path: path, wanted: wanted, isEmpty: subjects.isEmpty)
        if subjects.isEmpty, resolution.ambiguities.isEmpty {
            throw context.wrong(
                .pathDoesNotFit, "nothing fits `\(TwinQL.print(path))`", at: path.range,
                notes: ["the plant has no such part there: `show types` lists what there is"])
        }
        return subjects
    }

    private func reportAmbiguity(
        _ resolution: PathResolution, path: PathSyntax, wanted: TimeRange, isEmpty: Bool
    ) throws {
        let found = resolution.ambiguities.filter { $0.range.overlaps(wanted) }
        guard let first = found.first else { return }
        let names = try first.candidates.prefix(5).map {
            try context.graph.displayName(of: $0, in: snapshot.transaction)
        }
        let hasPieces = resolution.pieces.contains { $0.range.overlaps(wanted) }
        guard !hasPieces else {
            pathNotes.append(
                "the path means several assets from \(context.shown(first.range.start)): "
                    + names.joined(separator: ", "))
            return
        }
        let step = path.steps[min(first.step, path.steps.count - 1)]
        let word = TwinQL.print(PathSyntax([StepSyntax(link: nil, selection: step.selection)]))
        let container = try first.container.map { id in
            let asset = try context.graph.asset(id, in: snapshot.transaction)
            let type = try asset.flatMap {
                try context.graph.type($0.type, in: snapshot.transaction)?.name
            }
            let name = try context.graph.displayName(of: id, in: snapshot.transaction)
            return (type.map { $0 + " " } ?? "") + name
        }
        throw context.wrong(
            .notSingular,
            "\(container ?? "the plant") has \(first.candidates.count) \(word)s, and `\(word)` "
                + "means exactly one", at: step.range,
            suggestions: [
                .init(
                    "write `every \(word)`, or name one: \(names.joined(separator: ", "))",
                    replacement: "every \(word)")
            ])
    }
}
