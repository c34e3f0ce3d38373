import CLMDB
import Glibc
import Synchronization

/// One LMDB environment: ordered tables in one file with one writer and many consistent readers.
///
/// Reads and writes are synchronous; a write transaction begins and commits on the calling thread
/// (committing on another deadlocks LMDB for ever). Writers wait for each other.
public final class Environment: Sendable {
    /// How an environment is opened.
    public struct Options: Sendable {
        /// The largest size of the database at first, in bytes of address space, not memory.
        ///
        /// It grows by doubling.
        public var mapByteCount: UInt64 = 64 << 30
        /// The largest size the map may grow to.
        public var mapByteCountLimit: UInt64 = 16 << 40
        /// Whether nothing will be written; the directory must exist.
        public var isReadOnly = false
        /// Whether this process takes the directory for itself; another one gets `inUse`.
        public var isExclusive = true
        /// Readers at a time.
        public var readerLimit: UInt32 = 1024
        /// Whether opening looks at the uppermost pages; the check of all pages needs no look.
        var glancesAtPages = true

        /// The defaults.
        public init() {}
    }

    /// The directory as given.
    public let directory: String
    private let options: Options
    // Why: LMDB's environment handle may be used from any thread (lmdb.h, "Caveats").
    private struct Handle: @unchecked Sendable { let pointer: OpaquePointer }
    private let handle: Handle
    private let lockFile: Int32
    private let writing = Mutex<Void>(())
    private struct State {
        var tables: [String: UInt32] = [:]
        var mapByteCount: UInt64
        var openReaders: [UInt64: Int] = [:]
    }
    private let state: Mutex<State>
    /// Held shared by transactions and alone by a growing map.
    let mapGate = MapGate()

    var pointer: OpaquePointer { handle.pointer }

    /// Opens or creates the environment in a directory.
    ///
    /// - Throws: `KeyValueError` when the path is no directory, is in use, lies on a network file
    ///   system, or holds damaged files.
    public init(directory: String, options: Options = Options()) throws(KeyValueError) {
        self.directory = directory
        self.options = options
        try EnvironmentDirectory.prepare(directory, isReadOnly: options.isReadOnly)
        lockFile = options.isExclusive ? try EnvironmentDirectory.lock(directory) : -1
        if options.isExclusive, !options.isReadOnly {
            EnvironmentDirectory.reserveReaders(directory, count: options.readerLimit)
        }
        let environment: OpaquePointer
        do {
            if let file = try PageFile(directory: directory) {
                try file.checkLength()
            } else if options.isExclusive, !options.isReadOnly {
                try EnvironmentDirectory.createFile(directory)
            }
            environment = try Environment.open(directory, options)
        } catch {
            if lockFile >= 0 { close(lockFile) }
            throw error
        }
        handle = Handle(pointer: environment)
        var information = MDB_envinfo()
        mdb_env_info(environment, &information)
        state = Mutex(State(mapByteCount: UInt64(information.me_mapsize)))
        var deadReaders: Int32 = 0
        mdb_reader_check(environment, &deadReaders)
        if options.glancesAtPages { try glanceAtPages() }
    }

    /// Refuses a database whose uppermost pages are damaged, which LMDB would trust.
    private func glanceAtPages() throws(KeyValueError) {
        let finding = try withPages { file, meta, _ in
            PageGlance(file: file, meta: meta).finding()
        }
        if let finding {
            throw .corrupt(path: directory, reason: "data.mdb: \(finding)")
        }
    }

