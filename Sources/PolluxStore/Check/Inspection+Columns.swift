import PolluxCodec
import PolluxKeyValue
import PolluxModel

extension Inspection {
    /// The size and the encodings of each column, by ascending asset and measure; every header,
    /// statistics, rounding to pages and the column's share of shared time are counted, points in
    /// the journal are not.
    public func columns() throws -> [ColumnReport] {
        try environment.read { transaction in
            var tallies: [SeriesID: ColumnTally] = [:]
            try transaction.forEach(tables.chunks) { keyBytes, value in
                let view = try ChunkView(key: try ChunkKey(decoding: keyBytes), bytes: value)
                try tally(view, into: &tallies)
                return true
            }
            var reports: [ColumnReport] = []
            try Catalog(tables: tables).forEach(transaction) { description in
                guard let tally = tallies[description.id] else { return }
                let modes = tally.modes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                reports.append(
                    ColumnReport(
                        asset: description.asset, measure: description.measure,
                        valueCount: tally.valueCount, byteCount: Int(tally.byteCount.rounded()),
                        modes: modes.map { .init(name: $0.key, valueCount: $0.value) }))
            }
            return reports.sorted { ($0.asset, $0.measure) < ($1.asset, $1.measure) }
        }
    }

    private struct ColumnTally {
        var valueCount = 0
        var byteCount = 0.0
        var modes: [String: Int] = [:]
    }

    private func tally(_ view: ChunkView, into tallies: inout [SeriesID: ColumnTally]) throws {
        try view.naming {
            let entries = try (0..<view.columnCount).map { try view.columnEntry($0) }
            var sharers: [Int: Int] = [:]
            for entry in entries { sharers[entry.vector, default: 0] += 1 }
            // Header, checksum, key, and what LMDB rounds a large record up by.
            let page = environment.statistics.pageByteCount
            let stored =
                view.bytes.count > page / 2
                ? (view.bytes.count + 16 + page - 1) / page * page : view.bytes.count + 8
            let shared = Double(stored - view.bytes.count + 12 + ChunkFormat.headerByteCount + 4)
            for entry in entries {
                let time = try view.timeEntry(entry.vector)
                let timeShare =
                    Double(Int(time.byteCount) + ChunkFormat.timeEntryByteCount)
                    / Double(sharers[entry.vector] ?? 1)
                let hasStatistics = entry.flags & ChunkFormat.hasStatistics != 0
                let own =
                    Int(entry.valueByteCount) + Int(entry.qualityByteCount)
                    + ChunkFormat.columnEntryByteCount
                    + (hasStatistics ? ChunkFormat.statisticsByteCount : 0)
                var tally = tallies[entry.series] ?? ColumnTally()
                tally.valueCount += entry.count
                tally.byteCount += Double(own) + timeShare + shared / Double(entries.count)
                let description = try ChunkView.describe(
                    entry.kind, try view.payload(ofColumn: 0, entry).values)
                let mode = description.modes.map(\.name).joined(separator: " > ")
                tally.modes[mode, default: 0] += entry.count
                tallies[entry.series] = tally
            }
        }
    }
}

extension ChunkView {
    /// The header of an encoded column as named fields.
    static func describe(
        _ kind: ValueKind, _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        switch kind {
        case .float: try FloatColumn.describe(bytes)
        case .integer: try IntegerColumn.describe(bytes)
        case .boolean: try BooleanColumn.describe(bytes)
        case .text: try TextColumn.describe(bytes)
        }
    }
}
