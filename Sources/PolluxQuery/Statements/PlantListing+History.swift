import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// What the assets of a path went through: relations with who recorded them, events, changes.
extension PlantListing {
    /// The range that the clauses ask for; everything when they ask for none.
    private func askedRange(_ clauses: ClausesSyntax, _ snapshot: Snapshot) throws -> TimeRange {
        guard clauses.time != nil else { return .always }
        return try RangeReader(context: context, snapshot: snapshot).range(clauses, for: nil)
            ?? .always
    }

    /// The assets that a path means at any time, places and items both.
    private func assets(
        of path: PathSyntax, _ transaction: ReadTransaction
    ) throws -> [AssetID] {
        let bound = try PathTranslation(context: context).graphPath(path, in: transaction)
        let resolution = try context.graph.resolve(bound, during: .always, in: transaction)
        var found: [AssetID] = []
        for piece in resolution.pieces {
            for id in [piece.subject, piece.item].compactMap({ $0 }) where !found.contains(id) {
                found.append(id)
            }
        }
        return found
    }

    private func shown(_ instant: Timestamp) -> String? {
        instant == .distantPast || instant == .distantFuture ? nil : context.shown(instant)
    }

    /// `show relations of spindle SP-7`: where it was and what it was related to, by whom.
    func relations(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let graph = context.graph
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        let definitions = try graph.relations(in: transaction)
        var rows: [[String?]] = []
        for id in try assets(of: path, transaction) {
            let log = try graph.log(of: id, limit: 10_000, in: transaction)
            for link in try graph.links(of: id, during: range, in: transaction) {
                let definition = definitions.first { $0.id == link.relation }
                let isSubject = link.subject == id
                let other = isSubject ? link.object : link.subject
                let word = isSubject ? definition?.name : definition?.inverse
                // The newest line that speaks of this stay; a join of two keeps the earlier one.
                let line = log.first { entry in
                    entry.span.start == link.range.start
                        && [.create, .move, .relate, .edit].contains(entry.action)
                }
                rows.append([
                    try graph.displayName(of: id, in: transaction), word,
                    try graph.displayName(of: other, in: transaction), shown(link.range.start),
                    shown(link.range.end), line.map { context.shown($0.provenance.recordedAt) },
                    line?.provenance.source,
                ])
            }
        }
        return table(
            ["asset", "relation", "with", "from", "until", "recorded", "by"], rows, clauses)
    }

    /// `show events of machine CNC-3 last 7d`: each with its number and who recorded it.
    func events(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let graph = context.graph
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        var rows: [[String?]] = []
        for id in try assets(of: path, transaction) {
            for event in try graph.events(of: id, overlapping: range, in: transaction) {
                let attributes = event.attributes.map {
                    "\($0.name) = \(PlantListing.text(of: $0.value))"
                }
                rows.append([
                    "\(event.id.rawValue)", try graph.displayName(of: id, in: transaction),
                    event.name, context.shown(event.start),
                    event.isInstant ? nil : event.end.map(context.shown) ?? "open",
                    attributes.isEmpty ? nil : attributes.joined(separator: ", "), event.source,
                ])
            }
        }
        return table(["number", "asset", "event", "at", "until", "with", "by"], rows, clauses)
    }

    /// `show changes of spindle SP-7`: the change log, newest first; a range is of when they were
    /// recorded.
    func changes(
        of path: PathSyntax?, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let graph = context.graph
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        var entries: [LogEntry] = []
        if let path {
            var numbers = Set<UInt64>()
            for id in try assets(of: path, transaction) {
                for entry in try graph.log(of: id, limit: 10_000, in: transaction)
                where numbers.insert(entry.number).inserted {
                    entries.append(entry)
                }
            }
            entries.sort { $0.number > $1.number }
        } else {
            entries = try graph.log(limit: 10_000, in: transaction)
        }
        let rows = entries.filter { range.contains($0.provenance.recordedAt) }.map {
            entry -> [String?] in
            [
                context.shown(entry.provenance.recordedAt), entry.provenance.source,
                shown(entry.span.start), shown(entry.span.end), entry.text,
            ]
        }
        return table(["recorded", "by", "from", "until", "change"], rows, clauses)
    }

    /// `show units`: those the plant declares.
    func units(_ transaction: ReadTransaction) throws -> QueryResult {
        let declared = try context.graph.units(in: transaction).declarations
        return table(
            ["unit", "is"],
            declared.map { [$0.symbol, "\($0.factor)" + ($0.base.isEmpty ? "" : " \($0.base)")] },
            ClausesSyntax())
    }

    private func table(
        _ names: [String], _ rows: [[String?]], _ clauses: ClausesSyntax
    ) -> QueryResult {
        let kept = clauses.limit.map { Array(rows.prefix($0.form)) } ?? rows
        var result = QueryResult(
            content: .listing,
            columns: names.enumerated().map { index, name in
                ResultColumn(
                    name: name, kind: name == "asset" ? .asset : .text,
                    cells: ResultCells(texts: kept.map { $0[index] }))
            }, zone: context.zone)
        if kept.count < rows.count { result.notes = ["\(rows.count - kept.count) more rows"] }
        return result
    }
}