    /// Opens LMDB's files with the wanted map, or the largest that the machine gives.
    private static func open(
        _ directory: String, _ options: Options
    ) throws(KeyValueError) -> OpaquePointer {
        let flags = UInt32(MDB_NOTLS) | (options.isReadOnly ? UInt32(MDB_RDONLY) : 0)
        var size = options.mapByteCount
        while true {
            var opened: OpaquePointer?
            var code = mdb_env_create(&opened)
            guard code == MDB_SUCCESS, let environment = opened else {
                throw .failed(action: "create an LMDB environment", reason: reason(code))
            }
            mdb_env_set_maxdbs(environment, 64)
            mdb_env_set_maxreaders(environment, options.readerLimit)
            mdb_env_set_mapsize(environment, Int(size))
            code = mdb_env_open(environment, directory, flags, 0o640)
            if code == MDB_SUCCESS { return environment }
            // After a failed open a handle can only be closed (lmdb.h, `mdb_env_open`).
            mdb_env_close(environment)
            if code == ENOMEM && size >= 128 << 20 {
                size /= 2
                continue
            }
            if [MDB_INVALID, MDB_VERSION_MISMATCH, MDB_CORRUPTED].contains(code) {
                throw .corrupt(path: directory, reason: reason(code))
            }
            throw .cannotOpen(path: directory, reason: reason(code))
        }
    }

    deinit {
        mdb_env_close(handle.pointer)
        if lockFile >= 0 { close(lockFile) }
    }

    /// Writes the address of this server into the lock file, where `inUse` of others reads it.
    public func announce(address: String) {
        guard lockFile >= 0 else { return }
        EnvironmentDirectory.write(address, to: lockFile)
    }

    /// Opens a named table, creating it when the environment is writable.
    ///
    /// - Returns: nil when it does not exist and cannot be created.
    public func table(_ name: String) throws(KeyValueError) -> Table? {
        if let known = state.withLock({ $0.tables[name] }) {
            return Table(name: name, number: known)
        }
        let number: UInt32?
        if options.isReadOnly {
            let transaction = try beginRead()
            defer { transaction.close() }
            number = try openTable(name, transaction.pointer, flags: 0)
            // A read-only table handle lives on only when its transaction commits.
            transaction.commitHandles()
        } else {
            number = try write { transaction throws(KeyValueError) in
                try openTable(name, transaction.pointer, flags: UInt32(MDB_CREATE))
            }
        }
        guard let number else { return nil }
        state.withLock { $0.tables[name] = number }
        return Table(name: name, number: number)
    }

