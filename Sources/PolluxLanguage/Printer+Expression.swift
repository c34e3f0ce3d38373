import PolluxModel

extension Printer {
    /// How tightly a form binds; the operand of a tighter one needs parentheses.
    private static func strength(_ expression: ExpressionSyntax) -> Int {
        switch expression.form {
        case .logic(.or, _, _): 1
        case .logic(.and, _, _): 2
        case .not: 3
        case .comparison, .like, .state: 4
        case .arithmetic(.add, _, _), .arithmetic(.subtract, _, _): 5
        case .arithmetic: 6
        case .negation: 7
        case .offset: 8
        case .aggregate, .function: 9
        case .literal(let literal): literal.isNegative ? 9 : 10
        case .name, .scoped: 10
        }
    }

    mutating func expression(_ expression: ExpressionSyntax, atLeast: Int = 0) {
        let needsParentheses = Printer.strength(expression) < atLeast
        if needsParentheses { word("(") }
        bare(expression)
        if needsParentheses { text += ")" }
    }

    private mutating func bare(_ expression: ExpressionSyntax) {
        switch expression.form {
        case .logic(let sign, let left, let right):
            let strength = sign == .or ? 1 : 2
            binary(left, sign.rawValue, right, strength, strength + 1)
        case .not(let inner):
            word("not")
            self.expression(inner, atLeast: 4)
        case .comparison(let sign, let left, let right):
            binary(left, sign.rawValue, right, 5, 5)
        case .like(let left, let pattern):
            self.expression(left, atLeast: 5)
            word("like " + Printer.quoted(pattern.text))
        case .state(let inner, let isNegated, let state):
            self.expression(inner, atLeast: 5)
            word(isNegated ? "is not" : "is")
            word(state.rawValue)
        case .arithmetic(let sign, let left, let right):
            let strength = sign == .add || sign == .subtract ? 5 : 6
            binary(left, sign.rawValue, right, strength, strength + 1)
        case .negation(let inner): negation(inner)
        case .offset(let inner, let period):
            self.expression(inner, atLeast: 9)
            word("offset")
            self.period(period)
        case .aggregate(let aggregates, let inner):
            for aggregate in aggregates { word(aggregate.word.text) }
            self.expression(inner, atLeast: 10)
        case .function(let function, let arguments):
            word(function.word.rawValue)
            word("(")
            list(arguments) { $0.expression($1) }
            text += ")"
        case .name(let name): self.name(name)
        case .literal(let literal): self.literal(literal)
        case .scoped(let inner, let path):
            word("(")
            self.expression(inner)
            word("of")
            self.path(path)
            text += ")"
        }
    }

    private mutating func binary(
        _ left: ExpressionSyntax, _ sign: String, _ right: ExpressionSyntax, _ leftLeast: Int,
        _ rightLeast: Int
    ) {
        expression(left, atLeast: leftLeast)
        word(sign)
        expression(right, atLeast: rightLeast)
    }

    /// A minus and what it negates, which must not begin with a sign or a digit of its own.
    private mutating func negation(_ inner: ExpressionSyntax) {
        var printer = Printer()
        printer.expression(inner, atLeast: 8)
        let first = printer.text.utf8.first ?? 0
        word("-" + (first == 0x2D || isDigit(first) ? "(" + printer.text + ")" : printer.text))
    }

    mutating func literal(_ literal: LiteralSyntax) {
        switch literal.form {
        case .number(let number, let unit):
            switch number {
            case .integer(let value): word("\(value)")
            case .float(let value): word("\(value)")
            }
            if let unit { word(unit.symbol) }
        case .duration(let period): word(period.description)
        case .timestamp(let timestamp): word(timestamp.description)
        case .text(let text): word(Printer.quoted(text))
        case .parameter(let name): word("$" + name)
        case .boolean(let value): word(value ? "true" : "false")
        }
    }
}

extension LiteralSyntax {
    /// Whether it is printed with a minus.
    var isNegative: Bool {
        guard case .number(let number, _) = form else { return false }
        switch number {
        case .integer(let value): return value < 0
        case .float(let value): return value.sign == .minus
        }
    }
}
