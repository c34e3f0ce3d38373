import Glibc
import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Neighbouring chunks of one group that are worth rewriting, as they were found.
struct RewriteSources: Sendable {
    let group: AssetID
    /// Their keys and their bytes, in order of time.
    let sources: [(key: ChunkKey, bytes: [UInt8])]
    /// The last instant of the last of them.
    var last: Int64 { sources[sources.count - 1].key.last }
}

/// Finds chunks that are not in the dense tier, or small ones beside each other.
struct RewriteSearch {
    let tables: Tables
    let group: AssetID
    let targetCount: Int

    /// The first such chunks from the one that holds `from` on.
    ///
    /// - Parameter withLast: whether the newest chunk of the group may be among them; while the
    ///   group still grows it may not, unless it is large enough to grow no more.
    func next(
        from: Int64, withLast: Bool, _ transaction: ReadTransaction
    ) throws -> RewriteSources? {
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        var run: [(key: ChunkKey, bytes: UnsafeRawBufferPointer)] = []
        var count = 0
        var isFast = false
        // The neighbour before may be small enough to be joined.
        let start = ChunkKey(group: group, last: from).bytes
        var entry = try cursor.seek(before: start)
        if try entry.map({ try ChunkKey(decoding: $0.key).group == group }) != true {
            entry = try cursor.seek(atOrAfter: start)
        }
        while let (key, bytes) = entry {
            let key = try ChunkKey(decoding: key)
            guard key.group == group else { break }
            let view = try ChunkView(key: key, bytes: bytes)
            entry = try cursor.next()
            let isLast = try entry.map { try ChunkKey(decoding: $0.key).group == group } != true
            if isLast, !withLast, view.valueCount < targetCount / 2 { break }
            if !run.isEmpty, count + view.valueCount > targetCount * 5 / 4 {
                if isFast || run.count > 1 { break }
                run = []
                count = 0
            }
            run.append((key, bytes))
            count += view.valueCount
            isFast = isFast || view.tier != .dense
        }
        guard isFast || run.count > 1 else { return nil }
        return RewriteSources(group: group, sources: run.map { ($0.key, Array($0.bytes)) })
    }
}

/// Chunks in the dense tier that hold the same points as their sources.
struct ChunkRewriting: Sendable {
    let sources: RewriteSources
    let chunks: [(key: ChunkKey, bytes: [UInt8])]

    var byteCountBefore: Int { sources.sources.reduce(0) { $0 + $1.bytes.count } }
    var byteCountAfter: Int { chunks.reduce(0) { $0 + $1.bytes.count } }

    static func isSame(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
        right.withUnsafeBytes { right in
            guard left.count == right.count else { return false }
            guard let a = left.baseAddress, let b = right.baseAddress else { return true }
            return memcmp(a, b, right.count) == 0
        }
    }

    /// Decodes the sources and encodes their points again.
    init(_ sources: RewriteSources, targetCount: Int) throws {
        var columns: [SeriesID: OpenColumn] = [:]
        for (key, bytes) in sources.sources {
            try bytes.withUnsafeBytes { bytes in
                for column in try ChunkView(key: key, bytes: bytes).openColumns() {
                    columns.append(column)
                }
            }
        }
        let writer = ChunkWriter(group: sources.group, tier: .dense)
        self.sources = sources
        chunks = try Array(columns.values).cut(targetCount: targetCount).map {
            try writer.record($0)
        }
    }
}

/// The writer's part of settling; all on the writer's thread, between commits.
extension Writer {
    /// Puts rewritten chunks in the place of their sources, unless those have changed.
    ///
    /// - Returns: whether it did.
    func swap(_ rewriting: ChunkRewriting) throws -> Bool {
        do {
            let id: UInt64? = try environment.writeAny { transaction in
                for (key, bytes) in rewriting.sources.sources {
                    guard let found = try transaction.value(tables.chunks, key.bytes),
                        ChunkRewriting.isSame(found, bytes)
                    else { return nil }
                }
                for (key, _) in rewriting.sources.sources {
                    try transaction.remove(tables.chunks, key.bytes)
                }
                for (key, bytes) in rewriting.chunks {
                    try transaction.put(tables.chunks, key.bytes, bytes)
                }
                head.beginCommit()
                return transaction.id
            }
            head.endCommit(id)
            return id != nil
        } catch {
            head.endCommit(nil)
            throw error
        }
    }

    /// Seals some groups to which nothing was added since a journal record.
    ///
    /// - Returns: whether there may be more.
    func sealQuiet(upTo sequence: UInt64) throws -> Bool {
        let groups = head.monitor.withLock {
            $0.quietGroups(
                since: sequence, least: options.quietValueCount,
                valueLimit: 4 * options.sealValueCount)
        }
        guard !groups.isEmpty else { return false }
        try seal(groups)
        return true
    }

    /// Commits without changing anything, so that LMDB lets go of pages.
    func touch() throws {
        do {
            let id = try environment.writeAny { transaction in
                let trimmed = try MetaNumber.trimmedSequence.read(transaction, tables)
                try MetaNumber.trimmedSequence.write(trimmed, transaction, tables)
                head.beginCommit()
                return transaction.id
            }
            head.endCommit(id)
        } catch {
            head.endCommit(nil)
            throw error
        }
    }
}
