public import PolluxKeyValue
import PolluxModel
import PolluxStore

/// What a check of the records that ingest keeps found.
public struct IngestCheck: Sendable {
    /// One thing that is wrong: the table and the record, and what is wrong with it.
    public struct Finding: Hashable, Sendable {
        /// The record, such as `ingest.deadletters 7`.
        public var record: String
        /// What is wrong with it.
        public var problem: String
    }

    /// Everything that is wrong; empty where all is sound.
    public private(set) var findings: [Finding] = []
    /// Records looked at, by table.
    public private(set) var recordCounts: [(table: String, count: Int)] = []

    /// Verifies checksums where records have one, that every record can be read to its end, and
    /// that counts are those of what is there; read-only.
    ///
    /// Throws only when a table cannot be read at all. Tables that an older database lacks are
    /// passed over.
    public init(_ environment: Environment) throws {
        // A table has to be open before the transaction that reads it begins.
        var tables: [String: Table] = [:]
        for name in ["settings", "deadletters", "sparkplug", "mtconnect", "deliveries"] {
            tables["ingest." + name] = try environment.table("ingest." + name)
        }
        try environment.read { try check(tables, $0) }
    }

    private mutating func check(
        _ tables: [String: Table], _ transaction: ReadTransaction
    ) throws {
        try records("ingest.settings", tables, transaction) { key, value in
            IngestCheck.settingFault(key, value)
        }
        try checkLetters(tables, transaction)
        try records("ingest.sparkplug", tables, transaction) { key, value in
            SparkplugRecord.fault(key, value)
        }
        try records("ingest.mtconnect", tables, transaction) { key, value in
            var name = KeyReader(key)
            guard let uuid = name.text() else { return "its key has an unknown form" }
            guard let content = SealedRecord.content(value) else { return "its checksum is wrong" }
            guard content.count > 9, content[0] == 1 else { return "its version is unknown" }
            return MTConnectRecord.device(uuid, content) == nil
                ? "its document does not describe this device" : nil
        }
        try records("ingest.deliveries", tables, transaction) { key, value in
            var reader = KeyReader(key)
            guard reader.text() != nil, reader.uint64() != nil else {
                return "its key has an unknown form"
            }
            return DeliveryTable.decode(value) == nil ? "its check or its length is wrong" : nil
        }
    }

    private mutating func add(_ record: String, _ problem: String) {
        guard findings.count < 1000 else { return }
        findings.append(Finding(record: record, problem: problem))
    }

    private mutating func records(
        _ table: String, _ tables: [String: Table], _ transaction: ReadTransaction,
        _ fault: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> String?
    ) throws {
        guard let opened = tables[table] else { return }
        var count = 0
        try transaction.forEach(opened) { key, value in
            count += 1
            if let problem = fault(key, value) {
                let shown = String(decoding: key.prefix(60).filter { $0 >= 32 }, as: UTF8.self)
                add("\(table) \(shown)", problem)
            }
            return true
        }
        recordCounts.append((table, count))
    }

    private static func settingFault(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) -> String? {
        let name = String(decoding: key, as: UTF8.self)
        if name == "rules" {
            do {
                _ = try IngestRules(String(decoding: value, as: UTF8.self))
                return nil
            } catch {
                return "the rules cannot be read: \(error)"
            }
        }
        if let writer = OPCUARecord.names(key) {
            guard let stored = OPCUARecord.writer(value) else {
                return "its checksum is wrong, or its version is unknown"
            }
            return OPCUARecord.key(writer.publisher, writer.key).elementsEqual(key)
                && OPCUARecord.value(stored).elementsEqual(value)
                ? nil : "it cannot be read to its end"
        }
        guard name.hasPrefix("import/") else { return "nothing is kept under this name" }
        guard let progress = ImportProgress(record: value) else {
            return "its checksum, its version or its length is wrong"
        }
        return progress.key.elementsEqual(key) ? nil : "its key is that of another file"
    }

    private mutating func checkLetters(
        _ tables: [String: Table], _ transaction: ReadTransaction
    ) throws {
        let table = "ingest.deadletters"
        guard let opened = tables[table] else { return }
        var count = 0
        var stated: UInt64? = 0
        var total: UInt64 = 0
        try transaction.forEach(opened) { key, value in
            var number = KeyReader(key)
            guard let id = number.uint64(), key.count == 8 else {
                add(table, "a key has an unknown form")
                return true
            }
            if id == 0 {
                stated = DeadLetterTable.byteCount(value)
                if stated == nil { add("\(table) 0", "its checksum or its length is wrong") }
                return true
            }
            count += 1
            total += UInt64(value.count)
            if DeadLetterTable.decode(key, value) == nil {
                add("\(table) \(id)", "its checksum is wrong, or it cannot be read")
            }
            return true
        }
        if let stated, stated != total {
            add("\(table) 0", "it counts \(stated) bytes, not \(total)")
        }
        recordCounts.append((table, count))
    }
}

extension SparkplugRecord {
    /// What is wrong with a stored record, nil when it is sound.
    static func fault(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) -> String? {
        var reader = KeyReader(key)
        guard reader.text() != nil, reader.text() != nil, let kind = reader.byte() else {
            return "its key has an unknown form"
        }
        guard let content = SealedRecord.content(value) else { return "its checksum is wrong" }
        switch kind {
        case 1: return sessionFault(content)
        case 2:
            guard reader.text() != nil else { return "its key has an unknown form" }
            guard content.count >= 9, content[0] == 1 else { return "its version is unknown" }
            let bytes = Array(content[9...])
            do throws(ProtobufError) {
                _ = try SparkplugPayload(bytes.span)
                return nil
            } catch {
                return "its payload cannot be read"
            }
        default: return "its key has an unknown form"
        }
    }

    private static func sessionFault(_ content: UnsafeRawBufferPointer) -> String? {
        var reader = KeyReader(content)
        guard reader.byte() == 1, reader.byte() != nil, reader.uint64() != nil,
            reader.instant() != nil, let absent = reader.uint32()
        else { return "its version or its length is wrong" }
        for _ in 0..<absent {
            guard reader.text() != nil, let condition = reader.byte(), 1...2 ~= condition,
                reader.instant() != nil
            else { return "a device that is absent cannot be read" }
        }
        guard reader.byte() != nil, let held = reader.uint32() else {
            return "it ends early"
        }
        for _ in 0..<held {
            guard reader.byte() != nil, let word = reader.text(),
                SparkplugTopic.Kind(rawValue: word) != nil, reader.text() != nil,
                reader.instant() != nil, let count = reader.uint32()
            else { return "a message that waits cannot be read" }
            for _ in 0..<count where reader.byte() == nil { return "a message ends early" }
        }
        return reader.byte() == nil ? nil : "bytes follow its end"
    }
}
