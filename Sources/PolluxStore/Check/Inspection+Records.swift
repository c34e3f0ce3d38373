import PolluxCodec
import PolluxKeyValue
import PolluxModel

extension Inspection {
    /// The fields of one chunk, in the order of storage-format/chunk.md.
    ///
    /// - Throws: `StoreError.failed` when there is no chunk of that name.
    public func chunk(_ name: String) throws -> [RecordField] {
        guard let key = ChunkKey(name: name) else {
            throw StoreError.failed(
                action: "inspect chunk \(name)", reason: "a chunk is named GROUP/LAST-NANOSECOND")
        }
        return try environment.read { transaction in
            guard let bytes = try transaction.value(tables.chunks, key.bytes) else {
                throw StoreError.failed(
                    action: "inspect chunk \(name)", reason: "there is no such chunk")
            }
            let view = try ChunkView(key: key, bytes: bytes)
            return try view.naming { try Inspection.fields(view) }
        }
    }

    private static func fields(_ view: ChunkView) throws -> [RecordField] {
        var fields = [
            RecordField("version", "\(ChunkFormat.version)"),
            RecordField("tier", "\(view.tier)"),
            RecordField("group", "\(view.key.group.rawValue)"),
            RecordField("bytes", "\(view.bytes.count)"),
            RecordField("first", Timestamp(nanoseconds: view.first).description),
            RecordField("last", Timestamp(nanoseconds: view.last).description),
            RecordField("columns", "\(view.columnCount)"),
            RecordField("time vectors", "\(view.vectorCount)"),
            RecordField("values", "\(view.valueCount)"),
        ]
        for index in 0..<view.vectorCount {
            let entry = try view.timeEntry(index)
            let part = try section(
                of: view.bytes, at: entry.offset, count: entry.byteCount,
                name: "time vector \(index)")
            fields.append(RecordField("time vector", "\(index)"))
            fields.append(RecordField("rows", "\(entry.count)", depth: 1))
            fields.append(RecordField("offset", "\(entry.offset)", depth: 1))
            fields.append(RecordField("bytes", "\(entry.byteCount)", depth: 1))
            fields += Inspection.fields(try TimeColumn.describe(part))
        }
        for index in 0..<view.columnCount {
            let entry = try view.columnEntry(index)
            fields.append(RecordField("column", "\(index)"))
            fields.append(RecordField("series", "\(entry.series.rawValue)", depth: 1))
            fields.append(RecordField("kind", "\(entry.kind)", depth: 1))
            fields.append(RecordField("time vector", "\(entry.vector)", depth: 1))
            fields.append(RecordField("rows", "\(entry.count)", depth: 1))
            fields.append(RecordField("offset", "\(entry.offset)", depth: 1))
            fields.append(RecordField("value bytes", "\(entry.valueByteCount)", depth: 1))
            fields.append(RecordField("quality bytes", "\(entry.qualityByteCount)", depth: 1))
            let payload = try view.payload(ofColumn: index, entry)
            fields += Inspection.fields(try ChunkView.describe(entry.kind, payload.values))
            if let statistics = try view.statistics(ofColumn: index) {
                fields += Inspection.fields(statistics)
            }
        }
        return fields
    }

    private static func fields(_ description: ColumnDescription) -> [RecordField] {
        [RecordField("encoding", description.encoding.name, depth: 1)]
            + description.fields.map { RecordField($0.name, $0.value, depth: 2) }
    }

    private static func fields(_ statistics: ColumnStatistics) -> [RecordField] {
        var fields = [
            RecordField("statistics", "good \(statistics.goodCount)", depth: 1),
            RecordField("minimum", "\(statistics.minimum)", depth: 2),
            RecordField("maximum", "\(statistics.maximum)", depth: 2),
            RecordField("sum", "\(statistics.sum)", depth: 2),
            RecordField("first", "\(statistics.first)", depth: 2),
            RecordField("last", "\(statistics.last)", depth: 2),
        ]
        if let step = statistics.stepIntegral, let linear = statistics.linearIntegral,
            let gap = statistics.longestGap
        {
            fields.append(RecordField("step integral", "\(step)", depth: 2))
            fields.append(RecordField("linear integral", "\(linear)", depth: 2))
            fields.append(RecordField("longest gap", "\(gap)", depth: 2))
        }
        return fields
    }

    /// The fields of one journal record, in the order of storage-format/journal.md.
    ///
    /// - Throws: `StoreError.failed` when there is no such record.
    public func journal(_ sequence: UInt64) throws -> [RecordField] {
        try environment.read { transaction in
            let key = KeyBytes().with(sequence).bytes
            guard let bytes = try transaction.value(tables.journal, key) else {
                throw StoreError.failed(
                    action: "inspect journal \(sequence)", reason: "there is no such record")
            }
            do {
                let record = try JournalRecord.open(bytes)
                var fields = [
                    RecordField("version", "\(JournalRecord.version)"),
                    RecordField("sequence", "\(record.sequence)"),
                    RecordField("rows", "\(record.count)"),
                    RecordField("bytes", "\(bytes.count)"),
                ]
                for (name, part) in zip(JournalRecord.sectionNames, record.sections) {
                    fields.append(RecordField(name, "\(part.count) bytes", depth: 1))
                }
                return fields
            } catch let defect as RecordDefect {
                throw StoreError.corrupt(record: "journal \(sequence)", reason: defect.reason)
            }
        }
    }
}
