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
        if item.kind == .integer, let whole = whole(output.expression) { return .integer(whole) }
        return question.cell(value, item)
    }

    private func whole(_ node: BoundExpression) -> Int64? {
        guard case .aggregate(let index) = node.form, question.aggregates[index].across == nil
        else { return nil }
        return group.totals[index][slice].whole(of: question.aggregates[index])
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
        var known: [KnownShare] = []
        let window = group.slices[slice].window
        for index in question.aggregates.indices {
            let aggregate = question.aggregates[index]
            let isTimed: Bool
            switch aggregate.word {
            case .avg, .min, .max, .total, .time, .share, .mode, .coverage: isTimed = true
            default: isTimed = false
            }
            let totals = group.totals[index][slice]
            guard isTimed, let curve = totals.curve, totals.covered > 0 else { continue }
            known.append(
                KnownShare(
                    name: question.name(ofAggregate: index), known: Double(curve.knownTime),
                    covered: totals.covered))
        }
        var notes = KnownShare.notes(known)
        let isApproximate = question.aggregates.indices.contains { index in
            group.totals[index][slice].samples?.isApproximate == true
        }
        if isApproximate { notes.append("approx") }
        if !window.isEmpty, isProvisional(outputs, window) { notes.append("provisional") }
        return notes
    }

    /// Why cells are missing: a sum that is too large for a number; a division by zero is told
    /// beside the answer.
    func notes(
        onMissing cells: [ResultCell], _ outputs: [Question.Output], curves: Evaluator?
    ) -> [String] {
        var isTooLarge = false
        for (cell, output) in zip(cells, outputs) where cell == .missing {
            guard output.isAggregate else {
                let start = [group.slices[slice].window.start.nanoseconds]
                question.noteZeros(in: output) { curves?.values($0, at: start).first }
                continue
            }
            if let value = evaluate(output.expression) {
                isTooLarge = isTooLarge || !value.isFinite
            } else {
                question.noteZeros(in: output, value: evaluate)
            }
        }
        return isTooLarge ? [SliceNotes.tooLarge] : []
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

/// How much of the time of a slice is known for one aggregate.
struct KnownShare {
    let name: String
    let percent: Int

    init(name: String, known: Double, covered: Int64) {
        self.name = name
        percent = Int((known / Double(covered) * 100).rounded())
    }

    /// What a row says: one share where all are the same, else each with what it belongs to.
    static func notes(_ shares: [KnownShare]) -> [String] {
        guard let first = shares.first else { return [] }
        if shares.allSatisfy({ $0.percent == first.percent }) {
            return first.percent < 100 ? ["known \(first.percent) %"] : []
        }
        var notes: [String] = []
        for share in shares where share.percent < 100 {
            let note = "\(share.name) known \(share.percent) %"
            if !notes.contains(note) { notes.append(note) }
        }
        return notes
    }
}

extension Question {
    /// An aggregate as it is written, for notes.
    func name(ofAggregate index: Int) -> String {
        let aggregate = aggregates[index]
        let text = (aggregate.wholeRange ?? aggregate.range).text(in: context.text)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
