import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// The store's tables (storage-format/environment.md §2).
struct Tables: Sendable {
    /// Commit sequence to the batches of that commit.
    let journal: Table
    /// Group and end time to sealed columns.
    let chunks: Table
    /// The catalog, both ways.
    let series: Table
    /// Series to its newest sealed point and its counts.
    let last: Table
    /// Group to the journal record up to which it is sealed.
    let groups: Table
    /// Single values: format version, sequence numbers, totals.
    let meta: Table
    /// Range deletes: who asked for what.
    let audit: Table
    /// Expiry and rollups by series; nil in a database from before, opened for reading only.
    let life: Table?

    /// The format that this version writes.
    static let formatVersion: UInt32 = 1

    /// Opens the tables, makes them in a new environment, and refuses unknown formats.
    init(_ environment: Environment) throws {
        func open(_ name: String) throws -> Table {
            guard let table = try environment.table("store." + name) else {
                throw StoreError.failed(
                    action: "open table store.\(name)",
                    reason: "the directory holds no Pollux database")
            }
            return table
        }
        meta = try open("meta")
        journal = try open("journal")
        chunks = try open("chunks")
        series = try open("series")
        last = try open("last")
        groups = try open("groups")
        audit = try open("audit")
        life = try environment.table("store.life")
        try Tables.checkFormat(environment, meta)
    }

    private static func checkFormat(_ environment: Environment, _ meta: Table) throws {
        let key = Array("format".utf8)
        let found: UInt32? = try environment.read { transaction in
            guard let value = try transaction.value(meta, key) else { return nil }
            guard value.count == 4 else {
                throw StoreError.corrupt(record: "meta format", reason: "it has no four bytes")
            }
            return UInt32(littleEndian: value.loadUnaligned(as: UInt32.self))
        }
        if let found {
            guard found == formatVersion else {
                throw StoreError.unknownFormat(found: found, known: formatVersion)
            }
            return
        }
        try environment.writeAny { transaction in
            var bytes: [UInt8] = []
            bytes.append(littleEndian: formatVersion)
            try transaction.put(meta, key, bytes)
        }
    }
}

/// A number kept under a name in `store.meta`, with its checksum.
struct MetaNumber {
    let name: String

    /// The record up to which the journal is trimmed.
    static let trimmedSequence = MetaNumber(name: "trimmed")
    /// Late points whose rows are sealed.
    static let late = MetaNumber(name: "late")
    /// Points that replaced a different value.
    static let duplicate = MetaNumber(name: "duplicate")
    /// Points refused before they reached the store.
    static let rejected = MetaNumber(name: "rejected")

    func read(_ transaction: ReadTransaction, _ tables: Tables) throws -> UInt64 {
        guard let bytes = try transaction.value(tables.meta, Array(name.utf8)) else { return 0 }
        do {
            let payload = try checkedPayload(bytes)
            var reader = RecordReader(payload)
            return try reader.integer()
        } catch {
            throw StoreError.corrupt(record: "meta \(name)", reason: error.reason)
        }
    }

    func write(_ value: UInt64, _ transaction: WriteTransaction, _ tables: Tables) throws {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: value)
        try transaction.put(tables.meta, Array(name.utf8), withChecksum(bytes))
    }

    func add(_ amount: UInt64, _ transaction: WriteTransaction, _ tables: Tables) throws {
        guard amount > 0 else { return }
        try write(try read(transaction, tables) &+ amount, transaction, tables)
    }
}

/// Small records end with the CRC-32C of what stands before it (storage-format/README.md).
func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
    var record = bytes
    record.append(littleEndian: Checksum.crc32c(bytes))
    return record
}

/// The content of a small record whose checksum is right.
func checkedPayload(
    _ record: UnsafeRawBufferPointer
) throws(RecordDefect) -> UnsafeRawBufferPointer {
    guard record.count >= 4 else { throw RecordDefect("it is too short") }
    let payload = UnsafeRawBufferPointer(rebasing: record[..<(record.count - 4)])
    let stored = UInt32(
        littleEndian: record.loadUnaligned(fromByteOffset: record.count - 4, as: UInt32.self))
    guard stored == Checksum.crc32c(payload) else { throw RecordDefect("its checksum is wrong") }
    return payload
}
