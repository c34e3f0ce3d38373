import PolluxKeyValue
import PolluxModel
import PolluxStore

/// Messages that could not be stored, bounded by bytes: the oldest make room for the newest.
struct DeadLetterTable: Sendable {
    private let table: Table
    private let byteCountLimit: Int

    /// Opens the table `ingest.deadletters`.
    init(environment: Environment, byteCountLimit: Int) throws {
        guard let table = try environment.table("ingest.deadletters") else {
            throw KeyValueError.failed(action: "open ingest.deadletters", reason: "read only")
        }
        self.table = table
        self.byteCountLimit = byteCountLimit
    }

    /// The key of the entry that holds the bytes of all letters; letters count from 1.
    private static let sizeKey = KeyBytes().with(UInt64(0)).bytes

    /// Adds a letter; its number is given here.
    func add(_ letter: DeadLetter, in transaction: WriteTransaction) throws(KeyValueError) {
        let record = DeadLetterTable.encode(letter)
        guard record.count <= byteCountLimit else { return }
        var total = try size(in: transaction) + record.count
        let cursor = try transaction.cursor(table)
        var next: UInt64 = 1
        if let (key, _) = try cursor.last() {
            var reader = KeyReader(key)
            next = (reader.uint64() ?? 0) + 1
        }
        while total > byteCountLimit,
            let (_, value) = try cursor.seek(atOrAfter: KeyBytes().with(UInt64(1)).bytes)
        {
            total -= value.count
            try cursor.remove()
        }
        cursor.close()
        try transaction.put(table, KeyBytes().with(next).bytes, record)
        try setSize(total, in: transaction)
    }

    /// The newest letters, newest first.
    func newest(_ limit: Int, in transaction: ReadTransaction) throws(KeyValueError) -> [DeadLetter]
    {
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var letters: [DeadLetter] = []
        var entry = try cursor.last()
        while let (key, value) = entry, letters.count < limit {
            if let letter = DeadLetterTable.decode(key, value) { letters.append(letter) }
            entry = try cursor.previous()
        }
        return letters
    }

    /// Letters in the order they came, from a number on.
    func letters(
        from first: UInt64, limit: Int, in transaction: ReadTransaction
    ) throws(KeyValueError) -> [DeadLetter] {
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var letters: [DeadLetter] = []
        var entry = try cursor.seek(atOrAfter: KeyBytes().with(max(1, first)).bytes)
        while let (key, value) = entry, letters.count < limit {
            if let letter = DeadLetterTable.decode(key, value) { letters.append(letter) }
            entry = try cursor.next()
        }
        return letters
    }

    /// Removes letters, or all; returns how many there were.
    func remove(
        _ ids: [UInt64]?, in transaction: WriteTransaction
    ) throws(KeyValueError) -> Int {
        var removed = 0
        var total = try size(in: transaction)
        if let ids {
            for id in ids where id > 0 {
                let key = KeyBytes().with(id).bytes
                if let value = try transaction.value(table, key) {
                    total -= value.count
                    if try transaction.remove(table, key) { removed += 1 }
                }
            }
        } else {
            removed = try transaction.remove(
                table, from: KeyBytes().with(UInt64(1)).bytes,
                to: Array(repeating: 0xFF, count: 9))
            total = 0
        }
        try setSize(max(0, total), in: transaction)
        return removed
    }

    private func size(in transaction: ReadTransaction) throws(KeyValueError) -> Int {
        guard let value = try transaction.value(table, DeadLetterTable.sizeKey) else { return 0 }
        // A damaged count begins again: the oldest letters then go later than they would have.
        return Int(clamping: DeadLetterTable.byteCount(value) ?? 0)
    }

    private func setSize(_ size: Int, in transaction: WriteTransaction) throws(KeyValueError) {
        let record = SealedRecord.seal(KeyBytes().with(UInt64(max(0, size))).bytes)
        try transaction.put(table, DeadLetterTable.sizeKey, record)
    }

    /// The count of bytes of all letters, nil when its record is damaged; eight bytes alone are one
    /// from before it was sealed.
    static func byteCount(_ record: UnsafeRawBufferPointer) -> UInt64? {
        let content = record.count == 8 ? record : SealedRecord.content(record)
        guard let content, content.count == 8 else { return nil }
        var reader = KeyReader(content)
        return reader.uint64()
    }

    /// Version, instant, then source, topic and reason ended by zero bytes, then the payload.
    static func encode(_ letter: DeadLetter) -> [UInt8] {
        SealedRecord.seal(
            KeyBytes().with(UInt8(2)).with(letter.time).with(letter.source).with(letter.topic)
                .with(letter.reason).bytes + letter.payload)
    }

    /// A letter, nil when its record is damaged; version 1 was not sealed.
    static func decode(
        _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer
    ) -> DeadLetter? {
        var number = KeyReader(key)
        guard let id = number.uint64(), id > 0,
            let value = SealedRecord.fieldsSealedSinceVersion2(of: record)
        else { return nil }
        var reader = KeyReader(value)
        guard let time = reader.instant(),
            let source = reader.text(), let topic = reader.text(), let reason = reader.text()
        else { return nil }
        let head = 8 + source.utf8.count + topic.utf8.count + reason.utf8.count + 3
        guard head <= value.count else { return nil }
        return DeadLetter(
            id: id, time: time, source: source, topic: topic, payload: Array(value[head...]),
            reason: reason)
    }
}

extension SealedRecord {
    /// The fields behind the version of a record that has a checksum since version 2.
    ///
    /// Nil when it is damaged or of another version.
    static func fieldsSealedSinceVersion2(
        of record: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        if record.first == 1 { return UnsafeRawBufferPointer(rebasing: record.dropFirst()) }
        guard let content = content(record), content.first == 2 else { return nil }
        return UnsafeRawBufferPointer(rebasing: content.dropFirst())
    }
}
