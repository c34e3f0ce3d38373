import PolluxKeyValue
import PolluxModel

/// Numbers that the graph counts up, kept in the schema table.
enum GraphCounter: UInt8 {
    case format = 1
    case stamp = 2
    case types = 3
    case relations = 4
    case assets = 5
    case words = 6
    case events = 7
    case log = 8
}

extension Graph {
    /// Calls `body` for each entry under a prefix, from `start` on, until it returns false.
    ///
    /// `body` must not write: the bytes are borrowed.
    func scan(
        _ table: Table, prefix: [UInt8], from start: [UInt8]? = nil,
        in transaction: ReadTransaction,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(GraphError) -> Bool
    ) throws(GraphError) {
        let cursor = try open(table, in: transaction)
        defer { cursor.close() }
        var entry = try stored { () throws(KeyValueError) in
            try cursor.seek(atOrAfter: start ?? prefix)
        }
        while let (key, value) = entry {
            guard key.starts(with: prefix), try body(key, value) else { return }
            entry = try stored { () throws(KeyValueError) in try cursor.next() }
        }
    }

    /// Calls `body` for the entries under a prefix whose keys are less than `end`, last first,
    /// until
    /// it returns false.
    func scanBackwards(
        _ table: Table, prefix: [UInt8], before end: [UInt8], in transaction: ReadTransaction,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(GraphError) -> Bool
    ) throws(GraphError) {
        let cursor = try open(table, in: transaction)
        defer { cursor.close() }
        var entry = try stored { () throws(KeyValueError) in try cursor.seek(before: end) }
        while let (key, value) = entry {
            guard key.starts(with: prefix), try body(key, value) else { return }
            entry = try stored { () throws(KeyValueError) in try cursor.previous() }
        }
    }

    private func open(
        _ table: Table, in transaction: ReadTransaction
    ) throws(GraphError) -> Cursor {
        try stored { () throws(KeyValueError) in try transaction.cursor(table) }
    }

    /// The value of a key, borrowed.
    func value(
        _ table: Table, _ key: [UInt8], in transaction: ReadTransaction
    ) throws(GraphError) -> UnsafeRawBufferPointer? {
        try stored { () throws(KeyValueError) in try transaction.value(table, key) }
    }

    /// Runs a read of the database and wraps its error.
    private func stored<Result>(
        _ body: () throws(KeyValueError) -> Result
    ) throws(GraphError) -> Result {
        do throws(KeyValueError) {
            return try body()
        } catch {
            throw .storage(error)
        }
    }

    func counter(
        _ counter: GraphCounter, in transaction: ReadTransaction
    ) throws(GraphError) -> UInt64? {
        let key = SchemaKind.counter.key(UInt32(counter.rawValue))
        guard let bytes = try value(tables.schema, key, in: transaction) else { return nil }
        var reader = try RecordReader(
            bytes, table: tables.schema, record: "counter \(counter.rawValue)")
        let number = try reader.number()
        try reader.finish()
        return number
    }

    func setCounter(
        _ counter: GraphCounter, to number: UInt64, in transaction: WriteTransaction
    ) throws {
        var writer = RecordWriter()
        writer.put(number: number)
        let key = SchemaKind.counter.key(UInt32(counter.rawValue))
        try transaction.put(tables.schema, key, writer.finish())
    }

    /// Counts up and returns the new number; 32-bit identifiers stop before they would repeat.
    func nextNumber(
        _ counter: GraphCounter, in transaction: WriteTransaction
    ) throws -> UInt64 {
        let number = (try self.counter(counter, in: transaction) ?? 0) + 1
        if number > UInt64(UInt32.max), counter != .events, counter != .log {
            throw GraphError.refused(reason: "the graph is full: no identifiers are left")
        }
        try setCounter(counter, to: number, in: transaction)
        return number
    }
}
