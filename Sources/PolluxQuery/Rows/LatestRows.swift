import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// The newest good value of each series and its age, in the plant of now.
struct LatestRows {
    let question: Question

    /// The newest usable point of a measure for a subject now.
    private func newest(
        _ measure: MeasureID, of subject: Subject
    ) throws -> (point: Point, source: PlantReader.Source)? {
        let now = question.context.now
        let reader = PlantReader(question: question)
        let sources = try reader.sources(of: measure, for: subject, in: .always)
        guard let source = sources.last(where: { $0.range.reaches(now) }) else { return nil }
        question.dependencies.series.insert(source.series.id)
        question.dependencies.measures.insert(measure)
        var limit = min(source.range.end, now.advanced(by: 1))
        for _ in 0..<1000 {
            guard
                let point = try question.snapshot.point(of: source.series.id, before: limit),
                point.instant >= source.range.start
            else { return nil }
            question.stats.points += 1
            if question.qualities.contains(point.quality) { return (point, source) }
            limit = point.instant
        }
        return nil
    }

    /// Subjects whose path still holds now.
    private var present: [Subject] {
        question.subjects.filter(question.isMeantNow)
    }

    /// The assets that `where` leaves; nil when all are meant.
    private func chosenAssets() throws -> Set<AssetID>? {
        guard let clause = question.query.clauses.filter else { return nil }
        let filters = try SliceFilters(question: question)
        guard filters.rows == nil, let condition = filters.assets,
            Set(filters.samples?.leaves ?? []) == Set(condition.leaves)
        else {
            throw question.context.wrong(
                .notAvailable, "`latest` of any age takes a condition on attributes only",
                at: clause.range, notes: ["with a range it takes others: `last 1d where …`"])
        }
        let now = question.context.now
        let instant = TimeRange(start: now, end: now.advanced(by: 1))
        return Set(
            try present.filter { subject in
                try question.columns(of: subject, in: instant)
                    .isEverTrue(condition, in: instant)
            }.map(\.asset))
    }

    private func isStale(_ point: Point, _ definition: MeasureDefinition) -> Bool {
        let age = question.context.now.nanoseconds(since: point.instant)
        return definition.gap.map { age > $0 } ?? false
    }

    /// `stale` where all values are, else each with its name.
    private func notes(stale: [String], of foundCount: Int) -> [String] {
        if stale.isEmpty { return [] }
        return stale.count == foundCount ? ["stale"] : stale.map { "\($0) stale" }
    }

    /// `latest a, latest b`: one row per asset, at the newest of their times.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        var items = outputs.map { question.item($0) }
        items.append(RowTable.Field(name: "age", kind: .duration, unit: nil))
        var table = RowTable(items: items)
        let chosen = try chosenAssets()
        for subject in present where chosen?.contains(subject.asset) ?? true {
            var cells: [ResultCell] = []
            var newestTime: Timestamp?
            var stale: [String] = []
            var foundCount = 0
            for (output, item) in zip(outputs, items) {
                guard let index = output.expression.aggregates.first,
                    let leafIndex = question.aggregates[index].argument.leaves.first,
                    case .measure(let measure) = question.leaves[leafIndex].source,
                    let found = try newest(measure, of: subject)
                else {
                    cells.append(.missing)
                    continue
                }
                cells.append(cell(found.point, output, item))
                newestTime = max(newestTime ?? .distantPast, found.point.instant)
                foundCount += 1
                if isStale(found.point, found.source.definition) { stale.append(output.name) }
            }
            guard let time = newestTime else { continue }
            cells.append(.duration(question.context.now.nanoseconds(since: time)))
            table.rows.append(
                RowTable.Row(
                    key: RowKey(
                        asset: subject.asset, name: subject.name,
                        range: TimeRange(start: time, end: time)),
                    cells: cells, notes: notes(stale: stale, of: foundCount)))
        }
        try rank(&table)
        return table.result(zone: question.context.zone)
    }

    /// Keeps the assets with the greatest or least newest value.
    private func rank(_ table: inout RowTable) throws {
        guard let clause = question.query.clauses.ranking else { return }
        var item = 0
        if let by = clause.form.by {
            guard
                let found = question.query.outputs.firstIndex(where: { $0.expression == by })
            else {
                throw question.context.wrong(
                    .clauseDoesNotFit, "newest values are ranked by one of those asked for",
                    at: by.range)
            }
            item = found
        }
        let ranked = table.rows.map { (rows: [$0], value: $0.cells[item].number) }
        table.rows = Ranking.kept(ranked, clause.form).flatMap(\.rows)
    }

    private func cell(
        _ point: Point, _ output: Question.Output, _ item: RowTable.Field
    ) -> ResultCell {
        if case .text(let text) = point.value { return .text(text) }
        if case .integer(let number) = point.value, item.kind == .integer {
            return .integer(number)
        }
        guard var value = point.value.number else { return .missing }
        if case .conversion(_, let conversion) = output.expression.form {
            value = conversion(value)
        }
        return question.cell(value, item)
    }
}
