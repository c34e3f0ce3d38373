import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// The lines of `explain`: what is asked and of what, what it is expected to cost, how it was
/// answered, and what it cost.
struct Explanation {
    let question: Question
    private var lines: [(step: String, detail: String)] = []

    /// Assets, pieces and series are listed up to here; the rest is counted.
    private static let listedCount = 50

    init(_ question: Question) { self.question = question }

    /// Runs the question and tells about it.
    mutating func result(parseNanoseconds: Int64) throws -> QueryResult {
        add("query", TwinQL.print(question.query))
        try addPath()
        let estimate = try Estimate(question)
        let answer = try question.answer()
        try addSeries()
        addConversions()
        add("plan", question.plan?.text ?? "evaluate point by point: events, episodes or a model")
        add("estimate", try estimate.text(for: question))
        addBasis(answer)
        for note in answer.notes { add("note", note) }
        addActual(answer)
        add("time to parse", Explanation.shown(parseNanoseconds))
        for stage in question.stages.stages {
            add("time to \(stage.name)", Explanation.shown(stage.nanoseconds))
        }
        return QueryResult(
            content: .plan,
            columns: [
                ResultColumn(
                    name: "step", kind: .text, cells: ResultCells(texts: lines.map(\.step))),
                ResultColumn(
                    name: "detail", kind: .text, cells: ResultCells(texts: lines.map(\.detail))),
            ], zone: question.context.zone)
    }

    private mutating func add(_ step: String, _ detail: String) { lines.append((step, detail)) }

    /// What a remaining life rests on: what the machine told, past tools, a law, a textbook.
    private mutating func addBasis(_ answer: QueryResult) {
        guard question.query.head == .remainingLife else { return }
        func cells(_ name: String) -> [ResultCell] {
            guard let column = answer.columns.first(where: { $0.name == name }) else { return [] }
            return (0..<column.count).map { column.cell($0) }
        }
        for ((asset, method), note) in zip(zip(cells("asset"), cells("method")), cells("note")) {
            if case (.text(let asset), .text(let method), .text(let note)) = (asset, method, note) {
                add("basis of \(asset)", "\(method): \(note)")
            }
        }
    }

    static func shown(_ nanoseconds: Int64) -> String {
        let micros = (Double(nanoseconds) / 100).rounded() / 10
        return micros < 1000 ? "\(micros) µs" : "\((micros / 10).rounded() / 100) ms"
    }

    // MARK: The plant

    private mutating func addPath() throws {
        let subjects = question.subjects
        add("path", "\(TwinQL.print(question.query.path)): \(subjects.count) assets")
        var common: TimeRange?
        for subject in subjects.prefix(Explanation.listedCount) {
            let range = try question.range(of: subject)
            if let range, range != common {
                add(
                    common == nil ? "range" : "range of \(subject.name)",
                    "\(range.start) to \(range.end)")
                common = common ?? range
            }
            for piece in subject.pieces where range.map({ piece.range.overlaps($0) }) ?? true {
                add("piece", "\(try name(of: piece, subject)) \(Explanation.span(piece.range))")
            }
        }
        if subjects.count > Explanation.listedCount {
            add("piece", "… and those of \(subjects.count - Explanation.listedCount) more assets")
        }
        if let asOf = question.asOf { add("plant", "frozen as of \(asOf)") }
        if question.query.clauses.every != nil, let first = subjects.first,
            let spans = try question.spans(of: first)
        {
            let slices = try Slicing(question: question).slices(
                of: first, spans: spans, present: first.present(in: spans), episodes: nil)
            add("slices", "\(slices.count)")
        }
    }

    private func name(of piece: PathPiece, _ subject: Subject) throws -> String {
        guard let place = piece.place, place != piece.subject else { return subject.name }
        let name = try question.context.graph.displayName(
            of: place, in: question.snapshot.transaction)
        return "\(subject.name) in \(name)"
    }

    static func span(_ range: TimeRange) -> String {
        let start = range.start == .distantPast ? "ever" : "\(range.start)"
        let end = range.end == .distantFuture ? "on" : "\(range.end)"
        return "from \(start) \(end == "on" ? "on" : "to \(end)")"
    }

    // MARK: Series and units

