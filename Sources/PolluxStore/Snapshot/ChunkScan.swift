import PolluxKeyValue
import PolluxModel

/// Finds a series' columns among the chunks of its group, in order of time.
struct ChunkScan {
    let tables: Tables
    let transaction: ReadTransaction

    /// The first chunk of a group that ends at or after `time`, or nil.
    func chunk(of group: AssetID, endingAtOrAfter time: Int64) throws -> ChunkView? {
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        return try view(
            cursor.seek(atOrAfter: ChunkKey(group: group, last: time).bytes), of: group)
    }

    /// The last chunk of a group that ends before `time`, or nil.
    func chunk(of group: AssetID, endingBefore time: Int64) throws -> ChunkView? {
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        return try view(
            cursor.seek(before: ChunkKey(group: group, last: time).bytes), of: group)
    }

    private func view(_ entry: Cursor.Entry?, of group: AssetID) throws -> ChunkView? {
        guard let entry else { return nil }
        let key = try ChunkKey(decoding: entry.key)
        return key.group == group ? try ChunkView(key: key, bytes: entry.value) : nil
    }

    /// The newest sealed point of a series with a time less than `limit`.
    func newest(of series: SeriesDescription, before limit: Int64) throws -> Point? {
        // The chunk that ends at or after the limit may begin before it; the rest end before it.
        var next = try chunk(of: series.group, endingAtOrAfter: limit)
        if next.map({ $0.first >= limit }) ?? true {
            next = try chunk(of: series.group, endingBefore: limit)
        }
        while let view = next {
            if let column = view.column(of: series.id),
                try view.span(ofColumn: column).lowerBound < limit
            {
                let rows = try view.rows(ofColumn: column)
                return rows.point(at: rows.times.firstIndex(notBefore: limit) - 1)
            }
            next = try chunk(of: series.group, endingBefore: view.first)
        }
        return nil
    }
}
