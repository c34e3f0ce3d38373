public import PolluxKeyValue
public import PolluxModel

/// What the body of a write may do; everything in one commit with the other writes of the moment.
///
/// Valid only inside the body, on the writer's thread. The body may run more than once, so it keeps
/// no effects outside this transaction.
public final class StoreTransaction {
    /// The LMDB transaction, for changes of the graph and other tables in the same commit.
    public let transaction: WriteTransaction

    let head: Head
    let tables: Tables
    let options: StoreOptions
    var catalog: Catalog { Catalog(tables: tables) }
    /// The newest journal record that is committed.
    let lastSequence: UInt64
    private var isOpen = true

    // What the writer takes over when all bodies have run.
    var batches: [PointBatch] = []
    var seeds: [SeriesID: SlotSeed] = [:]
    var sealing = SealOutcome()
    /// Spans of series that lost points.
    var removed: [CommitNotice.Touched] = []
    var plantChanged = false
    var plantEdited = false
    var eventsChanged = false
    /// How often the plant was edited up to here, by commits before and by bodies of this one.
    ///
    /// What was looked up outside with an equal `Store.plantVersion` still means the same.
    public private(set) var plantVersion: UInt64

    init(
        transaction: WriteTransaction, head: Head, tables: Tables, options: StoreOptions,
        lastSequence: UInt64, plantVersion: UInt64
    ) {
        self.plantVersion = plantVersion
        self.transaction = transaction
        self.head = head
        self.tables = tables
        self.options = options
        self.lastSequence = lastSequence
    }

    /// Adds points; they are durable and visible when the write returns.
    ///
    /// - Throws: `unknownSeries` or `invalidPoint`; then nothing of the body is written.
    public func append(_ batch: PointBatch) throws {
        guard !batch.isEmpty else { return }
        var unknown: [SeriesID] = []
        var special: [(row: Int, kind: ValueKind)] = []
        head.monitor.withLock { state in
            for row in 0..<batch.count {
                guard let slot = state.slot(of: batch.series[row]) else {
                    if unknown.last != batch.series[row] { unknown.append(batch.series[row]) }
                    continue
                }
                let kind = state.slots[slot].kind
                if kind == .text || kind == .boolean { special.append((row, kind)) }
            }
        }
        for series in unknown { try addSeed(series) }
        if !unknown.isEmpty {
            for row in 0..<batch.count {
                if let kind = seeds[batch.series[row]]?.description.kind,
                    kind == .text || kind == .boolean
                {
                    special.append((row, kind))
                }
            }
        }
        for (row, kind) in special { try check(batch, row, kind) }
        if let row = batch.times.firstIndex(of: .max) {
            throw StoreError.invalidPoint(
                series: batch.series[row], reason: "its time is the end of time")
        }
        batches.append(batch)
    }

    private func addSeed(_ series: SeriesID) throws {
        guard seeds[series] == nil else { return }
        guard let description = try catalog.description(series, transaction) else {
            throw StoreError.unknownSeries(series)
        }
        let record = try SeriesRecord.read(series, transaction, tables)
        seeds[series] = SlotSeed(
            description: description, lastTime: record?.newest?.instant.nanoseconds)
    }

    private func check(_ batch: PointBatch, _ row: Int, _ kind: ValueKind) throws {
        let pattern = batch.bits[row]
        if kind == .boolean && pattern > 1 {
            throw StoreError.invalidPoint(
                series: batch.series[row], reason: "a boolean is neither 0 nor 1")
        }
        if kind == .text && pattern >= UInt64(batch.texts.count) {
            throw StoreError.invalidPoint(
                series: batch.series[row], reason: "it names a text that the batch does not have")
        }
    }

    /// The series of a measure of an asset, made when it does not exist yet.
    ///
    /// - Parameter group: the asset whose parts arrive together, usually the machine; only looked
    ///   at when the series is made.
    /// - Throws: `kindMismatch` when it exists with another kind of value.
    public func ensureSeries(
        asset: AssetID, measure: MeasureID, kind: ValueKind, group: AssetID
    ) throws -> SeriesID {
        try catalog.ensure(
            asset: asset, measure: measure, kind: kind, group: group, transaction)
    }

    /// The series of a measure of an asset, or nil.
    public func series(of asset: AssetID, measure: MeasureID) throws -> SeriesDescription? {
        guard let number = try catalog.find(asset, measure, transaction) else { return nil }
        return try catalog.description(number, transaction)
    }

    /// The series of an asset, by ascending measure.
    public func series(of asset: AssetID) throws -> [SeriesDescription] {
        try catalog.list(asset, transaction)
    }

    /// Counts points of a series that were refused before they reached the store.
    public func countRejected(_ series: SeriesID, _ count: UInt64) throws {
        var record = try SeriesRecord.read(series, transaction, tables) ?? SeriesRecord()
        record.rejected = record.rejected &+ count
        try record.write(series, transaction, tables)
        try MetaNumber.rejected.add(count, transaction, tables)
    }

    /// Says that types, assets, relations or attributes changed, for `CommitNotice`.
    public func notePlantChange() {
        plantChanged = true
        plantEdited = true
        plantVersion += 1
    }

    /// Says that types, assets or attributes were added and what was there still means the same.
    public func notePlantGrowth() { plantChanged = true }

    /// Says that events changed, for `CommitNotice`.
    public func noteEventChange() { eventsChanged = true }
}
