public import PolluxKeyValue
public import PolluxModel

/// What the body of a write may do; everything in one commit with the other writes of the moment.
///
/// Valid only inside the body, on the writer's thread. The body may run more than once, so it keeps
/// no effects outside this transaction.
public final class StoreTransaction {
    /// The LMDB transaction, for changes of the graph and other tables in the same commit.
    public let transaction: WriteTransaction

    private let head: Head
    private let tables: Tables
    private let options: StoreOptions
    private var catalog: Catalog { Catalog(tables: tables) }
    /// The newest journal record that is committed.
    private let lastSequence: UInt64
    private var isOpen = true

    // What the writer takes over when all bodies have run.
    var batches: [PointBatch] = []
    var seeds: [SeriesID: SlotSeed] = [:]
    var sealing = SealOutcome()
    var plantChanged = false
    var plantEdited = false
    var eventsChanged = false

    init(
        transaction: WriteTransaction, head: Head, tables: Tables, options: StoreOptions,
        lastSequence: UInt64
    ) {
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

    /// Removes the points of a series in a range and leaves a record of who asked for it.
    ///
    /// Points that were appended earlier in the same commit go too; later ones stay.
    ///
    /// - Returns: how many distinct points were removed from what was stored before this commit.
    @discardableResult
    public func removePoints(
        of series: SeriesID, in range: TimeRange, reason: String
    ) throws -> UInt64 {
        guard let description = try catalog.description(series, transaction) else {
            throw StoreError.unknownSeries(series)
        }
        let sealer = Sealer(tables: tables, options: options)
        // Rows in memory become rows of chunks first, so that there is one place to remove from.
        if let input = head.monitor.withLock({ $0.sealInput(of: description.group) }),
            !sealing.groups.contains(input.groupIndex)
        {
            try sealer.seal(input, sequence: lastSequence, transaction, &sealing)
        }
        let removed = try sealer.remove(
            description, in: range, reason: reason, now: Clock.now(), transaction)
        sealing.firsts.append((description.group, range.start.nanoseconds))
        batches = batches.map { $0.without(series, in: range) }
        return removed
    }

    /// Says that types, assets, relations or attributes changed, for `CommitNotice`.
    public func notePlantChange() {
        plantChanged = true
        plantEdited = true
    }

    /// Says that types, assets or attributes were added and what was there still means the same.
    public func notePlantGrowth() { plantChanged = true }

    /// Says that events changed, for `CommitNotice`.
    public func noteEventChange() { eventsChanged = true }
}

extension PointBatch {
    /// The batch without the points of a series in a range.
    func without(_ unwanted: SeriesID, in range: TimeRange) -> PointBatch {
        guard
            series.indices.contains(where: { row in
                series[row] == unwanted
                    && range.contains(Timestamp(nanoseconds: times[row]))
            })
        else { return self }
        var kept = PointBatch()
        for text in texts { _ = kept.appendText(text) }
        for row in 0..<count {
            let instant = Timestamp(nanoseconds: times[row])
            guard series[row] != unwanted || !range.contains(instant) else { continue }
            kept.appendBits(
                series[row], at: instant, bits[row],
                quality: qualities.isEmpty ? .good : qualities[row])
        }
        return kept
    }
}
