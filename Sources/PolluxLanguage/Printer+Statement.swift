extension Printer {
    mutating func statement(_ statement: StatementSyntax) {
        switch statement.form {
        case .query(let query): self.query(query)
        case .watch(let query):
            word("watch")
            self.query(query)
        case .explain(let query):
            word("explain")
            self.query(query)
        case .show(let path, let clauses):
            word("show")
            self.path(path)
            self.clauses(clauses)
        case .describe(let path, let asOf):
            word("describe")
            self.path(path)
            moment("as of", asOf)
        case .create(let definition):
            word("create")
            self.definition(definition)
        case .drop(let kind, let name):
            word(kind == .alert ? "drop alert" : "drop continuous query")
            self.name(name)
        default: change(statement.form)
        }
    }

    /// Statements that change the plant.
    private mutating func change(_ form: StatementSyntax.Form) {
        switch form {
        case .move(let moved, let place, let at):
            word("move")
            asset(moved)
            word("to")
            asset(place)
            moment("at", at)
        case .relate(let relate):
            word("relate")
            relation(relate.subject, relate.relation, relate.object)
            moment("from", relate.from)
            moment("to", relate.to)
        case .unrelate(let unrelate):
            word("unrelate")
            relation(unrelate.subject, unrelate.relation, unrelate.object)
            moment("at", unrelate.at)
        case .retire(let retired, let at):
            word("retire")
            asset(retired)
            moment("at", at)
        case .set(let set):
            word("set")
            assignment(set.attribute, set.asset, set.value)
            moment("from", set.from)
        case .recordSample(let sample):
            word("record")
            assignment(sample.measure, sample.asset, sample.value)
            moment("at", sample.at)
            settings(sample.settings)
        case .recordEvent(let happening): record(happening)
        default: break
        }
    }

    private mutating func moment(_ word: String, _ moment: MomentSyntax?) {
        guard let moment else { return }
        self.word(word)
        self.moment(moment)
    }

    private mutating func relation(
        _ subject: AssetSyntax, _ relation: NameSyntax, _ object: AssetSyntax
    ) {
        asset(subject)
        word("that")
        name(relation)
        asset(object)
    }

    private mutating func assignment(
        _ name: NameSyntax, _ asset: AssetSyntax, _ value: LiteralSyntax
    ) {
        self.name(name)
        word("of")
        self.asset(asset)
        word("=")
        literal(value)
    }

    private mutating func record(_ happening: HappeningSyntax) {
        word("record event")
        name(happening.event)
        word("of")
        asset(happening.asset)
        switch happening.when {
        case .at(let moment): self.moment("at", moment)
        case .from(let moment): self.moment("from", moment)
        case .between(let first, let second):
            moment("between", first)
            moment("and", second)
        }
        settings(happening.settings)
    }

    private mutating func settings(_ settings: [SettingSyntax]) {
        guard !settings.isEmpty else { return }
        word("with")
        list(settings) { printer, setting in
            printer.name(setting.name)
            printer.word("=")
            switch setting.value {
            case .literal(let literal): printer.literal(literal)
            case .name(let name): printer.name(name)
            }
        }
    }

    private mutating func definition(_ definition: DefinitionSyntax) {
        switch definition {
        case .type(let type):
            named("type", type.name)
            if let plural = type.plural { named("plural", plural) }
            settings(type.settings)
        case .unit(let unit):
            word("unit " + unit.symbol.symbol)
            word("=")
            literal(unit.value)
        case .measure(let measure):
            named("measure", measure.name)
            named("of", measure.type)
            if let unit = measure.unit { word("in " + unit.symbol) }
            settings(measure.settings)
        case .event(let event):
            named("event", event.name)
            named("of", event.type)
            settings(event.settings)
        case .relation(let relation):
            named("relation", relation.name)
            if let from = relation.from { named("from", from) }
            if let to = relation.to { named("to", to) }
            if let inverse = relation.inverse { named("inverse", inverse) }
            settings(relation.settings)
        case .asset(let asset):
            word("asset")
            self.asset(asset.asset)
            if let container = asset.container {
                word("of")
                self.asset(container)
            }
            moment("from", asset.from)
            settings(asset.settings)
        case .continuousQuery(let continuous):
            named("continuous query", continuous.name)
            word("as")
            query(continuous.query)
            named("into", continuous.into)
        case .alert(let alert):
            named("alert", alert.name)
            settings(alert.settings)
            word("as")
            query(alert.query)
        }
    }

    private mutating func named(_ word: String, _ name: NameSyntax) {
        self.word(word)
        self.name(name)
    }
}
