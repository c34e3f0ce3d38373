public import PolluxKeyValue
public import PolluxModel

/// An immutable view of points and plant as of one commit.
///
/// Used by one thread at a time. It holds one LMDB read transaction, so keep it short and close it;
/// letting go of it closes it too. Readers keep it alive; after `close` they must not be used.
public final class Snapshot {
    /// The read transaction, for the graph and other tables of the same environment.
    public let transaction: ReadTransaction

    /// The commit that is seen.
    public var id: UInt64 { transaction.id }

    let head: Head
    let tables: Tables
    let options: StoreOptions
    private var isOpen = true
    /// Whether points of any series have gone by retention, once somebody asked.
    var knownExpiries: Bool?
    /// Times decoded last: the series of a machine share them.
    private var vectors: [(chunk: ChunkKey, vector: Int, times: [Int64])] = []

    init(transaction: ReadTransaction, head: Head, tables: Tables, options: StoreOptions) {
        self.transaction = transaction
        self.head = head
        self.tables = tables
        self.options = options
    }

    deinit { close() }

    /// Ends the view; further calls do nothing.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        transaction.close()
        head.endView(transaction.id)
    }

    private var catalog: Catalog { Catalog(tables: tables) }
    var chunks: ChunkScan { ChunkScan(tables: tables, transaction: transaction) }

    // MARK: The catalog

    /// The series of a measure of an asset, or nil when none was ever written.
    public func series(
        of asset: AssetID, measure: MeasureID
    ) throws -> SeriesDescription? {
        guard let number = try catalog.find(asset, measure, transaction) else { return nil }
        return try catalog.description(number, transaction)
    }

    /// The series with a number, or nil.
    public func series(_ id: SeriesID) throws -> SeriesDescription? {
        try catalog.description(id, transaction)
    }

    /// The series of an asset itself, by ascending measure.
    public func seriesList(of asset: AssetID) throws -> [SeriesDescription] {
        try catalog.list(asset, transaction)
    }

    func description(_ id: SeriesID) throws -> SeriesDescription {
        guard let description = try catalog.description(id, transaction) else {
            throw StoreError.unknownSeries(id)
        }
        return description
    }

    // MARK: Points

    /// A reader over the points of a series with `range.start <= time < range.end`.
    ///
    /// - Throws: `StoreError.unknownSeries` when the catalog has no such series.
    public func reader(_ series: SeriesID, _ range: TimeRange) throws -> SeriesReader {
        SeriesReader(snapshot: self, series: try description(series), range: range)
    }

    /// The newest point of a series, whatever its quality; decodes no chunk.
    public func last(of series: SeriesID) throws -> Point? {
        let description = try description(series)
        let record = try SeriesRecord.read(series, transaction, tables)
        let newest = head.rows(of: series, at: id).newest(before: .max, kind: description.kind)
        return Snapshot.later(newest, record?.newest)
    }

    /// The newest point of a series with a time less than `instant`, whatever its quality.
    public func point(of series: SeriesID, before instant: Timestamp) throws -> Point? {
        try newest(of: try description(series), before: instant)
    }

    /// The row in memory unless the sealed one is later: at the same instant memory is newer.
    static func later(_ inMemory: Point?, _ sealed: Point?) -> Point? {
        guard let inMemory else { return sealed }
        guard let sealed else { return inMemory }
        return sealed.instant > inMemory.instant ? sealed : inMemory
    }

    /// The oldest point of a series with a time at or after `instant`, whatever its quality.
    public func point(of series: SeriesID, atOrAfter instant: Timestamp) throws -> Point? {
        let range = TimeRange(start: instant, end: .distantFuture)
        let reader = try reader(series, range)
        reader.batchRowCount = 1
        var batch = ColumnBatch(kind: reader.series.kind)
        guard try reader.next(into: &batch) else { return nil }
        return batch.point(at: 0)
    }

    // MARK: For readers

    /// The rows of a column, its times taken from the last few decoded where possible.
    func rows(of view: ChunkView, column: Int) throws -> ColumnBatch {
        let vector = try view.naming { try view.columnEntry(column).vector }
        if let known = vectors.first(where: { $0.chunk == view.key && $0.vector == vector }) {
            return try view.rows(ofColumn: column, times: known.times)
        }
        let times = try view.times(ofVector: vector)
        if vectors.count >= 4 { vectors.removeFirst() }
        vectors.append((view.key, vector, times))
        return try view.rows(ofColumn: column, times: times)
    }

    func chunk(of group: AssetID, endingAtOrAfter time: Int64) throws -> ChunkView? {
        try chunks.chunk(of: group, endingAtOrAfter: time)
    }
}
