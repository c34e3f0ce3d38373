import PolluxLanguage
import PolluxModel

/// Units in formulas: checked before any data is read (S22).
struct UnitRules {
    let context: StatementContext
    let question: Question

    /// A written unit; an unknown one is refused with near names.
    static func unit(_ written: UnitSyntax, _ context: StatementContext) throws -> Unit {
        guard let unit = context.units.unit(written.symbol) else {
            throw context.wrong(
                .unknownUnit, "there is no unit `\(written.symbol)`", at: written.range,
                suggestions: context.units.nearNames(written.symbol).map {
                    .init("did you mean `\($0)`?", replacement: $0)
                })
        }
        return unit
    }

    func arithmetic(
        _ operation: ArithmeticOperator, _ left: BoundExpression, _ right: BoundExpression,
        at range: SourceRange
    ) throws -> BoundExpression {
        try needsNumbers(left, right)
        var (left, right) = (left, right)
        var unit: Unit?
        switch operation {
        case .multiply, .divide:
            left = try absolute(left)
            right = try absolute(right)
            let first = left.unit ?? .one
            let second = right.unit ?? .one
            unit =
                operation == .multiply ? first.multiplied(by: second) : first.divided(by: second)
            if left.unit == nil && right.unit == nil { unit = nil }
        case .add, .subtract:
            if left.unit?.isPoint == true && right.unit?.isPoint == true {
                guard operation == .subtract else {
                    throw context.wrong(
                        .pointArithmetic, "two temperatures cannot be added", at: range,
                        notes: ["their difference is a number of kelvin: write `a - b`"])
                }
                left = try absolute(left)
                right = try absolute(right)
                unit = .kelvin
            } else {
                (left, right) = try aligned(
                    left, right, code: .addedUnits,
                    verb: operation == .add ? "add" : "subtract")
                unit = left.unit
            }
        }
        let bound = BoundExpression(
            form: .arithmetic(operation, left, right), valueClass: .number, unit: unit,
            range: range)
        if operation == .divide, case .constant(0) = right.form { question.noteZero(bound, right) }
        return bound
    }

    func comparison(
        _ operation: ComparisonOperator, _ left: BoundExpression, _ right: BoundExpression,
        at range: SourceRange
    ) throws -> BoundExpression {
        var (left, right) = (left, right)
        guard left.valueClass == right.valueClass else {
            if let refusal = comparedEvent(operation, left, right, at: range) { throw refusal }
            throw context.wrong(
                .differentKinds, "values of different kinds do not compare", at: range,
                notes: ["text is written in quotes: `state = \"running\"`"])
        }
        if left.valueClass == .number {
            (left, right) = try aligned(left, right, code: .comparedUnits, verb: "compare")
        }
        return BoundExpression(
            form: .comparison(operation, left, right), valueClass: .truth, range: range)
    }

    /// An event compared with a text, with the ways to choose time or events by a name.
    private func comparedEvent(
        _ operation: ComparisonOperator, _ left: BoundExpression, _ right: BoundExpression,
        at range: SourceRange
    ) -> QueryError? {
        let isFirst = question.event(left) != nil
        guard let event = question.event(isFirst ? left : right) else { return nil }
        let text = (isFirst ? right : left).range.text(in: context.text)
        var notes: [String] = []
        if operation == .equal { notes.append("for the time inside it: `during \(event) \(text)`") }
        notes.append("to list the events: `\(event) of … where \(range.text(in: context.text))`")
        return context.wrong(
            .differentKinds, "`\(event)` is an event, which has no value to compare", at: range,
            notes: notes)
    }

    /// Converts a bound expression into a unit that was asked for.
    func converted(
        _ bound: BoundExpression, to unit: Unit, at range: SourceRange
    ) throws -> BoundExpression {
        guard let from = bound.unit else {
            noteUnknownUnit(of: bound, taken: unit)
            var result = bound
            result.unit = unit
            return result
        }
        // Differences have no zero to shift: 5 K are 9 °F there, whatever °F begins with.
        let isDifference = unit.isPoint && isDifference(bound)
        guard let conversion = from.conversion(to: isDifference ? unit.degree : unit) else {
            let what = from.symbol.isEmpty ? "a number without a unit" : from.symbol
            throw context.wrong(
                .convertedUnits, "\(what) does not convert to \(unit.symbol)", at: range)
        }
        return BoundExpression(
            form: .conversion(bound, conversion), valueClass: .number, unit: unit,
            range: bound.range)
    }

