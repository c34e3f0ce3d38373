import PolluxLanguage
import PolluxModel

/// `top N by E`: which assets or groups stay, by their value over the whole range (S26).
struct Ranking {
    let question: Question
    private let expression: BoundExpression

    /// The ranking a question asks for, or nil; what it goes by is bound once.
    init?(question: Question, outputs: [Question.Output]) throws {
        guard let clause = question.query.clauses.ranking else { return nil }
        self.question = question
        if let by = clause.form.by {
            expression = try ExpressionBinder(question: question).bind(by)
        } else if let first = outputs.first {
            expression = first.expression
        } else {
            return nil
        }
        let word = clause.form.isTop ? "top" : "bottom"
        let isValue = expression.valueClass == .number || expression.valueClass == .duration
        guard !expression.aggregates.isEmpty, isValue else {
            let text = expression.range.text(in: question.context.text)
            throw question.context.wrong(
                .clauseDoesNotFit,
                "`\(word)` ranks by one number over the range, and `\(text)` is none",
                at: clause.range,
                suggestions: [
                    .init("say by what: `\(word) \(clause.form.count) by max \(text)`")
                ])
        }
        var isMixed = false
        expression.visit { if case .leaf = $0.form { isMixed = true } }
        guard !isMixed else {
            throw question.context.wrong(
                .aggregateAndSample, "`\(word)` ranks by one value over the range",
                at: expression.range)
        }
    }

    /// The value a group is ranked by; nil where nothing is known.
    func value(of group: SliceRows.Gathered) -> Double? {
        guard let slice = group.slices.firstIndex(where: { $0.role == .ranking }) else {
            return nil
        }
        return SliceValues(question: question, group: group, slice: slice).evaluate(expression)
    }

    /// The value of one subject over spans, each with the columns read over it.
    func value(
        _ subject: Subject, _ spans: [(evaluator: Evaluator, parts: [TimeRange])],
        where filter: BoundExpression?
    ) throws -> Double? {
        var all: SliceRows.Gathered?
        for (evaluator, parts) in spans {
            let atoms = SliceAtoms([parts])
            let totals = try question.aggregates.map { aggregate in
                let found = AggregateTotals.gather(
                    aggregate, of: subject, evaluator: evaluator, filter: filter,
                    windows: atoms.windows)
                let empty = AggregateTotals.empty(aggregate, evaluator: evaluator)
                return try atoms.merged(found, pause: question.checkLimits).map { $0 ?? empty }
            }
            let part = SliceRows.Gathered(
                name: subject.name, asset: subject.asset,
                slices: [SliceRows.Slice(whole: .always, parts: parts, role: .ranking)],
                totals: totals, perAsset: [],
                evaluators: [evaluator], subjects: [subject])
            guard all != nil else {
                all = part
                continue
            }
            for index in totals.indices { all?.totals[index][0].merge(totals[index][0]) }
        }
        return all.flatMap { value(of: $0) }
    }

    /// The first of those ranked, best first; who has no value, or no row, is not ranked.
    static func kept(
        _ ranked: [(rows: [RowTable.Row], value: Double?)], _ clause: RankingClause
    ) -> [(rows: [RowTable.Row], value: Double?)] {
        let order = ranked.indices.filter { ranked[$0].value != nil && !ranked[$0].rows.isEmpty }
            .sorted { left, right in
                guard let first = ranked[left].value, let second = ranked[right].value else {
                    return false
                }
                // Equal values keep the order of names, so that an answer repeats itself.
                if first == second { return left < right }
                return clause.isTop ? first > second : first < second
            }
        return order.prefix(clause.count).map { ranked[$0] }
    }
}
