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
        node.rowValue { aggregate($0) }
    }

    private func aggregate(_ index: Int) -> Double? {
        let aggregate = question.aggregates[index]
        guard let across = aggregate.across else {
            return group.totals[index][slice].value(of: aggregate)
        }
        let values =
            group.perAsset.isEmpty
            ? [group.totals[index][slice].value(of: aggregate)].compactMap { $0 }
            : group.perAsset[index][slice]
        return question.value(across, of: values)
    }

    /// What must be said about the row: how much of its time is known, and whether it may change.
    func notes(_ outputs: [Question.Output]) -> [String] {
        var notes: [String] = []
        let window = group.slices[slice].window
        for index in question.aggregates.indices {
            let aggregate = question.aggregates[index]
            let isTimed: Bool
            switch aggregate.word {
            case .avg, .min, .max, .total, .time, .share, .coverage: isTimed = true
            default: isTimed = false
            }
            let totals = group.totals[index][slice]
            guard isTimed, let curve = totals.curve, totals.covered > 0 else { continue }
            let percent = Int((Double(curve.knownTime) / Double(totals.covered) * 100).rounded())
            if percent < 100 {
                let note = "known \(percent) %"
                if !notes.contains(note) { notes.append(note) }
            }
        }
        if !window.isEmpty, isProvisional(outputs, window) { notes.append("provisional") }
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
