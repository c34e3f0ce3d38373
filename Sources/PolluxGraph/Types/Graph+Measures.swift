public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The number of a measure's name, exact in case; nil when no measure has it.
    public func measureID(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> MeasureID? {
        try wordID(.measure, name, in: transaction).map(MeasureID.init(rawValue:))
    }

    /// The names of measures that are equal to one without regard to case.
    public func measureNames(
        like name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> [String] {
        var names: [String] = []
        for id in try foldedWords(.measure, name, in: transaction) {
            if let found = try wordName(.measure, id, in: transaction) { names.append(found) }
        }
        return names
    }

    /// The name of a measure.
    public func measureName(
        _ id: MeasureID, in transaction: ReadTransaction
    ) throws(GraphError) -> String? {
        try wordName(.measure, id.rawValue, in: transaction)
    }

    /// The names of all measures, at most `limit`; for suggestions.
    public func measureNames(
        limit: Int = 10_000, in transaction: ReadTransaction
    ) throws(GraphError) -> [String] {
        try words(.measure, limit: limit, in: transaction).map(\.name).sorted()
    }

    /// A measure as it stands for a type, found along inheritance; exact name first, then without
    /// case if only one fits.
    public func measure(
        named name: String, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Measure? {
        if let id = try wordID(.measure, name, in: transaction),
            let found = try measure(MeasureID(rawValue: id), of: type, in: transaction)
        {
            return found
        }
        var fitting: Measure?
        for id in try foldedWords(.measure, name, in: transaction) {
            guard let found = try measure(MeasureID(rawValue: id), of: type, in: transaction)
            else { continue }
            if fitting != nil { return nil }
            fitting = found
        }
        return fitting
    }

    /// A measure by number as it stands for a type.
    public func measure(
        _ id: MeasureID, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Measure? {
        for ancestor in try schema(in: transaction).supertypes(of: type) {
            if let record = try measureRecord(id, of: ancestor, in: transaction) {
                return Measure(id: id, type: ancestor, definition: record.definition)
            }
        }
        return nil
    }

    /// The measures of a type, inherited ones included, by name.
    public func measures(
        of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> [Measure] {
        var found: [MeasureID: Measure] = [:]
        for ancestor in try schema(in: transaction).supertypes(of: type) {
            let prefix = SchemaKind.measure.key(ancestor.rawValue)
            try scan(tables.schema, prefix: prefix, in: transaction) {
                (key, value) throws(GraphError) in
                var reader = GraphKeyReader(
                    key, skipping: prefix.count, table: self.tables.schema)
                let id = MeasureID(rawValue: try reader.uint32())
                if found[id] == nil {
                    let record = try self.readMeasure(value, id: id, in: transaction)
                    found[id] = Measure(id: id, type: ancestor, definition: record.definition)
                }
                return true
            }
        }
        return found.values.sorted { $0.definition.name < $1.definition.name }
    }

    /// Declares a measure of a type.
    ///
    /// A measure that data created takes what is said. A declared one takes a missing unit and what
    /// agrees; a different kind, shape, gap or unit needs `allowsChange`, and the kind of values
    /// never changes.
    @discardableResult
    public func declareMeasure(
        _ said: MeasureDeclaration, of type: TypeID, allowsChange: Bool = false,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> Measure {
        try GraphName.check(said.name)
        var declaration = said
        declaration.unit = try said.unit.map { written throws(GraphError) in
            try unitSymbol(written, in: transaction)
        }
        let id = MeasureID(
            rawValue: try ensureWord(.measure, declaration.name, in: transaction))
        let existing = try measureRecord(id, of: type, in: transaction)
        var record = existing ?? MeasureRecord(declaration)
        if let existing {
            try MeasureRules.check(declaration, against: existing, allowsChange: allowsChange)
        }
        MeasureRules.apply(declaration, to: &record)
        record.definition.isDeclared = true
        if record != existing {
            try putMeasure(record, id: id, of: type, in: transaction)
            let typeName = try schema(in: transaction).types[type]?.name ?? "?"
            let before = existing.map { "; it was \(MeasureRules.text($0.definition))" } ?? ""
            try appendLog(
                existing == nil ? .declare : .edit, assets: [], validFrom: .distantPast,
                MeasureRules.statement(record.definition, type: typeName) + before,
                by: provenance, in: transaction)
        }
        return Measure(id: id, type: type, definition: record.definition)
    }

    /// The measure of that name as it stands for a type, created with defaults when there is none.
    ///
    /// The definition's `valueKind` may differ from `valueKind` when the measure exists: convert,
    /// or
    /// reject the point.
    public func ensureMeasure(
        named name: String, of type: TypeID, valueKind: ValueKind, unit: String = "",
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> Measure {
        let id = MeasureID(rawValue: try ensureWord(.measure, name, in: transaction))
        let unit = try unitSymbol(unit, in: transaction)
        for ancestor in try schema(in: transaction).supertypes(of: type) {
            guard var record = try measureRecord(id, of: ancestor, in: transaction) else {
                continue
            }
            let before = record
            MeasureRules.meetFirstPoint(&record, valueKind: valueKind, unit: unit)
            if record != before { try putMeasure(record, id: id, of: ancestor, in: transaction) }
            return Measure(id: id, type: ancestor, definition: record.definition)
        }
        var definition = MeasureDefinition(name: name, valueKind: valueKind)
        definition.unit = unit
        let record = MeasureRecord(definition: definition, isValueKindOpen: false)
        try putMeasure(record, id: id, of: type, in: transaction)
        return Measure(id: id, type: type, definition: definition)
    }

    /// A measure that a type itself declares, not one that it inherits.
    func ownMeasure(
        _ id: MeasureID, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Measure? {
        try measureRecord(id, of: type, in: transaction).map {
            Measure(id: id, type: type, definition: $0.definition)
        }
    }

    /// Calls `body` for every measure of every type that declares it.
    func forEachMeasure(
        in transaction: ReadTransaction, _ body: (MeasureDefinition) -> Void
    ) throws(GraphError) {
        let prefix = SchemaKind.measure.key()
        try scan(tables.schema, prefix: prefix, in: transaction) {
            (key, value) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: prefix.count + 4, table: self.tables.schema)
            let id = MeasureID(rawValue: try reader.uint32())
            body(try self.readMeasure(value, id: id, in: transaction).definition)
            return true
        }
    }

    private func measureRecord(
        _ id: MeasureID, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> MeasureRecord? {
        let key = SchemaKind.measure.key(type.rawValue, id.rawValue)
        guard let bytes = try value(tables.schema, key, in: transaction) else { return nil }
        return try readMeasure(bytes, id: id, in: transaction)
    }

    private func putMeasure(
        _ record: MeasureRecord, id: MeasureID, of type: TypeID, in transaction: WriteTransaction
    ) throws {
        let key = SchemaKind.measure.key(type.rawValue, id.rawValue)
        try transaction.put(tables.schema, key, record.encode())
    }

    private func readMeasure(
        _ bytes: UnsafeRawBufferPointer, id: MeasureID, in transaction: ReadTransaction
    ) throws(GraphError) -> MeasureRecord {
        let reader = try RecordReader(
            bytes, table: tables.schema, record: "measure \(id.rawValue)")
        guard let name = try measureName(id, in: transaction) else {
            throw reader.corrupt("its name is missing")
        }
        return try MeasureRecord(reader, name: name)
    }
}
