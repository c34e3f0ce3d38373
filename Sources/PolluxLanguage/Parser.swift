/// Reads tokens by recursive descent with two tokens of lookahead.
///
/// Whatever the parser asks for is noted by place, so that an error, and completion, can say what
/// may follow at the furthest place that was reached.
struct Parser {
    /// Nesting of parentheses, paths in parentheses and moments; deeper text is refused.
    static let deepest = 50
    /// Operators in one statement; more are refused, so that trees stay shallow.
    static let mostOperators = 500

    let source: String
    let lexer: Lexer
    var current: Token
    private var second: Token?
    /// The end of the token that was taken last.
    var lastEnd = 0
    var depth = 0
    var operatorCount = 0
    var expected = Expectations()
    /// The type written in the step that is being read.
    var stepType: String?
    /// What the statement has said so far, for completion.
    var trail = CompletionContext()

    init(_ source: String) {
        self.source = source
        lexer = Lexer(source)
        current = lexer.token(at: 0)
    }

    /// The token behind the current one.
    mutating func ahead() -> Token {
        if let second { return second }
        let token = lexer.token(at: current.range.upper)
        second = token
        return token
    }

    /// Takes the current token.
    @discardableResult
    mutating func advance() -> Token {
        let token = current
        lastEnd = token.range.upper
        current = second ?? lexer.token(at: token.range.upper)
        second = nil
        return token
    }

    /// The bytes of a range as text.
    func text(_ range: SourceRange) -> String {
        String(decoding: lexer.bytes[range.lower..<range.upper], as: UTF8.self)
    }

    /// From an offset to the end of the token taken last.
    func range(from start: Int) -> SourceRange { SourceRange(start, lastEnd) }

    // MARK: Asking and taking

    /// Whether the current token is this keyword; notes that it may stand here.
    mutating func at(_ keyword: Keyword) -> Bool {
        if current.keyword == keyword { return true }
        expected.note(keyword, at: current.range.lower)
        return false
    }

    /// Takes the keyword if it is the current token.
    mutating func take(_ keyword: Keyword) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    /// Takes the symbol if it is the current token.
    mutating func take(_ kind: Token.Kind) -> Bool {
        guard current.kind == kind else {
            expected.note(kind, at: current.range.lower)
            return false
        }
        advance()
        return true
    }

    /// Takes the keyword or fails.
    mutating func need(_ keyword: Keyword) throws(LanguageError) {
        guard take(keyword) else { throw unexpected() }
    }

    /// Takes the symbol or fails.
    mutating func need(_ kind: Token.Kind) throws(LanguageError) {
        guard take(kind) else { throw unexpected() }
    }

    /// Whether the current token can be a name of some kind; notes that one may stand here.
    mutating func atName(_ kind: NameKind) -> Bool {
        expected.note(name: kind, at: current.range.lower)
        return current.isName
    }

    /// A name, or fails.
    mutating func name(_ kind: NameKind) throws(LanguageError) -> NameSyntax {
        guard atName(kind) else { throw nameExpected() }
        return nameSyntax(advance())
    }

    func nameSyntax(_ token: Token) -> NameSyntax {
        NameSyntax(
            token.kind == .bracketed ? unquoted(token) : text(token.range), range: token.range)
    }

    /// A label, or fails.
    mutating func label(_ kind: NameKind) throws(LanguageError) -> LabelSyntax {
        guard atLabel(kind) else { throw nameExpected() }
        let token = advance()
        switch token.kind {
        case .text: return .text(TextSyntax(unquoted(token), range: token.range))
        case .parameter:
            return .parameter(ParameterSyntax(parameterName(token), range: token.range))
        default: return .name(nameSyntax(token))
        }
    }

    /// Whether the current token can be a label; notes that one may stand here.
    mutating func atLabel(_ kind: NameKind) -> Bool {
        expected.note(name: kind, at: current.range.lower)
        return current.isLabel
    }

    /// A quoted text, or fails.
    mutating func quotedText() throws(LanguageError) -> TextSyntax {
        guard current.kind == .text else {
            expected.note(name: .text, at: current.range.lower)
            throw unexpected()
        }
        let token = advance()
        return TextSyntax(unquoted(token), range: token.range)
    }

    /// The text inside quotes or brackets, doubled ends undone.
    func unquoted(_ token: Token) -> String {
        let close = lexer.bytes[token.range.upper - 1]
        var result: [UInt8] = []
        var index = token.range.lower + 1
        while index < token.range.upper - 1 {
            result.append(lexer.bytes[index])
            index += lexer.bytes[index] == close ? 2 : 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    func parameterName(_ token: Token) -> String {
        text(SourceRange(token.range.lower + 1, token.range.upper))
    }

    // MARK: Units and counts

    /// The unit that stands here, if one does; only behind a number or `in`.
    mutating func takeUnit() -> UnitSyntax? {
        expected.note(name: .unit, at: lexer.skipBlanks(lastEnd))
        guard let range = lexer.unit(at: lastEnd) else { return nil }
        lastEnd = range.upper
        second = nil
        current = lexer.token(at: range.upper)
        return UnitSyntax(text(range), range: range)
    }

    /// A unit behind `in`, or fails.
    mutating func unit() throws(LanguageError) -> UnitSyntax {
        guard let unit = takeUnit() else { throw unexpected() }
        return unit
    }

    /// A whole number of at least `least`, or fails.
    mutating func count(least: Int) throws(LanguageError) -> Int {
        guard current.kind == .number else {
            expected.note(name: .number, at: current.range.lower)
            throw unexpected()
        }
        let token = advance()
        guard case .integer(let value)? = lexer.number(in: token.range), value >= least,
            let count = Int(exactly: value)
        else {
            throw failure(
                .badCount, "a whole number of at least \(least) belongs here", at: token.range)
        }
        return count
    }

    /// Runs `body` one level deeper, or fails when the text is nested too deeply.
    mutating func nested<Result>(
        _ body: (inout Parser) throws(LanguageError) -> Result
    ) throws(LanguageError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Parser.deepest else {
            throw failure(
                .tooDeep, "the sentence is nested more than \(Parser.deepest) levels deep",
                at: current.range)
        }
        return try body(&self)
    }

    /// Counts an operator, or fails when there are too many.
    mutating func countOperator() throws(LanguageError) {
        operatorCount += 1
        guard operatorCount <= Parser.mostOperators else {
            throw failure(
                .tooDeep, "the sentence has more than \(Parser.mostOperators) operators",
                at: current.range)
        }
    }
}
