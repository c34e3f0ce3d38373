import PolluxKeyValue
public import PolluxModel

extension Snapshot {
    /// The chunks of a group with points in a range, ascending, `limit` at most; nothing is
    /// decoded.
    ///
    /// - Throws: `StoreError.corrupt` naming the chunk whose header or directory is damaged.
    public func sealedChunks(
        of group: AssetID, in range: TimeRange, limit: Int = .max
    ) throws -> [SealedChunk] {
        guard !range.isEmpty else { return [] }
        let low = range.start.nanoseconds
        let high = range.end.nanoseconds - 1
        var found: [SealedChunk] = []
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: ChunkKey(group: group, last: low).bytes)
        while found.count < limit, let (bytes, value) = entry {
            let key = try ChunkKey(decoding: bytes)
            guard key.group == group else { break }
            let view = try ChunkView(key: key, bytes: value)
            guard view.first <= high else { break }
            found.append(SealedChunk(view: view))
            entry = try cursor.next()
        }
        return found
    }

    /// The rows of a series that are not yet in chunks.
    public func memoryRows(of series: SeriesDescription) -> MemoryRows {
        MemoryRows(rows: head.rows(of: series.id, at: id), kind: series.kind)
    }

    /// The newest point of a series with a time less than `instant`, whatever its quality; decodes
    /// a chunk only when sealed points lie at or behind it.
    public func newest(of series: SeriesDescription, before instant: Timestamp) throws -> Point? {
        let limit = instant.nanoseconds
        let inMemory: Point?
        switch head.monitor.withLock({ $0.newest(of: series.id, before: limit, at: id) }) {
        case .none: inMemory = nil
        case .row(let point, isNewest: true): return point
        case .row(let point, isNewest: false): inMemory = point
        case .late:
            inMemory = head.rows(of: series.id, at: id).newest(before: limit, kind: series.kind)
        }
        guard let record = try SeriesRecord.read(series.id, transaction, tables),
            let sealed = record.newest, record.first < limit
        else { return inMemory }
        guard sealed.instant >= instant else { return Snapshot.later(inMemory, sealed) }
        return Snapshot.later(
            inMemory,
            try ChunkScan(tables: tables, transaction: transaction)
                .newest(of: series, before: limit))
    }
}
