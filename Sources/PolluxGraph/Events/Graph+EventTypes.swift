public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Declares what an event name means for a type.
    public func declareEvent(
        _ definition: EventDefinition, by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let word = try ensureWord(.event, definition.name, in: transaction)
        var writer = RecordWriter()
        writer.put(definition.isInterval ? 1 : 0)
        writer.put(definition.settings)
        let key = SchemaKind.event.key(word, definition.type.rawValue)
        try transaction.put(tables.schema, key, writer.finish())
        let type = try schema(in: transaction).types[definition.type]?.name ?? "?"
        let text =
            "create event \(QuotedName.word(definition.name)) of \(QuotedName.word(type))"
            + QuotedName.settings(definition.settings)
        try appendLog(
            .declare, assets: [], validFrom: .distantPast, text, by: provenance, in: transaction)
    }

    /// What an event name means for a type, found along inheritance; nil when undeclared.
    public func eventDefinition(
        named name: String, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> EventDefinition? {
        guard let word = try wordMatch(.event, name, in: transaction) else { return nil }
        for ancestor in try schema(in: transaction).supertypes(of: type) {
            let key = SchemaKind.event.key(word, ancestor.rawValue)
            guard let bytes = try value(tables.schema, key, in: transaction) else { continue }
            var reader = try RecordReader(bytes, table: tables.schema, record: "event \(name)")
            let isInterval = try reader.flag()
            let settings = try reader.attributes()
            try reader.finish()
            return EventDefinition(
                name: try wordName(.event, word, in: transaction) ?? name, type: ancestor,
                isInterval: isInterval, settings: settings)
        }
        return nil
    }

    /// The name of the event that a word means: exact, else without case if only one fits.
    public func eventName(
        matching name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> String? {
        guard let word = try wordMatch(.event, name, in: transaction) else { return nil }
        return try wordName(.event, word, in: transaction)
    }

    /// The names of all events ever declared or recorded, in order.
    public func eventNames(in transaction: ReadTransaction) throws(GraphError) -> [String] {
        try words(.event, in: transaction).map(\.name).sorted()
    }
}
