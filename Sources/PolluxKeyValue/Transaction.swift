import CLMDB

/// A consistent view of all tables as of one commit.
///
/// Used by one thread at a time; may move between threads. Bytes it returns point into the memory
/// map and are valid until the transaction closes (in a write transaction: until its next write).
public class ReadTransaction {
    let environment: Environment
    fileprivate(set) var optionalPointer: OpaquePointer?
    /// The number of the commit this transaction sees (a write transaction: the one it will make).
    public let id: UInt64

    var pointer: OpaquePointer {
        guard let optionalPointer else {
            preconditionFailure("a transaction is used after it was closed")
        }
        return optionalPointer
    }

    init(environment: Environment, pointer: OpaquePointer) {
        self.environment = environment
        optionalPointer = pointer
        id = UInt64(mdb_txn_id(pointer))
    }

    deinit { close() }

    /// Ends the transaction; further calls do nothing.
    public func close() {
        guard let open = optionalPointer else { return }
        optionalPointer = nil
        mdb_txn_abort(open)
        environment.readerEnded(id)
        environment.mapGate.leave()
    }

    /// Ends a read transaction so that tables it opened stay open.
    func commitHandles() {
        guard let open = optionalPointer else { return }
        optionalPointer = nil
        mdb_txn_commit(open)
        environment.readerEnded(id)
        environment.mapGate.leave()
    }

    /// The value of a key, or nil; the bytes are borrowed from the map.
    public func value(_ table: Table, _ key: [UInt8]) throws(KeyValueError)
        -> UnsafeRawBufferPointer?
    {
        var found = MDB_val()
        let code = withValue(key) { mdb_get(pointer, table.number, &$0, &found) }
        if code == MDB_NOTFOUND { return nil }
        try environment.check(code, "read table \(table.name)")
        return UnsafeRawBufferPointer(start: found.mv_data, count: found.mv_size)
    }

    /// A cursor over a table; close it before the transaction ends.
    public func cursor(_ table: Table) throws(KeyValueError) -> Cursor {
        var opened: OpaquePointer?
        try environment.check(
            mdb_cursor_open(pointer, table.number, &opened), "read table \(table.name)")
        guard let opened else {
            throw .failed(action: "read table \(table.name)", reason: "no cursor")
        }
        return Cursor(pointer: opened, transaction: self, table: table)
    }

    /// Calls `body` for each entry whose key begins with `prefix`, in key order, from the first one
    /// at or after `start` on, until it returns false.
    ///
    /// In a write transaction, `body` must not change the same table.
    public func forEach(
        _ table: Table, prefix: [UInt8] = [], from start: [UInt8]? = nil,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let cursor = try self.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: start ?? prefix)
        while let (key, value) = entry {
            guard key.starts(with: prefix) else { return }
            guard try body(key, value) else { return }
            entry = try cursor.next()
        }
    }

    /// Number of entries of a table.
    public func count(_ table: Table) throws(KeyValueError) -> Int {
        var statistics = MDB_stat()
        try environment.check(
            mdb_stat(pointer, table.number, &statistics), "count table \(table.name)")
        return Int(statistics.ms_entries)
    }
}

/// The one transaction that may change tables; it commits when the closure it was given to returns.
public final class WriteTransaction: ReadTransaction {
    /// Sets the value of a key.
    public func put(_ table: Table, _ key: [UInt8], _ value: [UInt8]) throws(KeyValueError) {
        let code = withValue(key) { keyValue in
            withValue(value) { mdb_put(pointer, table.number, &keyValue, &$0, 0) }
        }
        try environment.check(code, "write table \(table.name)")
    }

    /// Sets the value of a key from borrowed bytes.
    public func put(
        _ table: Table, _ key: [UInt8], _ value: UnsafeRawBufferPointer
    ) throws(KeyValueError) {
        var content = MDB_val(
            mv_size: value.count, mv_data: UnsafeMutableRawPointer(mutating: value.baseAddress))
        let code = withValue(key) { mdb_put(pointer, table.number, &$0, &content, 0) }
        try environment.check(code, "write table \(table.name)")
    }

