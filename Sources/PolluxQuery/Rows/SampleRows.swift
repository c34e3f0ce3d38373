import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Rows at the times of samples: every point of the items, side by side.
struct SampleRows {
    let question: Question

    /// Rows by asset and time.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        let clauses = question.query.clauses
        try question.refuseMergedSamples(outputs)
        let filter = try clauses.filter.map {
            try ExpressionBinder(question: question).bind($0.form)
        }
        if let filter, !filter.aggregates.isEmpty {
            throw question.context.wrong(
                .mixedCondition, "an aggregate filters rows of slices, and here rows are samples",
                at: filter.range, notes: ["cut the range: `every 1h`"])
        }
        let onLeaf = try clauses.on.map { try onIndex($0.form) }
        let ranking = try Ranking(question: question, outputs: outputs)
        let items = outputs.map { question.sampleItem($0) }
        var table = RowTable(items: items)
        let filling = try Filling(question: question, items: items)
        var ranked = RankedRows(question: question)
        for subject in question.subjects where !ranked.isFull {
            try question.checkLimits()
            guard let spans = try question.spans(of: subject) else {
                question.addNote(question.absentEvent(of: subject))
                continue
            }
            if question.isInstant,
                !subject.pieces.contains(where: { $0.range.contains(spans[0].start) })
            {
                continue
            }
            var rows: [RowTable.Row] = []
            var read: [(Evaluator, [TimeRange])] = []
            for span in spans where subject.pieces.contains(where: { $0.range.overlaps(span) }) {
                let evaluator = try question.columns(of: subject, in: span)
                let times: [Int64]
                if question.isInstant {
                    times = [span.start.nanoseconds]
                } else if let onLeaf {
                    times = instants(of: onLeaf, evaluator)
                } else {
                    times = union(outputs, evaluator)
                }
                var found = self.rows(subject, evaluator, outputs, items, filter, at: times)
                fill(&found, filling, outputs, items, evaluator)
                if question.showsHoles { noteHoles(&found, outputs, evaluator) }
                rows += found
                if ranking != nil { read.append((evaluator, subject.present(in: [span]))) }
            }
            let value = try ranking?.value(subject, read, where: filter)
            try ranked.append(rows, value: value, to: table)
        }
        table.rows = ranked.rows
        return table.result(zone: try question.shownZone())
    }

    /// The rows of one asset over one span.
    private func rows(
        _ subject: Subject, _ evaluator: Evaluator, _ outputs: [Question.Output],
        _ items: [RowTable.Field], _ filter: BoundExpression?, at times: [Int64]
    ) -> [RowTable.Row] {
        let chosen = filter.map { evaluator.values($0, at: times) }
        let columns = outputs.map {
            values($0, evaluator, at: times, readsCurve: question.isInstant)
        }
        for output in outputs {
            question.noteZeros(in: output) { divisor in
                let found = evaluator.values(divisor, at: times)
                return found.isKnown.indices.contains { found.isKnown[$0] && found.values[$0] == 0 }
                    ? 0 : nil
            }
        }
        var rows: [RowTable.Row] = []
        for (row, time) in times.enumerated() {
            if let chosen, !(chosen.isKnown[row] && chosen.values[row] == 1) { continue }
            let instant = Timestamp(nanoseconds: time)
            if let restriction = question.context.options.restriction,
                !restriction.contains(instant)
            {
                continue
            }
            let cells = outputs.indices.map { index in
                question.cell(
                    columns[index].isKnown[row] ? columns[index].values[row] : nil,
                    items[index], leaf: leaf(outputs[index], evaluator), at: time)
            }
            if !question.isInstant, question.query.clauses.on == nil,
                cells.allSatisfy({ $0 == .missing })
            {
                continue
            }
            rows.append(
                RowTable.Row(
                    key: RowKey(
                        asset: subject.asset, name: subject.name,
                        range: TimeRange(start: instant, end: instant)),
                    cells: cells, notes: isHeld(outputs, evaluator, at: time) ? ["provisional"] : []
                ))
        }
        return rows
    }

    /// Whether a curve is read where it is held at the live edge, which the next sample may change.
    private func isHeld(
        _ outputs: [Question.Output], _ evaluator: Evaluator, at time: Int64
    ) -> Bool {
        guard question.isInstant else { return false }
        return outputs.contains { output in
            output.expression.leaves.contains { leaf in
                evaluator.leaves[leaf].provisionalFrom.map { $0 < time } ?? false
            }
        }
    }

    /// Empty cells show the curve where it is known, then what `fill` carries.
    private func fill(
        _ rows: inout [RowTable.Row], _ filling: Filling?, _ outputs: [Question.Output],
        _ items: [RowTable.Field], _ evaluator: Evaluator
    ) {
        guard let filling else { return }
        if filling.readsCurves {
            let times = rows.map { $0.key.range.start.nanoseconds }
            for (item, output) in outputs.enumerated() {
                let curve = evaluator.values(output.expression, at: times)
                for row in rows.indices where rows[row].cells[item] == .missing {
                    guard curve.isKnown[row] else { continue }
                    let cell = question.cell(
                        curve.values[row], items[item], leaf: leaf(output, evaluator),
                        at: times[row])
                    filling.write(cell, item, &rows[row])
                }
            }
        }
        let held = zip(outputs, items).map { output, item in
            HeldSamples(question: question, output: output, item: item, evaluator: evaluator)
        }
        filling.fill(&rows, curves: held, before: Array(repeating: nil, count: outputs.count))
    }

    /// The leaf whose words a text cell shows.
    func leaf(_ output: Question.Output, _ evaluator: Evaluator) -> LeafColumn? {
        guard case .leaf(let index) = output.expression.form else { return nil }
        return evaluator.leaves[index]
    }

    /// The leaf that `on` names.
    private func onIndex(_ name: NameSyntax) throws -> Int {
        let bound = try LeafBinder(question: question).leaf(name, scope: nil, offset: nil)
        return bound.leaves.first ?? 0
    }

    private func union(_ outputs: [Question.Output], _ evaluator: Evaluator) -> [Int64] {
        var leaves: Set<Int> = []
        for output in outputs { leaves.formUnion(output.expression.leaves) }
        if leaves.count == 1, let only = leaves.first { return instants(of: only, evaluator) }
        var times: [Int64] = []
        for leaf in leaves { times += evaluator.leaves[leaf].sampleTimes }
        return distinct(times.sorted())
    }

    /// When a leaf has samples; several events at one instant are one row.
    private func instants(of leaf: Int, _ evaluator: Evaluator) -> [Int64] {
        let times = evaluator.leaves[leaf].sampleTimes
        return question.leaves[leaf].source == .event ? distinct(times) : times
    }

    private func distinct(_ ascending: [Int64]) -> [Int64] {
        var found: [Int64] = []
        for time in ascending where found.last != time { found.append(time) }
        return found
    }

    /// A plain name shows its samples only; a formula reads each operand from its own curve.
    private func values(
        _ output: Question.Output, _ evaluator: Evaluator, at times: [Int64], readsCurve: Bool
    ) -> NumberColumn {
        guard let leaf = plainLeaf(output.expression) else {
            return evaluator.values(output.expression, at: times)
        }
        let column = evaluator.leaves[leaf]
        if readsCurve { return evaluator.values(output.expression, at: times) }
        var samples = NumberColumn(count: column.sampleTimes.count)
        samples.values = column.sampleValues
        samples.isKnown = Array(repeating: true, count: column.sampleTimes.count)
        if case .conversion(_, let conversion) = output.expression.form {
            for index in samples.values.indices {
                samples.values[index] = conversion(samples.values[index])
            }
        }
        guard column.sampleTimes != times else { return samples }
        var result = NumberColumn(count: times.count)
        var next = 0
        for (row, time) in times.enumerated() {
            while next < column.sampleTimes.count, column.sampleTimes[next] < time { next += 1 }
            guard next < column.sampleTimes.count, column.sampleTimes[next] == time else {
                continue
            }
            result.values[row] = samples.values[next]
            result.isKnown[row] = true
        }
        return result
    }

    /// The leaf of an item that is a name, maybe in another unit.
    func plainLeaf(_ expression: BoundExpression) -> Int? {
        switch expression.form {
        case .leaf(let index): index
        case .conversion(let inner, _): plainLeaf(inner)
        default: nil
        }
    }
}
