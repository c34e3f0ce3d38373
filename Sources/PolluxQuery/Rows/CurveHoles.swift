import PolluxLanguage
import PolluxModel

extension Question {
    /// Whether curves are read at one instant (`at M`).
    var isInstant: Bool {
        if case .at? = query.clauses.time?.form { return true }
        return false
    }

    /// Before which something may be known: now, which belongs to what is asked `at now`.
    var knownEnd: Int64 {
        let now = context.now.nanoseconds
        return isInstant ? now.addingSaturated(1) : now
    }

    /// How an item's values run: as steps where all that it is made of are steps.
    func curve(of expression: BoundExpression) -> ResultCurve? {
        var found = Set(expression.leaves)
        for index in expression.aggregates { found.formUnion(aggregates[index].argument.leaves) }
        let measures = found.map { leaves[$0] }.filter {
            if case .measure = $0.source { true } else { false }
        }
        guard !measures.isEmpty else { return nil }
        let isStep = measures.allSatisfy { $0.definition.isStep || $0.definition.shape == .step }
        return ResultCurve(shape: isStep ? .step : .linear)
    }

    /// How the column of an item looks in rows of samples.
    func sampleItem(_ output: Output) -> RowTable.Field {
        var field = item(output)
        let gaps = output.expression.leaves.compactMap { leaves[$0].definition.gap }
        field.curve?.gap = gaps.min().map { .length($0) } ?? ResultCurve.Gap.none
        return field
    }

    /// Whether the answer is drawn or thinned, so that it must say where its curves have holes.
    var showsHoles: Bool {
        let clauses = query.clauses
        return clauses.fill == nil
            && (clauses.points != nil || clauses.format?.form.text == "chart")
    }
}

extension RowTable {
    /// The curve of an item with the holes that its rows know of.
    func curve(_ item: Int) -> ResultCurve? {
        guard var curve = items[item].curve else { return nil }
        guard rows.contains(where: { !$0.held.isEmpty }) else { return curve }
        curve.holes = rows.indices.compactMap { row in
            guard item < rows[row].held.count, let held = rows[row].held[item] else { return nil }
            return ResultCurve.Hole(row: row, held: held)
        }
        return curve
    }
}

extension SampleRows {
    /// Notes at rows of one asset how long their values are known before a hole.
    func noteHoles(
        _ rows: inout [RowTable.Row], _ outputs: [Question.Output], _ evaluator: Evaluator
    ) {
        for index in rows.indices { rows[index].held = outputs.map { _ in nil } }
        for (item, output) in outputs.enumerated() {
            let own = rows.indices.filter { rows[$0].cells[item] != .missing }
            let times = own.map { rows[$0].key.range.start.nanoseconds }
            let before = evaluator.values(output.expression, at: times.dropFirst().map { $0 - 1 })
            let column = plainLeaf(output.expression).map { evaluator.leaves[$0] }
            for (position, row) in own.enumerated() {
                if position < before.isKnown.count, before.isKnown[position] { continue }
                let time = times[position]
                rows[row].held[item] = max(0, (column?.knownEnd(from: time) ?? time) - time)
            }
        }
    }
}

extension LeafColumn {
    /// Where the curve that is known at an instant stops being known.
    ///
    /// O(log spans + spans up to there).
    func knownEnd(from time: Int64) -> Int64 {
        var low = spanStarts.endOfPrefix { $0 <= time }
        guard low > 0 else { return time }
        var end = max(time, spanEnds[low - 1])
        while low < spanStarts.count, spanStarts[low] <= end {
            end = max(end, spanEnds[low])
            low += 1
        }
        return end
    }
}
