import PolluxKeyValue
import PolluxModel

/// What is kept of a series beside its chunks: its newest sealed point and its counts.
///
/// storage-format/series.md §2.
struct SeriesRecord: Equatable {
    /// Distinct points in chunks.
    var points: UInt64 = 0
    var late: UInt64 = 0
    var duplicate: UInt64 = 0
    var rejected: UInt64 = 0
    /// The earliest instant in chunks; no later than the true one after a range delete.
    var first: Int64 = .max
    /// The newest point in chunks, nil when there is none.
    var newest: Point?

    static func key(_ series: SeriesID) -> [UInt8] {
        KeyBytes().with(series.rawValue).bytes
    }

    static func read(
        _ series: SeriesID, _ transaction: ReadTransaction, _ tables: Tables
    ) throws -> SeriesRecord? {
        try transaction.value(tables.last, key(series)).map { try decode(series, $0) }
    }

    /// The series that a key of the table stands for.
    static func number(ofKey key: UnsafeRawBufferPointer) -> SeriesID? {
        guard key.count == 4 else { return nil }
        return SeriesID(rawValue: UInt32(bigEndian: key.loadUnaligned(as: UInt32.self)))
    }

    static func decode(
        _ series: SeriesID, _ bytes: UnsafeRawBufferPointer
    ) throws(StoreError) -> SeriesRecord {
        do {
            return try SeriesRecord(decoding: bytes)
        } catch {
            throw .corrupt(
                record: "last point of series \(series.rawValue)", reason: error.reason)
        }
    }

    func write(_ series: SeriesID, _ transaction: WriteTransaction, _ tables: Tables) throws {
        try transaction.put(tables.last, SeriesRecord.key(series), encode())
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        for count in [points, late, duplicate, rejected] { bytes.append(littleEndian: count) }
        bytes.append(littleEndian: first)
        guard let newest else {
            bytes.append(0)
            return withChecksum(bytes)
        }
        bytes.append(newest.value.kind.rawValue)
        bytes.append(newest.quality.rawValue)
        bytes.append(littleEndian: newest.instant.nanoseconds)
        switch newest.value {
        case .float(let number): bytes.append(littleEndian: number.bitPattern)
        case .integer(let number): bytes.append(littleEndian: number)
        case .boolean(let flag): bytes.append(flag ? 1 : 0)
        case .text(let text): bytes.append(contentsOf: text.utf8)
        }
        return withChecksum(bytes)
    }

    init() {}

    init(decoding bytes: UnsafeRawBufferPointer) throws(RecordDefect) {
        var reader = RecordReader(try checkedPayload(bytes))
        points = try reader.integer()
        late = try reader.integer()
        duplicate = try reader.integer()
        rejected = try reader.integer()
        first = try reader.integer()
        let kindByte: UInt8 = try reader.integer()
        if kindByte == 0 {
            guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
            return
        }
        guard let kind = ValueKind(rawValue: kindByte),
            let quality = Quality(rawValue: try reader.integer())
        else { throw RecordDefect("its kind or quality is unknown") }
        let instant = Timestamp(nanoseconds: try reader.integer())
        let value: Value
        switch kind {
        case .float: value = .float(try reader.double())
        case .integer: value = .integer(try reader.integer())
        case .boolean: value = .boolean(try reader.integer(UInt8.self) != 0)
        case .text:
            let text = try reader.slice(reader.remaining)
            guard let valid = String(validating: text, as: UTF8.self) else {
                throw RecordDefect("its text is no UTF-8")
            }
            value = .text(valid)
        }
        guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
        newest = Point(instant: instant, value: value, quality: quality)
    }
}
