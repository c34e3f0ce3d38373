import PolluxModel
import PolluxStore

/// Tells how many points an import added: some take the place of others of the same series and
/// instant.
public struct ImportTally: Sendable {
    /// Points stored so far, those included that took a place.
    public private(set) var storedCount: UInt64 = 0
    /// How many points each series had before.
    private var before: [SeriesID: UInt64] = [:]

    /// A tally of nothing.
    public init() {}

    /// Whether points of a series were stored before.
    func knows(_ series: SeriesID) -> Bool { before[series] != nil }

    /// Takes a part that is stored; `earlier` is what held before it.
    mutating func take(_ batch: PointBatch, earlier: Snapshot?) throws {
        storedCount += UInt64(batch.count)
        var last: SeriesID?
        for series in batch.series where series != last {
            last = series
            guard before[series] == nil else { continue }
            before[series] = try earlier.map { try ImportTally.count(of: series, in: $0) } ?? 0
        }
    }

    /// Points that took the place of others, as of now.
    func replacedCount(in snapshot: Snapshot) throws -> UInt64 {
        var added: UInt64 = 0
        for (series, count) in before {
            let now = try ImportTally.count(of: series, in: snapshot)
            added += now - min(now, count)
        }
        return storedCount - min(storedCount, added)
    }

    private static func count(of series: SeriesID, in snapshot: Snapshot) throws -> UInt64 {
        do {
            return try snapshot.counts(of: series).points
        } catch StoreError.unknownSeries {
            return 0
        }
    }
}

extension IngestPipeline {
    /// How many of the points of an import took the place of others of the same series and instant.
    ///
    /// Reads what rows in memory replace of chunks; meant for the end of an import.
    public func replacedCount(of tally: ImportTally) throws -> UInt64 {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        return try tally.replacedCount(in: snapshot)
    }
}
