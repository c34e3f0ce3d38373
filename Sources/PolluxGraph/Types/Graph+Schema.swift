import PolluxKeyValue
import PolluxModel
import Synchronization

extension Graph {
    /// The schema that a transaction sees; from memory unless it changed.
    func schema(in transaction: ReadTransaction) throws(GraphError) -> Schema {
        let stamp = try counter(.stamp, in: transaction) ?? 0
        if let known = schemas.withLock({ $0.schemas.last { $0.stamp == stamp } }) { return known }
        let loaded = try loadSchema(stamp: stamp, in: transaction)
        schemas.withLock { cache in
            cache.schemas.append(loaded)
            if cache.schemas.count > 4 { cache.schemas.removeFirst() }
        }
        return loaded
    }

    /// Gives the schema a stamp of its own after a change.
    func markSchemaChanged(in transaction: WriteTransaction) throws {
        let stored = try counter(.stamp, in: transaction) ?? 0
        let stamp = schemas.withLock { cache in
            cache.highestStamp = max(cache.highestStamp, stored) + 1
            return cache.highestStamp
        }
        try setCounter(.stamp, to: stamp, in: transaction)
    }

    private func loadSchema(
        stamp: UInt64, in transaction: ReadTransaction
    ) throws(GraphError) -> Schema {
        var types: [TypeID: AssetType] = [:]
        try scan(tables.schema, prefix: SchemaKind.type.key(), in: transaction) {
            (key, value) throws(GraphError) in
            let type = try self.readType(key, value)
            types[type.id] = type
            return true
        }
        var relations: [RelationID: RelationDefinition] = [:]
        try scan(tables.schema, prefix: SchemaKind.relation.key(), in: transaction) {
            (key, value) throws(GraphError) in
            let relation = try self.readRelation(key, value)
            relations[relation.id] = relation
            return true
        }
        var adjacencies: [(TypeID, Schema.Adjacency)] = []
        try scan(tables.schema, prefix: SchemaKind.adjacency.key(), in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 1, table: self.tables.schema)
            let container = TypeID(rawValue: try reader.uint32())
            let relation = RelationID(rawValue: try reader.uint32())
            let part = TypeID(rawValue: try reader.uint32())
            try reader.finish()
            adjacencies.append((container, Schema.Adjacency(relation: relation, part: part)))
            return true
        }
        return Schema(
            stamp: stamp, types: types, relations: relations, adjacencies: adjacencies,
            units: try loadUnits(in: transaction))
    }

    /// Remembers that a type can be found in another, so that walks know where to look.
    func noteAdjacency(
        container: TypeID, relation: RelationID, part: TypeID, in transaction: WriteTransaction
    ) throws {
        let known = try schema(in: transaction).parts[container] ?? []
        guard !known.contains(Schema.Adjacency(relation: relation, part: part)) else { return }
        let key = SchemaKind.adjacency.key(container.rawValue, relation.rawValue, part.rawValue)
        try transaction.put(tables.schema, key, [])
        try markSchemaChanged(in: transaction)
    }

    func putType(_ type: AssetType, in transaction: WriteTransaction) throws {
        var writer = RecordWriter()
        writer.put(type.name)
        writer.put(type.plural)
        writer.put(number: UInt64(type.parents.count))
        for parent in type.parents { writer.put(number: UInt64(parent.rawValue)) }
        writer.put(type.isDeclared ? 1 : 0)
        writer.put(type.settings)
        try transaction.put(
            tables.schema, SchemaKind.type.key(type.id.rawValue), writer.finish())
    }

    private func readType(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) -> AssetType {
        var keyReader = GraphKeyReader(key, skipping: 1, table: tables.schema)
        let id = TypeID(rawValue: try keyReader.uint32())
        try keyReader.finish()
        var reader = try RecordReader(value, table: tables.schema, record: "type \(id.rawValue)")
        let name = try reader.text()
        let plural = try reader.text()
        let count = try reader.number()
        guard count <= UInt64(value.count) else { throw reader.corrupt("too many parents") }
        var parents: [TypeID] = []
        for _ in 0..<count { parents.append(TypeID(rawValue: try reader.number32())) }
        let isDeclared = try reader.flag()
        let settings = try reader.attributes()
        try reader.finish()
        return AssetType(
            id: id, name: name, plural: plural, parents: parents, isDeclared: isDeclared,
            settings: settings)
    }

    func putRelation(_ relation: RelationDefinition, in transaction: WriteTransaction) throws {
        var writer = RecordWriter()
        writer.put(relation.name)
        writer.put(relation.inverse)
        writer.put(number: UInt64(relation.subjectType?.rawValue ?? 0))
        writer.put(number: UInt64(relation.objectType?.rawValue ?? 0))
        writer.put(relation.isDeclared ? 1 : 0)
        writer.put(relation.settings)
        try transaction.put(
            tables.schema, SchemaKind.relation.key(relation.id.rawValue), writer.finish())
    }

    private func readRelation(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) -> RelationDefinition {
        var keyReader = GraphKeyReader(key, skipping: 1, table: tables.schema)
        let id = RelationID(rawValue: try keyReader.uint32())
        try keyReader.finish()
        var reader = try RecordReader(
            value, table: tables.schema, record: "relation \(id.rawValue)")
        let name = try reader.text()
        let inverse = try reader.text()
        let subject = try reader.number32()
        let object = try reader.number32()
        let isDeclared = try reader.flag()
        let settings = try reader.attributes()
        try reader.finish()
        return RelationDefinition(
            id: id, name: name, inverse: inverse,
            subjectType: subject == 0 ? nil : TypeID(rawValue: subject),
            objectType: object == 0 ? nil : TypeID(rawValue: object), isDeclared: isDeclared,
            settings: settings)
    }
}
