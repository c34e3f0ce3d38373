public import PolluxAnalytics
import PolluxGraph
public import PolluxLanguage
import PolluxModel
import PolluxStore

extension Question {
    /// `anomalies in …` and `remaining life of …`: rows made by models.
    func headRows() throws -> QueryResult {
        let result: QueryResult
        if query.head == .remainingLife {
            let present = subjects.flatMap(\.pieces).filter { $0.range.contains(context.now) }
            result = try RemainingLifeHead().rows(
                pieces: present, now: context.now, zone: context.zone,
                unit: query.clauses.unit?.form.symbol, snapshot: snapshot, graph: context.graph,
                cancellation: context.options.cancellation)
        } else {
            result = try anomalies()
        }
        dependencies.series.formUnion(result.dependencies.series)
        dependencies.measures.formUnion(result.dependencies.measures)
        dependencies.hasEvents = dependencies.hasEvents || result.dependencies.hasEvents
        stats.points += result.stats.points
        stats.series += result.stats.series
        return result
    }

    private func anomalies() throws -> QueryResult {
        let measures = try query.outputs.map { output in
            let bound = try ExpressionBinder(question: self).bind(output.expression)
            guard case .leaf(let index) = bound.form, bound.valueClass == .number,
                case .measure = leaves[index].source
            else {
                throw context.wrong(
                    .methodDoesNotFit, "`anomalies in` needs measures of numbers",
                    at: output.expression.range)
            }
            return (name: leaves[index].name, unit: leaves[index].unit?.symbol ?? "")
        }
        guard let range = try ranges.range(query.clauses, for: subjects.first) else {
            throw context.wrong(.emptyRange, "the range has not begun", at: query.range)
        }
        let pieces = subjects.flatMap(\.pieces).compactMap { piece in
            piece.range.intersection(range).map { inside in
                var piece = piece
                piece.range = inside
                return piece
            }
        }
        let method = try anomalyMethod()
        return try AnomalyHead().rows(
            pieces: pieces, measures: measures, range: range, now: context.now,
            zone: context.zone, snapshot: snapshot, graph: context.graph, method: method.name,
            keys: method.keys, siteZones: zonesOfSites(), cancellation: context.options.cancellation
        )
    }

    /// The method that `using` names and its keys; what there is not is refused.
    private func anomalyMethod() throws -> (name: String?, keys: [String]) {
        guard let using = query.clauses.using else { return (nil, []) }
        let word = try context.text(of: using.form.name)
        if let refusal = WatchMethod.refusal(of: word, in: using.form) {
            throw context.wrong(
                refusal.code, refusal.message, at: using.form.name.range, notes: refusal.notes)
        }
        let keys = try using.form.keys.map { key in
            let expression = ExpressionSyntax(.name(key), range: key.range)
            let bound = try ExpressionBinder(question: self).bind(expression)
            guard case .leaf(let index) = bound.form, case .measure = leaves[index].source else {
                throw context.wrong(
                    .methodDoesNotFit, "`cycle by` needs measures", at: key.range)
            }
            return leaves[index].name
        }
        return (word, keys)
    }
}

extension WatchMethod {
    /// Why a method for anomalies is refused as it is written; nil when it is not.
    public static func refusal(
        of word: String, in clause: MethodClause
    ) -> (code: DiagnosticCode, message: String, notes: [String])? {
        switch (WatchMethod(word: word), clause.keys.isEmpty) {
        case (nil, _):
            (
                .unknownMethod, "there is no method `\(word)` for anomalies",
                ["methods: " + AnomalyHead.methods.joined(separator: ", ")]
            )
        case (.cycle, true):
            (
                .clauseDoesNotFit,
                "`cycle` needs to know what the machine is doing: `using cycle by program, block`",
                []
            )
        case (.novelty, false), (.seasonal, false):
            (.clauseDoesNotFit, "`by` goes with `cycle` only", [])
        default: nil
        }
    }
}
