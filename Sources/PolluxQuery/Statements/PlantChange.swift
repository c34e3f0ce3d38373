import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Carries out one statement that changes the plant, inside one commit.
struct PlantChange {
    let context: StatementContext
    let transaction: StoreTransaction

    private var graph: Graph { context.graph }
    private var write: WriteTransaction { transaction.transaction }

    /// Does what the statement says and returns a sentence that says what was done.
    func run(_ statement: StatementSyntax) throws -> String {
        switch statement.form {
        case .create(let definition): return try create(definition)
        case .move(let asset, let target, let moment): return try move(asset, target, moment)
        case .relate(let relation): return try relate(relation)
        case .unrelate(let relation): return try unrelate(relation)
        case .retire(let asset, let moment): return try retire(asset, moment)
        case .set(let change): return try set(change)
        case .recordSample(let sample): return try record(sample)
        case .recordEvent(let happening): return try record(happening)
        case .query, .watch, .explain, .show, .describe, .drop:
            preconditionFailure("this statement changes no plant")
        }
    }

    // MARK: Declarations

    private func create(_ definition: DefinitionSyntax) throws -> String {
        transaction.notePlantChange()
        switch definition {
        case .type(let type):
            let (life, others) = try LifeSettings(context: context).split(type.settings)
            var settings = try context.attributes(others)
            let extends = settings.filter { $0.name == "extends" }.compactMap(\.value.text)
            settings.removeAll { $0.name == "extends" }
            var declaration = TypeDeclaration(
                name: type.name.text, plural: type.plural?.text, extends: extends,
                settings: settings)
            declaration.life = life
            try context.placed(at: type.name.range) {
                _ = try graph.declareType(declaration, by: context.provenance, in: write)
            }
            return "created type \(type.name.text)"
        case .unit(let unit): return try create(unit)
        case .measure(let measure): return try create(measure)
        case .event(let event):
            let type = try self.type(event.type)
            var settings = try context.attributes(event.settings)
            let isInterval = settings.contains { $0.value == .text("interval") }
            settings.removeAll { $0.name == "kind" }
            try context.placed(at: event.name.range) {
                try graph.declareEvent(
                    EventDefinition(
                        name: event.name.text, type: type.id, isInterval: isInterval,
                        settings: settings), by: context.provenance, in: write)
            }
            return "created event \(event.name.text) of \(type.name)"
        case .relation(let relation):
            let (from, to) = (try relation.from.map(type), try relation.to.map(type))
            try context.placed(at: relation.name.range) {
                _ = try graph.declareRelation(
                    named: relation.name.text, from: from?.id, to: to?.id,
                    inverse: relation.inverse?.text ?? "",
                    settings: try context.attributes(relation.settings), by: context.provenance,
                    in: write)
            }
            return "created relation \(relation.name.text)"
                + (from.map { " from \($0.name)" } ?? "") + (to.map { " to \($0.name)" } ?? "")
        case .asset(let asset): return try create(asset)
        case .continuousQuery, .alert:
            preconditionFailure("continuous queries and alerts are created elsewhere")
        }
    }

    private func type(_ name: NameSyntax) throws -> AssetType {
        guard let match = try graph.type(named: name.text, in: write) else {
            let id = try graph.ensureType(named: name.text, by: context.provenance, in: write)
            guard let type = try graph.type(id, in: write) else {
                throw try context.unknownType(name.text, at: name.range, in: write)
            }
            return type
        }
        return match.type
    }

    private func create(_ definition: UnitDefinitionSyntax) throws -> String {
        let symbol = definition.symbol.symbol
        let (value, base) = try context.value(definition.value)
        guard let factor = value.number else {
            throw context.wrong(
                .badSetting, "a unit is a number of another: `create unit \(symbol) = 3.6 MJ`",
                at: definition.value.range)
        }
        if let base { _ = try UnitRules.unit(base, context) }
        try context.placed(at: definition.symbol.range) {
            try graph.declareUnit(
                symbol, as: factor, of: base?.symbol ?? "", by: context.provenance, in: write)
        }
        return "created unit \(symbol)"
    }

    private func create(_ definition: MeasureDefinitionSyntax) throws -> String {
        let type = try type(definition.type)
        var declaration = MeasureDeclaration(name: definition.name.text)
        if let unit = definition.unit {
            _ = try UnitRules.unit(unit, context)
            declaration.unit = unit.symbol
        }
        for setting in definition.settings {
            try MeasureSettings(context: context).apply(setting, to: &declaration)
        }
        let measure = try context.placed(at: definition.name.range) {
            try graph.declareMeasure(
                declaration, of: type.id, allowsChange: false, by: context.provenance, in: write)
        }
        let unit = measure.definition.unit
        return "created measure \(definition.name.text) of \(type.name)"
            + (unit.isEmpty ? "" : " in \(unit)")
    }

    private func create(_ definition: AssetDefinitionSyntax) throws -> String {
        let name = try context.text(of: definition.asset.name)
        guard let typeLabel = definition.asset.type else {
            throw context.wrong(
                .unknownType, "an asset needs a type: `create asset machine \(name)`",
                at: definition.asset.range)
        }
        let type = try context.text(of: typeLabel)
        guard try context.options.changes == .all || graph.type(named: type, in: write) != nil
        else {
            throw context.wrong(
                .notPermitted, "there is no type `\(type)`, and types may not be defined here",
                at: definition.asset.range, notes: ["a new type needs the role `admin`"])
        }
        let container = try definition.container.map { try context.asset($0, in: write).id }
        var declaration = AssetDeclaration(type: type, name: name, container: container)
        if let from = definition.from { declaration.from = try context.instant(from) }
        declaration.attributes = try context.attributes(definition.settings)
        // `with place = true` makes a named place rather than an item to mount in one.
        if let index = declaration.attributes.firstIndex(of: Attribute("place", .boolean(true))) {
            declaration.attributes.remove(at: index)
            declaration.isPlace = true
        }
        let created = try context.placed(at: definition.asset.range) {
            try graph.placeNewAsset(declaration, by: context.provenance, in: write)
        }
        return "created \(type) \(name)"
            + (try movedOut(created.displaced, at: declaration.from))
    }

