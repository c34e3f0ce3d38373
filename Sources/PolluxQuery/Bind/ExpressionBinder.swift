import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Turns written formulas into bound ones: names become leaves, aggregates are collected, units
/// agree.
struct ExpressionBinder {
    let question: Question

    private var context: StatementContext { question.context }

    /// Binds a formula; inside an aggregate, further aggregates are refused.
    func bind(
        _ syntax: ExpressionSyntax, isInAggregate: Bool = false, scope: Int? = nil,
        offset: Period? = nil
    ) throws -> BoundExpression {
        func inner(_ part: ExpressionSyntax) throws -> BoundExpression {
            try bind(part, isInAggregate: isInAggregate, scope: scope, offset: offset)
        }
        switch syntax.form {
        case .name(let name):
            return try LeafBinder(question: question).leaf(name, scope: scope, offset: offset)
        case .literal(let literal): return try self.literal(literal)
        case .aggregate(let words, let argument):
            guard !isInAggregate else { throw nested(at: syntax.range) }
            let bound = try bind(argument, isInAggregate: true, scope: scope, offset: offset)
            return try AggregateBinder(question: question).bind(words, bound, at: syntax.range)
        case .arithmetic(let operation, let left, let right):
            return try UnitRules(context: context, question: question).arithmetic(
                operation, try inner(left), try inner(right), at: syntax.range)
        case .comparison(let operation, let left, let right):
            return try UnitRules(context: context, question: question).comparison(
                operation, try inner(left), try inner(right), at: syntax.range)
        case .negation(let part):
            let bound = try number(try inner(part))
            return BoundExpression(
                form: .negation(bound), valueClass: .number, unit: bound.unit, range: syntax.range)
        case .logic(let operation, let left, let right):
            return BoundExpression(
                form: .logic(operation, try truth(inner(left)), try truth(inner(right))),
                valueClass: .truth, range: syntax.range)
        case .not(let part):
            return BoundExpression(
                form: .not(try truth(inner(part))), valueClass: .truth, range: syntax.range)
        case .like(let part, let pattern):
            return BoundExpression(
                form: .like(try inner(part), TextPattern(text: pattern.text)), valueClass: .truth,
                range: syntax.range)
        case .state(let part, let isNegated, let word):
            return try state(try inner(part), isNegated, word, at: syntax.range)
        case .function(let function, let arguments):
            let bound = try arguments.map { try number(inner($0)) }
            let keeps = function.word == .abs || function.word == .round
            return BoundExpression(
                form: .function(function.word, bound), valueClass: .number,
                unit: try keeps ? bound.first?.unit : rootUnit(function.word, bound.first),
                range: syntax.range)
        case .offset(let part, let period):
            let bound = try bind(
                part, isInAggregate: isInAggregate, scope: scope,
                offset: try context.period(period))
            if case .aggregate(let index) = bound.form {
                question.aggregates[index].wholeRange = syntax.range
            }
            return bound
        case .scoped(let part, let path):
            question.scopes.append(path)
            return try bind(
                part, isInAggregate: isInAggregate, scope: question.scopes.count - 1,
                offset: offset)
        }
    }

    private func nested(at range: SourceRange) -> QueryError {
        context.wrong(
            .nestedAggregate, "an aggregate stands inside another", at: range,
            notes: ["two aggregates stand side by side: `sum avg power … per line`"])
    }

    private func state(
        _ inner: BoundExpression, _ isNegated: Bool, _ word: StateWord, at range: SourceRange
    ) throws -> BoundExpression {
        if word != .missing {
            guard case .leaf(let index) = inner.form, case .measure = question.leaves[index].source
            else {
                throw context.wrong(
                    .valueExpected, "`is \(word.rawValue)` asks about one measure",
                    at: inner.range, notes: ["such as `vibration is \(word.rawValue)`"])
            }
            question.trackedLeaves.insert(index)
        }
        return BoundExpression(
            form: .state(inner, isNegated: isNegated, word), valueClass: .truth, range: range)
    }

    /// The unit of a square root: that of (mm/s)² is mm/s.
    private func rootUnit(_ word: FunctionWord, _ argument: BoundExpression?) throws -> Unit? {
        guard word == .sqrt, let argument, let unit = argument.unit else { return nil }
        guard let root = unit.squareRoot else {
            throw context.wrong(
                .convertedUnits, "the square root of \(unit.symbol) has no unit",
                at: argument.range)
        }
        return root
    }

    private func number(_ bound: BoundExpression) throws -> BoundExpression {
        guard bound.valueClass == .number else {
            throw context.wrong(.valueExpected, "a number is needed here", at: bound.range)
        }
        return bound
    }

    private func truth(_ bound: BoundExpression) throws -> BoundExpression {
        guard bound.valueClass == .truth else {
            throw context.wrong(
                .conditionExpected, "a condition is needed here, such as `vibration > 5 mm/s`",
                at: bound.range)
        }
        return bound
    }

    private func literal(_ literal: LiteralSyntax) throws -> BoundExpression {
        let (value, written) = try context.value(literal)
        if case .duration(let period) = literal.form {
            return BoundExpression(
                form: .constant(Double(period.nanoseconds + period.days * 86_400_000_000_000)),
                valueClass: .duration, range: literal.range)
        }
        switch value {
        case .text(let word):
            return BoundExpression(form: .word(word), valueClass: .text, range: literal.range)
        case .boolean(let flag):
            return BoundExpression(form: .truth(flag), valueClass: .truth, range: literal.range)
        case .float, .integer:
            let unit = try written.map { try UnitRules.unit($0, context) }
            return BoundExpression(
                form: .constant(value.number ?? 0), valueClass: .number, unit: unit,
                range: literal.range)
        }
    }
}
