public import PolluxKeyValue
public import PolluxModel

/// Units that the plant declares (storage-format/graph.md §3).
extension Graph {
    /// The units that can be written in this plant, the known and the declared ones.
    public func units(in transaction: ReadTransaction) throws(GraphError) -> UnitCatalog {
        try schema(in: transaction).units
    }

    /// Declares a unit as a multiple of another: a pallet is 48, a shift quota 400 parts.
    ///
    /// The same declaration again changes nothing; a unit never changes its meaning.
    ///
    /// - Throws: `conflict` when the symbol means something else, `refused` when it cannot be one.
    public func declareUnit(
        _ symbol: String, as factor: Double, of base: String, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let known = try units(in: transaction)
        var units = known
        do throws(UnitCatalog.Refusal) {
            try units.declare(symbol, as: factor, of: base)
        } catch {
            if case .taken(_, let meaning) = error {
                throw GraphError.conflict(
                    what: "unit", name: symbol,
                    reason: meaning == symbol ? "everybody knows it" : "it is \(meaning)")
            }
            throw GraphError.refused(reason: error.description)
        }
        guard units != known else { return }
        var writer = RecordWriter()
        writer.put(fixed: factor.bitPattern)
        writer.put(base)
        try transaction.put(tables.schema, Graph.unitKey(symbol), writer.finish())
        try markSchemaChanged(in: transaction)
        try appendLog(
            .declare, assets: [], validFrom: .distantPast,
            Graph.statement(UnitCatalog.Declaration(symbol: symbol, factor: factor, base: base)),
            by: provenance, in: transaction)
    }

    /// The statement that declares a unit.
    static func statement(_ unit: UnitCatalog.Declaration) -> String {
        "create unit \(unit.symbol) = \(unit.factor)"
            + (unit.base.isEmpty ? "" : " " + unit.base)
    }

    func loadUnits(in transaction: ReadTransaction) throws(GraphError) -> UnitCatalog {
        var open: [UnitCatalog.Declaration] = []
        let prefix = SchemaKind.unit.key()
        try scan(tables.schema, prefix: prefix, in: transaction) {
            (key, value) throws(GraphError) in
            let text = String(validating: key.dropFirst(prefix.count), as: UTF8.self)
            var reader = try RecordReader(
                value, table: self.tables.schema, record: "unit \(text ?? "?")")
            guard let symbol = text else { throw reader.corrupt("its name is not UTF-8") }
            let factor = Double(bitPattern: try reader.fixed())
            open.append(
                UnitCatalog.Declaration(
                    symbol: symbol, factor: factor, base: try reader.text()))
            try reader.finish()
            return true
        }
        // A unit may be made of another one, which comes later in the order of names.
        var units = UnitCatalog()
        while !open.isEmpty {
            var waiting: [UnitCatalog.Declaration] = []
            for one in open {
                do throws(UnitCatalog.Refusal) {
                    try units.declare(one.symbol, as: one.factor, of: one.base)
                } catch {
                    waiting.append(one)
                }
            }
            guard waiting.count < open.count else {
                throw .corrupt(
                    table: tables.schema.name, record: "unit \(waiting[0].symbol)",
                    reason: "it cannot be made of `\(waiting[0].base)`")
            }
            open = waiting
        }
        return units
    }

    private static func unitKey(_ symbol: String) -> [UInt8] {
        var key = GraphKey(SchemaKind.unit.rawValue)
        key.add(raw: Array(symbol.utf8))
        return key.bytes
    }

    /// A unit's symbol as we write it, whatever standard named it; unknown units stay as written.
    func unitSymbol(_ written: String, in transaction: ReadTransaction) throws(GraphError) -> String
    {
        guard !written.isEmpty else { return written }
        return try units(in: transaction).unit(written)?.symbol ?? written
    }
}