    private func needsNumbers(_ left: BoundExpression, _ right: BoundExpression) throws {
        for side in [left, right] where side.valueClass != .number {
            throw context.wrong(
                .stateArithmetic, "only numbers can be computed with", at: side.range)
        }
    }

    /// Points of a scale as kelvin, counted from absolute zero.
    func absolute(_ bound: BoundExpression) throws -> BoundExpression {
        guard let unit = bound.unit, unit.isPoint else { return bound }
        return try converted(bound, to: .kelvin, at: bound.range)
    }

    /// Both sides in the left one's unit; a bare side takes the other's.
    private func aligned(
        _ left: BoundExpression, _ right: BoundExpression, code: DiagnosticCode, verb: String
    ) throws -> (BoundExpression, BoundExpression) {
        var (left, right) = (left, right)
        guard let first = left.unit, let second = right.unit else {
            if let unit = left.unit {
                noteUnknownUnit(of: right, taken: unit)
                right.unit = unit
            } else if let unit = right.unit {
                noteUnknownUnit(of: left, taken: unit)
                left.unit = unit
            }
            return (left, right)
        }
        if first == second { return (left, right) }
        let isShift = first.isPoint && !second.isPoint && verb != "compare"
        let target = isShift ? first.difference : first
        let areDifferences = verb == "compare" && (isDifference(left) || isDifference(right))
        let conversion =
            areDifferences
            ? second.degree.conversion(to: target.degree) : second.conversion(to: target)
        guard let conversion else {
            let (leftName, rightName) = (name(left), name(right))
            throw QueryError.diagnostics([
                Diagnostic(
                    code,
                    "cannot \(verb) \(leftName) (\(shown(first))) and \(rightName) "
                        + "(\(shown(second)))",
                    at: SourceRange(left.range.upper, right.range.lower).trimmed(in: context.text),
                    in: context.text, also: [left.range, right.range],
                    notes: [
                        "to see both, separate them with a comma: `\(leftName), \(rightName) of …`"
                    ])
            ])
        }
        right = BoundExpression(
            form: .conversion(right, conversion), valueClass: .number, unit: target,
            range: right.range)
        return (left, right)
    }

    /// Whether values are distances between temperatures and no temperatures.
    private func isDifference(_ bound: BoundExpression) -> Bool {
        guard bound.unit?.dimension == Unit.kelvin.dimension else { return false }
        switch bound.form {
        case .aggregate(let index):
            let aggregate = question.aggregates[index]
            switch aggregate.word {
            case .stddev, .delta: return true
            default: return aggregate.across == .stddev || isDifference(aggregate.argument)
            }
        case .arithmetic(.subtract, let left, let right):
            // 300 K less 5 K is a temperature; less another temperature it is a distance.
            if case .constant = right.form { return isDifference(left) }
            return isDifference(left) == isDifference(right)
        case .arithmetic(.add, let left, let right):
            return isDifference(left) && isDifference(right)
        case .arithmetic(_, let left, let right):
            return isDifference(left) || isDifference(right)
        case .negation(let inner), .conversion(let inner, _): return isDifference(inner)
        case .function(_, let arguments): return arguments.contains { isDifference($0) }
        default: return false
        }
    }

    private func shown(_ unit: Unit) -> String {
        unit.symbol.isEmpty ? "no unit" : unit.symbol
    }

    private func name(_ bound: BoundExpression) -> String {
        bound.range.text(in: context.text)
    }

    /// A measure without a declared unit is read in the unit beside it, and the answer says so.
    private func noteUnknownUnit(of bound: BoundExpression, taken unit: Unit) {
        guard let index = bound.leaves.first, bound.leaves.count == 1 else { return }
        let name = question.leaves[index].name
        question.addNote(
            "\(name) has no declared unit: read as \(unit.symbol) "
                + "(declare it: `create measure \(name) of … in \(unit.symbol)`)")
    }
}

extension SourceRange {
    /// Without the blanks around it.
    func trimmed(in text: String) -> SourceRange {
        let bytes = Array(text.utf8)
        var (low, high) = (max(0, lower), min(bytes.count, upper))
        while low < high, bytes[low] == 32 { low += 1 }
        while high > low, bytes[high - 1] == 32 { high -= 1 }
        return SourceRange(low, max(high, low + 1))
    }
}
