public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Sets an attribute from an instant until its next setting; nil takes it away.
    public func setAttribute(
        _ name: String, of id: AssetID, to value: Value?, from instant: Timestamp,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let asset = try namedAsset(id, in: transaction)
        guard instant < asset.life.end else {
            throw GraphError.outsideLife(
                asset: try describe(asset, in: transaction), life: asset.life, instant: instant)
        }
        if try putAttribute(name, of: id, to: value, from: instant, in: transaction) {
            let text =
                "set \(QuotedName.word(name)) of \(try describe(asset, in: transaction)) = "
                + "\(value.map(QuotedName.value) ?? "missing")\(InstantText.from(instant))"
            let after = TimeRange(start: instant, end: .distantFuture)
            let piece = try attributes(of: id, named: name, during: after, in: transaction).first
            try appendLog(
                .set, assets: [id], validFrom: instant, until: piece?.range.end ?? .distantFuture,
                text, by: provenance, in: transaction)
        }
    }

    /// Writes an attribute and tells whether anything changed.
    func putAttribute(
        _ name: String, of id: AssetID, to value: Value?, from instant: Timestamp,
        in transaction: WriteTransaction
    ) throws -> Bool {
        if try attribute(name, of: id, at: instant, in: transaction) == value { return false }
        let word = try ensureWord(.attribute, name, in: transaction)
        var writer = RecordWriter()
        writer.put(value == nil ? 0 : 1)
        if let value { writer.put(value) }
        let key = GraphKey(id).with(word).with(instant)
        try transaction.put(tables.attributes, key.bytes, writer.finish())
        return true
    }

    /// The value of an attribute at an instant; exact name, else without case if only one fits.
    public func attribute(
        _ name: String, of id: AssetID, at instant: Timestamp, in transaction: ReadTransaction
    ) throws(GraphError) -> Value? {
        guard let word = try wordMatch(.attribute, name, in: transaction) else { return nil }
        let prefix = GraphKey(id).with(word)
        var value: Value?
        var end = prefix.with(instant)
        // The key of the instant itself counts: look before its successor.
        end.add(UInt8(0))
        try scanBackwards(
            tables.attributes, prefix: prefix.bytes, before: end.bytes, in: transaction
        ) { (key, bytes) throws(GraphError) in
            value = try self.readAttribute(bytes, asset: id)
            return false
        }
        return value
    }

    /// The pieces of one attribute, or of all, that overlap a range, by name and time.
    public func attributes(
        of id: AssetID, named name: String? = nil, during range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [AttributePiece] {
        var prefix = GraphKey(id)
        if let name {
            guard let word = try wordMatch(.attribute, name, in: transaction) else { return [] }
            prefix.add(word)
        }
        var settings: [(word: UInt32, from: Timestamp, value: Value?)] = []
        try scan(tables.attributes, prefix: prefix.bytes, in: transaction) {
            (key, bytes) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 4, table: self.tables.attributes)
            let word = try reader.uint32()
            let from = try reader.instant()
            try reader.finish()
            settings.append((word, from, try self.readAttribute(bytes, asset: id)))
            return true
        }
        var pieces: [AttributePiece] = []
        for (index, setting) in settings.enumerated() {
            let isLast = index + 1 == settings.count || settings[index + 1].word != setting.word
            let end = isLast ? Timestamp.distantFuture : settings[index + 1].from
            let validity = TimeRange(start: setting.from, end: end)
            guard let shared = validity.intersection(range) else { continue }
            let text = try wordName(.attribute, setting.word, in: transaction)
            pieces.append(AttributePiece(name: text ?? "?", value: setting.value, range: shared))
        }
        return pieces.sorted { ($0.name, $0.range.start) < ($1.name, $1.range.start) }
    }

    /// The name of the attribute that a word means: exact, else without case if only one fits.
    public func attributeName(
        matching name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> String? {
        guard let word = try wordMatch(.attribute, name, in: transaction) else { return nil }
        return try wordName(.attribute, word, in: transaction)
    }

    /// The names of all attributes ever set, in order; for suggestions.
    public func attributeNames(in transaction: ReadTransaction) throws(GraphError) -> [String] {
        try words(.attribute, in: transaction).map(\.name).sorted()
    }

    func readAttribute(
        _ bytes: UnsafeRawBufferPointer, asset: AssetID
    ) throws(GraphError) -> Value? {
        var reader = try RecordReader(
            bytes, table: tables.attributes, record: "of asset \(asset.rawValue)")
        let value = try reader.flag() ? try reader.value() : nil
        try reader.finish()
        return value
    }
}
