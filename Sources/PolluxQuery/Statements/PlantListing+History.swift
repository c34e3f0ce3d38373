import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// What the assets of a path went through: relations with who recorded them, events, changes.
extension PlantListing {
    /// The range that the clauses ask for; everything when they ask for none.
    func askedRange(_ clauses: ClausesSyntax, _ snapshot: Snapshot) throws -> TimeRange {
        guard clauses.time != nil || clauses.during != nil else { return .always }
        return try RangeReader(context: context, snapshot: snapshot).range(clauses, for: nil)
            ?? .always
    }

    /// The assets that a path means at any time, places and items both.
    func assets(of path: PathSyntax, _ transaction: ReadTransaction) throws -> [AssetID] {
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

    /// `show relations of spindle SP-7`: where it was and what it was related to, by whom.
    func relations(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let graph = context.graph
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        let definitions = try graph.relations(in: transaction)
        var rows: [HistoryRow] = []
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
                rows.append(
                    HistoryRow(
                        times: [
                            link.range.start, link.range.end, line?.provenance.recordedAt,
                        ],
                        texts: [
                            try graph.displayName(of: id, in: transaction), word,
                            try graph.displayName(of: other, in: transaction),
                            line?.provenance.source,
                        ]))
            }
        }
        rows.sort { ($0.times[0] ?? .distantPast) < ($1.times[0] ?? .distantPast) }
        return history(
            ["time", "until", "recorded"], ["asset", "relation", "with", "by"], rows)
    }

    /// `show events of machine CNC-3 last 7d`: each with its number and who recorded it.
    func events(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let graph = context.graph
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        var rows: [HistoryRow] = []
        for id in try assets(of: path, transaction) {
            for event in try graph.events(of: id, overlapping: range, in: transaction) {
                let attributes = event.attributes.map {
                    "\($0.name) = \(PlantListing.text(of: $0.value))"
                }
                rows.append(
                    HistoryRow(
                        times: [event.start, event.isInstant ? nil : event.end],
                        texts: [
                            try graph.displayName(of: id, in: transaction), event.name,
                            attributes.isEmpty ? nil : attributes.joined(separator: ", "),
                            event.isInstant || event.end != nil ? nil : "open", event.source,
                            "\(event.id.rawValue)",
                        ]))
            }
        }
        rows.sort { ($0.times[0] ?? .distantPast) < ($1.times[0] ?? .distantPast) }
        return history(
            ["time", "until"], ["asset", "event", "with", "note", "by", "number"], rows)
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
        let rows = entries.filter { range.contains($0.provenance.recordedAt) }.map { entry in
            HistoryRow(
                times: [entry.provenance.recordedAt, entry.span.start, entry.span.end],
                texts: [entry.text, entry.provenance.source])
        }
        return history(["recorded", "time", "until"], ["change", "by"], rows)
    }

    /// `show attributes of machine CNC-3`: every value they had.
    func attributes(
        of path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let transaction = snapshot.transaction
        let range = try askedRange(clauses, snapshot)
        var rows: [HistoryRow] = []
        for id in try assets(of: path, transaction) {
            for piece in try graph.attributes(of: id, during: range, in: transaction) {
                rows.append(
                    HistoryRow(
                        times: [piece.range.start, piece.range.end],
                        texts: [
                            try graph.displayName(of: id, in: transaction), piece.name,
                            piece.value.map { PlantListing.text(of: $0) },
                        ]))
            }
        }
        return history(["time", "until"], ["asset", "attribute", "value"], rows)
    }

    /// `show units`: those the plant declares.
    func units(_ transaction: ReadTransaction) throws -> QueryResult {
        let declared = try context.graph.units(in: transaction).declarations
        return table([
            ("unit", declared.map(\.symbol)),
            ("is", declared.map { "\($0.factor)" + ($0.base.isEmpty ? "" : " \($0.base)") }),
        ])
    }

    /// What one row tells: instants, then words.
    private struct HistoryRow {
        var times: [Timestamp?]
        var texts: [String?]
    }

    private func history(
        _ times: [String], _ texts: [String], _ rows: [HistoryRow]
    ) -> QueryResult {
        var columns = times.enumerated().map { index, name in
            let known = rows.map { row -> Timestamp? in
                let instant = row.times[index]
                return instant == .distantPast || instant == .distantFuture ? nil : instant
            }
            return ResultColumn(
                name: name, kind: .timestamp,
                cells: ResultCells(
                    .integers(known.map { $0?.nanoseconds ?? 0 }), missing: known.map { $0 == nil })
            )
        }
        columns += texts.enumerated().map { index, name in
            ResultColumn(
                name: name, kind: name == "asset" ? .asset : .text,
                cells: ResultCells(texts: rows.map { $0.texts[index] }))
        }
        return QueryResult(content: .listing, columns: columns, zone: context.zone)
    }
}
