public import PolluxKeyValue
public import PolluxModel

/// Assets as stored: a record by number and two indexes by name (storage-format/graph.md §5).
extension Graph {
    /// An asset by number.
    public func asset(
        _ id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> Asset? {
        guard let bytes = try value(tables.assets, GraphKey(id).bytes, in: transaction) else {
            return nil
        }
        return try readAsset(bytes, id: id)
    }

    /// An asset that a stored relation or index speaks of.
    func existingAsset(
        _ id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> Asset {
        guard let asset = try asset(id, in: transaction) else {
            throw .corrupt(
                table: tables.assets.name, record: "\(id.rawValue)", reason: "it is missing")
        }
        return asset
    }

    /// An asset that a caller names by number.
    func namedAsset(
        _ id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> Asset {
        guard let asset = try asset(id, in: transaction) else {
            throw .unknown(what: "asset", name: "number \(id.rawValue)")
        }
        return asset
    }

    /// Number of assets ever created.
    public func assetCount(in transaction: ReadTransaction) throws(GraphError) -> Int {
        Int(clamping: try counter(.assets, in: transaction) ?? 0)
    }

    private func readAsset(
        _ bytes: UnsafeRawBufferPointer, id: AssetID
    ) throws(GraphError) -> Asset {
        var reader = try RecordReader(bytes, table: tables.assets, record: "\(id.rawValue)")
        let type = TypeID(rawValue: try reader.number32())
        let flags = try reader.byte()
        guard flags < 4 else { throw reader.corrupt("unknown flags \(flags)") }
        let life = try reader.range()
        let name = try reader.text()
        try reader.finish()
        return Asset(
            id: id, type: type, name: name, life: life, isPlace: flags & 1 != 0,
            isDeclared: flags & 2 != 0)
    }

    /// Writes an asset's record; name and type never change, so the indexes are written once.
    func putAsset(_ asset: Asset, isNew: Bool = false, in transaction: WriteTransaction) throws {
        var writer = RecordWriter()
        writer.put(number: UInt64(asset.type.rawValue))
        writer.put((asset.isPlace ? 1 : 0) | (asset.isDeclared ? 2 : 0))
        writer.put(asset.life)
        writer.put(asset.name)
        try transaction.put(tables.assets, GraphKey(asset.id).bytes, writer.finish())
        guard isNew else { return }
        for (table, key) in assetKeys(asset) { try transaction.put(table, key, []) }
    }

    /// The entries of an asset in the indexes by name.
    func assetKeys(_ asset: Asset) -> [(Table, [UInt8])] {
        let folded = GraphName.folded(asset.name)
        var byType = GraphKey()
        byType.add(asset.type.rawValue)
        byType.add(folded: folded)
        byType.add(asset.id.rawValue)
        guard !asset.name.isEmpty else { return [(tables.assetTypes, byType.bytes)] }
        var byName = GraphKey()
        byName.add(folded: folded)
        byName.add(asset.id.rawValue)
        return [(tables.assetTypes, byType.bytes), (tables.assetNames, byName.bytes)]
    }
}
