import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Which assets `show` lists, and what is set and measured on them.
extension PlantListing {
    /// The assets that `where` chooses at any time of a range; nil when all are meant.
    func chosenAssets(
        _ path: PathSyntax, _ clauses: ClausesSyntax, during range: TimeRange,
        _ snapshot: Snapshot
    ) throws -> Set<AssetID>? {
        guard let filter = clauses.filter else { return nil }
        var asked = ClausesSyntax()
        asked.filter = filter
        let question = try Question(
            query: QuerySyntax(outputs: [], path: path, clauses: asked, range: path.range),
            text: context.text, options: context.options, engine: engine, snapshot: snapshot,
            now: context.now)
        let filters = try SliceFilters(question: question)
        guard filters.rows == nil, let condition = filters.samples else {
            throw context.wrong(
                .mixedCondition, "`show` takes a condition on attributes or newest values",
                at: filter.range)
        }
        return Set(
            try question.subjects.filter {
                try question.columns(of: $0, in: range).isEverTrue(condition, in: range)
            }.map(\.asset))
    }

    /// `show measures of machine CNC-3`: what is measured there, and how much of it there is.
    func series(of path: PathSyntax, _ snapshot: Snapshot) throws -> QueryResult {
        let transaction = snapshot.transaction
        var rows: [[String?]] = []
        for id in try assets(of: path, transaction) {
            guard let asset = try graph.asset(id, in: transaction) else { continue }
            for series in try snapshot.seriesList(of: id) {
                let measure = try graph.measure(series.measure, of: asset.type, in: transaction)
                let definition = measure?.definition
                rows.append([
                    try graph.measureName(series.measure, in: transaction),
                    try graph.displayName(of: id, in: transaction),
                    definition.flatMap { $0.unit.isEmpty ? nil : $0.unit },
                    definition.map { "\($0.kind)" }, definition.map { "\($0.shape)" },
                    PlantListing.gapText(definition?.gap),
                    "\(try snapshot.counts(of: series.id).points)",
                ])
            }
        }
        rows.sort { ($0[1] ?? "", $0[0] ?? "") < ($1[1] ?? "", $1[0] ?? "") }
        let names = ["measure", "asset", "unit", "kind", "shape", "gap", "points"]
        return table(names.enumerated().map { index, name in (name, rows.map { $0[index] }) })
    }
}

extension QueryResult {
    /// A listing with as many rows as `limit` allows.
    func limited(_ clauses: ClausesSyntax) -> QueryResult {
        clauses.limit.map { cut(to: $0.form) } ?? self
    }
}
