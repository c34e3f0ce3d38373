import PolluxKeyValue
import PolluxModel

/// Types, measures, relations and the meaning of events as statements.
extension PlantExport {
    func writeUnits() throws {
        // A unit may be made of another one: what it is made of comes first.
        var written = UnitCatalog()
        var open = schema.units.declarations
        while !open.isEmpty {
            var waiting: [UnitCatalog.Declaration] = []
            for unit in open {
                do throws(UnitCatalog.Refusal) {
                    try written.declare(unit.symbol, as: unit.factor, of: unit.base)
                } catch {
                    waiting.append(unit)
                    continue
                }
                try state(Graph.statement(unit))
            }
            guard waiting.count < open.count else { break }
            open = waiting
        }
    }

    func writeTypes() throws {
        for type in schema.types.values.sorted(by: { $0.id < $1.id }) {
            let isBuiltIn = BuiltInType.allCases.contains { $0.id == type.id }
            let isOrdinary = type.parents.isEmpty && type.settings.isEmpty
            if !sideBySide.contains(type.id) {
                if !type.isDeclared || isBuiltIn && isOrdinary { continue }
            }
            var text = "create type \(QuotedName.word(type.name))"
            if !type.plural.isEmpty, !isBuiltIn {
                text += " plural \(QuotedName.word(type.plural))"
            }
            var all = type.otherSettings
            if sideBySide.contains(type.id) {
                all.removeAll { $0.name == "single" }
                all.append(Attribute("single", .boolean(false)))
            }
            var with = try settings(all, of: "type \(type.name)")
            for parent in type.parents {
                with = with.isEmpty ? " with" : with + ","
                with += " extends = \(QuotedName.word(typeName(parent)))"
            }
            for setting in LifeText.settings(type.life) {
                with += (with.isEmpty ? " with " : ", ") + setting
            }
            try state(text + with)
        }
    }

    func writeMeasures() throws {
        for type in schema.types.keys.sorted() {
            for measure in try graph.measures(of: type, in: transaction)
            where measure.type == type {
                var definition = measure.definition
                let unit = definition.unit
                if !unit.isEmpty, schema.units.unit(unit) == nil {
                    try omit("the unit \(unit) of \(definition.name) of \(typeName(type))")
                    definition.unit = ""
                }
                try state(MeasureRules.statement(definition, type: typeName(type)))
            }
        }
    }

    func writeRelations() throws {
        for definition in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            guard definition.id != .containment, definition.id != .mounting else { continue }
            try state(try graph.relationStatement(definition, in: transaction))
        }
    }

    func writeEventDefinitions() throws {
        var found: [(word: UInt32, type: TypeID)] = []
        let table = graph.tables.schema
        try graph.scan(table, prefix: SchemaKind.event.key(), in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 1, table: table)
            found.append((try reader.uint32(), TypeID(rawValue: try reader.uint32())))
            try reader.finish()
            return true
        }
        for (word, type) in found {
            guard let name = try graph.wordName(.event, word, in: transaction),
                let definition = try graph.eventDefinition(
                    named: name, of: type, in: transaction)
            else { continue }
            let others = definition.settings.filter { $0.name != "kind" }
            var with = try settings(others, of: "event \(name)")
            if definition.isInterval {
                with = (with.isEmpty ? " with" : with + ",") + " kind = interval"
            }
            try state(
                "create event \(QuotedName.word(name)) of \(QuotedName.word(typeName(type)))"
                    + with)
        }
    }
}
