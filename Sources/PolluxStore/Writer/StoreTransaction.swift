public import PolluxKeyValue
public import PolluxModel

/// What the body of a write may do; everything in one commit with the other writes of the moment.
///
/// Valid only inside the body, on the writer's thread. The body may run more than once, so it keeps
/// no effects outside this transaction.
public final class StoreTransaction {
    /// The LMDB transaction, for changes of the graph and other tables in the same commit.
    public let transaction: WriteTransaction

    init(transaction: WriteTransaction) { self.transaction = transaction }

    /// Adds points; they are durable and visible when the write returns.
    ///
    /// - Throws: `unknownSeries` or `invalidPoint`; then nothing of the body is written.
    public func append(_ batch: PointBatch) throws { fatalError() }

    /// The series of a measure of an asset, made when it does not exist yet.
    ///
    /// - Parameter group: the asset whose parts arrive together, usually the machine; only looked
    ///   at when the series is made.
    /// - Throws: `kindMismatch` when it exists with another kind of value.
    public func ensureSeries(
        asset: AssetID, measure: MeasureID, kind: ValueKind, group: AssetID
    ) throws -> SeriesID { fatalError() }

    /// The series of a measure of an asset, or nil.
    public func series(of asset: AssetID, measure: MeasureID) throws -> SeriesDescription? {
        fatalError()
    }

    /// Counts points of a series that were refused before they reached the store.
    public func countRejected(_ series: SeriesID, _ count: UInt64) throws { fatalError() }

    /// Removes the points of a series in a range and leaves a record of who asked for it.
    ///
    /// - Returns: how many distinct points were removed.
    @discardableResult
    public func removePoints(
        of series: SeriesID, in range: TimeRange, reason: String
    ) throws -> UInt64 { fatalError() }

    /// Says that types, assets, relations or attributes changed, for `CommitNotice`.
    public func notePlantChange() { fatalError() }

    /// Says that events changed, for `CommitNotice`.
    public func noteEventChange() { fatalError() }
}
