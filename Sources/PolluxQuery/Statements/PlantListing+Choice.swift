import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Which assets `show` lists, and what is set and measured on them.
extension PlantListing {
    /// The assets that `where` chooses, as the plant is now; nil when all are meant.
    func chosenAssets(
        _ path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
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
        let now = TimeRange(start: context.now, end: context.now.advanced(by: 1))
        return Set(
            try question.subjects.filter {
                try question.columns(of: $0, in: now).isEverTrue(condition, in: now)
            }.map(\.asset))
    }

    /// The distinct assets that a path meant at any time of a range, in order of name.
    private func holders(
        _ path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> (assets: [AssetID], range: TimeRange) {
        var range = TimeRange.always
        if clauses.time != nil || clauses.during != nil {
            let reader = RangeReader(context: context, snapshot: snapshot)
            range = try reader.range(clauses, for: nil) ?? .always
        }
        let bound = try PathTranslation(context: context).graphPath(
            path, in: snapshot.transaction)
        let resolution = try graph.resolve(bound, during: range, in: snapshot.transaction)
        var seen: Set<AssetID> = []
        var assets: [AssetID] = []
        for piece in resolution.pieces {
            for asset in [piece.subject, piece.place].compactMap({ $0 })
            where seen.insert(asset).inserted {
                assets.append(asset)
            }
        }
        return (assets, range)
    }

    /// `show attributes of machine CNC-3`: every value an attribute had.
    func attributes(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let (assets, range) = try holders(path, clauses, snapshot)
        var rows: [(texts: [String?], range: TimeRange)] = []
        for asset in assets {
            let name = try graph.displayName(of: asset, in: snapshot.transaction)
            for piece in try graph.attributes(of: asset, during: range, in: snapshot.transaction) {
                let value = piece.value.map { PlantListing.text(of: $0) }
                rows.append(([name, piece.name, value], piece.range))
            }
        }
        func shown(_ instant: Timestamp) -> String? {
            instant == .distantPast || instant == .distantFuture ? nil : context.shown(instant)
        }
        return table([
            ("asset", rows.map { $0.texts[0] }), ("attribute", rows.map { $0.texts[1] }),
            ("value", rows.map { $0.texts[2] }), ("from", rows.map { shown($0.range.start) }),
            ("until", rows.map { shown($0.range.end) }),
        ])
    }

    /// `show measures of machine CNC-3`: what is measured there, and how much of it there is.
    func series(of path: PathSyntax, _ snapshot: Snapshot) throws -> QueryResult {
        let transaction = snapshot.transaction
        var rows: [[String?]] = []
        for id in try holders(path, ClausesSyntax(), snapshot).assets {
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
