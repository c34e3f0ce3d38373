extension Parser {
    /// A failure with one diagnostic.
    func failure(
        _ code: DiagnosticCode, _ message: String, at range: SourceRange,
        also: [SourceRange] = [], suggestions: [Diagnostic.Suggestion] = [], notes: [String] = []
    ) -> LanguageError {
        LanguageError([
            Diagnostic(
                code, message, at: range, in: source, also: also, suggestions: suggestions,
                notes: notes)
        ])
    }

    /// The current token fits nothing that was asked for.
    func unexpected() -> LanguageError {
        if case .bad(let mistake) = current.kind { return lexical(mistake) }
        let follow = whatMayFollow()
        if current.kind == .end {
            return failure(
                .unexpectedEnd, "the sentence is not finished", at: current.range, notes: follow)
        }
        let word = text(current.range)
        var suggestions: [Diagnostic.Suggestion] = []
        if case .word = current.kind {
            let candidates = expected.keywords.map(\.rawValue)
            suggestions = Suggestions.nearest(to: word, in: candidates, limit: 1).map {
                Diagnostic.Suggestion("did you mean `\($0)`?", replacement: $0)
            }
        }
        return failure(
            .unexpectedWord, "`\(word)` does not fit here", at: current.range,
            suggestions: suggestions, notes: suggestions.isEmpty ? follow : [])
    }

    /// One line that says what the parser asked for at the furthest place.
    private func whatMayFollow() -> [String] {
        guard expected.offset >= current.range.lower else { return [] }
        var parts = expected.names.map(\.words)
        parts += expected.keywords.prefix(12).map { "`\($0.rawValue)`" }
        if expected.keywords.count > 12 { parts.append("…") }
        parts += expected.symbolTexts.map { "`\($0)`" }
        return parts.isEmpty ? [] : ["what may stand here: " + parts.joined(separator: ", ")]
    }

    private func lexical(_ mistake: LexicalMistake) -> LanguageError {
        let range = current.range
        let word = text(range)
        switch mistake {
        case .strangeCharacter:
            return failure(.unreadableCharacter, "`\(word)` has no meaning here", at: range)
        case .loneDollar:
            return failure(
                .unreadableCharacter, "a parameter is `$` and a word", at: range,
                suggestions: [.init("such as `$asset`")])
        case .openText:
            return failure(
                .unclosed, "the quote is never closed", at: range,
                notes: ["a quote inside a text is written twice"])
        case .openBracket:
            return failure(.unclosed, "the bracket is never closed", at: range)
        case .emptyBrackets:
            return failure(.unexpectedWord, "there is no name in the brackets", at: range)
        case .numberTooLarge:
            return failure(.badNumber, "the number is too large", at: range)
        case .badPeriod:
            return failure(
                .badPeriod, "`\(word)` is no length of time", at: range,
                notes: ["a length of time is written like 1h30m; letters: ns us ms s m h d w mo y"])
        case .badTimestamp:
            return failure(
                .badTimestamp, "there is no date or time `\(word)`", at: range,
                notes: ["written like 2026-03-02, 2026-03, 2026-W10, 2026-03-02 10:15:00Z, 06:00"])
        case .numberGluedToWord:
            let digits = word.prefix { $0.isNumber || $0 == "." || $0 == "_" }
            let corrected = digits + " " + word.dropFirst(digits.count)
            return failure(
                .badNumber, "a blank is missing between number and unit in `\(word)`", at: range,
                suggestions: [.init("write `\(corrected)`", replacement: String(corrected))])
        }
    }

    /// A name belongs here, and the current token is none.
    func nameExpected() -> LanguageError {
        let word = text(current.range)
        if current.kind == .text {
            let name = unquoted(current)
            return failure(
                .textForName, "a name that is no plain word stands in brackets, not in quotes",
                at: current.range,
                suggestions: [.init("write `[\(name)]`", replacement: "[\(name)]")])
        }
        if let keyword = current.keyword, keyword.isReserved {
            var suggestions = [
                Diagnostic.Suggestion(
                    "write `[\(word)]` if it is a name", replacement: "[\(word)]")
            ]
            if keyword == .last {
                suggestions.append(.init("the newest value is `latest`", replacement: "latest"))
            }
            return failure(
                .reservedName, "`\(word)` is a reserved word, and a name is needed here",
                at: current.range, suggestions: suggestions)
        }
        return unexpected()
    }

    // MARK: Queries

    /// Fails where a sentence begins with words of another language.
    func checkQueryStart() throws(LanguageError) {
        guard case .word = current.kind else { return }
        let word = text(current.range).lowercased()
        guard ["select", "insert", "update", "delete", "find", "get"].contains(word) else { return }
        var look = self
        guard look.ahead().kind == .star || look.ahead().isName else { return }
        throw failure(
            .unknownStatement, "a sentence does not begin with `\(word)`", at: current.range,
            notes: [
                "a question is written: measure `of` asset, such as "
                    + "`power of machine CNC-3 last 1h`"
            ])
    }

    /// The items are not followed by `of`.
    func missingOf(behind outputs: [OutputSyntax]) -> LanguageError {
        guard let last = outputs.last, current.isLabel || current.keyword == .every else {
            return unexpected()
        }
        let word = text(last.expression.range)
        if FunctionWord(rawValue: word.lowercased()) != nil {
            let argument = text(current.range)
            return failure(
                .unexpectedWord, "`\(word)` is a function, and its argument stands in parentheses",
                at: last.expression.range,
                suggestions: [.init("write `\(word) (\(argument))`")])
        }
        if case .name = last.expression.form, let better = Parser.betterAggregate(word) {
            return failure(
                .unexpectedWord, "there is no aggregate `\(word)`", at: last.expression.range,
                suggestions: [.init("did you mean `\(better)`?", replacement: better)])
        }
        let found = text(current.range)
        return failure(
            .missingOf, "`of` is missing between what is asked and of which asset",
            at: current.range,
            suggestions: [.init("write `of \(found)`", replacement: "of \(found)")])
    }

    /// The aggregate that a word of another language, or a misspelt one, means.
    private static func betterAggregate(_ word: String) -> String? {
        let known = [
            "average": "avg", "maximum": "max", "minimum": "min", "integral": "total",
            "current": "latest", "newest": "latest", "first": "earliest", "stdev": "stddev",
            "increase": "delta", "derivative": "slope", "duration": "time",
        ]
        if let better = known[word.lowercased()] { return better }
        let words = Keyword.allCases.filter { $0.aggregate != nil }.map(\.rawValue)
        return Suggestions.nearest(to: word, in: words, limit: 1).first
    }

    /// A quoted text left of a comparison is a name in the wrong clothes.
    func checkLeftSide(_ left: ExpressionSyntax) throws(LanguageError) {
        guard case .literal(let literal) = left.form, case .text(let name) = literal.form else {
            return
        }
        throw failure(
            .textForName, "`\(text(left.range))` is a text; a name stands in brackets",
            at: left.range, suggestions: [.init("write `[\(name)]`", replacement: "[\(name)]")])
    }

    /// Fails behind `7` in `7,5`.
    func checkDecimalComma(behind token: Token) throws(LanguageError) {
        let end = token.range.upper
        guard depth == 0, lexer.byte(end) == 0x2C, isDigit(lexer.byte(end + 1)) else { return }
        var stop = end + 1
        while isDigit(lexer.byte(stop)) { stop += 1 }
        let range = SourceRange(token.range.lower, stop)
        let corrected = text(range).split(separator: ",").joined(separator: ".")
        throw failure(
            .decimalComma, "decimals are written with a point, not a comma", at: range,
            suggestions: [.init("write `\(corrected)`", replacement: corrected)])
    }

    func secondRange(_ first: SourceRange, _ second: SourceRange) -> LanguageError {
        if text(first).prefix(4).lowercased() == text(second).prefix(4).lowercased() {
            return repeatedClause(first, second)
        }
        return failure(
            .secondRange, "a query has one range, and here are two", at: second, also: [first],
            suggestions: [.init("leave one of them out")])
    }

    func repeatedClause(_ first: SourceRange, _ second: SourceRange) -> LanguageError {
        let word = text(second).prefix { !$0.isWhitespace }
        return failure(
            .repeatedClause, "`\(word)` stands twice", at: second, also: [first],
            suggestions: [.init("each clause is written once")])
    }

    func waitWithoutStream(_ range: SourceRange) -> LanguageError {
        failure(
            .waitWithoutStream, "`wait` is for queries that keep running", at: range,
            suggestions: [.init("leave it out, or begin with `watch`")])
    }

    func nextWithoutForecast(_ range: SourceRange) -> LanguageError {
        failure(
            .nextWithoutForecast, "`next` says how far to forecast", at: range,
            suggestions: [.init("begin the query with `forecast`")])
    }

    func alertWithoutWhen(_ range: SourceRange) -> LanguageError {
        failure(
            .alertWithoutWhen, "an alert needs `when`: its episodes are the alarms", at: range,
            suggestions: [.init("such as `when temperature > 80 °C for 30s`")])
    }

    /// `in` is followed by a type and an asset.
    func inIsForUnits(_ word: SourceRange, _ unit: UnitSyntax, _ path: PathSyntax) -> LanguageError
    {
        let step = path.steps.last.map { text($0.range) } ?? ""
        let corrected = "\(step) of \(unit.symbol) \(text(current.range))"
        return failure(
            .inIsForUnits, "`in` gives a unit; `\(unit.symbol)` is a type of asset", at: word,
            suggestions: [.init("write `of`: `\(corrected)`", replacement: "of")])
    }
}
