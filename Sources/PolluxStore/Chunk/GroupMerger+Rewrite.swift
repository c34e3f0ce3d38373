import PolluxCodec
import PolluxKeyValue
import PolluxModel

extension GroupMerger {
    /// Replaces the chunks of a run by chunks of their rows and the new ones.
    func rewrite(
        _ run: Run, columns: [OpenColumn], _ outcome: inout Outcome
    ) throws {
        var merged = try oldColumns(run.spans, &outcome)
        for column in columns {
            let part = column.rows.indexes(from: run.low, through: run.high)
            guard !part.isEmpty else { continue }
            let rows = column.rows.rows(part)
            var change = outcome.series[column.series] ?? SeriesChange()
            if let old = merged[column.series] {
                let (both, duplicates) = old.rows.merged(with: rows)
                merged[column.series]?.rows = both
                change.duplicates += duplicates
            } else {
                merged[column.series] = OpenColumn(
                    series: column.series, kind: column.kind, rows: rows)
            }
            outcome.series[column.series] = change
        }
        for column in merged.values {
            outcome.series[column.series, default: SeriesChange()].pointsAfter +=
                column.rows.count
        }
        for span in run.spans { try transaction.remove(tables.chunks, span.key.bytes) }
        try write(merged.values.filter { $0.rows.count > 0 }, &outcome)
    }

    private func oldColumns(
        _ spans: [Span], _ outcome: inout Outcome
    ) throws -> [SeriesID: OpenColumn] {
        var merged: [SeriesID: OpenColumn] = [:]
        for span in spans {
            guard let bytes = try transaction.value(tables.chunks, span.key.bytes) else {
                throw StoreError.corrupt(record: span.key.name, reason: "it has gone")
            }
            outcome.byteCountBefore += bytes.count
            for column in try ChunkView(key: span.key, bytes: bytes).openColumns() {
                outcome.series[column.series, default: SeriesChange()].pointsBefore +=
                    column.rows.count
                merged.append(column)
            }
        }
        return merged
    }

    /// Writes columns as chunks of about the target size.
    private func write(_ columns: [OpenColumn], _ outcome: inout Outcome) throws {
        for pieces in columns.cut(targetCount: targetCount) { try put(pieces, &outcome) }
    }

    private func put(_ columns: [OpenColumn], _ outcome: inout Outcome) throws {
        let (key, bytes) = try ChunkWriter(group: group, tier: tier).record(columns)
        try transaction.put(tables.chunks, key.bytes, bytes)
        outcome.chunkCount += 1
        outcome.byteCountAfter += bytes.count
    }
}

extension ChunkWriter {
    /// A chunk of columns and the key that it goes under.
    func record(_ columns: [OpenColumn]) throws -> (key: ChunkKey, bytes: [UInt8]) {
        let first = columns.map(\.rows.times[0]).min() ?? 0
        let last = columns.map { $0.rows.times[$0.rows.count - 1] }.max() ?? 0
        return (
            ChunkKey(group: group, last: last), try encode(columns, first: first, last: last)
        )
    }
}

extension [SeriesID: OpenColumn] {
    /// Adds a column of a later chunk.
    mutating func append(_ column: OpenColumn) {
        guard self[column.series] != nil else {
            self[column.series] = column
            return
        }
        self[column.series]?.rows.append(column.rows, 0..<column.rows.count)
    }
}

extension [OpenColumn] {
    /// The columns cut at instants into chunks of about the target size.
    func cut(targetCount: Int) -> [[OpenColumn]] {
        let total = reduce(0) { $0 + $1.rows.count }
        guard total > 0 else { return [] }
        let partCount = total > targetCount * 3 / 2 ? (total + targetCount / 2) / targetCount : 1
        var parts: [[OpenColumn]] = []
        var low = Int64.min
        for part in 1...partCount {
            let high = part == partCount ? Int64.max : instant(count: total / partCount * part)
            let pieces = compactMap { column -> OpenColumn? in
                let range = column.rows.indexes(from: low, through: high)
                guard !range.isEmpty else { return nil }
                return OpenColumn(
                    series: column.series, kind: column.kind, rows: column.rows.rows(range))
            }
            if !pieces.isEmpty { parts.append(pieces) }
            guard high < .max else { break }
            low = high + 1
        }
        return parts
    }

    /// The least instant up to which the columns have at least `count` rows.
    private func instant(count: Int) -> Int64 {
        var low = map(\.rows.times[0]).min() ?? 0
        var high = map { $0.rows.times[$0.rows.count - 1] }.max() ?? 0
        while low < high {
            // Half the way, without overflow.
            let middle = (low & high) &+ ((low ^ high) >> 1)
            let below = reduce(0) { $0 + $1.rows.indexes(from: .min, through: middle).count }
            if below < count { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
