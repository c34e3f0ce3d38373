import PolluxCodec
import PolluxKeyValue
import PolluxModel

extension GroupMerger {
    /// Replaces the chunks of a run by chunks of their rows and the new ones.
    func rewrite(
        _ run: Run, columns: [OpenColumn], removal: Removal?, _ outcome: inout Outcome
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
        if let removal { remove(removal, from: &merged) }
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
                guard merged[column.series] != nil else {
                    merged[column.series] = column
                    continue
                }
                merged[column.series]?.rows.append(column.rows, 0..<column.rows.count)
            }
        }
        return merged
    }

    private func remove(_ removal: Removal, from columns: inout [SeriesID: OpenColumn]) {
        guard let column = columns[removal.series] else { return }
        let gone = column.rows.indexes(from: removal.first, through: removal.last)
        var kept = ColumnBatch(kind: column.kind)
        kept.append(column.rows, 0..<gone.lowerBound)
        kept.append(column.rows, gone.upperBound..<column.rows.count)
        columns[removal.series]?.rows = kept
    }

    /// Writes columns as chunks of about the target size, cut at instants.
    private func write(_ columns: [OpenColumn], _ outcome: inout Outcome) throws {
        let total = columns.reduce(0) { $0 + $1.rows.count }
        guard total > 0 else { return }
        let partCount = total > targetCount * 3 / 2 ? (total + targetCount / 2) / targetCount : 1
        var low = Int64.min
        for part in 1...partCount {
            let high =
                part == partCount
                ? Int64.max : cut(columns, count: total / partCount * part)
            let pieces = columns.compactMap { column -> OpenColumn? in
                let range = column.rows.indexes(from: low, through: high)
                guard !range.isEmpty else { return nil }
                return OpenColumn(
                    series: column.series, kind: column.kind, rows: column.rows.rows(range))
            }
            if !pieces.isEmpty { try put(pieces, &outcome) }
            guard high < .max else { break }
            low = high + 1
        }
    }

    /// The least instant up to which the columns have at least `count` rows.
    private func cut(_ columns: [OpenColumn], count: Int) -> Int64 {
        var low = columns.map(\.rows.times[0]).min() ?? 0
        var high = columns.map { $0.rows.times[$0.rows.count - 1] }.max() ?? 0
        while low < high {
            // Half the way, without overflow.
            let middle = (low & high) &+ ((low ^ high) >> 1)
            let below = columns.reduce(0) {
                $0 + $1.rows.indexes(from: .min, through: middle).count
            }
            if below < count { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func put(_ columns: [OpenColumn], _ outcome: inout Outcome) throws {
        let first = columns.map(\.rows.times[0]).min() ?? 0
        let last = columns.map { $0.rows.times[$0.rows.count - 1] }.max() ?? 0
        let bytes = ChunkWriter(group: group, tier: tier).encode(columns, first: first, last: last)
        try transaction.put(tables.chunks, ChunkKey(group: group, last: last).bytes, bytes)
        outcome.chunkCount += 1
        outcome.byteCountAfter += bytes.count
    }
}
