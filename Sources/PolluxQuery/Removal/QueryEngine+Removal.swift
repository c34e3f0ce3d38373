import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Deleting what a question would read: the same path, pieces, places and items, the same spans.
extension QueryEngine {
    /// Deletes points in one commit and records who asked for it.
    ///
    /// - Throws: `QueryError`: the text is wrong, asks for more than measures of a path, or does
    ///   not say when.
    public func remove(_ request: RemovalRequest) throws -> RemovalReport {
        let removal = try resolve(request)
        let record = try store.writeBlocking { try $0.remove(removal) }
        return try reading { try report(record, in: $0) }
    }

    /// What a delete would do now, point by point counted; deletes nothing.
    public func preview(_ request: RemovalRequest) throws -> RemovalReport {
        let removal = try resolve(request)
        return try reading { snapshot in
            var report = RemovalReport(
                instant: request.options.now ?? SystemTime.now(), by: removal.by,
                what: removal.what, reason: removal.reason, parts: [])
            for part in removal.parts {
                let reader = try snapshot.reader(part.series, part.range)
                var batch = ColumnBatch(kind: reader.series.kind)
                var count: UInt64 = 0
                while try reader.next(into: &batch) { count += UInt64(batch.count) }
                report.parts.append(
                    try named(part.series, part.range, count: count, in: snapshot))
            }
            return report
        }
    }

    /// The records of deletes, the newest first.
    public func removals(limit: Int) throws -> [RemovalReport] {
        try reading { snapshot in
            try snapshot.removals(limit: limit).map { try report($0, in: snapshot) }
        }
    }

    private func reading<Result>(_ body: (Snapshot) throws -> Result) throws -> Result {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        return try body(snapshot)
    }

    /// A record with the names that its assets and measures have now.
    private func report(
        _ record: RemovalRecord, in snapshot: Snapshot
    ) throws -> RemovalReport {
        RemovalReport(
            number: record.number, instant: record.instant, by: record.by, what: record.what,
            reason: record.reason,
            parts: try record.parts.map {
                try named($0.series, $0.range, count: $0.pointCount, in: snapshot)
            })
    }

    private func named(
        _ id: SeriesID, _ range: TimeRange, count: UInt64, in snapshot: Snapshot
    ) throws -> RemovalReport.Part {
        let transaction = snapshot.transaction
        var part = RemovalReport.Part(asset: "", measure: "", range: range, pointCount: count)
        guard let series = try snapshot.series(id) else { return part }
        part.asset = try graph.displayName(of: series.asset, in: transaction)
        part.measure = try graph.measureName(series.measure, in: transaction) ?? ""
        return part
    }

    // MARK: What a question means

    private func resolve(_ request: RemovalRequest) throws -> PointRemoval {
        let script: ScriptSyntax
        do {
            script = try TwinQL.parse(request.text)
        } catch {
            throw QueryError.diagnostics(error.diagnostics)
        }
        return try reading { snapshot in
            let shape = RemovalShape(text: request.text, hasRange: request.range != nil)
            let query = try shape.query(of: script)
            let question = try Question(
                query: query, text: request.text, options: request.options, engine: self,
                snapshot: snapshot)
            var parts: [PointRemoval.Part] = []
            for name in try shape.names(of: query) {
                parts += try self.parts(of: name, question, within: request.range)
            }
            return PointRemoval(
                parts: parts, by: request.by, what: request.text, reason: request.reason)
        }
    }

    private func parts(
        of measure: MeasureID, _ spans: [TimeRange], of subject: Subject, _ question: Question
    ) throws -> [PointRemoval.Part] {
        guard let first = spans.first, let last = spans.last else { return [] }
        let whole = TimeRange(start: first.start, end: last.end)
        return try PlantReader(question: question)
            .sources(of: measure, for: subject, in: whole)
            .flatMap { source in
                spans.compactMap { source.range.intersection($0) }.filter { !$0.isEmpty }.map {
                    PointRemoval.Part(series: source.series.id, range: $0)
                }
            }
    }

