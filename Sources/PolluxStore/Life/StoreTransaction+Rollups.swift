import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Making rollups from what is in chunks.
extension StoreTransaction {
    /// Makes the missing buckets of one length, as many as fit in one commit.
    ///
    /// - Returns: how many buckets were written, and whether there are more to make.
    func makeRollups(
        of series: SeriesDescription, length: Int64, rule: LifeRule, now: Int64
    ) throws -> (count: Int, hasMore: Bool) {
        guard let life = tables.life else { return (0, false) }
        let table = RollupTable(tables: tables, transaction: transaction)
        let expired =
            try ExpiryMark.read(series.id, transaction, tables)?.expired.nanoseconds ?? .min
        var mark = try table.marks(of: series.id).first { $0.length == length }
        if let known = mark,
            known.isStep != rule.isStep || known.gap != rule.gap
                || known.until.floored(to: length) < expired
        {
            // Another curve, or points went unseen while the length was not declared: what can be
            // made anew is; what cannot no longer counts.
            for bucket in try table.buckets(
                of: series.id, length: length, from: known.from, to: .max)
            {
                try transaction.remove(
                    life, RollupBucket.key(series.id, length, bucket.start))
            }
            mark = nil
        }
        let first = try SeriesRecord.read(series.id, transaction, tables)?.first ?? .max
        let edge = expired == .min ? expired : (expired - 1).floored(to: length) + length
        var own =
            mark
            ?? RollupMark(
                length: length, isStep: rule.isStep, gap: rule.gap, from: edge, until: edge,
                contents: rule.contents)
        if own.contents != rule.contents {
            // What is still there is told anew; what has gone keeps what was kept of it.
            if !own.contents.isSuperset(of: rule.contents) { own.until = min(own.until, edge) }
            own.contents = rule.contents
            mark = nil
        }
        let to = now.floored(to: length)
        let from = max(own.until, first == .max ? to : first.floored(to: length))
        guard from < to || mark == nil else { return (0, false) }
        let (buckets, reached) = try gather(series, rule, from: from, to: to, length: length)
        for bucket in buckets {
            try transaction.put(
                life, RollupBucket.key(series.id, length, bucket.start), bucket.encode())
        }
        own.until = max(own.until, reached)
        try transaction.put(life, RollupMark.key(series.id, length), own.encode())
        return (buckets.count, reached < to)
    }

    /// Chunks that are decoded for one commit.
    private static var chunkLimit: Int { 16 }

    private func gather(
        _ series: SeriesDescription, _ rule: LifeRule, from: Int64, to: Int64, length: Int64
    ) throws -> (buckets: [RollupBucket], reached: Int64) {
        var buckets: [RollupBucket] = []
        var open: RollupBucket?
        var chunkCount = 0
        var next: Int64? = from
        let scan = ChunkScan(tables: tables, transaction: transaction)
        while let time = next, time < to {
            guard let view = try scan.chunk(of: series.group, endingAtOrAfter: time),
                view.first < to
            else { break }
            next = view.last == .max ? nil : view.last + 1
            guard let column = view.column(of: series.id) else { continue }
            let span = try view.span(ofColumn: column)
            guard span.lowerBound < to, span.upperBound >= from else { continue }
            if chunkCount >= StoreTransaction.chunkLimit, let open, !buckets.isEmpty {
                return (buckets, open.start)
            }
            chunkCount += 1
            let rows = try view.rows(ofColumn: column)
            for row in rows.indexes(from: from, through: to - 1) {
                let time = rows.times[row]
                if let done = open, time >= done.end {
                    if !done.isEmpty { buckets.append(done) }
                    open = nil
                }
                if open == nil {
                    open = RollupBucket(
                        start: time.floored(to: length), length: length, contents: rule.contents,
                        kind: series.kind)
                }
                open?.add(
                    time, rows.number(at: row), rows.quality(at: row), isStep: rule.isStep,
                    gap: rule.gap,
                    exact: rule.contents.isDisjoint(with: [.states, .counter])
                        ? nil : rows.values[row])
            }
        }
        if let open, !open.isEmpty { buckets.append(open) }
        return (buckets, to)
    }

    /// The instant up to which points of a series may go: their buckets must be made.
    func expiryLimit(_ series: SeriesID, _ rule: LifeRule) throws -> Int64 {
        guard !rule.rollups.isEmpty else { return .max }
        let marks = try RollupTable(tables: tables, transaction: transaction).marks(of: series)
        var limit = Int64.max
        for length in rule.rollups {
            guard let mark = marks.first(where: { $0.length == length }),
                mark.isStep == rule.isStep, mark.gap == rule.gap,
                mark.contents.isSuperset(of: rule.contents)
            else { return .min }
            limit = min(limit, mark.until)
        }
        return limit.floored(to: rule.rollups.last ?? 1)
    }
}

extension ColumnBatch {
    /// A value as a number; 0 for a text.
    func number(at row: Int) -> Double {
        switch values {
        case .floats(let values): values[row]
        case .integers(let values): Double(values[row])
        case .booleans(let values): values[row] ? 1 : 0
        case .texts: 0
        }
    }
}
