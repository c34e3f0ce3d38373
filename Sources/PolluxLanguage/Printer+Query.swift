extension Printer {
    mutating func query(_ query: QuerySyntax) {
        switch query.head {
        case .read: break
        case .forecast: word("forecast")
        case .anomalies: word("anomalies in")
        case .remainingLife: word("remaining life")
        }
        list(query.outputs) { printer, output in
            printer.expression(output.expression)
            if let unit = output.unit { printer.word("in " + unit.symbol) }
            if let alias = output.alias {
                printer.word("as")
                printer.name(alias)
            }
        }
        word("of")
        path(query.path)
        clauses(query.clauses)
    }

    /// The clauses in the order of the reference.
    mutating func clauses(_ clauses: ClausesSyntax) {
        if let clause = clauses.time { time(clause.form) }
        if let clause = clauses.during {
            word("during")
            span(clause.form)
        }
        if let clause = clauses.next { period("next", clause.form) }
        if let clause = clauses.every { every(clause.form) }
        if let clause = clauses.grouping { grouping(clause.form) }
        if let clause = clauses.filter {
            word("where")
            expression(clause.form)
        }
        if let clause = clauses.episode { episode(clause.form) }
        if let clause = clauses.fill { fill(clause.form) }
        if let clause = clauses.on {
            word("on")
            name(clause.form)
        }
        if let clause = clauses.compare { compare(clause.form) }
        if let clause = clauses.ranking {
            word(clause.form.isTop ? "top" : "bottom")
            word("\(clause.form.count)")
            if let by = clause.form.by {
                word("by")
                expression(by)
            }
        }
        if let clause = clauses.limit { word("limit \(clause.form)") }
        if let clause = clauses.points { word("points \(clause.form)") }
        output(clauses)
    }

    /// The clauses from `in` on.
    private mutating func output(_ clauses: ClausesSyntax) {
        if let clause = clauses.unit { word("in " + clause.form.symbol) }
        if let clause = clauses.format {
            word("as")
            name(clause.form)
        }
        if let clause = clauses.asOf {
            word("as of")
            moment(clause.form)
        }
        switch clauses.timezone?.form {
        case .named(let zone): word("timezone " + Printer.quoted(zone.text))
        case .local: word("timezone local")
        case nil: break
        }
        if let clause = clauses.including { word("including " + clause.form.rawValue) }
        if let clause = clauses.using {
            word("using")
            label(clause.form.name)
            if !clause.form.keys.isEmpty {
                word("by")
                list(clause.form.keys) { $0.name($1) }
            }
        }
        if let clause = clauses.wait { period("wait", clause.form) }
    }

    private mutating func period(_ word: String, _ period: PeriodSyntax) {
        self.word(word)
        self.period(period)
    }

    private mutating func time(_ clause: TimeClause) {
        switch clause {
        case .last(let length): period("last", length)
        case .since(let moment):
            word("since")
            self.moment(moment)
        case .between(let first, let second):
            word("between")
            moment(first)
            word("and")
            moment(second)
        case .today: word("today")
        case .yesterday: word("yesterday")
        case .at(let moment):
            word("at")
            self.moment(moment)
        }
    }

    private mutating func every(_ clause: EveryClause) {
        word("every")
        switch clause.stride {
        case .period(let period): self.period(period)
        case .event(let event): name(event)
        }
        if let over = clause.over { period("over", over) }
        if clause.isFromStart { word("from start") }
    }

    private mutating func grouping(_ clause: GroupingClause) {
        switch clause {
        case .overall: word("overall")
        case .per(let names):
            word("per")
            list(names) { $0.name($1) }
        }
    }

    private mutating func episode(_ clause: EpisodeClause) {
        word("when")
        expression(clause.condition)
        if let minimum = clause.minimum { period("for", minimum) }
        guard let until = clause.until else { return }
        word("until")
        expression(until)
        if let minimum = clause.untilMinimum { period("for", minimum) }
    }

    private mutating func fill(_ clause: FillClause) {
        word("fill")
        switch clause.filling {
        case .none: word("none")
        case .hold: word("hold")
        case .linear: word("linear")
        case .value(let value): literal(value)
        }
        if let within = clause.within { period("within", within) }
    }

    private mutating func compare(_ clause: CompareClause) {
        word("compare with")
        switch clause {
        case .span(let span): self.span(span)
        case .ago(let period):
            self.period(period)
            word("ago")
        }
    }
}