    private mutating func addSeries() throws {
        for leaf in question.leaves {
            guard case .measure = leaf.source else {
                add("reads", "\(leaf.name) (\(leaf.source == .event ? "event" : "attribute"))")
                continue
            }
            let unit = leaf.unit?.symbol ?? "no unit"
            add(
                "measure",
                "\(leaf.name) in \(unit), \(leaf.definition.kind), \(leaf.definition.shape), "
                    + "gap \(PlantListing.gapText(leaf.definition.gap))")
        }
        let series = question.dependencies.series.sorted()
        let transaction = question.snapshot.transaction
        for id in series.prefix(Explanation.listedCount) {
            guard let description = try question.snapshot.series(id) else { continue }
            let asset = try question.context.graph.displayName(
                of: description.asset, in: transaction)
            let measure = try question.context.graph.measureName(
                description.measure, in: transaction)
            add("series", "\(id.rawValue): \(measure ?? "?") of \(asset), \(description.kind)")
        }
        if series.count > Explanation.listedCount {
            add("series", "… and \(series.count - Explanation.listedCount) more")
        }
    }

    private mutating func addConversions() {
        for bound in question.boundOutputs {
            bound.visit { node in
                guard case .conversion(let inner, let change) = node.form, !change.isIdentity else {
                    return
                }
                let shift = change.shift == 0 ? "" : " + \(change.shift / change.divisor)"
                lines.append(
                    (
                        "conversion",
                        "\(inner.unit?.symbol ?? "?") to \(node.unit?.symbol ?? "?"): "
                            + "× \(change.slope)\(shift)"
                    ))
            }
        }
    }

    // MARK: The run

    private mutating func addActual(_ answer: QueryResult) {
        let counts = question.scanCounts
        add("series read", "\(answer.stats.series)")
        add("chunk columns decoded", "\(max(counts.columnsRead, answer.stats.batches))")
        add("chunk columns answered by statistics", "\(counts.columnsByStatistics)")
        add("chunk columns passed over", "\(counts.columnsSkipped)")
        add("rollups used", "\(counts.rollups)")
        add("rows in memory", "\(counts.memoryRows)")
        add("points read", "\(answer.stats.points)")
        add("points set aside by quality", "\(counts.setAside)")
        add("rows", "\(answer.rowCount)")
    }
}

/// What a question is expected to read, from directories alone; made before the run.
private struct Estimate {
    private var series = 0
    private var columns = 0
    private var points = 0
    private var memoryRows = 0

    init(_ question: Question) throws {
        for subject in question.subjects {
            guard let range = try question.range(of: subject) else { continue }
            try question.checkLimits()
            var seen: Set<SeriesID> = []
            for piece in subject.pieces {
                guard let inside = piece.range.intersection(range) else { continue }
                for measure in try question.measuresNamed {
                    let sources = try PlantReader(question: question).sources(
                        of: measure, for: subject, in: inside)
                    for source in sources where seen.insert(source.series.id).inserted {
                        try add(source.series, inside, question.snapshot)
                    }
                }
            }
        }
    }

    private mutating func add(
        _ series: SeriesDescription, _ range: TimeRange, _ snapshot: Snapshot
    ) throws {
        self.series += 1
        for chunk in try snapshot.sealedChunks(of: series.group, in: range) {
            guard let column = try chunk.column(of: series.id) else { continue }
            columns += 1
            points += column.count
        }
        memoryRows += snapshot.memoryRows(of: series).count
    }

    func text(for question: Question) throws -> String {
        "\(series) series, \(columns) columns of chunks with \(points) points, "
            + "\(memoryRows) rows in memory"
    }
}

extension Question {
    /// The measures that the text names, as far as they exist.
    fileprivate var measuresNamed: [MeasureID] {
        get throws {
            var names: [String] = []
            for output in query.outputs { output.expression.visitNames { names.append($0) } }
            query.clauses.filter?.form.visitNames { names.append($0) }
            return try Set(names).sorted().compactMap {
                try context.graph.measureID(named: $0, in: snapshot.transaction)
            }
        }
    }
}

extension ExpressionSyntax {
    /// Calls `body` for each name that stands for something with a value.
    fileprivate func visitNames(_ body: (String) -> Void) {
        switch form {
        case .name(let name): body(name.text)
        case .literal: break
        case .aggregate(_, let inner), .negation(let inner), .not(let inner),
            .like(let inner, _), .state(let inner, _, _), .offset(let inner, _),
            .scoped(let inner, _):
            inner.visitNames(body)
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right),
            .logic(_, let left, let right):
            left.visitNames(body)
            right.visitNames(body)
        case .function(_, let arguments):
            for argument in arguments { argument.visitNames(body) }
        }
    }
}
