import PolluxLanguage
import PolluxModel

/// What kind of thing an expression gives.
enum ValueClass: Hashable, Sendable {
    /// A number, with or without a unit.
    case number
    /// A word out of a set; compared, never computed with.
    case text
    /// True or false.
    case truth
    /// A length of time in nanoseconds.
    case duration
}

/// An expression whose names are leaves and whose units agree: what operators evaluate.
///
/// Numbers are in the unit that the node states; conversions are nodes of their own.
struct BoundExpression: Sendable {
    indirect enum Form: Sendable {
        /// The curve or the samples of a leaf, by its index in the query.
        case leaf(Int)
        /// A number.
        case constant(Double)
        /// A text, by the word itself.
        case word(String)
        /// A truth value.
        case truth(Bool)
        case arithmetic(ArithmeticOperator, BoundExpression, BoundExpression)
        case negation(BoundExpression)
        case conversion(BoundExpression, Unit.Conversion)
        case function(FunctionWord, [BoundExpression])
        case comparison(ComparisonOperator, BoundExpression, BoundExpression)
        case like(BoundExpression, TextPattern)
        case logic(LogicOperator, BoundExpression, BoundExpression)
        case not(BoundExpression)
        case state(BoundExpression, isNegated: Bool, StateWord)
        /// An aggregate of a row, by its index in the query; only above the aggregates.
        case aggregate(Int)
    }

    var form: Form
    var valueClass: ValueClass
    /// The unit of a number; nil when none is known.
    var unit: Unit?
    var range: SourceRange

    /// The leaves below, without repetition.
    var leaves: [Int] {
        var found: [Int] = []
        visit { node in
            if case .leaf(let index) = node.form, !found.contains(index) { found.append(index) }
        }
        return found
    }

    /// The aggregates below, without repetition.
    var aggregates: [Int] {
        var found: [Int] = []
        visit { node in
            if case .aggregate(let index) = node.form, !found.contains(index) {
                found.append(index)
            }
        }
        return found
    }

    /// Calls `body` for this node and all below.
    func visit(_ body: (BoundExpression) -> Void) {
        body(self)
        switch form {
        case .leaf, .constant, .word, .truth, .aggregate: break
        case .negation(let inner), .conversion(let inner, _), .like(let inner, _),
            .not(let inner), .state(let inner, _, _):
            inner.visit(body)
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right),
            .logic(_, let left, let right):
            left.visit(body)
            right.visit(body)
        case .function(_, let arguments):
            for argument in arguments { argument.visit(body) }
        }
    }
}

/// A name as it was found: something that has a value at an instant.
struct BoundLeaf: Sendable {
    enum Source: Hashable, Sendable {
        case measure(MeasureID)
        case attribute
        /// Events of that name as series; only counted and listed.
        case event
    }

    var name: String
    var source: Source
    /// How it runs and how long it is trusted.
    var definition: MeasureDefinition
    /// Its declared unit; nil when none is known.
    var unit: Unit?
    /// `offset 7d`: read that much earlier.
    var offset: Period?
    /// `(x of path)`: the path to start from the asset, by index in the query.
    var scope: Int?
    var range: SourceRange

    var valueClass: ValueClass {
        switch definition.valueKind {
        case .float, .integer: .number
        case .boolean: .truth
        case .text: .text
        }
    }
}

/// An aggregate over the time of a row: one word, or an inner one per asset and an outer across.
struct BoundAggregate: Sendable {
    var word: AggregateWord
    /// The word across assets, when two were written.
    var across: AggregateWord?
    var argument: BoundExpression
    /// The unit of its values.
    var unit: Unit?
    var valueClass: ValueClass
    /// What its raw value is multiplied with to be in `unit`.
    var factor: Double
    var range: SourceRange
    /// With the `offset` behind it, where there is one.
    var wholeRange: SourceRange?
}

/// One item of a query.
struct BoundOutput: Sendable {
    var name: String
    var expression: BoundExpression
    /// Whether it has aggregates: then rows are slices, not samples.
    var isAggregate: Bool { !expression.aggregates.isEmpty }
}

/// A pattern with `*` for any text and `?` for one character.
struct TextPattern: Hashable, Sendable {
    var text: String

    /// Whether a text fits; time grows with the product of the lengths at worst.
    func matches(_ candidate: String) -> Bool {
        let pattern = Array(text)
        let characters = Array(candidate)
        var at = 0
        var inPattern = 0
        var star: (pattern: Int, at: Int)?
        while at < characters.count {
            if inPattern < pattern.count, pattern[inPattern] == "*" {
                star = (inPattern, at)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == "?" || pattern[inPattern] == characters[at]
            {
                inPattern += 1
                at += 1
            } else if let (starPattern, starAt) = star {
                inPattern = starPattern + 1
                at = starAt + 1
                star = (starPattern, starAt + 1)
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == "*" }
    }
}
