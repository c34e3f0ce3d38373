public import PolluxGraph
public import PolluxKeyValue
import PolluxLanguage
import PolluxModel

/// What a check of the records of alerts, continuous queries and models found.
public struct LiveCheck: Sendable {
    /// One thing that is wrong: the table and whose record it is, and what is wrong with it.
    public struct Finding: Hashable, Sendable {
        /// The record, such as `live.positions of alert hot`.
        public var record: String
        /// What is wrong with it.
        public var problem: String
    }

    /// Everything that is wrong; empty where all is sound.
    public private(set) var findings: [Finding] = []
    /// Records looked at, by table.
    public private(set) var recordCounts: [(table: String, count: Int)] = []

    private var known: Set<[UInt8]> = []

    /// Verifies checksums, that every record can be read to its end, and that what records name is
    /// there; read-only.
    ///
    /// Throws only when a table cannot be read at all. Tables that an older database lacks are
    /// passed over.
    public init(_ environment: Environment, graph: Graph) throws {
        // A table has to be open before the transaction that reads it begins.
        var tables: [String: Table] = [:]
        for name in ["definitions", "positions", "corrections", "models", "checkpoints", "late"] {
            tables[name] = try environment.table("live." + name)
        }
        try environment.read { try check(tables, graph, $0) }
    }

    private mutating func check(
        _ tables: [String: Table], _ graph: Graph, _ transaction: ReadTransaction
    ) throws {
        try records("definitions", tables, transaction) { check, name, key, value in
            try check.checkDefinition(name, key, value)
        }
        try records("positions", tables, transaction) { check, name, key, value in
            try check.checkPosition(name, key, value, graph, transaction)
        }
        try records("corrections", tables, transaction) { check, name, key, value in
            try check.requireOwner(name, key)
            var reader = try LiveRecordReader(value, format: 1, name: name)
            _ = (try reader.instant(), try reader.instant())
            check.require(reader.isAtEnd, name, "bytes follow its end")
        }
        for table in ["models", "checkpoints"] {
            try records(table, tables, transaction) { check, name, key, value in
                try check.checkModel(
                    name, key, value, isCheckpoint: table == "checkpoints", graph, transaction)
            }
        }
        try records("late", tables, transaction) { check, name, key, value in
            try check.checkLate(name, key, value)
        }
    }

    private mutating func checkLate(
        _ name: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws {
        var keyReader = KeyReader(key)
        guard let series = keyReader.uint32() else {
            add(name, "its key has an unknown form")
            return
        }
        var reader = try LiveRecordReader(value, format: 1, name: name)
        let first = try reader.int64()
        if series != 0 {
            let last = try reader.int64()
            require(first <= last, name, "its span ends before it begins")
            _ = try reader.int64()
        }
        require(reader.isAtEnd, name, "bytes follow its end")
    }

    private mutating func records(
        _ table: String, _ tables: [String: Table], _ transaction: ReadTransaction,
        _ body: (
            inout LiveCheck, String, UnsafeRawBufferPointer, UnsafeRawBufferPointer
        ) throws -> Void
    ) throws {
        guard let opened = tables[table] else { return }
        var count = 0
        try transaction.forEach(opened) { key, value in
            count += 1
            let name = "live.\(table) " + LiveCheck.words(of: key, in: table)
            do {
                try body(&self, name, key, value)
            } catch LiveError.damagedDefinition {
                add(name, "its checksum or its length is wrong")
            } catch {
                add(name, "\(error)")
            }
            return true
        }
        recordCounts.append(("live." + table, count))
    }

    private static func words(of key: UnsafeRawBufferPointer, in table: String) -> String {
        var reader = KeyReader(key)
        if table == "late" { return "of series \(reader.uint32() ?? 0)" }
        if table == "models" || table == "checkpoints" {
            return "of continuous query \(reader.text() ?? "?")"
        }
        let kind: DroppedKind = reader.byte() == 1 ? .alert : .continuousQuery
        return "of \(kind.words) \(reader.text() ?? "?")"
    }

    private mutating func add(_ record: String, _ problem: String) {
        guard findings.count < 1000 else { return }
        findings.append(Finding(record: record, problem: problem))
    }

    private mutating func require(_ holds: Bool, _ record: String, _ problem: String) {
        if !holds { add(record, problem) }
    }

    private mutating func requireOwner(_ name: String, _ key: UnsafeRawBufferPointer) throws {
        require(known.contains(Array(key)), name, "there is no such definition")
    }

    private mutating func checkDefinition(
        _ name: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws {
        known.insert(Array(key))
        let definition = try Definition(decoding: value, name: name)
        require(
            Array(key) == LiveTables.key(definition.kind, definition.name), name,
            "its key names another one")
        require(definition.encode().elementsEqual(value), name, "it is not in its one form")
        do throws(LanguageError) {
            let statement = try TwinQL.parseStatement(definition.text)
            require(
                TwinQL.print(statement) == definition.text, name,
                "its statement is not in canonical form")
        } catch {
            add(name, "its statement cannot be read")
        }
    }

    private mutating func checkPosition(
        _ name: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        _ graph: Graph, _ transaction: ReadTransaction
    ) throws {
        try requireOwner(name, key)
        var reader = try LiveRecordReader(value, format: 1, name: name)
        _ = try reader.instant()
        for _ in 0..<(try reader.count()) {
            let event = EventID(rawValue: UInt64(bitPattern: try reader.int64()))
            require(
                try graph.event(event, in: transaction) != nil, name,
                "its event \(event.rawValue) is missing")
        }
        require(reader.isAtEnd, name, "bytes follow its end")
    }

    private mutating func checkModel(
        _ name: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        isCheckpoint: Bool, _ graph: Graph, _ transaction: ReadTransaction
    ) throws {
        var keyReader = KeyReader(key)
        guard keyReader.text() != nil, let asset = keyReader.uint32() else {
            add(name, "its key has an unknown form")
            return
        }
        let instant = keyReader.instant()
        require(
            try graph.asset(AssetID(rawValue: asset), in: transaction) != nil, name,
            "there is no asset \(asset)")
        let state = try ModelState(decoding: value, name: name)
        var reader = try LiveRecordReader(value, format: 1, name: name)
        _ = (try reader.instant(), try reader.int64(), try reader.bytes())
        require(reader.isAtEnd, name, "bytes follow its end")
        if isCheckpoint {
            require(instant == state.position, name, "its position is not that of its key")
            require(state.event == nil, name, "it has an event")
        } else if let event = state.event {
            require(
                try graph.event(event, in: transaction) != nil, name,
                "its event \(event.rawValue) is missing")
        }
    }
}
