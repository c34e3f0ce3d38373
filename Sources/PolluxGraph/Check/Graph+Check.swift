public import PolluxKeyValue
import PolluxModel

/// What a check of the graph's records found.
public struct GraphCheck: Sendable {
    /// One thing that is wrong: the record, such as `graph.assets 7`, and what is wrong with it.
    public struct Finding: Hashable, Sendable {
        /// The table and the record's number or key.
        public var record: String
        /// What is wrong with it.
        public var problem: String
    }

    /// Everything that is wrong; empty for a sound graph.
    public internal(set) var findings: [Finding] = []
    /// Entries looked at, by table.
    public internal(set) var entryCounts: [(table: String, count: Int)] = []
}

extension Graph {
    /// Verifies the checksum of every record, that all of them can be read, and that each index
    /// has exactly the entries that the records ask for.
    ///
    /// Reads everything once; throws only when the tables cannot be read at all.
    public func check(in transaction: ReadTransaction) throws(GraphError) -> GraphCheck {
        var check = RunningGraphCheck(graph: self, transaction: transaction)
        try check.run()
        return check.result
    }
}

/// A check under way: how many entries the records read so far ask of each index.
private struct RunningGraphCheck {
    let graph: Graph
    let transaction: ReadTransaction
    var result = GraphCheck()
    private var wanted: [String: Int] = [:]
    private var tables: GraphTables { graph.tables }

    init(graph: Graph, transaction: ReadTransaction) {
        self.graph = graph
        self.transaction = transaction
    }

