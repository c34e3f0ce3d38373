import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel

/// `forecast wear of tool … when wear > 0.3 mm`: when a condition is expected to come true, and
/// between which instants that lies by the bounds.
struct PredictedEpisodes {
    let question: Question
    let clause: EpisodeClause
    let outputs: [Question.Output]
    let names: [String]

    /// One row per predicted episode; an asset for which none is predicted is named in a note.
    func rows(_ futures: [ForecastHead.Future]) throws -> QueryResult {
        let search = try EpisodeSearch(question: question, clause: clause)
        let leaves = try itemLeaves(search)
        var fields = zip(outputs, names).map { output, name in
            RowTable.Field(name: name, kind: .float, unit: output.expression.unit?.symbol)
        }
        fields.append(RowTable.Field(name: "earliest", kind: .timestamp, unit: nil))
        fields.append(RowTable.Field(name: "latest", kind: .timestamp, unit: nil))
        fields.append(RowTable.Field(name: "method", kind: .text, unit: nil))
        fields.append(RowTable.Field(name: "history", kind: .text, unit: nil))
        var table = RowTable(items: fields)
        table.showsEnd = true
        let head = try ForecastHead(question: question)
        for future in futures {
            let found = [Bound.value, .low, .high].map { episodes(future, $0, leaves, search) }
            let starts = found.compactMap { $0.first?.start }
            guard let earliest = starts.min() else {
                question.addNote(
                    "\(future.subject.name): not expected within "
                        + "\(TwinQL.print(Period(nanoseconds: span(future).nanoseconds)))")
                continue
            }
            let isCertain = starts.count == found.count
            let expected = found[0].isEmpty ? Array(found.joined().prefix(1)) : found[0]
            for (number, episode) in expected.enumerated() {
                var notes: [String] = found[0].isEmpty ? ["at the bound only"] : []
                if episode.isOpen || episode.end >= span(future).end.nanoseconds {
                    notes.append("open")
                }
                let isFirst = number == 0
                let latest = isFirst && isCertain ? starts.max() : nil
                table.rows.append(
                    RowTable.Row(
                        key: RowKey(
                            asset: future.subject.asset, name: future.subject.name,
                            range: episode.span),
                        cells: values(future, at: episode.start) + [
                            isFirst ? .timestamp(Timestamp(nanoseconds: earliest)) : .missing,
                            latest.map { .timestamp(Timestamp(nanoseconds: $0)) } ?? .missing,
                            .text(head.methodText(future)), .text(head.historyText(future)),
                        ], notes: notes))
            }
        }
        return table.result(zone: try question.shownZone())
    }

    private enum Bound { case value, low, high }

    private func span(_ future: ForecastHead.Future) -> TimeRange {
        TimeRange(
            start: future.slices.first?.start ?? question.context.now,
            end: future.slices.last?.end ?? question.context.now)
    }

    /// The leaf of each item; conditions may speak of nothing else, for nothing else is predicted.
    private func itemLeaves(_ search: EpisodeSearch) throws -> [Int] {
        let leaves = try zip(outputs, question.query.outputs).map { output, written in
            guard case .aggregate(let index) = output.expression.form,
                case .leaf(let leaf) = question.aggregates[index].argument.form
            else {
                throw question.context.wrong(
                    .methodDoesNotFit, "`when` of a forecast takes measures as they are",
                    at: written.range)
            }
            return leaf
        }
        for leaf in search.leaves where !leaves.contains(leaf) {
            throw question.context.wrong(
                .methodDoesNotFit,
                "`\(question.leaves[leaf].name)` is not forecast, so it decides nothing",
                at: question.leaves[leaf].range,
                suggestions: [
                    .init(
                        "forecast it too: `forecast \(names.joined(separator: ", ")), "
                            + "\(question.leaves[leaf].name) of …`")
                ])
        }
        return leaves
    }

    private func episodes(
        _ future: ForecastHead.Future, _ bound: Bound, _ leaves: [Int], _ search: EpisodeSearch
    ) -> [EpisodeSearch.Episode] {
        var columns = question.leaves.map { LeafColumn(kind: $0.definition.valueKind) }
        for (item, leaf) in leaves.enumerated() {
            let points = future.items[item].forecast.steps.map { step in
                switch bound {
                case .value: step.value
                case .low: step.low
                case .high: step.high
                }
            }
            let borders = PredictedEpisodes.borders(points)
            for (index, slice) in future.slices.enumerated() {
                columns[leaf].appendSpan(
                    slice.start.nanoseconds, slice.end.nanoseconds, borders[index],
                    borders[index + 1])
            }
        }
        let evaluator = Evaluator(
            leaves: columns, definitions: question.leaves, now: span(future).end.nanoseconds)
        return search.finder(evaluator).episodes(in: span(future), now: span(future).end).episodes
    }

    /// What the items are expected to be at an instant.
    private func values(_ future: ForecastHead.Future, at time: Int64) -> [ResultCell] {
        let index =
            future.slices.lastIndex { $0.start.nanoseconds <= time } ?? future.slices.startIndex
        return future.items.map { item in
            let borders = PredictedEpisodes.borders(item.forecast.steps.map(\.value))
            let slice = future.slices[index]
            let share =
                Double(time - slice.start.nanoseconds) / Double(max(1, slice.nanoseconds))
            return .float(borders[index] + (borders[index + 1] - borders[index]) * share)
        }
    }

    /// A curve through means of slices: in their middles it has the means, where they run straight.
    private static func borders(_ means: [Double]) -> [Double] {
        guard let first = means.first, let last = means.last else { return [0] }
        var borders = zip(means, means.dropFirst()).map { ($0 + $1) / 2 }
        borders.insert(2 * first - (borders.first ?? first), at: 0)
        borders.append(means.count > 1 ? 2 * last - (borders.last ?? last) : last)
        return borders
    }
}