    private func parts(
        of name: NameSyntax, _ question: Question, within range: TimeRange?
    ) throws -> [PointRemoval.Part] {
        let measure = try LeafBinder(question: question).measureLeaf(name)
        var parts: [PointRemoval.Part] = []
        let clauses = question.query.clauses
        for subject in question.subjects {
            var spans = [range ?? .always]
            if clauses.time != nil || clauses.during != nil {
                spans = (try question.spans(of: subject) ?? []).compactMap {
                    $0.intersection(range ?? .always)
                }
            }
            parts += try self.parts(of: measure, spans, of: subject, question)
        }
        return parts
    }
}

/// What a question may consist of to be a delete.
private struct RemovalShape {
    let text: String
    let hasRange: Bool

    private func wrong(
        _ code: DiagnosticCode, _ message: String, at range: SourceRange, _ notes: [String] = []
    ) -> QueryError {
        .diagnostics([Diagnostic(code, message, at: range, in: text, notes: notes)])
    }

    private static let example =
        "such as `vibration of spindle of machine CNC-3 between 2026-03-02 10:00 and "
        + "2026-03-02 11:00`"

    func query(of script: ScriptSyntax) throws -> QuerySyntax {
        guard let statement = script.statements.first, script.statements.count == 1,
            case .query(let query) = statement.form
        else {
            let range =
                script.statements.dropFirst().first?.range
                ?? script.statements.first?.range ?? .none
            throw wrong(
                .unknownStatement, "a delete is one question that names what goes", at: range,
                [RemovalShape.example])
        }
        guard query.head == .read else {
            throw wrong(
                .clauseDoesNotFit, "only measured points can be deleted", at: query.range,
                [RemovalShape.example])
        }
        try refuseClauses(query.clauses)
        guard hasRange || query.clauses.time != nil || query.clauses.during != nil else {
            throw wrong(
                .clauseDoesNotFit, "a delete says from when to when", at: query.range,
                [RemovalShape.example])
        }
        return query
    }

    private func refuseClauses(_ clauses: ClausesSyntax) throws {
        let refused: [(String, SourceRange?)] = [
            ("next", clauses.next?.range), ("every", clauses.every?.range),
            ("per", clauses.grouping?.range), ("where", clauses.filter?.range),
            ("when", clauses.episode?.range), ("fill", clauses.fill?.range),
            ("on", clauses.on?.range), ("compare with", clauses.compare?.range),
            ("top", clauses.ranking?.range), ("limit", clauses.limit?.range),
            ("points", clauses.points?.range), ("in", clauses.unit?.range),
            ("as", clauses.format?.range), ("including", clauses.including?.range),
            ("using", clauses.using?.range), ("wait", clauses.wait?.range),
        ]
        for (word, range) in refused {
            guard let range else { continue }
            throw wrong(
                .clauseDoesNotFit,
                "`\(word)` does not fit a delete: all points of the range go, whatever their value",
                at: range)
        }
        if case .at? = clauses.time?.form, let range = clauses.time?.range {
            throw wrong(
                .clauseDoesNotFit, "`at` does not fit a delete: say from when to when",
                at: range, [RemovalShape.example])
        }
    }

    func names(of query: QuerySyntax) throws -> [NameSyntax] {
        try query.outputs.map { output in
            guard case .name(let name) = output.expression.form, output.unit == nil,
                output.alias == nil
            else {
                throw wrong(
                    .clauseDoesNotFit, "a delete names measures as they are stored",
                    at: output.range, [RemovalShape.example])
            }
            return name
        }
    }
}

extension LeafBinder {
    /// The measure of a name, which must be one.
    fileprivate func measureLeaf(_ name: NameSyntax) throws -> MeasureID {
        guard case .leaf(let index) = try leaf(name, scope: nil, offset: nil).form,
            case .measure(let measure) = question.leaves[index].source
        else {
            throw question.context.wrong(
                .unknownMeasure, "`\(name.text)` is no measure: only measured points are deleted",
                at: name.range)
        }
        return measure
    }
}
