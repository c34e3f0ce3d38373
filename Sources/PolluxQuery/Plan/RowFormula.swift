import PolluxLanguage
import PolluxModel

extension BoundExpression {
    /// The value of an expression over aggregates for one row, or nil where it is missing; truth is
    /// 0 and 1.
    func rowValue(_ aggregate: (Int) -> Double?) -> Double? {
        switch form {
        case .aggregate(let index): return aggregate(index)
        case .constant(let value): return value
        case .truth(let flag): return flag ? 1 : 0
        case .negation(let inner): return inner.rowValue(aggregate).map { -$0 }
        case .conversion(let inner, let conversion):
            return inner.rowValue(aggregate).map { conversion($0) }
        case .function(let word, let arguments):
            guard let value = arguments.first?.rowValue(aggregate) else { return nil }
            let decimals = arguments.count > 1 ? arguments[1].rowValue(aggregate) ?? 0 : 0
            return ColumnArithmetic.function(word, value, decimals)
        case .arithmetic(let operation, let left, let right):
            guard let first = left.rowValue(aggregate), let second = right.rowValue(aggregate)
            else { return nil }
            switch operation {
            case .add: return first + second
            case .subtract: return first - second
            case .multiply: return first * second
            case .divide: return second == 0 ? nil : first / second
            }
        case .comparison(let operation, let left, let right):
            guard let first = left.rowValue(aggregate), let second = right.rowValue(aggregate)
            else { return nil }
            return ColumnArithmetic.compare(operation, first, second) ? 1 : 0
        case .logic(let operation, let left, let right):
            let (first, second) = (left.rowValue(aggregate), right.rowValue(aggregate))
            let deciding = operation == .and ? 0.0 : 1.0
            if first == deciding || second == deciding { return deciding }
            guard first != nil, second != nil else { return nil }
            return 1 - deciding
        case .not(let inner): return inner.rowValue(aggregate).map { 1 - $0 }
        case .state(let inner, let isNegated, _):
            return (inner.rowValue(aggregate) == nil) != isNegated ? 1 : 0
        case .leaf, .word, .like: return nil
        }
    }
}
