public import PolluxModel

extension Snapshot {
    /// What `describe` shows of a series: counts and the span of its points.
    ///
    /// Decodes those chunks alone that rows in memory fall into.
    public func counts(of series: SeriesID) throws -> SeriesCounts {
        let description = try description(series)
        let record = try SeriesRecord.read(series, transaction, tables)
        var counts = SeriesCounts()
        counts.points = record?.points ?? 0
        counts.late = record?.late ?? 0
        counts.duplicate = record?.duplicate ?? 0
        counts.rejected = record?.rejected ?? 0
        let rows = head.rows(of: series, at: id)
        if record?.newest != nil || rows.count > 0 {
            counts.first = try point(of: series, atOrAfter: .distantPast)?.instant
            counts.last = try last(of: series)?.instant
        }
        guard !rows.isSorted else {
            counts.points += UInt64(rows.count)
            return counts
        }
        let merged = rows.mergedBatch(kind: description.kind, in: .always)
        let replaced = try replaced(by: merged.batch, of: description)
        counts.points += UInt64(merged.batch.count - replaced.count)
        counts.late += UInt64(rows.lateCount(after: record?.newest?.instant))
        counts.duplicate += UInt64(merged.duplicates + replaced.differentCount)
        return counts
    }

    /// How many rows stand at the instant of a sealed point, and how many of them say another
    /// thing than it does.
    private func replaced(
        by rows: ColumnBatch, of series: SeriesDescription
    ) throws -> (count: Int, differentCount: Int) {
        var (count, differentCount) = (0, 0)
        var next = 0
        while next < rows.count,
            let view = try chunks.chunk(of: series.group, endingAtOrAfter: rows.times[next])
        {
            let inside = next..<rows.indexes(from: rows.times[next], through: view.last).upperBound
            next = inside.upperBound
            guard rows.times[inside.upperBound - 1] >= view.first,
                let column = view.column(of: series.id)
            else { continue }
            let sealed = try self.rows(of: view, column: column)
            for row in inside {
                let place = sealed.times.firstIndex(notBefore: rows.times[row])
                guard place < sealed.count, sealed.times[place] == rows.times[row] else { continue }
                count += 1
                if sealed.quality(at: place) != rows.quality(at: row)
                    || !sealed.values.isSame(place, as: rows.values, row)
                {
                    differentCount += 1
                }
            }
        }
        return (count, differentCount)
    }
}

extension HeadRows {
    /// How many rows came after a later one.
    func lateCount(after newest: Timestamp?) -> Int {
        var latest = newest?.nanoseconds ?? .min
        var late = 0
        for piece in pieces {
            for row in 0..<piece.count {
                let time = piece.segment.times[row]
                if time < latest { late += 1 } else { latest = time }
            }
        }
        return late
    }
}