    mutating func run() throws(GraphError) {
        try checkSchema()
        try records(tables.words) { check, key, value throws(GraphError) in
            try check.checkWord(key, value)
        }
        try records(tables.assets) { check, key, _ throws(GraphError) in
            try check.checkAsset(key)
        }
        try records(tables.links) { check, key, value throws(GraphError) in
            try check.checkLink(key, value)
        }
        try records(tables.attributes) { check, key, value throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 0, table: check.tables.attributes)
            let asset = try reader.asset()
            try check.requireAsset(asset, reader)
            _ = try check.graph.readAttribute(value, asset: asset)
        }
        for table in [tables.linkExtents, tables.eventExtents] {
            try records(table) { check, key, value throws(GraphError) in
                try check.checkSeal(table, key, value)
            }
        }
        try records(tables.events) { check, key, _ throws(GraphError) in
            try check.checkEvent(key)
        }
        try records(tables.log) { check, key, _ throws(GraphError) in
            try check.checkLine(key)
        }
        for table in [
            tables.assetTypes, tables.assetNames, tables.backlinks, tables.eventAssets,
            tables.eventTimes, tables.eventOpen, tables.eventLabels, tables.logAssets,
        ] {
            try checkIndex(table)
        }
    }

    private mutating func add(_ record: String, _ problem: String) {
        // A broken table would otherwise fill the memory with findings.
        guard result.findings.count < 1000 else { return }
        result.findings.append(.init(record: record, problem: problem))
    }

    /// Calls `body` for each entry of a table; what it says is damaged becomes a finding.
    private mutating func records(
        _ table: Table,
        _ body: (
            inout RunningGraphCheck, UnsafeRawBufferPointer, UnsafeRawBufferPointer
        ) throws(GraphError) -> Void
    ) throws(GraphError) {
        var count = 0
        // The scan borrows the graph, so the check is handed on as a copy.
        var check = self
        try graph.scan(table, prefix: [], in: transaction) { (key, value) throws(GraphError) in
            count += 1
            do throws(GraphError) {
                try body(&check, key, value)
            } catch .corrupt(let table, let record, let reason) {
                check.add("\(table) \(record)", reason)
            }
            return true
        }
        self = check
        result.entryCounts.append((table.name, count))
    }

    /// Notes that a record asks for an index entry, and looks for it.
    private mutating func want(
        _ table: Table, _ key: [UInt8], of record: String
    ) throws(GraphError) {
        wanted[table.name, default: 0] += 1
        if try graph.value(table, key, in: transaction) == nil {
            add(record, "its entry in \(table.name) is missing")
        }
    }

    private mutating func checkIndex(_ table: Table) throws(GraphError) {
        try records(table) { _, key, value throws(GraphError) in
            guard value.count == 0 else {
                let reader = GraphKeyReader(key, skipping: 0, table: table)
                throw reader.corrupt("an entry of an index has a value")
            }
        }
        let count = result.entryCounts.last?.count ?? 0
        let expected = wanted[table.name] ?? 0
        if count > expected {
            add(table.name, "it has \(count) entries where records ask for \(expected)")
        }
    }

    private mutating func checkSeal(
        _ table: Table, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) {
        let hexadecimal = key.prefix(40).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        _ = try RecordReader(value, table: table, record: hexadecimal.joined())
    }

    private mutating func checkSchema() throws(GraphError) {
        try records(tables.schema) { check, key, value throws(GraphError) in
            guard key.first != SchemaKind.adjacency.rawValue else { return }
            try check.checkSeal(check.tables.schema, key, value)
        }
        do throws(GraphError) {
            _ = try graph.schema(in: transaction)
        } catch .corrupt(let table, let record, let reason) {
            add("\(table) \(record)", reason)
        }
    }

    /// Names by number are checked against the other two entries; those by their seal.
    private mutating func checkWord(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) {
        guard key.count > 2, let kind = WordKind(rawValue: key[0]) else {
            throw GraphKeyReader(key, skipping: 0, table: tables.words).corrupt("an unknown kind")
        }
        if key[1] != 2 { try checkSeal(tables.words, key, value) }
        guard key[1] == 3 else { return }
        var reader = GraphKeyReader(key, skipping: 2, table: tables.words)
        let word = try reader.uint32()
        guard let name = try graph.wordName(kind, word, in: transaction) else { return }
        let exact = try graph.wordID(kind, name, in: transaction)
        let folded = try graph.foldedWords(kind, name, in: transaction)
        guard exact == word, folded.contains(word) else {
            throw reader.corrupt("it is not found by its name")
        }
    }

    private func requireAsset(
        _ asset: AssetID, _ reader: GraphKeyReader
    ) throws(GraphError) {
        if try graph.value(tables.assets, GraphKey(asset).bytes, in: transaction) == nil {
            throw reader.corrupt("there is no asset \(asset.rawValue)")
        }
    }

    private mutating func checkAsset(_ key: UnsafeRawBufferPointer) throws(GraphError) {
        var reader = GraphKeyReader(key, skipping: 0, table: tables.assets)
        let id = try reader.asset()
        try reader.finish()
        guard let asset = try graph.asset(id, in: transaction) else { return }
        let name = "\(tables.assets.name) \(id.rawValue)"
        for (table, key) in graph.assetKeys(asset) { try want(table, key, of: name) }
    }

    private mutating func checkLink(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) {
        let link = try graph.readLink(key, value)
        var name = "\(tables.links.name) \(link.subject.rawValue)-\(link.relation.rawValue)"
        name += "-\(link.object.rawValue)"
        guard try graph.asset(link.object, in: transaction) != nil,
            let subject = try graph.asset(link.subject, in: transaction)
        else { return add(name, "one of its assets is missing") }
        try want(
            tables.backlinks, graph.backlinkKey(link, subjectType: subject.type), of: name)
    }

    private mutating func checkEvent(_ key: UnsafeRawBufferPointer) throws(GraphError) {
        var reader = GraphKeyReader(key, skipping: 0, table: tables.events)
        let id = EventID(rawValue: try reader.uint64())
        try reader.finish()
        guard let event = try graph.event(id, in: transaction),
            let word = try graph.wordID(.event, event.name, in: transaction)
        else { throw reader.corrupt("its name is missing") }
        try requireAsset(event.asset, reader)
        let name = "\(tables.events.name) \(id.rawValue)"
        for (table, key) in graph.eventKeys(event, word: word) { try want(table, key, of: name) }
    }

    private mutating func checkLine(_ key: UnsafeRawBufferPointer) throws(GraphError) {
        var reader = GraphKeyReader(key, skipping: 0, table: tables.log)
        let number = try reader.uint64()
        try reader.finish()
        let entry = try graph.logEntry(number, in: transaction)
        for asset in Set(entry.assets) {
            var key = GraphKey(asset)
            key.add(number)
            try want(tables.logAssets, key.bytes, of: "\(tables.log.name) \(number)")
        }
    }
}
