import Glibc
import PolluxLanguage

/// Loops over columns: operators chosen once per column, unknown where an operand is.
enum ColumnArithmetic {
    static func apply(
        _ operation: ArithmeticOperator, _ left: NumberColumn, _ right: NumberColumn
    ) -> NumberColumn {
        var result = left
        for index in result.values.indices {
            result.isKnown[index] = left.isKnown[index] && right.isKnown[index]
        }
        switch operation {
        case .add:
            for index in result.values.indices { result.values[index] += right.values[index] }
        case .subtract:
            for index in result.values.indices { result.values[index] -= right.values[index] }
        case .multiply:
            for index in result.values.indices { result.values[index] *= right.values[index] }
        case .divide:
            for index in result.values.indices {
                // Division by zero gives missing, not infinity.
                if right.values[index] == 0 {
                    result.isKnown[index] = false
                } else {
                    result.values[index] /= right.values[index]
                }
            }
        }
        return result
    }

    static func compare(
        _ operation: ComparisonOperator, _ left: NumberColumn, _ right: NumberColumn
    ) -> NumberColumn {
        var result = left
        for index in result.values.indices {
            result.isKnown[index] = left.isKnown[index] && right.isKnown[index]
            let isTrue = compare(operation, left.values[index], right.values[index])
            result.values[index] = isTrue ? 1 : 0
        }
        return result
    }

    static func compare<Operand: Comparable>(
        _ operation: ComparisonOperator, _ left: Operand, _ right: Operand
    ) -> Bool {
        switch operation {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    /// Three-valued logic: false decides an `and`, true an `or`, even beside the unknown.
    static func combine(
        _ operation: LogicOperator, _ left: NumberColumn, _ right: NumberColumn
    ) -> NumberColumn {
        var result = left
        let deciding = operation == .and ? 0.0 : 1.0
        for index in result.values.indices {
            let first = left.isKnown[index] ? left.values[index] : -1
            let second = right.isKnown[index] ? right.values[index] : -1
            if first == deciding || second == deciding {
                result.values[index] = deciding
                result.isKnown[index] = true
            } else {
                result.values[index] = 1 - deciding
                result.isKnown[index] = left.isKnown[index] && right.isKnown[index]
            }
        }
        return result
    }

    /// A function of one number, or nil where it has no value.
    static func function(_ word: FunctionWord, _ value: Double, _ decimals: Double) -> Double? {
        switch word {
        case .abs: return abs(value)
        case .sqrt: return value < 0 ? nil : value.squareRoot()
        case .ln: return value <= 0 ? nil : log(value)
        case .round:
            let scale = pow(10, max(-15, min(15, decimals.rounded())))
            let result = (value * scale).rounded() / scale
            return result.isFinite ? result : value
        }
    }
}
