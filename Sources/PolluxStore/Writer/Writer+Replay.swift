import PolluxKeyValue
import PolluxModel
import Synchronization

/// Rebuilding the head from the journal (storage-format/recovery.md).
extension Writer {
    /// Brings the rows that are not in chunks back into the head; before `start`.
    ///
    /// - Throws: `StoreError.corrupt` naming the record that cannot be read.
    func replay() throws {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        lastSequence = try MetaNumber.trimmedSequence.read(transaction, tables)
        var replay = try JournalReplay(tables: tables, transaction: transaction)
        try transaction.forEach(tables.journal) { key, value in
            var reader = KeyReader(key)
            guard let sequence = reader.uint64(), key.count == 8 else {
                throw StoreError.corrupt(record: "a journal key", reason: "it has not eight bytes")
            }
            let batch: PointBatch
            do {
                batch = try JournalRecord.decode(value)
            } catch let defect as RecordDefect {
                throw StoreError.corrupt(record: "journal \(sequence)", reason: defect.reason)
            }
            let kept = try replay.unsealed(batch, sequence: sequence)
            _ = head.publish(
                [kept], new: replay.takeSeeds(), transaction: 0, sequence: sequence)
            lastSequence = max(lastSequence, sequence)
            journal.append((sequence, value.count))
            journalByteCount += value.count
            return true
        }
        head.endCommit(transaction.id)
        let bytes = journalByteCount
        counters.withLock { $0.journalByteCount = bytes }
    }
}

/// Tells for each point of the journal whether it is in a chunk already.
struct JournalReplay {
    let tables: Tables
    let transaction: ReadTransaction
    /// What is known of a series, by number: every row of the journal asks.
    private struct Known {
        var seed: SlotSeed
        var mark: UInt64
        /// Whether the head has been told of it.
        var isSeeded = false
    }
    private var known: [Known?] = []
    private var mark: (group: AssetID, sequence: UInt64)?
    private var seeds: [SlotSeed] = []
    private let catalog: CatalogScan

    init(tables: Tables, transaction: ReadTransaction) throws {
        self.tables = tables
        self.transaction = transaction
        catalog = try CatalogScan(tables: tables, transaction: transaction)
    }

    mutating func takeSeeds() -> [SlotSeed] {
        defer { seeds = [] }
        return seeds
    }

    /// The points of a record that are not in chunks.
    mutating func unsealed(_ batch: PointBatch, sequence: UInt64) throws -> PointBatch {
        var isAllKept = true
        var keeps: [Bool] = []
        keeps.reserveCapacity(batch.count)
        for row in 0..<batch.count {
            let series = batch.series[row]
            let number = Int(series.rawValue)
            let (kind, mark): (ValueKind, UInt64)
            if number < known.count, let found = known[number], found.isSeeded {
                (kind, mark) = (found.seed.description.kind, found.mark)
            } else {
                (kind, mark) = try learn(series, sequence)
            }
            if kind == .text && batch.bits[row] >= UInt64(batch.texts.count)
                || kind == .boolean && batch.bits[row] > 1
            {
                throw StoreError.corrupt(
                    record: "journal \(sequence)", reason: "row \(row) has an impossible value")
            }
            keeps.append(sequence > mark)
            if sequence <= mark { isAllKept = false }
        }
        if isAllKept { return batch }
        var kept = PointBatch()
        for text in batch.texts { _ = kept.appendText(text) }
        for row in 0..<batch.count where keeps[row] {
            kept.appendBits(
                batch.series[row], at: Timestamp(nanoseconds: batch.times[row]), batch.bits[row],
                quality: batch.qualities.isEmpty ? .good : batch.qualities[row])
        }
        return kept
    }

    private mutating func learn(
        _ series: SeriesID, _ sequence: UInt64
    ) throws -> (kind: ValueKind, mark: UInt64) {
        let number = Int(series.rawValue)
        if number >= known.count || known[number] == nil {
            // Those that were made together come together: one walk finds what many rows ask.
            try catalog.forEach(from: series, limit: 256) { seed in
                let number = Int(seed.description.id.rawValue)
                // The catalog has it, so it is a number that was given, not one of damage.
                while known.count <= number { known.append(nil) }
                if known[number] == nil {
                    known[number] = Known(seed: seed, mark: try mark(of: seed.description.group))
                }
            }
        }
        guard number < known.count, let found = known[number] else {
            throw StoreError.corrupt(
                record: "journal \(sequence)",
                reason: "it names series \(series.rawValue), which the catalog does not have")
        }
        known[number]?.isSeeded = true
        seeds.append(found.seed)
        return (found.seed.description.kind, found.mark)
    }

    /// The record up to which a group's rows are in chunks; its series mostly stand together.
    private mutating func mark(of group: AssetID) throws -> UInt64 {
        if let mark, mark.group == group { return mark.sequence }
        let sequence = try Sealer.mark(group, transaction, tables)
        mark = (group, sequence)
        return sequence
    }
}
