import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Moves rows of the head into chunks inside a transaction.
struct Sealer {
    let tables: Tables
    let options: StoreOptions

    /// The rows of one group that are to be sealed, as captured from the head.
    struct Input {
        struct Column {
            var slot: Int32
            var series: SeriesID
            var kind: ValueKind
            var rows: HeadRows
            var lateCount: Int
        }
        var group: AssetID
        var groupIndex: Int32
        var columns: [Column]
    }

    /// Seals a group's rows and keeps its series records, its mark and the totals in step.
    ///
    /// - Parameter sequence: the newest journal record whose rows are all in `input`.
    func seal(
        _ input: Input, sequence: UInt64, _ transaction: WriteTransaction,
        _ outcome: inout SealOutcome
    ) throws {
        var columns: [OpenColumn] = []
        var headDuplicates: [SeriesID: Int] = [:]
        for column in input.columns {
            let rows: ColumnBatch
            if column.rows.isSorted {
                rows = column.rows.batch(kind: column.kind, in: .always)
            } else {
                let merged = column.rows.mergedBatch(kind: column.kind, in: .always)
                rows = merged.batch
                headDuplicates[column.series] = merged.duplicates
            }
            columns.append(OpenColumn(series: column.series, kind: column.kind, rows: rows))
        }
        let merger = GroupMerger(
            group: input.group, tables: tables, transaction: transaction,
            targetCount: options.sealValueCount, tier: .fast)
        let merged = try merger.merge(columns)
        let rollups = try RollupTable.inUse(tables, transaction)
        var late: UInt64 = 0
        var duplicate: UInt64 = 0
        for (index, column) in input.columns.enumerated() {
            let change = merged.series[column.series] ?? GroupMerger.SeriesChange()
            let duplicates = change.duplicates + (headDuplicates[column.series] ?? 0)
            try update(
                columns[index], change, late: column.lateCount, duplicates: duplicates,
                transaction)
            if let rollups {
                let times = columns[index].rows.times
                try rollups.invalidate(
                    column.series, times[0]...times[times.count - 1], always: false,
                    where: { bucket in
                        let row = times.firstIndex(notBefore: bucket.start)
                        return row < times.count && times[row] < bucket.end
                    }, transaction)
            }
            late += UInt64(column.lateCount)
            duplicate += UInt64(duplicates)
        }
        try MetaNumber.late.add(late, transaction, tables)
        try MetaNumber.duplicate.add(duplicate, transaction, tables)
        try writeMark(input.group, sequence, transaction)
        outcome.slots += input.columns.map(\.slot)
        outcome.groups.append(input.groupIndex)
        outcome.firsts.append((input.group, columns.map(\.rows.times[0]).min() ?? .min))
        outcome.chunkCount += merged.chunkCount
    }

    private func update(
        _ column: OpenColumn, _ change: GroupMerger.SeriesChange, late: Int, duplicates: Int,
        _ transaction: WriteTransaction
    ) throws {
        var record =
            try SeriesRecord.read(column.series, transaction, tables) ?? SeriesRecord()
        record.points = record.points &+ UInt64(change.pointsAfter) &- UInt64(change.pointsBefore)
        record.late += UInt64(late)
        record.duplicate += UInt64(duplicates)
        record.first = min(record.first, column.rows.times[0])
        let last = column.rows.point(at: column.rows.count - 1)
        if last.instant >= (record.newest?.instant ?? .distantPast) { record.newest = last }
        try record.write(column.series, transaction, tables)
    }

    // MARK: Marks and the journal

    private func writeMark(
        _ group: AssetID, _ sequence: UInt64, _ transaction: WriteTransaction
    ) throws {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: sequence)
        try transaction.put(
            tables.groups, KeyBytes().with(group.rawValue).bytes, withChecksum(bytes))
    }

    /// The journal record up to which a group's rows are in chunks, 0 when none is.
    static func mark(
        _ group: AssetID, _ transaction: ReadTransaction, _ tables: Tables
    ) throws -> UInt64 {
        let key = KeyBytes().with(group.rawValue).bytes
        guard let bytes = try transaction.value(tables.groups, key) else { return 0 }
        do {
            var reader = RecordReader(try checkedPayload(bytes))
            return try reader.integer()
        } catch {
            throw StoreError.corrupt(
                record: "mark of group \(group.rawValue)", reason: error.reason)
        }
    }

    /// Removes the journal records before `sequence`, whose rows are all in chunks.
    func trimJournal(before sequence: UInt64, _ transaction: WriteTransaction) throws {
        try transaction.remove(
            tables.journal, from: KeyBytes().with(UInt64(0)).bytes,
            to: KeyBytes().with(sequence).bytes)
        let trimmed = try MetaNumber.trimmedSequence.read(transaction, tables)
        try MetaNumber.trimmedSequence.write(max(trimmed, sequence - 1), transaction, tables)
    }
}
