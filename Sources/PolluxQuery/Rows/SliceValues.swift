import PolluxLanguage
import PolluxModel

/// The values of one row: aggregates, and what is computed from them.
struct SliceValues {
    let question: Question
    let group: SliceRows.Gathered
    let slice: Int

    /// The cell of an item.
    func cell(_ output: Question.Output, _ item: RowTable.Field) -> ResultCell {
        guard let value = evaluate(output.expression) else { return .missing }
        if item.kind == .text, case .aggregate(let index) = output.expression.form {
            let words = group.totals[index][slice].words
            let word = Int(value)
            return words.indices.contains(word) ? .text(words[word]) : .missing
        }
        return question.cell(value, item)
    }

    /// An expression over aggregates; truth is 0 and 1.
    func evaluate(_ node: BoundExpression) -> Double? {
        switch node.form {
        case .aggregate(let index): return aggregate(index)
        case .constant(let value): return value
        case .truth(let flag): return flag ? 1 : 0
        case .negation(let inner): return evaluate(inner).map { -$0 }
        case .conversion(let inner, let conversion): return evaluate(inner).map { conversion($0) }
        case .function(let word, let arguments):
            guard let value = arguments.first.flatMap(evaluate) else { return nil }
            let decimals = arguments.count > 1 ? evaluate(arguments[1]) ?? 0 : 0
            return ColumnArithmetic.function(word, value, decimals)
        case .arithmetic(let operation, let left, let right):
            guard let first = evaluate(left), let second = evaluate(right) else { return nil }
            switch operation {
            case .add: return first + second
            case .subtract: return first - second
            case .multiply: return first * second
            case .divide: return second == 0 ? nil : first / second
            }
        case .comparison(let operation, let left, let right):
            guard let first = evaluate(left), let second = evaluate(right) else { return nil }
            return ColumnArithmetic.compare(operation, first, second) ? 1 : 0
        case .logic(let operation, let left, let right):
            let (first, second) = (evaluate(left), evaluate(right))
            let deciding = operation == .and ? 0.0 : 1.0
            if first == deciding || second == deciding { return deciding }
            guard first != nil, second != nil else { return nil }
            return 1 - deciding
        case .not(let inner): return evaluate(inner).map { 1 - $0 }
        case .state(let inner, let isNegated, _):
            return (evaluate(inner) == nil) != isNegated ? 1 : 0
        case .leaf, .word, .like: return nil
        }
    }

    private func aggregate(_ index: Int) -> Double? {
        let aggregate = question.aggregates[index]
        guard let across = aggregate.across else {
            return group.totals[index][slice].value(
                of: aggregate, window: group.slices[slice].window)
        }
        let values =
            group.perAsset.isEmpty
            ? [
                group.totals[index][slice].value(
                    of: aggregate, window: group.slices[slice].window)
            ].compactMap { $0 }
            : group.perAsset[index][slice]
        if across == .count { return Double(values.count) }
        guard !values.isEmpty else { return nil }
        var totals = SampleTotals()
        for (position, value) in values.enumerated() {
            totals.add(value, at: Int64(position), keepsValues: true)
        }
        switch across {
        case .sum: return totals.sum
        case .avg, .mean: return totals.mean
        case .min: return totals.minimum
        case .max: return totals.maximum
        case .stddev: return totals.deviation
        case .median: return totals.percentile(50)
        case .percentile(let percent): return totals.percentile(percent)
        default: return nil
        }
    }

    /// What must be said about the row: how much of its time is known, and whether it may change.
    func notes(_ outputs: [Question.Output]) -> [String] {
        var notes: [String] = []
        let window = group.slices[slice].window
        let length = min(window.end, question.context.now).nanoseconds(since: window.start)
        for index in question.aggregates.indices {
            let aggregate = question.aggregates[index]
            let isTimed: Bool
            switch aggregate.word {
            case .avg, .min, .max, .total, .time, .share, .coverage: isTimed = true
            default: isTimed = false
            }
            guard isTimed, let curve = group.totals[index][slice].curve, length > 0 else {
                continue
            }
            let assets = Double(max(1, group.evaluators.count))
            let percent = Int((Double(curve.knownTime) / (Double(length) * assets) * 100).rounded())
            if percent < 100 {
                let note = "known \(percent) %"
                if !notes.contains(note) { notes.append(note) }
            }
        }
        if isProvisional(outputs, window) { notes.append("provisional") }
        return notes
    }

    /// Whether a value that is held at the live edge takes part, which the next sample may change.
    private func isProvisional(_ outputs: [Question.Output], _ window: TimeRange) -> Bool {
        func isHeld(_ leaves: [Int], before instant: Timestamp) -> Bool {
            group.evaluators.contains { evaluator in
                leaves.contains { leaf in
                    evaluator.leaves[leaf].provisionalFrom.map { $0 < instant.nanoseconds } ?? false
                }
            }
        }
        let isAggregateHeld = group.totals.indices.contains { index in
            group.totals[index][slice].curve != nil
                && isHeld(Array(question.aggregates[index].argument.leaves), before: window.end)
        }
        // A curve is read at the start of the slice.
        return isAggregateHeld
            || outputs.contains { output in
                !output.isAggregate
                    && isHeld(Array(output.expression.leaves), before: window.start)
            }
    }
}