    private func openTable(
        _ name: String, _ transaction: OpaquePointer, flags: UInt32
    ) throws(KeyValueError) -> UInt32? {
        var number: UInt32 = 0
        let code = mdb_dbi_open(transaction, name, flags, &number)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "open table \(name)")
        return number
    }

    /// Begins a read transaction that sees the last commit until it is closed.
    ///
    /// Keep it short: pages it can see are not reused.
    public func beginRead() throws(KeyValueError) -> ReadTransaction {
        mapGate.enter()
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(handle.pointer, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == MDB_SUCCESS, let transaction else {
            mapGate.leave()
            throw .failed(action: "begin a read", reason: reason(code))
        }
        let reader = ReadTransaction(environment: self, pointer: transaction)
        state.withLock { $0.openReaders[reader.id, default: 0] += 1 }
        return reader
    }

    /// Runs `body` on the state as of the last commit.
    public func read<Result, Failure: Error>(
        _ body: (ReadTransaction) throws(Failure) -> Result
    ) throws -> Result {
        let transaction = try beginRead()
        defer { transaction.close() }
        return try body(transaction)
    }

    func readerEnded(_ id: UInt64) {
        state.withLock {
            let count = ($0.openReaders[id] ?? 0) - 1
            $0.openReaders[id] = count > 0 ? count : nil
        }
    }

    /// The oldest commit that an open read transaction of this process still sees, if any.
    public var oldestReaderID: UInt64? {
        state.withLock { $0.openReaders.keys.min() }
    }

    /// Runs `body` in a write transaction and commits it durably; an error rolls everything back.
    ///
    /// `body` may run again after the map has grown, so it must not keep effects outside the
    /// transaction. Everything runs on the calling thread.
    public func write<Result>(
        _ body: (WriteTransaction) throws(KeyValueError) -> Result
    ) throws(KeyValueError) -> Result {
        do {
            return try writeAny(body)
        } catch let error as KeyValueError {
            throw error
        } catch {
            throw .failed(action: "write", reason: "\(error)")
        }
    }

    /// Runs `body` like `write`, for bodies that throw errors of their own.
    public func writeAny<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Result {
        // The result leaves by a variable: a mutex hands out only what no other task can hold.
        var result: Result?
        try writing.withLock { _ in
            while result == nil {
                let attempted = state.withLock { $0.mapByteCount }
                do {
                    result = try attemptWrite(body)
                } catch KeyValueError.mapFull {
                    try grow(beyond: attempted)
                }
            }
        }
        guard let result else { preconditionFailure("a write ended without result or error") }
        return result
    }

    /// Runs `body` while no write transaction of this process is open.
    func holdingWriters<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        try writing.withLock { _ in result = try body() }
        guard let result else { preconditionFailure("a body ended without result or error") }
        return result
    }

    private func attemptWrite<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Result
    {
        mapGate.enter()
        defer { mapGate.leave() }
        var begun: OpaquePointer?
        try check(mdb_txn_begin(handle.pointer, nil, 0, &begun), "begin a write")
        guard let begun else {
            throw KeyValueError.failed(action: "begin a write", reason: "no transaction")
        }
        let transaction = WriteTransaction(environment: self, pointer: begun)
        do {
            let result = try body(transaction)
            try transaction.commit()
            return result
        } catch {
            transaction.abort()
            throw error
        }
    }

    private func grow(beyond current: UInt64) throws(KeyValueError) {
        let next = min(current * 2, options.mapByteCountLimit)
        guard next > current else { throw .mapFull(path: directory, byteCount: current) }
        let code = mapGate.alone { mdb_env_set_mapsize(handle.pointer, Int(next)) }
        guard let code else {
            throw .failed(
                action: "grow the database in \(directory)",
                reason: "a read has been open for more than \(MapGate.patienceMilliseconds) ms")
        }
        guard code == MDB_SUCCESS else { throw .mapFull(path: directory, byteCount: current) }
        state.withLock { $0.mapByteCount = next }
    }

    /// Writes a complete, compacted and synced copy of the last commit into an empty directory.
    ///
    /// Readers and the writer go on meanwhile.
    public func copy(toDirectory target: String) throws(KeyValueError) {
        try EnvironmentDirectory.prepare(target, isReadOnly: false)
        mapGate.enter()
        defer { mapGate.leave() }
        try check(
            mdb_env_copy2(handle.pointer, target, UInt32(MDB_CP_COMPACT)), "copy to \(target)")
        try EnvironmentDirectory.synchronize(target)
    }

    /// Sizes of the environment.
    public struct Statistics: Sendable {
        /// Size of one page.
        public var pageByteCount: Int
        /// Bytes of the file in use, free pages inside it included.
        public var usedByteCount: UInt64
        /// Address space of the map.
        public var mapByteCount: UInt64
        /// The last committed transaction.
        public var lastTransactionID: UInt64
    }

    /// Sizes now.
    public var statistics: Statistics {
        var information = MDB_envinfo()
        var pages = MDB_stat()
        mdb_env_info(handle.pointer, &information)
        mdb_env_stat(handle.pointer, &pages)
        return Statistics(
            pageByteCount: Int(pages.ms_psize),
            usedByteCount: UInt64(information.me_last_pgno + 1) * UInt64(pages.ms_psize),
            mapByteCount: UInt64(information.me_mapsize),
            lastTransactionID: UInt64(information.me_last_txnid))
    }

    func check(_ code: Int32, _ action: @autoclosure () -> String) throws(KeyValueError) {
        switch code {
        case MDB_SUCCESS: return
        case MDB_MAP_FULL:
            throw .mapFull(path: directory, byteCount: state.withLock { $0.mapByteCount })
        case ENOSPC, EDQUOT: throw .diskFull(path: directory)
        // LMDB calls a write that was cut short an input/output error (mdb.c, mdb_page_flush).
        case EIO where EnvironmentDirectory.isFull(directory): throw .diskFull(path: directory)
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND:
            throw .corrupt(path: directory, reason: reason(code))
        default: throw .failed(action: action(), reason: reason(code))
        }
    }
}

/// One ordered table of byte keys and byte values.
public struct Table: Hashable, Sendable {
    /// Its name in the environment.
    public let name: String
    let number: UInt32
}
