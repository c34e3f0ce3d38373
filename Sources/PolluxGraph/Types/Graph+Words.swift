import PolluxKeyValue
import PolluxModel

/// The kinds of interned names.
enum WordKind: UInt8 {
    case measure = 1
    case attribute = 2
    case event = 3
}

/// Names interned to numbers, each kind by itself (storage-format/graph.md §4).
extension Graph {
    private enum Entry: UInt8 {
        case exact = 1
        case folded = 2
        case name = 3
    }

    private func wordKey(_ kind: WordKind, _ entry: Entry) -> GraphKey {
        var key = GraphKey(kind.rawValue)
        key.add(entry.rawValue)
        return key
    }

    /// The number of a name, exact in case.
    func wordID(
        _ kind: WordKind, _ name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> UInt32? {
        guard name.utf8.count <= GraphName.byteCountLimit else { return nil }
        var key = wordKey(kind, .exact)
        key.add(raw: Array(name.utf8))
        guard let bytes = try value(tables.words, key.bytes, in: transaction) else { return nil }
        var reader = try RecordReader(bytes, table: tables.words, record: "name \(name)")
        let id = try reader.number32()
        try reader.finish()
        return id
    }

    /// The number of a name: exact, else without case if only one name fits.
    func wordMatch(
        _ kind: WordKind, _ name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> UInt32? {
        if let exact = try wordID(kind, name, in: transaction) { return exact }
        let all = try foldedWords(kind, name, in: transaction)
        return all.count == 1 ? all[0] : nil
    }

    /// The numbers of all names that are equal without case.
    func foldedWords(
        _ kind: WordKind, _ name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> [UInt32] {
        var prefix = wordKey(kind, .folded)
        prefix.add(folded: GraphName.folded(name))
        var found: [UInt32] = []
        try scan(tables.words, prefix: prefix.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(
                key, skipping: prefix.bytes.count, table: self.tables.words)
            found.append(try reader.uint32())
            try reader.finish()
            return true
        }
        return found
    }

    /// The name of a number.
    func wordName(
        _ kind: WordKind, _ id: UInt32, in transaction: ReadTransaction
    ) throws(GraphError) -> String? {
        let key = wordKey(kind, .name).with(id)
        guard let bytes = try value(tables.words, key.bytes, in: transaction) else { return nil }
        var reader = try RecordReader(bytes, table: tables.words, record: "number \(id)")
        let name = try reader.text()
        try reader.finish()
        return name
    }

    /// All names of a kind without order of meaning, at most `limit`.
    func words(
        _ kind: WordKind, limit: Int = 100_000, in transaction: ReadTransaction
    ) throws(GraphError) -> [(id: UInt32, name: String)] {
        var found: [(id: UInt32, name: String)] = []
        let prefix = wordKey(kind, .name).bytes
        try scan(tables.words, prefix: prefix, in: transaction) { (key, value) throws(GraphError) in
            var keyReader = GraphKeyReader(key, skipping: prefix.count, table: self.tables.words)
            let id = try keyReader.uint32()
            var reader = try RecordReader(value, table: self.tables.words, record: "number \(id)")
            found.append((id, try reader.text()))
            return found.count < limit
        }
        return found
    }

    /// The number of a name, given one when it is new.
    func ensureWord(
        _ kind: WordKind, _ name: String, in transaction: WriteTransaction
    ) throws -> UInt32 {
        if let known = try wordID(kind, name, in: transaction) { return known }
        try GraphName.check(name)
        let id = UInt32(try nextNumber(.words, in: transaction))
        var number = RecordWriter()
        number.put(number: UInt64(id))
        var exact = wordKey(kind, .exact)
        exact.add(raw: Array(name.utf8))
        try transaction.put(tables.words, exact.bytes, number.finish())
        var folded = wordKey(kind, .folded)
        folded.add(folded: GraphName.folded(name))
        try transaction.put(tables.words, folded.with(id).bytes, [])
        var record = RecordWriter()
        record.put(name)
        try transaction.put(tables.words, wordKey(kind, .name).with(id).bytes, record.finish())
        return id
    }
}
