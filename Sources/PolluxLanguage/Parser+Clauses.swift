extension Parser {
    private typealias Clause<Form: Hashable & Sendable> = ClauseSyntax<Form>

    /// The words that begin a clause.
    private static let clauseWords: [Keyword] = [
        .last, .since, .between, .today, .yesterday, .at, .next, .during, .every, .per, .overall,
        .where, .when, .fill, .on, .compare, .top, .bottom, .limit, .points, .in, .as, .timezone,
        .including, .using, .wait,
    ]

    /// `{ clause }`, and the rules beyond the grammar.
    mutating func clauses(
        behind path: PathSyntax, head: QuerySyntax.Head, in place: QueryPlace
    ) throws(LanguageError) -> ClausesSyntax {
        var clauses = ClausesSyntax()
        while let word = current.keyword, Parser.clauseWords.contains(word) {
            let start = current.range.lower
            // `as QUERY into NAME` ends with `into`; everything else here is a clause.
            advance()
            trail.clause = word.rawValue
            trail.event = nil
            switch word {
            case .last, .since, .between, .today, .yesterday, .at:
                let time = try timeClause(word, start: start)
                if let first = clauses.time { throw secondRange(first.range, range(from: start)) }
                clauses.time = Clause(time, range: range(from: start))
            case .in: try unitClause(start, path, &clauses)
            case .as: try asClause(start, &clauses)
            case .wait:
                try store(Clause(try period(), range: .none), start, in: &clauses.wait)
                if place == .plain { throw waitWithoutStream(range(from: start)) }
            case .next:
                try store(Clause(try period(), range: .none), start, in: &clauses.next)
                if head != .forecast { throw nextWithoutForecast(range(from: start)) }
            default: try furtherClause(word, start, &clauses)
            }
        }
        for word in Parser.clauseWords { expected.note(word, at: current.range.lower) }
        return clauses
    }

    /// Puts a clause in its place, or fails when one is there already.
    private mutating func store<Form>(
        _ clause: ClauseSyntax<Form>, _ start: Int, in place: inout ClauseSyntax<Form>?
    ) throws(LanguageError) {
        let here = range(from: start)
        if let first = place { throw repeatedClause(first.range, here) }
        place = ClauseSyntax(clause.form, range: here)
    }

    private mutating func timeClause(
        _ word: Keyword, start: Int
    ) throws(LanguageError) -> TimeClause {
        switch word {
        case .last:
            guard current.kind == .number || current.isName else { return .last(try period()) }
            throw lastOfWords(from: start)
        case .since: return .since(try moment())
        case .between:
            let first = try moment()
            try need(.and)
            return .between(first, try moment())
        case .today: return .today
        case .yesterday: return .yesterday
        default: return .at(try moment())
        }
    }

    private mutating func unitClause(
        _ start: Int, _ path: PathSyntax, _ clauses: inout ClausesSyntax
    ) throws(LanguageError) {
        let word = SourceRange(start, lastEnd)
        let unit = try self.unit()
        // A unit is never followed by a name: `in line L2` names an asset.
        if current.isLabel { throw inIsForUnits(word, unit, path) }
        try store(Clause(unit), start, in: &clauses.unit)
    }

    private mutating func asClause(
        _ start: Int, _ clauses: inout ClausesSyntax
    ) throws(LanguageError) {
        if take(.of) {
            try store(Clause(try moment()), start, in: &clauses.asOf)
        } else {
            let name = try name(.format)
            guard Parser.formats.contains(name.text.lowercased()) else {
                throw failure(
                    .unknownFormat, "there is no output format `\(name.text)`", at: name.range,
                    suggestions: Suggestions.nearest(to: name.text, in: Parser.formats).map {
                        .init("did you mean `\($0)`?", replacement: $0)
                    },
                    notes: [
                        "formats: \(Parser.formats.joined(separator: ", "))",
                        "a name for a column stands before `of`: `power as load of …`",
                    ])
            }
            try store(Clause(name), start, in: &clauses.format)
        }
    }

    /// The output formats.
    private static let formats = ["table", "csv", "json", "ndjson", "md", "chart"]

    private mutating func furtherClause(
        _ word: Keyword, _ start: Int, _ clauses: inout ClausesSyntax
    ) throws(LanguageError) {
        switch word {
        case .during: try store(Clause(try span()), start, in: &clauses.during)
        case .every: try store(Clause(try every()), start, in: &clauses.every)
        case .overall: try store(Clause(.overall), start, in: &clauses.grouping)
        case .per:
            var names = [try name(.level)]
            while take(.comma) { names.append(try name(.level)) }
            try store(Clause(.per(names)), start, in: &clauses.grouping)
        case .where: try store(Clause(try expression()), start, in: &clauses.filter)
        case .when: try store(Clause(try episode()), start, in: &clauses.episode)
        case .fill: try store(Clause(try fill()), start, in: &clauses.fill)
        case .on: try store(Clause(try name(.measure)), start, in: &clauses.on)
        case .compare: try store(Clause(try compare()), start, in: &clauses.compare)
        case .top, .bottom:
            let count = try self.count(least: 1)
            let by = take(.by) ? try expression() : nil
            let ranking = RankingClause(isTop: word == .top, count: count, by: by)
            try store(Clause(ranking), start, in: &clauses.ranking)
        case .limit: try store(Clause(try count(least: 0)), start, in: &clauses.limit)
        case .points: try store(Clause(try count(least: 1)), start, in: &clauses.points)
        case .timezone: try store(Clause(try zone()), start, in: &clauses.timezone)
        case .including:
            let isBad = take(.bad)
            if !isBad { try need(.uncertain) }
            try store(Clause(isBad ? .bad : .uncertain), start, in: &clauses.including)
        default:
            var method = MethodClause(try label(.method))
            if take(.by) {
                method.keys = [try name(.measure)]
                while take(.comma) { method.keys.append(try name(.measure)) }
            }
            try store(Clause(method), start, in: &clauses.using)
        }
    }

    private mutating func every() throws(LanguageError) -> EveryClause {
        var clause: EveryClause
        if atName(.event) {
            clause = EveryClause(stride: .event(try name(.event)))
        } else {
            clause = EveryClause(stride: .period(try period()))
        }
        if take(.over) { clause.over = try period() }
        if take(.from) {
            try need(.start)
            clause.isFromStart = true
        }
        return clause
    }

    private mutating func episode() throws(LanguageError) -> EpisodeClause {
        var clause = EpisodeClause(condition: try expression())
        if take(.for) { clause.minimum = try period() }
        if take(.until) {
            clause.until = try expression()
            if take(.for) { clause.untilMinimum = try period() }
        }
        return clause
    }

    private mutating func fill() throws(LanguageError) -> FillClause {
        let filling: FillClause.Filling
        if take(.none) {
            filling = .none
        } else if take(.hold) {
            filling = .hold
        } else if take(.linear) {
            filling = .linear
        } else {
            filling = .value(try literal())
        }
        return FillClause(filling, within: take(.within) ? try period() : nil)
    }

    private mutating func compare() throws(LanguageError) -> CompareClause {
        try need(.with)
        guard current.kind == .duration || current.kind == .parameter else {
            expected.note(name: .duration, at: current.range.lower)
            return .span(try span())
        }
        let period = try self.period()
        try need(.ago)
        return .ago(period)
    }

    private mutating func zone() throws(LanguageError) -> ZoneClause {
        expected.note(name: .zone, at: current.range.lower)
        return take(.local) ? .local : .named(try quotedText())
    }
}
