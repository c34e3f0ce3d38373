import PolluxModel

extension Parser {
    /// `period = DURATION | PARAM`.
    mutating func period() throws(LanguageError) -> PeriodSyntax {
        guard let period = periodIfAny() else { throw periodExpected() }
        return period
    }

    private mutating func periodIfAny() -> PeriodSyntax? {
        expected.note(name: .duration, at: current.range.lower)
        switch current.kind {
        case .duration:
            let token = advance()
            return PeriodSyntax(
                .literal(lexer.period(in: token.range) ?? Period()), range: token.range)
        case .parameter:
            let token = advance()
            return PeriodSyntax(.parameter(parameterName(token)), range: token.range)
        default: return nil
        }
    }

    /// `moment`.
    mutating func moment() throws(LanguageError) -> MomentSyntax {
        try nested { parser throws(LanguageError) in try parser.momentInside() }
    }

    private mutating func momentInside() throws(LanguageError) -> MomentSyntax {
        let start = current.range.lower
        func made(_ form: MomentSyntax.Form, _ parser: Parser) -> MomentSyntax {
            MomentSyntax(form, range: parser.range(from: start))
        }
        expected.note(name: .timestamp, at: start)
        if current.kind == .timestamp, let timestamp = lexer.timestamp(in: current.range) {
            advance()
            return made(.timestamp(timestamp), self)
        }
        if take(.now) { return made(.now, self) }
        if take(.last) {
            let event = try name(.event)
            trail.event = event.text
            let label = atLabel(.eventName) ? try self.label(.eventName) : nil
            return made(.lastEvent(event, label: label), self)
        }
        for edge in [Keyword.start, .end] where take(edge) {
            try need(.of)
            let span = try self.span()
            return made(edge == .start ? .start(of: span) : .end(of: span), self)
        }
        guard let period = periodIfAny() else { throw momentExpected() }
        if take(.ago) { return made(.ago(period), self) }
        if take(.before) { return made(.before(period, try moment()), self) }
        if take(.after) { return made(.after(period, try moment()), self) }
        guard case .parameter(let name) = period.form else { throw unexpected() }
        return made(.parameter(name), self)
    }

    /// `span`.
    mutating func span() throws(LanguageError) -> SpanSyntax {
        let start = current.range.lower
        let form: SpanSyntax.Form
        expected.note(name: .timestamp, at: start)
        if current.kind == .timestamp, let timestamp = lexer.timestamp(in: current.range) {
            advance()
            form = .timestamp(timestamp)
        } else if take(.today) {
            form = .today
        } else if take(.yesterday) {
            form = .yesterday
        } else if take(.every) {
            form = .every(try name(.event))
        } else if take(.this) {
            form = .this(try name(.event))
        } else if take(.last) {
            expected.note(name: .number, at: current.range.lower)
            let count = current.kind == .number ? try self.count(least: 1) : nil
            form = .last(count: count, try name(.event))
        } else {
            let event = try name(.event)
            trail.event = event.text
            form = .event(event, label: atLabel(.eventName) ? try label(.eventName) : nil)
        }
        return SpanSyntax(form, range: range(from: start))
    }
}
