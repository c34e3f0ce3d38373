import PolluxKeyValue
public import PolluxModel

/// Reads the rollups of series, and keeps them in step with the points in chunks.
struct RollupTable {
    let tables: Tables
    let transaction: ReadTransaction

    /// The rollups of a database, nil when it has none.
    static func inUse(_ tables: Tables, _ transaction: ReadTransaction) throws -> RollupTable? {
        guard let table = tables.life else { return nil }
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        return try cursor.seek(atOrAfter: []) == nil
            ? nil : RollupTable(tables: tables, transaction: transaction)
    }

    /// The marks of a series, by ascending length of bucket.
    func marks(of series: SeriesID) throws -> [RollupMark] {
        guard let table = tables.life else { return [] }
        var marks: [RollupMark] = []
        let prefix = KeyBytes().with(series.rawValue).with(RollupMark.kind).bytes
        try transaction.forEach(table, prefix: prefix) { key, value in
            var reader = KeyReader(key)
            _ = (reader.uint32(), reader.byte())
            do {
                let length = Int64(bitPattern: reader.uint64() ?? 0)
                marks.append(try RollupMark(length: length, decoding: value))
            } catch let defect as RecordDefect {
                throw StoreError.corrupt(
                    record: "rollups of series \(series.rawValue)", reason: defect.reason)
            }
            return true
        }
        return marks
    }

    /// The buckets of one length that begin in a range, ascending.
    func buckets(
        of series: SeriesID, length: Int64, from low: Int64, to high: Int64
    ) throws -> [RollupBucket] {
        guard let table = tables.life, low < high else { return [] }
        var found: [RollupBucket] = []
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: RollupBucket.key(series, length, low))
        while let (key, value) = entry,
            let start = RollupTable.start(key, of: series, length: length), start < high
        {
            found.append(try RollupTable.bucket(series, length, start, value))
            entry = try cursor.next()
        }
        return found
    }

    /// The last bucket of one length that begins before an instant, or nil.
    func last(
        of series: SeriesID, length: Int64, before limit: Int64
    ) throws -> RollupBucket? {
        guard let table = tables.life else { return nil }
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        guard let (key, value) = try cursor.seek(before: RollupBucket.key(series, length, limit)),
            let start = RollupTable.start(key, of: series, length: length)
        else { return nil }
        return try RollupTable.bucket(series, length, start, value)
    }

    /// The first bucket of one length that begins at or after an instant, or nil.
    func first(
        of series: SeriesID, length: Int64, atOrAfter limit: Int64
    ) throws -> RollupBucket? {
        guard let table = tables.life else { return nil }
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        guard
            let (key, value) = try cursor.seek(atOrAfter: RollupBucket.key(series, length, limit)),
            let start = RollupTable.start(key, of: series, length: length)
        else { return nil }
        return try RollupTable.bucket(series, length, start, value)
    }

    private static func start(
        _ key: UnsafeRawBufferPointer, of series: SeriesID, length: Int64
    ) -> Int64? {
        var reader = KeyReader(key)
        guard reader.uint32() == series.rawValue, reader.byte() == RollupBucket.kind,
            reader.uint64() == UInt64(bitPattern: length)
        else { return nil }
        return reader.instant()?.nanoseconds
    }

    private static func bucket(
        _ series: SeriesID, _ length: Int64, _ start: Int64, _ value: UnsafeRawBufferPointer
    ) throws -> RollupBucket {
        do {
            return try RollupBucket(start: start, length: length, decoding: value)
        } catch {
            throw StoreError.corrupt(
                record: "rollup of series \(series.rawValue) at \(start)", reason: error.reason)
        }
    }
}

extension RollupTable {
    /// Takes away the buckets in which points of a series came or went; they are made anew later.
    ///
    /// Buckets whose points have gone by retention stay unless `always`.
    func invalidate(
        _ series: SeriesID, _ span: ClosedRange<Int64>, always: Bool,
        where isTouched: (RollupBucket) -> Bool = { _ in true }, _ write: WriteTransaction
    ) throws {
        guard let table = tables.life else { return }
        let marks = try marks(of: series)
        guard !marks.isEmpty else { return }
        let expired =
            try ExpiryMark.read(series, transaction, tables)?.expired.nanoseconds ?? .min
        for var mark in marks {
            let low = span.lowerBound.floored(to: mark.length)
            let from = always ? low : max(low, expired)
            if from <= span.upperBound {
                let high = span.upperBound == .max ? .max : span.upperBound + 1
                for bucket in try buckets(of: series, length: mark.length, from: from, to: high)
                where isTouched(bucket) {
                    let key = RollupBucket.key(series, mark.length, bucket.start)
                    if bucket.start < expired,
                        bucket.start < span.lowerBound || bucket.end - 1 > span.upperBound
                    {
                        // What stays of it cannot be told any more.
                        var lost = RollupBucket(start: bucket.start, end: bucket.end)
                        lost.isLost = true
                        try write.put(table, key, lost.encode())
                    } else {
                        try write.remove(table, key)
                    }
                }
            }
            let until = max(low, expired)
            if until < mark.until {
                mark.until = until
                try write.put(table, RollupMark.key(series, mark.length), mark.encode())
            }
        }
    }
}

extension Snapshot {
    /// How far the rollups of a series are made, by ascending length of bucket.
    public func rollupMarks(of series: SeriesID) throws -> [RollupMark] {
        try RollupTable(tables: tables, transaction: transaction).marks(of: series)
    }

    /// The buckets of one length that begin in a range, ascending.
    public func rollups(
        of series: SeriesID, length: Int64, from low: Int64, to high: Int64
    ) throws -> [RollupBucket] {
        try RollupTable(tables: tables, transaction: transaction)
            .buckets(of: series, length: length, from: low, to: high)
    }

    /// The last bucket of one length that begins before an instant, or nil.
    public func lastRollup(
        of series: SeriesID, length: Int64, before limit: Int64
    ) throws -> RollupBucket? {
        try RollupTable(tables: tables, transaction: transaction)
            .last(of: series, length: length, before: limit)
    }

    /// The first bucket of one length that begins at or after an instant, or nil.
    public func firstRollup(
        of series: SeriesID, length: Int64, atOrAfter limit: Int64
    ) throws -> RollupBucket? {
        try RollupTable(tables: tables, transaction: transaction)
            .first(of: series, length: length, atOrAfter: limit)
    }
}
