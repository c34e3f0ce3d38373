public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The change log of an asset, or of everything, newest first.
    public func log(
        of asset: AssetID? = nil, before number: UInt64 = .max, limit: Int,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [LogEntry] {
        guard limit > 0 else { return [] }
        var numbers: [UInt64] = []
        var prefix = GraphKey()
        if let asset { prefix.add(asset.rawValue) }
        var end = prefix
        end.add(number)
        let table = asset == nil ? tables.log : tables.logAssets
        try scanBackwards(table, prefix: prefix.bytes, before: end.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: prefix.bytes.count, table: table)
            numbers.append(try reader.uint64())
            try reader.finish()
            return numbers.count < limit
        }
        var entries: [LogEntry] = []
        for number in numbers { entries.append(try logEntry(number, in: transaction)) }
        return entries
    }

    /// One line of the log.
    func logEntry(
        _ number: UInt64, in transaction: ReadTransaction
    ) throws(GraphError) -> LogEntry {
        var key = GraphKey()
        key.add(number)
        guard let bytes = try value(tables.log, key.bytes, in: transaction) else {
            throw .corrupt(table: tables.log.name, record: "\(number)", reason: "it is missing")
        }
        var reader = try RecordReader(bytes, table: tables.log, record: "\(number)")
        let recordedAt = try reader.instant()
        let tag = try reader.byte()
        guard let action = LogEntry.Action(rawValue: tag) else {
            throw reader.corrupt("unknown action \(tag)")
        }
        let span = try reader.range()
        let source = try reader.text()
        let count = try reader.number()
        guard count <= UInt64(bytes.count) else { throw reader.corrupt("too many assets") }
        var assets: [AssetID] = []
        for _ in 0..<count { assets.append(AssetID(rawValue: try reader.number32())) }
        let text = try reader.text()
        try reader.finish()
        return LogEntry(
            number: number, provenance: Provenance(recordedAt: recordedAt, source: source),
            action: action, assets: assets, span: span, text: text)
    }

    /// Writes one line of the log.
    ///
    /// - Parameters:
    ///   - validFrom: the earliest instant whose answers can differ.
    ///   - until: the instant from which they are what they were; none when the change has no end.
    func appendLog(
        _ action: LogEntry.Action, assets: [AssetID], validFrom: Timestamp,
        until: Timestamp = .distantFuture, _ text: String,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let number = try nextNumber(.log, in: transaction)
        var writer = RecordWriter()
        writer.put(provenance.recordedAt)
        writer.put(action.rawValue)
        writer.put(TimeRange(start: validFrom, end: max(validFrom, until)))
        writer.put(provenance.source)
        writer.put(number: UInt64(assets.count))
        for asset in assets { writer.put(number: UInt64(asset.rawValue)) }
        writer.put(text)
        var key = GraphKey()
        key.add(number)
        try transaction.put(tables.log, key.bytes, writer.finish())
        for asset in Set(assets) {
            var assetKey = GraphKey(asset)
            assetKey.add(number)
            try transaction.put(tables.logAssets, assetKey.bytes, [])
        }
    }
}
