public import PolluxKeyValue
public import PolluxModel

/// Events as stored: a record by number and indexes by asset, label and time
/// (storage-format/events.md).
extension Graph {
    /// An event by number.
    public func event(
        _ id: EventID, in transaction: ReadTransaction
    ) throws(GraphError) -> Event? {
        var key = GraphKey()
        key.add(id.rawValue)
        guard let bytes = try value(tables.events, key.bytes, in: transaction) else { return nil }
        var reader = try RecordReader(bytes, table: tables.events, record: "\(id.rawValue)")
        let word = try reader.number32()
        let asset = AssetID(rawValue: try reader.number32())
        let start = try reader.instant()
        let end = try reader.instant()
        let source = try reader.text()
        let attributes = try reader.attributes()
        try reader.finish()
        guard let name = try wordName(.event, word, in: transaction) else {
            throw reader.corrupt("its name is missing")
        }
        guard end >= start else { throw reader.corrupt("it ends before it begins") }
        return Event(
            id: id, name: name, asset: asset, start: start,
            end: end == .distantFuture ? nil : end, label: Graph.label(of: attributes),
            attributes: attributes, source: source)
    }

    /// The label among attributes: the text of `name`, else `label`, else `id`.
    static func label(of attributes: [Attribute]) -> String {
        for key in ["name", "label", "id"] {
            guard let value = attributes.first(where: { $0.name == key })?.value else { continue }
            switch value {
            case .text(let text): return text
            case .integer(let number): return "\(number)"
            default: continue
            }
        }
        return ""
    }

    /// Writes an event's record and its indexes.
    func putEvent(_ event: Event, word: UInt32, in transaction: WriteTransaction) throws {
        let end = event.end ?? .distantFuture
        var writer = RecordWriter()
        writer.put(number: UInt64(word))
        writer.put(number: UInt64(event.asset.rawValue))
        writer.put(event.start)
        writer.put(end)
        writer.put(event.source)
        writer.put(event.attributes)
        var key = GraphKey()
        key.add(event.id.rawValue)
        try transaction.put(tables.events, key.bytes, writer.finish())
        for (table, key) in eventKeys(event, word: word) { try transaction.put(table, key, []) }
        guard let known = event.end else { return }
        let length = UInt64(max(0, known.nanoseconds(since: event.start)))
        let extentKey = GraphKey(event.asset).with(word).bytes
        guard length > (try extent(event.asset, word, in: transaction)) else { return }
        var extent = RecordWriter()
        extent.put(number: length)
        try transaction.put(tables.eventExtents, extentKey, extent.finish())
    }

    /// Removes an event's record and its indexes.
    func removeEvent(_ event: Event, word: UInt32, in transaction: WriteTransaction) throws {
        var key = GraphKey()
        key.add(event.id.rawValue)
        try transaction.remove(tables.events, key.bytes)
        for (table, key) in eventKeys(event, word: word) { try transaction.remove(table, key) }
    }

    /// The longest closed event of a name on an asset, in nanoseconds: how far before a range an
    /// event that reaches into it can begin.
    func extent(
        _ asset: AssetID, _ word: UInt32, in transaction: ReadTransaction
    ) throws(GraphError) -> UInt64 {
        let key = GraphKey(asset).with(word).bytes
        guard let bytes = try value(tables.eventExtents, key, in: transaction) else { return 0 }
        var reader = try RecordReader(
            bytes, table: tables.eventExtents, record: "\(asset.rawValue)-\(word)")
        let length = try reader.number()
        try reader.finish()
        return length
    }

    /// The entries of an event in the indexes.
    func eventKeys(_ event: Event, word: UInt32) -> [(Table, [UInt8])] {
        let byAsset = GraphKey(event.asset).with(word).with(event.start)
        var full = byAsset.with(event.end ?? .distantFuture)
        full.add(event.id.rawValue)
        var byTime = GraphKey()
        byTime.add(event.start)
        byTime.add(event.id.rawValue)
        var keys = [(tables.eventAssets, full.bytes), (tables.eventTimes, byTime.bytes)]
        if event.end == nil {
            var open = byAsset
            open.add(event.id.rawValue)
            keys.append((tables.eventOpen, open.bytes))
        }
        if !event.label.isEmpty {
            var byLabel = GraphKey()
            byLabel.add(word)
            byLabel.add(folded: Array(event.label.utf8.prefix(GraphName.byteCountLimit)))
            byLabel.add(event.asset.rawValue)
            byLabel.add(event.start)
            byLabel.add(event.id.rawValue)
            keys.append((tables.eventLabels, byLabel.bytes))
        }
        return keys
    }
}
