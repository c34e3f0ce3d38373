extension Parser {
    /// Statements separated by `;` up to the end; each may fail on its own.
    mutating func script() throws(LanguageError) -> ScriptSyntax {
        var statements: [StatementSyntax] = []
        var diagnostics: [Diagnostic] = []
        while true {
            while take(.semicolon) {}
            guard current.kind != .end else { break }
            do throws(LanguageError) {
                operatorCount = 0
                depth = 0
                trail = CompletionContext()
                if let word = current.keyword, word.isLeading { trail.statement = word.rawValue }
                statements.append(try statement())
                guard current.kind == .semicolon || current.kind == .end else {
                    throw unexpected()
                }
            } catch {
                diagnostics.append(contentsOf: error.diagnostics)
                guard diagnostics.count < 20 else { break }
                while current.kind != .semicolon, current.kind != .end { advance() }
            }
        }
        guard diagnostics.isEmpty else { throw LanguageError(diagnostics) }
        return ScriptSyntax(statements)
    }

    /// `statement`.
    mutating func statement() throws(LanguageError) -> StatementSyntax {
        let start = current.range.lower
        let form = try statementForm()
        return StatementSyntax(form, range: range(from: start))
    }

    private mutating func statementForm() throws(LanguageError) -> StatementSyntax.Form {
        if take(.watch) { return .watch(try query(in: .running)) }
        if take(.explain) { return .explain(try query(in: .plain)) }
        if take(.show) {
            let path = try self.path()
            return .show(path, try clauses(behind: path, head: .read, in: .show))
        }
        if take(.describe) {
            let path = try self.path()
            guard take(.as) else { return .describe(path, asOf: nil) }
            try need(.of)
            return .describe(path, asOf: try moment())
        }
        if take(.create) { return .create(try definition()) }
        if take(.drop) {
            if take(.alert) { return .drop(.alert, try name(.query)) }
            try need(.continuous)
            try need(.query)
            return .drop(.continuousQuery, try name(.query))
        }
        if take(.move) {
            let moved = try asset()
            try need(.to)
            return .move(moved, to: try asset(), at: try momentBehind(.at))
        }
        if take(.relate) { return try relate() }
        if take(.unrelate) { return try unrelate() }
        if take(.retire) { return .retire(try asset(), at: try momentBehind(.at)) }
        if take(.set) { return try setAttribute() }
        if take(.record) { return try record() }
        return .query(try query(in: .plain))
    }

    /// The moment behind a word, when the word stands here.
    private mutating func momentBehind(_ word: Keyword) throws(LanguageError) -> MomentSyntax? {
        take(word) ? try moment() : nil
    }

    private mutating func relate() throws(LanguageError) -> StatementSyntax.Form {
        let subject = try asset()
        try need(.that)
        let relation = try name(.relation)
        return .relate(
            RelateSyntax(
                subject: subject, relation: relation, object: try asset(),
                from: try momentBehind(.from), to: try momentBehind(.to)))
    }

    private mutating func unrelate() throws(LanguageError) -> StatementSyntax.Form {
        let subject = try asset()
        try need(.that)
        let relation = try name(.relation)
        return .unrelate(
            UnrelateSyntax(
                subject: subject, relation: relation, object: try asset(),
                at: try momentBehind(.at)))
    }

    private mutating func setAttribute() throws(LanguageError) -> StatementSyntax.Form {
        let attribute = try name(.measure)
        try need(.of)
        let asset = try self.asset()
        try need(.equal)
        return .set(
            SetSyntax(
                attribute: attribute, asset: asset, value: try literal(),
                from: try momentBehind(.from)))
    }

    private mutating func record() throws(LanguageError) -> StatementSyntax.Form {
        if at(.event), ahead().isName {
            advance()
            let event = try name(.event)
            try need(.of)
            let asset = try self.asset()
            let when: HappeningSyntax.When
            if take(.at) {
                when = .at(try moment())
            } else if take(.from) {
                when = .from(try moment())
            } else {
                try need(.between)
                let first = try moment()
                try need(.and)
                when = .between(first, try moment())
            }
            return .recordEvent(
                HappeningSyntax(event: event, asset: asset, when: when, settings: try settings()))
        }
        let measure = try name(.measure)
        try need(.of)
        let asset = try self.asset()
        try need(.equal)
        return .recordSample(
            SampleSyntax(
                measure: measure, asset: asset, value: try literal(),
                at: try momentBehind(.at), settings: try settings()))
    }

    // MARK: Definitions

    private mutating func definition() throws(LanguageError) -> DefinitionSyntax {
        if take(.type) {
            let name = try self.name(.newName)
            let plural = take(.plural) ? try self.name(.newName) : nil
            return .type(
                TypeDefinitionSyntax(name: name, plural: plural, settings: try settings()))
        }
        if take(.unit) {
            let symbol = try unit()
            try need(.equal)
            return .unit(UnitDefinitionSyntax(symbol: symbol, value: try literal()))
        }
        if take(.measure) {
            let name = try self.name(.newName)
            try need(.of)
            let type = try self.name(.type)
            let unit = take(.in) ? try self.unit() : nil
            return .measure(
                MeasureDefinitionSyntax(
                    name: name, type: type, unit: unit, settings: try settings()))
        }
        if take(.event) {
            let name = try self.name(.newName)
            try need(.of)
            return .event(
                EventDefinitionSyntax(
                    name: name, type: try self.name(.type), settings: try settings()))
        }
        if take(.relation) { return try relationDefinition() }
        if take(.asset) {
            let asset = try self.asset()
            let container = take(.of) ? try self.asset() : nil
            return .asset(
                AssetDefinitionSyntax(
                    asset: asset, container: container, from: try momentBehind(.from),
                    settings: try settings()))
        }
        if take(.continuous) {
            try need(.query)
            let name = try self.name(.newName)
            try need(.as)
            let query = try self.query(in: .running)
            try need(.into)
            return .continuousQuery(
                ContinuousQuerySyntax(name: name, query: query, into: try self.name(.newName)))
        }
        guard take(.alert) else { throw unexpected() }
        let name = try self.name(.newName)
        let settings = try self.settings()
        try need(.as)
        let query = try self.query(in: .running)
        if query.clauses.episode == nil { throw alertWithoutWhen(query.range) }
        return .alert(AlertSyntax(name: name, settings: settings, query: query))
    }

    private mutating func relationDefinition() throws(LanguageError) -> DefinitionSyntax {
        let name = try self.name(.newName)
        let from = take(.from) ? try self.name(.type) : nil
        let to = take(.to) ? try self.name(.type) : nil
        let inverse = take(.inverse) ? try self.name(.newName) : nil
        return .relation(
            RelationDefinitionSyntax(
                name: name, from: from, to: to, inverse: inverse, settings: try settings()))
    }

    /// The name of a setting; before `=` a reserved word is one too: `with limit = 0.3`.
    private mutating func settingName() throws(LanguageError) -> NameSyntax {
        if case .word = current.kind, ahead().kind == .equal { return nameSyntax(advance()) }
        return try name(.setting)
    }

    /// `with name = value, …`, or nothing.
    private mutating func settings() throws(LanguageError) -> [SettingSyntax] {
        guard take(.with) else { return [] }
        var settings: [SettingSyntax] = []
        repeat {
            let start = current.range.lower
            let name = try settingName()
            try need(.equal)
            let value: SettingSyntax.Value
            if current.isName {
                value = .name(nameSyntax(advance()))
            } else {
                value = .literal(try literal())
            }
            settings.append(SettingSyntax(name: name, value: value, range: range(from: start)))
        } while take(.comma)
        return settings
    }
}
