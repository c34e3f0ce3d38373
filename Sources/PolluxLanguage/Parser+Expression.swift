import PolluxModel

extension Parser {
    typealias Expression = ExpressionSyntax

    /// `expr = conj { "or" conj }`.
    mutating func expression() throws(LanguageError) -> Expression {
        var left = try conjunction()
        while take(.or) {
            try countOperator()
            let right = try conjunction()
            left = Expression(.logic(.or, left, right), range: left.range.union(right.range))
        }
        return left
    }

    private mutating func conjunction() throws(LanguageError) -> Expression {
        var left = try negation()
        while take(.and) {
            try countOperator()
            let right = try negation()
            left = Expression(.logic(.and, left, right), range: left.range.union(right.range))
        }
        return left
    }

    private mutating func negation() throws(LanguageError) -> Expression {
        let start = current.range.lower
        guard take(.not) else { return try test() }
        return Expression(.not(try test()), range: range(from: start))
    }

    private mutating func test() throws(LanguageError) -> Expression {
        let left = try sum()
        if let comparison = ComparisonOperator(current.kind) {
            try checkLeftSide(left)
            advance()
            let right = try sum()
            return Expression(
                .comparison(comparison, left, right), range: left.range.union(right.range))
        }
        expected.note(.equal, at: current.range.lower)
        expected.note(.less, at: current.range.lower)
        expected.note(.greater, at: current.range.lower)
        if take(.like) {
            try checkLeftSide(left)
            let pattern = try quotedText()
            return Expression(.like(left, pattern), range: left.range.union(pattern.range))
        }
        guard take(.is) else { return left }
        let isNegated = take(.not)
        for word in StateWord.allCases {
            guard let keyword = Keyword(rawValue: word.rawValue), take(keyword) else { continue }
            return Expression(
                .state(left, isNegated: isNegated, word), range: range(from: left.range.lower))
        }
        throw unexpected()
    }

    private mutating func sum() throws(LanguageError) -> Expression {
        var left = try product()
        while true {
            let sign: ArithmeticOperator
            if take(.plus) {
                sign = .add
            } else if take(.minus) {
                sign = .subtract
            } else {
                return left
            }
            try countOperator()
            let right = try product()
            left = Expression(
                .arithmetic(sign, left, right), range: left.range.union(right.range))
        }
    }

    private mutating func product() throws(LanguageError) -> Expression {
        var left = try factor()
        while true {
            let sign: ArithmeticOperator
            if take(.star) {
                sign = .multiply
            } else if take(.slash) {
                sign = .divide
            } else {
                return left
            }
            try countOperator()
            let right = try factor()
            left = Expression(
                .arithmetic(sign, left, right), range: left.range.union(right.range))
        }
    }

    private mutating func factor() throws(LanguageError) -> Expression {
        let start = current.range.lower
        let isNegative = current.kind == .minus
        if isNegative { advance() }
        let isNumber = isNegative && current.kind == .number
        var operand: Expression
        if isNumber {
            let literal = try numberLiteral(isNegative: true, start: start)
            operand = Expression(.literal(literal), range: literal.range)
        } else {
            operand = try self.operand()
        }
        if take(.offset) {
            let period = try self.period()
            operand = Expression(
                .offset(operand, period), range: operand.range.union(period.range))
        }
        guard isNegative, !isNumber else { return operand }
        return Expression(.negation(operand), range: range(from: start))
    }

    private mutating func operand() throws(LanguageError) -> Expression {
        let start = current.range.lower
        trail.aggregate = nil
        noteOperandWords()
        if let function = current.keyword.flatMap({ FunctionWord(rawValue: $0.rawValue) }),
            ahead().kind == .leftParenthesis
        {
            return try call(function)
        }
        var aggregates: [AggregateSyntax] = []
        while aggregates.count < 2, let aggregate = try takeAggregate() {
            aggregates.append(aggregate)
            trail.aggregate = aggregate.word
        }
        if !aggregates.isEmpty, let function = current.keyword?.rawValue,
            FunctionWord(rawValue: function) != nil, ahead().kind == .leftParenthesis
        {
            throw failure(
                .functionNeedsParentheses,
                "behind an aggregate, `\(function)` stands in parentheses", at: current.range,
                suggestions: [.init("write `(\(function) (…))`")])
        }
        let primary = try self.primary()
        guard !aggregates.isEmpty else { return primary }
        return Expression(.aggregate(aggregates, primary), range: range(from: start))
    }

    /// Notes the aggregates and functions where an operand may begin and the text ends.
    private mutating func noteOperandWords() {
        guard current.kind == .end else { return }
        for keyword in Keyword.allCases
        where keyword.aggregate != nil || FunctionWord(rawValue: keyword.rawValue) != nil {
            expected.note(keyword, at: current.range.lower)
        }
        expected.note(.not, at: current.range.lower)
    }