    // MARK: Moves and links

    private func move(
        _ asset: AssetSyntax, _ target: AssetSyntax, _ moment: MomentSyntax?
    ) throws -> String {
        let moved = try context.asset(asset, in: write)
        let container = try context.asset(target, in: write)
        let instant = try moment.map(context.instant) ?? context.now
        let displaced = try context.placed(at: moment?.range ?? asset.range) {
            try graph.move(
                moved.id, to: container.id, at: instant, by: context.provenance, in: write)
        }
        transaction.notePlantChange()
        return "moved \(try name(moved.id)) to \(try name(container.id)) at "
            + context.shown(instant) + (try movedOut(displaced, at: instant))
    }

    /// The items that lost their place, with the way to have several where one was there for no
    /// time at all: two that were entered side by side.
    private func movedOut(_ items: [AssetID], at instant: Timestamp) throws -> String {
        guard !items.isEmpty else { return "" }
        var text = "; \(try items.map(name).joined(separator: ", ")) moved out at "
        text += instant == .distantPast ? "once" : context.shown(instant)
        for item in items {
            guard let asset = try graph.asset(item, in: write), asset.life.start == instant,
                let type = try graph.type(asset.type, in: write)
            else { continue }
            return text + ", because a place for a \(type.name) holds one: "
                + "`create type \(type.name) with single = false` lets several stand side by side"
        }
        return text
    }

    private func relate(_ syntax: RelateSyntax) throws -> String {
        let subject = try context.asset(syntax.subject, in: write)
        let object = try context.asset(syntax.object, in: write)
        let relation = try graph.ensureRelation(
            named: syntax.relation.text, by: context.provenance, in: write)
        let start = try syntax.from.map(context.instant) ?? context.now
        let end = try syntax.to.map(context.instant) ?? .distantFuture
        guard start < end else {
            throw context.wrong(
                .emptyRange, "the relation ends before it begins",
                at: syntax.to?.range ?? syntax.relation.range)
        }
        let (from, to) = relation.isInverse ? (object, subject) : (subject, object)
        try context.placed(at: syntax.relation.range) {
            try graph.relate(
                from.id, relation.id, to.id, during: TimeRange(start: start, end: end),
                by: context.provenance, in: write)
        }
        transaction.notePlantChange()
        return "related \(try name(subject.id)) that \(syntax.relation.text) "
            + "\(try name(object.id)) from \(context.shown(start))"
    }

    private func unrelate(_ syntax: UnrelateSyntax) throws -> String {
        let subject = try context.asset(syntax.subject, in: write)
        let object = try context.asset(syntax.object, in: write)
        guard let relation = try graph.relation(named: syntax.relation.text, in: write) else {
            throw context.wrong(
                .unknownRelation, "there is no relation `\(syntax.relation.text)`",
                at: syntax.relation.range)
        }
        let instant = try syntax.at.map(context.instant) ?? context.now
        let (from, to) = relation.isInverse ? (object, subject) : (subject, object)
        try context.placed(at: syntax.relation.range) {
            try graph.unrelate(
                from.id, relation.definition.id, to.id, at: instant, by: context.provenance,
                in: write)
        }
        transaction.notePlantChange()
        return
            "ended \(syntax.relation.text) of \(try name(subject.id)) at \(context.shown(instant))"
    }

    private func retire(_ syntax: AssetSyntax, _ moment: MomentSyntax?) throws -> String {
        let asset = try context.asset(syntax, in: write)
        let instant = try moment.map(context.instant) ?? context.now
        try context.placed(at: moment?.range ?? syntax.range) {
            try graph.retire(asset.id, at: instant, by: context.provenance, in: write)
        }
        transaction.notePlantChange()
        return "retired \(try name(asset.id)) at \(context.shown(instant))"
    }

    private func set(_ syntax: SetSyntax) throws -> String {
        let asset = try context.asset(syntax.asset, in: write)
        let instant = try syntax.from.map(context.instant) ?? context.now
        let value = try context.value(syntax.value).value
        let written = syntax.attribute.text
        let attribute = try graph.attributeName(matching: written, in: write) ?? written
        try context.placed(at: syntax.attribute.range) {
            try graph.setAttribute(
                attribute, of: asset.id, to: value, from: instant,
                by: context.provenance, in: write)
        }
        transaction.notePlantChange()
        return
            "set \(attribute) of \(try name(asset.id)) from \(context.shown(instant))"
    }

    private func name(_ asset: AssetID) throws -> String {
        try graph.displayName(of: asset, in: write)
    }
}

extension StatementContext {
    /// The clock time of an instant, seconds where there are any.
    func clock(_ instant: Timestamp) -> String {
        let civil = zone.civil(at: instant)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = "\(two(civil.hour)):\(two(civil.minute))"
        return civil.second == 0 ? minutes : minutes + ":" + two(civil.second)
    }

    /// The date of an instant, with the clock time where it is not midnight.
    func day(_ instant: Timestamp) -> String {
        let civil = zone.civil(at: instant)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(civil.year)-\(two(civil.month))-\(two(civil.day))"
        let time = clock(instant)
        return time == "00:00" ? date : date + " " + time
    }

    /// An instant as sentences show it, in the zone of the statement.
    func shown(_ instant: Timestamp) -> String {
        instant.formatted(offsetSeconds: zone.offsetSeconds(at: instant))
    }
}
