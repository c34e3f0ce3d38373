import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Rows at the times of samples: every point of the items, side by side.
struct SampleRows {
    let question: Question

    /// Rows by asset and time.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        let clauses = question.query.clauses
        let filter = try clauses.filter.map {
            try ExpressionBinder(question: question).bind($0.form)
        }
        let onLeaf = try clauses.on.map { try onIndex($0.form) }
        let items = outputs.map { question.item($0) }
        var table = RowTable(items: items)
        let isInstant = clauses.time.map {
            if case .at = $0.form { return true }
            return false
        }
        for subject in question.subjects {
            guard let range = try question.ranges.range(clauses, for: subject.asset) else {
                question.addNote("\(subject.name) has no such event yet")
                continue
            }
            if isInstant == true,
                !subject.pieces.contains(where: { $0.range.contains(range.start) })
            {
                continue
            }
            let evaluator = try question.columns(of: subject, in: range)
            let times: [Int64]
            if isInstant == true {
                times = [range.start.nanoseconds]
            } else if let onLeaf {
                times = evaluator.leaves[onLeaf].sampleTimes
            } else {
                times = union(outputs, evaluator)
            }
            append(
                subject, evaluator, outputs, filter, at: times, isInstant: isInstant == true,
                to: &table)
        }
        return table.result(zone: question.context.zone)
    }

    /// The rows of one asset.
    private func append(
        _ subject: Subject, _ evaluator: Evaluator, _ outputs: [Question.Output],
        _ filter: BoundExpression?, at times: [Int64], isInstant: Bool, to table: inout RowTable
    ) {
        let chosen = filter.map { evaluator.values($0, at: times) }
        let readsCurve = isInstant || fills
        let columns = outputs.map { output in
            values(output, evaluator, at: times, readsCurve: readsCurve)
        }
        let sampled = outputs.map { output in
            fills && plainLeaf(output.expression) != nil
                ? values(output, evaluator, at: times, readsCurve: false).isKnown : nil
        }
        for (row, time) in times.enumerated() {
            if let chosen, !(chosen.isKnown[row] && chosen.values[row] == 1) { continue }
            if let restriction = question.context.options.restriction,
                !restriction.contains(Timestamp(nanoseconds: time))
            {
                continue
            }
            let cells = outputs.indices.map { index in
                question.cell(
                    columns[index].isKnown[row] ? columns[index].values[row] : nil,
                    table.items[index], leaf: leaf(outputs[index], evaluator))
            }
            if !isInstant, cells.allSatisfy({ $0 == .missing }) { continue }
            let isFilled = outputs.indices.contains { index in
                cells[index] != .missing && sampled[index]?[row] == false
            }
            let instant = Timestamp(nanoseconds: time)
            table.rows.append(
                RowTable.Row(
                    key: RowKey(
                        asset: subject.asset, name: subject.name,
                        range: TimeRange(start: instant, end: instant)),
                    cells: cells, notes: isFilled ? ["filled"] : []))
        }
    }

    private var fills: Bool {
        switch question.query.clauses.fill?.form.filling {
        case .hold, .linear: true
        default: false
        }
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
        if leaves.count == 1, let only = leaves.first { return evaluator.leaves[only].sampleTimes }
        var times: [Int64] = []
        for leaf in leaves { times += evaluator.leaves[leaf].sampleTimes }
        var distinct: [Int64] = []
        for time in times.sorted() where distinct.last != time { distinct.append(time) }
        return distinct
    }

    /// A plain name shows its samples only; a formula reads each operand from its own curve.
    private func values(
        _ output: Question.Output, _ evaluator: Evaluator, at times: [Int64], readsCurve: Bool
    ) -> NumberColumn {
        guard let leaf = plainLeaf(output.expression) else {
            return evaluator.values(output.expression, at: times)
        }
        let column = evaluator.leaves[leaf]
        if readsCurve {
            var values = evaluator.values(output.expression, at: times)
            if case .hold = question.query.clauses.fill?.form.filling {
                hold(column, output.expression, evaluator, at: times, &values)
            }
            return values
        }
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

    /// Carries the sample before into places where the curve is not known.
    private func hold(
        _ column: LeafColumn, _ expression: BoundExpression, _ evaluator: Evaluator,
        at times: [Int64], _ values: inout NumberColumn
    ) {
        var previous = -1
        for (row, time) in times.enumerated() {
            while previous + 1 < column.sampleTimes.count,
                column.sampleTimes[previous + 1] <= time
            {
                previous += 1
            }
            guard !values.isKnown[row], previous >= 0 else { continue }
            var value = column.sampleValues[previous]
            if case .conversion(_, let conversion) = expression.form { value = conversion(value) }
            values.values[row] = value
            values.isKnown[row] = true
        }
    }

    /// The leaf of an item that is a name, maybe in another unit.
    private func plainLeaf(_ expression: BoundExpression) -> Int? {
        switch expression.form {
        case .leaf(let index): index
        case .conversion(let inner, _): plainLeaf(inner)
        default: nil
        }
    }
}
