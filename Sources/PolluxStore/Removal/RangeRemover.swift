import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Takes ranges of series out of the chunks of their groups; deletes and retention both use it.
///
/// A chunk that loses all its points goes without being decoded. In one that keeps some, only the
/// columns that are cut are decoded; the others are taken over as they are.
struct RangeRemover {
    let tables: Tables
    let transaction: WriteTransaction
    /// Whether what was made of the points stays, as with retention.
    var keepsRollups = false

    /// What goes of a series: inclusive ranges.
    typealias Wanted = [SeriesID: [ClosedRange<Int64>]]

    /// What went of a series: how many points and the span they lay in.
    struct Removed: Equatable {
        var count: UInt64 = 0
        var first = Int64.max
        var last = Int64.min

        mutating func add(_ count: Int, _ first: Int64, _ last: Int64) {
            self.count += UInt64(count)
            self.first = min(self.first, first)
            self.last = max(self.last, last)
        }
    }

    /// What a removal did to a group.
    struct Outcome {
        var series: [SeriesID: Removed] = [:]
        var droppedChunks = 0
        var cutChunks = 0
    }

    /// Removes the sealed points of a group's series and keeps their counts and newest points.
    func remove(_ wanted: Wanted, of group: AssetID) throws -> Outcome {
        var outcome = Outcome()
        let ranges = wanted.values.flatMap { $0 }
        guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max()
        else { return outcome }
        var next: Int64? = low
        while let from = next {
            guard
                let view = try ChunkScan(tables: tables, transaction: transaction)
                    .chunk(of: group, endingAtOrAfter: from), view.first <= high
            else { break }
            next = view.last < high ? view.last + 1 : nil
            try cut(view, wanted, &outcome)
        }
        for (series, removed) in outcome.series { try update(series, removed) }
        guard !keepsRollups, let rollups = try RollupTable.inUse(tables, transaction) else {
            return outcome
        }
        for (series, ranges) in wanted {
            for range in ranges {
                try rollups.invalidate(series, range, always: true, transaction)
            }
        }
        return outcome
    }

    /// What becomes of a column.
    private enum Fate {
        case stays
        case goes
        /// Only these rows stay.
        case isCut(OpenColumn)
    }

    private func cut(_ view: ChunkView, _ wanted: Wanted, _ outcome: inout Outcome) throws {
        var kept: [Int] = []
        var cut: [OpenColumn] = []
        var isTouched = false
        for index in 0..<view.columnCount {
            let series = try view.naming { try view.columnEntry(index).series }
            let ranges = wanted[series] ?? []
            guard !ranges.isEmpty else {
                kept.append(index)
                continue
            }
            var removed = outcome.series[series] ?? Removed()
            let fate = try fate(of: index, in: view, ranges, &removed)
            if removed.count > 0 { outcome.series[series] = removed }
            switch fate {
            case .stays:
                kept.append(index)
                continue
            case .goes: break
            case .isCut(let column): cut.append(column)
            }
            isTouched = true
        }
        guard isTouched else { return }
        guard !kept.isEmpty || !cut.isEmpty else {
            try transaction.remove(tables.chunks, view.key.bytes)
            outcome.droppedChunks += 1
            return
        }
        var spans = cut.map { $0.rows.times[0]...$0.rows.times[$0.rows.count - 1] }
        for index in kept { spans.append(try view.span(ofColumn: index)) }
        let first = spans.map(\.lowerBound).min() ?? view.first
        let last = spans.map(\.upperBound).max() ?? view.last
        let group = view.key.group
        // The bytes are made before the old ones, which lie in the map, go.
        let bytes = try view.naming {
            try ChunkWriter(group: group, tier: view.tier).encode(
                cut, keeping: StoredColumns(view: view, indexes: kept), first: first, last: last)
        }
        let key = ChunkKey(group: group, last: last)
        if key != view.key { try transaction.remove(tables.chunks, view.key.bytes) }
        try transaction.put(tables.chunks, key.bytes, bytes)
        outcome.cutChunks += 1
    }

    private func fate(
        of index: Int, in view: ChunkView, _ ranges: [ClosedRange<Int64>],
        _ removed: inout Removed
    ) throws -> Fate {
        let span = try view.span(ofColumn: index)
        guard ranges.contains(where: { $0.overlaps(span) }) else { return .stays }
        let entry = try view.naming { try view.columnEntry(index) }
        if ranges.contains(where: {
            $0.lowerBound <= span.lowerBound && span.upperBound <= $0.upperBound
        }) {
            removed.add(entry.count, span.lowerBound, span.upperBound)
            return .goes
        }
        let rows = try view.rows(ofColumn: index)
        var stays = ColumnBatch(kind: entry.kind)
        var start = 0
        for row in 0..<rows.count where ranges.contains(where: { $0.contains(rows.times[row]) }) {
            removed.add(1, rows.times[row], rows.times[row])
            stays.append(rows, start..<row)
            start = row + 1
        }
        guard start > 0 else { return .stays }
        stays.append(rows, start..<rows.count)
        guard stays.count > 0 else { return .goes }
        return .isCut(OpenColumn(series: entry.series, kind: entry.kind, rows: stays))
    }

    private func update(_ series: SeriesID, _ removed: Removed) throws {
        guard var record = try SeriesRecord.read(series, transaction, tables) else { return }
        record.points -= min(record.points, removed.count)
        if let newest = record.newest?.instant.nanoseconds,
            newest >= removed.first, newest <= removed.last,
            let description = try Catalog(tables: tables).description(series, transaction)
        {
            record.newest = try ChunkScan(tables: tables, transaction: transaction)
                .newest(of: description, before: .max)
        }
        try record.write(series, transaction, tables)
    }
}
