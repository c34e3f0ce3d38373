public import PolluxKeyValue
public import PolluxModel

/// An immutable view of points and plant as of one commit.
///
/// Used by one thread at a time. It holds one LMDB read transaction, so keep it short and close it;
/// letting go of it closes it too. Readers must not outlive it.
public final class Snapshot {
    /// The read transaction, for the graph and other tables of the same environment.
    public let transaction: ReadTransaction

    /// The commit that is seen.
    public var id: UInt64 { transaction.id }

    init(transaction: ReadTransaction) {
        self.transaction = transaction
    }

    /// Ends the view; further calls do nothing.
    public func close() { transaction.close() }

    /// The series of a measure of an asset, or nil when none was ever written.
    public func series(
        of asset: AssetID, measure: MeasureID
    ) throws -> SeriesDescription? { fatalError() }

    /// The series with a number, or nil.
    public func series(_ id: SeriesID) throws -> SeriesDescription? { fatalError() }

    /// The series of an asset itself, by ascending measure.
    public func seriesList(of asset: AssetID) throws -> [SeriesDescription] { fatalError() }

    /// A reader over the points of a series with `range.start <= time < range.end`.
    ///
    /// - Throws: `StoreError.unknownSeries` when the catalog has no such series.
    public func reader(_ series: SeriesID, _ range: TimeRange) throws -> SeriesReader {
        fatalError()
    }

    /// The newest point of a series, whatever its quality; decodes no chunk.
    public func last(of series: SeriesID) throws -> Point? { fatalError() }

    /// The newest point of a series with a time less than `instant`, whatever its quality.
    public func point(of series: SeriesID, before instant: Timestamp) throws -> Point? {
        fatalError()
    }

    /// The oldest point of a series with a time at or after `instant`, whatever its quality.
    public func point(of series: SeriesID, atOrAfter instant: Timestamp) throws -> Point? {
        fatalError()
    }

    /// What `describe` shows of a series: counts and the span of its points.
    public func counts(of series: SeriesID) throws -> SeriesCounts { fatalError() }
}
