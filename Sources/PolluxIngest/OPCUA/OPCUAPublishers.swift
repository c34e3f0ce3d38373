import PolluxKeyValue
import PolluxModel
import PolluxStore

/// A data set writer as its metadata tells of it.
struct OPCUAWriter: Hashable, Sendable {
    /// Its name; empty when it has none.
    var name = ""
    /// Units of fields that have one.
    var units: [String: String] = [:]
}

/// What one message says of a publisher, for the messages after it.
struct OPCUANote: Hashable, Sendable {
    var publisher: String
    /// Data set writers by their ids, and by `=` and their names.
    var writers: [String: OPCUAWriter] = [:]
    /// Where values of the publisher went.
    var places: Set<AssetAddress> = []
    /// Measures of the machine itself that came from it.
    var measures: Set<String> = []

    /// Whether nothing of another note is new here.
    func holds(_ other: OPCUANote) -> Bool {
        other.places.isSubset(of: places) && other.measures.isSubset(of: measures)
            && other.writers.allSatisfy { writers[$0.key] == $0.value }
    }
}

/// What is known of publishers: their data set writers, and what is theirs.
///
/// A value: a commit that fails changes nothing.
struct OPCUAPublishers: Sendable {
    /// Writers, places and measures of one publisher that are remembered.
    static let memberLimit = 10_000
    /// Publishers that are remembered.
    static let publisherLimit = 10_000
    /// Bytes of names that are kept over a restart.
    static let nameByteCountLimit = 200

    private var notes: [String: OPCUANote] = [:]
    /// Writers to keep: publisher, key, writer.
    private(set) var records: [(publisher: String, key: String, writer: OPCUAWriter)] = []
    /// Publishers of which something was learned since the value was taken.
    private(set) var changed: Set<String> = []

    /// What metadata told of a writer, by its id, else by its name.
    func writer(id: String?, name: String, of publisher: String) -> OPCUAWriter? {
        guard let note = notes[publisher] else { return nil }
        return id.flatMap { note.writers[$0] } ?? note.writers["=" + name]
    }

    /// What is known of a publisher.
    func note(of publisher: String) -> OPCUANote {
        notes[publisher] ?? OPCUANote(publisher: publisher)
    }

    /// Takes in what a message said.
    mutating func learn(_ note: OPCUANote) {
        let known = notes[note.publisher]
        if let known, known.holds(note) { return }
        guard known != nil || notes.count < OPCUAPublishers.publisherLimit else { return }
        var joined = known ?? OPCUANote(publisher: note.publisher)
        let limit = OPCUAPublishers.memberLimit
        for (key, writer) in note.writers where joined.writers[key] != writer {
            guard joined.writers[key] != nil || joined.writers.count < limit else { continue }
            joined.writers[key] = writer
            if [note.publisher, key].allSatisfy({
                $0.utf8.count <= OPCUAPublishers.nameByteCountLimit
            }) {
                records.append((note.publisher, key, writer))
            }
        }
        if joined.places.count < limit { joined.places.formUnion(note.places) }
        if joined.measures.count < limit { joined.measures.formUnion(note.measures) }
        notes[note.publisher] = joined
        changed.insert(note.publisher)
    }

    /// Takes over what another value learned.
    mutating func merge(_ other: OPCUAPublishers) {
        for publisher in other.changed { learn(other.note(of: publisher)) }
        records = []
        changed = []
    }
}

/// Data set writers as they are kept over a restart (storage-format/ingest.md §1).
enum OPCUARecord {
    private static let prefix = Array("opcua/".utf8)

    static func key(_ publisher: String, _ key: String) -> [UInt8] {
        prefix + KeyBytes().with(publisher).with(key).bytes
    }

    /// The publisher and the writer that a key names; nil when it is another record's.
    static func names(_ key: UnsafeRawBufferPointer) -> (publisher: String, key: String)? {
        guard key.starts(with: prefix) else { return nil }
        var names = KeyReader(UnsafeRawBufferPointer(rebasing: key[prefix.count...]))
        guard let publisher = names.text(), let writer = names.text() else { return nil }
        return (publisher, writer)
    }

    static func value(_ writer: OPCUAWriter) -> [UInt8] {
        var bytes = KeyBytes().with(UInt8(1)).with(writer.name)
        for (field, unit) in writer.units.sorted(by: { $0.key < $1.key }) {
            bytes = bytes.with(field).with(unit)
        }
        return SealedRecord.seal(bytes.bytes)
    }

    /// The writer of a record; nil when it does not hold up.
    static func writer(_ record: UnsafeRawBufferPointer) -> OPCUAWriter? {
        guard let content = SealedRecord.content(record) else { return nil }
        var reader = KeyReader(content)
        guard reader.byte() == 1, let name = reader.text() else { return nil }
        var writer = OPCUAWriter(name: name)
        while let field = reader.text(), let unit = reader.text() { writer.units[field] = unit }
        return writer
    }

    /// The writers that are stored.
    static func publishers(
        in table: Table, _ transaction: ReadTransaction
    ) throws(KeyValueError) -> OPCUAPublishers {
        var stored = OPCUAPublishers()
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: prefix)
        while let (key, value) = entry, key.starts(with: prefix) {
            if let names = names(key), let writer = writer(value) {
                stored.learn(OPCUANote(publisher: names.publisher, writers: [names.key: writer]))
            }
            entry = try cursor.next()
        }
        var settled = OPCUAPublishers()
        settled.merge(stored)
        return settled
    }
}
