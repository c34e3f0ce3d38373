public import PolluxModel

/// A formula over measures: sums, comparisons, conditions, aggregates.
///
/// Parentheses leave no trace in the tree, except `(x of path)`; the printer puts back those that
/// are needed.
public struct ExpressionSyntax: Hashable, Sendable {
    /// What was written.
    public indirect enum Form: Hashable, Sendable {
        /// `a and b`, `a or b`.
        case logic(LogicOperator, ExpressionSyntax, ExpressionSyntax)
        /// `not a`.
        case not(ExpressionSyntax)
        /// `a < b`.
        case comparison(ComparisonOperator, ExpressionSyntax, ExpressionSyntax)
        /// `model like "VMC-*"`.
        case like(ExpressionSyntax, TextSyntax)
        /// `a is missing`, `a is not stale`.
        case state(ExpressionSyntax, isNegated: Bool, StateWord)
        /// `a + b`, `a / b`.
        case arithmetic(ArithmeticOperator, ExpressionSyntax, ExpressionSyntax)
        /// `-a`. A minus directly before a number belongs to the number instead.
        case negation(ExpressionSyntax)
        /// `power offset 7d`.
        case offset(ExpressionSyntax, PeriodSyntax)
        /// `avg power`, `sum avg power`: the outer aggregate first; one or two of them.
        case aggregate([AggregateSyntax], ExpressionSyntax)
        /// `abs (x)`, `round (x, 2)`.
        case function(FunctionSyntax, [ExpressionSyntax])
        /// A measure or an attribute, or in settings a bare word.
        case name(NameSyntax)
        /// A value.
        case literal(LiteralSyntax)
        /// `(x of path)`: read on another asset.
        case scoped(ExpressionSyntax, of: PathSyntax)
    }

    /// What was written.
    public var form: Form
    /// Where it stands; parentheses around it are outside, those of `(x of path)` inside.
    @Overlooked public var range: SourceRange

    /// A formula.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }

    /// All names in it, in the order in which they stand; those of paths are none of them.
    public var names: [NameSyntax] {
        switch form {
        case .name(let name): [name]
        case .literal: []
        case .logic(_, let left, let right), .comparison(_, let left, let right),
            .arithmetic(_, let left, let right):
            left.names + right.names
        case .not(let inner), .like(let inner, _), .state(let inner, _, _), .negation(let inner),
            .offset(let inner, _), .aggregate(_, let inner), .scoped(let inner, _):
            inner.names
        case .function(_, let arguments): arguments.flatMap(\.names)
        }
    }
}

/// `and`, `or`.
public enum LogicOperator: String, Hashable, Sendable, CaseIterable {
    /// Both.
    case and
    /// At least one.
    case or
}

/// The six comparisons; the raw value is the symbol.
public enum ComparisonOperator: String, Hashable, Sendable, CaseIterable {
    /// `=`
    case equal = "="
    /// `!=`
    case notEqual = "!="
    /// `<`
    case less = "<"
    /// `<=`
    case lessOrEqual = "<="
    /// `>`
    case greater = ">"
    /// `>=`
    case greaterOrEqual = ">="
}

/// The four operations; the raw value is the symbol.
public enum ArithmeticOperator: String, Hashable, Sendable, CaseIterable {
    /// `+`
    case add = "+"
    /// `-`
    case subtract = "-"
    /// `*`
    case multiply = "*"
    /// `/`
    case divide = "/"
}

/// What `is` asks; the raw value is the word.
public enum StateWord: String, Hashable, Sendable, CaseIterable {
    /// No known value.
    case missing
    /// Held beyond its gap.
    case stale
    /// Of uncertain quality.
    case uncertain
    /// Of bad quality.
    case bad
}

/// The aggregate words.
public enum AggregateWord: Hashable, Sendable {
    /// Time-weighted over the curve.
    case avg, min, max, total, time, share, times, mode, coverage
    /// Over the samples.
    case mean, sum, count, median, stddev, slope, earliest, latest, highest, lowest
    /// For counters.
    case delta, rate
    /// `p95`, `p99.9`: over the samples, in percent, 0 to 100.
    case percentile(Double)
}

/// An aggregate word with its place.
public struct AggregateSyntax: Hashable, Sendable {
    /// The word.
    public var word: AggregateWord
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// An aggregate.
    public init(_ word: AggregateWord, range: SourceRange = .none) {
        self.word = word
        self.range = range
    }
}

/// The functions; the raw value is the word.
public enum FunctionWord: String, Hashable, Sendable, CaseIterable {
    /// Absolute value.
    case abs
    /// Square root.
    case sqrt
    /// Natural logarithm.
    case ln
    /// Rounding, with the count of decimals as an optional second argument.
    case round
}

/// A function word with its place.
public struct FunctionSyntax: Hashable, Sendable {
    /// The word.
    public var word: FunctionWord
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A function.
    public init(_ word: FunctionWord, range: SourceRange = .none) {
        self.word = word
        self.range = range
    }
}

/// A value as written.
public struct LiteralSyntax: Hashable, Sendable {
    /// What was written.
    public enum Form: Hashable, Sendable {
        /// `8000`, `-5 °C`.
        case number(NumberLiteral, unit: UnitSyntax?)
        /// `15m`.
        case duration(Period)
        /// `2026-03-02`.
        case timestamp(TimestampSyntax)
        /// `"VMC-850"`.
        case text(String)
        /// `$limit`.
        case parameter(String)
        /// `true`, `false`.
        case boolean(Bool)
    }

    /// What was written.
    public var form: Form
    /// Where it stands, unit included.
    @Overlooked public var range: SourceRange

    /// A value.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}

/// A number as written: whole numbers stay exact.
public enum NumberLiteral: Hashable, Sendable {
    /// Digits alone that fit 64 bits.
    case integer(Int64)
    /// With a decimal point or an exponent, or too long for 64 bits; always finite.
    case float(Double)

    /// The number as a float.
    public var value: Double {
        switch self {
        case .integer(let number): Double(number)
        case .float(let number): number
        }
    }
}
