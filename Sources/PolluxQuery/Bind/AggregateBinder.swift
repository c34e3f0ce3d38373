import PolluxLanguage
import PolluxModel

/// Binds aggregates: which words fit which values, and in which unit they come out.
struct AggregateBinder {
    let question: Question

    private var context: StatementContext { question.context }

    /// One aggregate, or an outer one across assets over an inner one per asset.
    func bind(
        _ words: [AggregateSyntax], _ argument: BoundExpression, at range: SourceRange
    ) throws -> BoundExpression {
        guard let innerWord = words.last else { return argument }
        let across = words.count > 1 ? words[0] : nil
        try check(innerWord, argument, isInner: across != nil)
        if let across, question.query.clauses.grouping == nil {
            throw context.wrong(
                .nestedAggregate, "two aggregates in a row work across assets", at: across.range,
                notes: ["say over which: `per line`, or `overall`"])
        }
        var argument = argument
        if innerWord.word == .total {
            // A product needs a zero: points of a scale count from absolute zero.
            argument = try UnitRules(context: context, question: question).absolute(argument)
        }
        let (unit, factor) = outcome(innerWord.word, argument)
        var bound = BoundAggregate(
            word: innerWord.word, across: across?.word, argument: argument, unit: unit,
            valueClass: valueClass(innerWord.word, argument), factor: factor, range: range)
        if let across { try settle(&bound, across) }
        question.aggregates.append(bound)
        return BoundExpression(
            form: .aggregate(question.aggregates.count - 1), valueClass: bound.valueClass,
            unit: bound.unit, range: range)
    }

    /// What an aggregate across assets makes of the unit.
    private func settle(_ bound: inout BoundAggregate, _ across: AggregateSyntax) throws {
        switch across.word {
        case .count:
            bound.unit = nil
            bound.factor = 1
        case .stddev:
            if let unit = bound.unit, unit.isPoint { bound.factor *= unit.scale }
            bound.unit = bound.unit?.difference
        case .sum where bound.unit?.isPoint == true:
            throw context.wrong(
                .pointArithmetic, "temperatures cannot be added", at: across.range,
                notes: ["their mean over assets is `avg avg …`"])
        default: break
        }
    }

    private func check(
        _ aggregate: AggregateSyntax, _ argument: BoundExpression, isInner: Bool
    ) throws {
        let isTruth = argument.valueClass == .truth
        let isText = argument.valueClass == .text
        let word = aggregate.word
        if word != .count, case .leaf(let index) = argument.form,
            case .event = question.leaves[index].source
        {
            let name = question.leaves[index].name
            throw context.wrong(
                .clauseDoesNotFit, "events have no `\(word.text)`: they are counted or listed",
                at: aggregate.range,
                notes: ["`count \(name) of …`, or `\(name) of … last 30d`"])
        }
        switch word {
        case .time, .share, .times:
            guard isTruth else {
                throw context.wrong(
                    .conditionExpected, "`\(word.text)` needs a condition", at: argument.range,
                    notes: ["for example `\(word.text) (state = \"running\")`"])
            }
        case .count, .mode, .coverage, .latest, .earliest: break
        case .delta, .rate:
            guard argument.leaves.count == 1, case .leaf = argument.form else {
                throw context.wrong(
                    .counterExpected, "`\(word.text)` works on one measure", at: argument.range)
            }
            guard !isTruth, !isText else { throw noNumber(aggregate) }
        case .sum:
            if case .leaf(let index) = argument.form,
                question.leaves[index].definition.kind == .gauge,
                case .measure = question.leaves[index].source, !isText, !isTruth
            {
                throw sumOfGauge(aggregate, question.leaves[index])
            }
            fallthrough
        default:
            guard !isTruth, !isText else { throw noNumber(aggregate) }
        }
    }

    private func noNumber(_ aggregate: AggregateSyntax) -> QueryError {
        context.wrong(
            .stateArithmetic, "a state has no `\(aggregate.word.text)`", at: aggregate.range,
            notes: ["for states: `time`, `share`, `times`, `mode`, `latest`, `count`"])
    }

    private func sumOfGauge(_ aggregate: AggregateSyntax, _ leaf: BoundLeaf) -> QueryError {
        // A declared gauge has a level, and levels do not add up; what data made known may be
        // either.
        let name = leaf.range.text(in: context.text)
        let gauge = leaf.unit.map { "a gauge in \($0.symbol)" } ?? "a gauge"
        let isGrouped = question.query.clauses.grouping != nil
        let advice: String
        if leaf.unit?.isPoint == true {
            advice = "over time: `avg \(name)`"
        } else {
            let energy = leaf.unit.flatMap {
                $0.multiplied(by: .second).conversion(to: Unit.parse("kWh") ?? .one)
            }
            let over =
                energy == nil
                ? "over the curve: `total \(name)`" : "energy: `total \(name) in kWh`"
            advice = over + "   across assets: `sum avg \(name)\(isGrouped ? "" : " … overall")`"
        }
        return context.wrong(
            .sumOfGauge, "the sum of samples of \(leaf.name) (\(gauge)) has no meaning",
            at: aggregate.range, suggestions: [.init(advice)])
    }

    private func valueClass(_ word: AggregateWord, _ argument: BoundExpression) -> ValueClass {
        switch word {
        case .mode, .latest, .earliest: argument.valueClass
        case .time: .duration
        default: .number
        }
    }

    /// The unit an aggregate comes out in, and what its raw value is multiplied with.
    private func outcome(
        _ word: AggregateWord, _ argument: BoundExpression
    ) -> (unit: Unit?, factor: Double) {
        // Differences of points are in kelvin, whatever the degrees of the scale.
        let degree = argument.unit.map { $0.isPoint ? $0.scale : 1 } ?? 1
        switch word {
        case .count, .times: return (nil, 1)
        case .mode where argument.valueClass != .number: return (nil, 1)
        case .time: return (.second, 1e-9)
        case .share, .coverage: return (.one, 1)
        case .total:
            return ((argument.unit ?? .one).multiplied(by: .hour), 1 / 3600.0)
        case .rate, .slope:
            return ((argument.unit?.difference ?? .one).divided(by: .second), degree)
        case .stddev, .delta: return (argument.unit?.difference, degree)
        default: return (argument.unit, 1)
        }
    }
}

extension AggregateWord {
    /// The word as written.
    var text: String {
        if case .percentile(let percent) = self {
            return "p" + (percent == percent.rounded() ? "\(Int(percent))" : "\(percent)")
        }
        return "\(self)"
    }
}