    /// Takes an aggregate word when something to work on follows it.
    private mutating func takeAggregate() throws(LanguageError) -> AggregateSyntax? {
        guard case .word(let keyword) = current.kind, keyword?.isReserved != true,
            let word = keyword?.aggregate ?? percentile(current)
        else { return nil }
        let next = ahead()
        let startsPrimary: Bool
        switch next.kind {
        case .number, .duration, .timestamp, .text, .parameter, .leftParenthesis:
            startsPrimary = true
        case .word(.true), .word(.false): startsPrimary = true
        default: startsPrimary = next.isName
        }
        guard startsPrimary else {
            // A bare aggregate at the end of the text: a measure may still follow.
            if next.kind == .end { expected.note(name: .measure, at: next.range.lower) }
            return nil
        }
        if case .percentile(let percent) = word, percent > 100 {
            throw failure(
                .badPercentile, "a percentile lies between p0 and p100", at: current.range)
        }
        return AggregateSyntax(word, range: advance().range)
    }

    /// `p95`, `p99.9`; nil for other words.
    private func percentile(_ token: Token) -> AggregateWord? {
        let bytes = lexer.bytes[token.range.lower..<token.range.upper]
        guard let first = bytes.first, lowerCased(first) == 0x70,
            let second = bytes.dropFirst().first, isDigit(second),
            let percent = Double(String(decoding: bytes.dropFirst(), as: UTF8.self))
        else { return nil }
        return .percentile(percent)
    }

    private mutating func call(_ word: FunctionWord) throws(LanguageError) -> Expression {
        let function = FunctionSyntax(word, range: advance().range)
        advance()
        let arguments = try nested { parser throws(LanguageError) in
            var list = [try parser.expression()]
            while parser.take(.comma) { list.append(try parser.expression()) }
            return list
        }
        try need(.rightParenthesis)
        return Expression(
            .function(function, arguments), range: range(from: function.range.lower))
    }

    private mutating func primary() throws(LanguageError) -> Expression {
        let start = current.range.lower
        if take(.leftParenthesis) {
            let inner = try nested { parser throws(LanguageError) -> (Expression, PathSyntax?) in
                let expression = try parser.expression()
                return (expression, parser.take(.of) ? try parser.path() : nil)
            }
            try need(.rightParenthesis)
            guard let path = inner.1 else { return inner.0 }
            return Expression(.scoped(inner.0, of: path), range: range(from: start))
        }
        if current.isName {
            expected.note(name: .measure, at: start)
            let name = nameSyntax(advance())
            trail.measure = name.text
            if !trail.measures.contains(name.text) { trail.measures.append(name.text) }
            return Expression(.name(name), range: range(from: start))
        }
        expected.note(name: .measure, at: start)
        if let literal = try literalIfAny() {
            return Expression(.literal(literal), range: literal.range)
        }
        throw nameExpected()
    }

    // MARK: Values

    /// A value where nothing else may stand; numbers may be negative.
    mutating func literal() throws(LanguageError) -> LiteralSyntax {
        let start = current.range.lower
        if current.kind == .minus {
            advance()
            return try numberLiteral(isNegative: true, start: start)
        }
        guard let literal = try literalIfAny() else { throw unexpected() }
        return literal
    }

    /// A value if one begins here.
    mutating func literalIfAny() throws(LanguageError) -> LiteralSyntax? {
        let start = current.range.lower
        let form: LiteralSyntax.Form
        switch current.kind {
        case .number: return try numberLiteral(isNegative: false, start: start)
        case .duration: form = .duration(lexer.period(in: current.range) ?? .init())
        case .timestamp:
            guard let timestamp = lexer.timestamp(in: current.range) else { throw unexpected() }
            form = .timestamp(timestamp)
        case .text: form = .text(unquoted(current))
        case .parameter: form = .parameter(parameterName(current))
        case .word(.true): form = .boolean(true)
        case .word(.false): form = .boolean(false)
        default:
            expected.note(name: .number, at: start)
            expected.note(name: .parameter, at: start)
            return nil
        }
        advance()
        return LiteralSyntax(form, range: range(from: start))
    }

    private mutating func numberLiteral(
        isNegative: Bool, start: Int
    ) throws(LanguageError) -> LiteralSyntax {
        guard current.kind == .number, let number = lexer.number(in: current.range) else {
            expected.note(name: .number, at: current.range.lower)
            throw unexpected()
        }
        let token = advance()
        try checkDecimalComma(behind: token)
        let unit = takeUnit()
        return LiteralSyntax(
            .number(isNegative ? number.negated : number, unit: unit), range: range(from: start))
    }
}

extension NumberLiteral {
    /// The number with the other sign.
    var negated: NumberLiteral {
        switch self {
        case .integer(let number): .integer(0 - number)
        case .float(let number): number == 0x1p63 ? .integer(.min) : .float(-number)
        }
    }
}

extension ComparisonOperator {
    init?(_ kind: Token.Kind) {
        switch kind {
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        default: return nil
        }
    }
}
