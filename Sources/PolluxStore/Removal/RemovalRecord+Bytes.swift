import PolluxKeyValue
import PolluxModel

/// Records of range deletes (storage-format/series.md §4).
extension RemovalRecord {
    /// The layout that is written; layout 1 has keys without a version.
    static let version: UInt8 = 2

    static func key(_ number: UInt64) -> [UInt8] {
        KeyBytes().with(number).with(version).bytes
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: instant.nanoseconds)
        bytes.append(littleEndian: UInt32(parts.count))
        for part in parts {
            bytes.append(littleEndian: part.series.rawValue)
            bytes.append(littleEndian: part.range.start.nanoseconds)
            bytes.append(littleEndian: part.range.end.nanoseconds)
            bytes.append(littleEndian: part.pointCount)
        }
        for text in [by, what, reason] {
            bytes.append(littleEndian: UInt32(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        return withChecksum(bytes)
    }

    /// The record under a key, of either layout.
    init(key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer) throws(RecordDefect) {
        var keyReader = KeyReader(key)
        guard let number = keyReader.uint64() else { throw RecordDefect("its key is too short") }
        let version = key.count == 8 ? 1 : keyReader.byte() ?? 0
        var reader = RecordReader(try checkedPayload(record))
        let instant = Timestamp(nanoseconds: try reader.integer())
        switch version {
        case 1:
            let part = try RemovalRecord.part(&reader)
            self.init(
                number: number, instant: instant, by: "", what: "",
                reason: try RemovalRecord.text(try reader.slice(reader.remaining)), parts: [part])
        case RemovalRecord.version:
            let count: UInt32 = try reader.integer()
            guard Int(count) <= reader.remaining / 28 else {
                throw RecordDefect("it has more parts than bytes")
            }
            var parts: [Part] = []
            for _ in 0..<count { parts.append(try RemovalRecord.part(&reader)) }
            var texts: [String] = []
            for _ in 0..<3 {
                let size: UInt32 = try reader.integer()
                texts.append(try RemovalRecord.text(try reader.slice(Int(size))))
            }
            guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
            self.init(
                number: number, instant: instant, by: texts[0], what: texts[1], reason: texts[2],
                parts: parts)
        default: throw RecordDefect("its layout \(version) is unknown")
        }
    }

    private static func part(_ reader: inout RecordReader) throws(RecordDefect) -> Part {
        let series = SeriesID(rawValue: try reader.integer())
        let start = Timestamp(nanoseconds: try reader.integer())
        let end = Timestamp(nanoseconds: try reader.integer())
        return Part(
            series: series, range: TimeRange(start: start, end: end),
            pointCount: try reader.integer())
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) throws(RecordDefect) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RecordDefect("a text of it is no UTF-8")
        }
        return text
    }

    /// The number of the next record.
    static func nextNumber(_ transaction: ReadTransaction, _ tables: Tables) throws -> UInt64 {
        let cursor = try transaction.cursor(tables.audit)
        defer { cursor.close() }
        guard let last = try cursor.last() else { return 1 }
        var reader = KeyReader(last.key)
        return (reader.uint64() ?? 0) + 1
    }
}

extension Snapshot {
    /// The records of range deletes, the newest first.
    ///
    /// - Parameter limit: how many at most.
    public func removals(limit: Int = .max) throws -> [RemovalRecord] {
        var records: [RemovalRecord] = []
        let cursor = try transaction.cursor(tables.audit)
        defer { cursor.close() }
        var entry = try cursor.last()
        while let (key, value) = entry, records.count < limit {
            do {
                records.append(try RemovalRecord(key: key, value))
            } catch {
                var reader = KeyReader(key)
                throw StoreError.corrupt(
                    record: "audit \(reader.uint64() ?? 0)", reason: error.reason)
            }
            entry = try cursor.previous()
        }
        return records
    }
}