    /// Reserves `byteCount` bytes under a key and lets `fill` write them in place.
    public func put(
        _ table: Table, _ key: [UInt8], byteCount: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(KeyValueError) {
        var content = MDB_val(mv_size: byteCount, mv_data: nil)
        let code = withValue(key) {
            mdb_put(pointer, table.number, &$0, &content, UInt32(MDB_RESERVE))
        }
        try environment.check(code, "write table \(table.name)")
        fill(UnsafeMutableRawBufferPointer(start: content.mv_data, count: content.mv_size))
    }

    /// Removes a key and tells whether it was there.
    @discardableResult
    public func remove(_ table: Table, _ key: [UInt8]) throws(KeyValueError) -> Bool {
        let code = withValue(key) { mdb_del(pointer, table.number, &$0, nil) }
        if code == MDB_NOTFOUND { return false }
        try environment.check(code, "delete from table \(table.name)")
        return true
    }

    /// Removes the keys from `start` up to, not including, `end`, and returns how many there were.
    @discardableResult
    public func remove(
        _ table: Table, from start: [UInt8], to end: [UInt8]
    ) throws(KeyValueError) -> Int {
        let cursor = try self.cursor(table)
        defer { cursor.close() }
        var removed = 0
        var entry = try cursor.seek(atOrAfter: start)
        while let (key, _) = entry {
            guard key.lexicographicallyPrecedes(end) else { break }
            try cursor.remove()
            removed += 1
            entry = try cursor.seek(atOrAfter: start)
        }
        return removed
    }

    func commit() throws(KeyValueError) {
        guard let open = optionalPointer else { return }
        optionalPointer = nil
        try environment.check(mdb_txn_commit(open), "commit")
    }

    func abort() {
        guard let open = optionalPointer else { return }
        optionalPointer = nil
        mdb_txn_abort(open)
    }

    /// Rolls back; the environment commits write transactions itself.
    public override func close() { abort() }
}

/// A position in a table.
public final class Cursor {
    private var optionalPointer: OpaquePointer?
    private let transaction: ReadTransaction
    private let table: Table

    /// A key and its value, borrowed from the map.
    public typealias Entry = (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

    init(pointer: OpaquePointer, transaction: ReadTransaction, table: Table) {
        optionalPointer = pointer
        self.transaction = transaction
        self.table = table
    }

    deinit { close() }

    /// Ends the cursor; must come before the end of its transaction.
    public func close() {
        guard let open = optionalPointer else { return }
        optionalPointer = nil
        if transaction.optionalPointer != nil { mdb_cursor_close(open) }
    }

    /// The first entry whose key is `key` or greater.
    public func seek(atOrAfter key: [UInt8]) throws(KeyValueError) -> Entry? {
        if key.isEmpty { return try move(MDB_FIRST) }
        var found = MDB_val()
        var value = MDB_val()
        let code = withValue(key) { wanted in
            defer { found = wanted }
            return mdb_cursor_get(open, &wanted, &value, MDB_SET_RANGE)
        }
        return try entry(code, found, value)
    }

    /// The last entry whose key is less than `key`.
    public func seek(before key: [UInt8]) throws(KeyValueError) -> Entry? {
        guard try seek(atOrAfter: key) != nil else { return try move(MDB_LAST) }
        return try move(MDB_PREV)
    }

    /// The entry after the current one.
    public func next() throws(KeyValueError) -> Entry? { try move(MDB_NEXT) }

    /// The entry before the current one.
    public func previous() throws(KeyValueError) -> Entry? { try move(MDB_PREV) }

    /// The last entry of the table.
    public func last() throws(KeyValueError) -> Entry? { try move(MDB_LAST) }

    /// Removes the current entry; only in a write transaction.
    public func remove() throws(KeyValueError) {
        try transaction.environment.check(
            mdb_cursor_del(open, 0), "delete from table \(table.name)")
    }

    private var open: OpaquePointer {
        guard let optionalPointer else {
            preconditionFailure("a cursor is used after it was closed")
        }
        return optionalPointer
    }

    private func move(_ operation: MDB_cursor_op) throws(KeyValueError) -> Entry? {
        var key = MDB_val()
        var value = MDB_val()
        return try entry(mdb_cursor_get(open, &key, &value, operation), key, value)
    }

    private func entry(_ code: Int32, _ key: MDB_val, _ value: MDB_val) throws(KeyValueError)
        -> Entry?
    {
        if code == MDB_NOTFOUND { return nil }
        try transaction.environment.check(code, "read table \(table.name)")
        return (
            UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size),
            UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
        )
    }
}

/// Calls `body` with bytes as LMDB wants them.
private func withValue<Result>(_ key: [UInt8], _ body: (inout MDB_val) -> Result) -> Result {
    key.withUnsafeBytes { bytes in
        var value = MDB_val(
            mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        return body(&value)
    }
}
