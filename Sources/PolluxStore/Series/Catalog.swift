import PolluxKeyValue
import PolluxModel

/// The series of the database, in LMDB only: nothing is kept in memory for an idle series.
///
/// storage-format/series.md §1.
struct Catalog: Sendable {
    let tables: Tables

    private static let byNumber: UInt8 = 1
    private static let byAsset: UInt8 = 2

    static func key(_ series: SeriesID) -> [UInt8] {
        KeyBytes().with(byNumber).with(series.rawValue).bytes
    }

    /// The series that a key of the table stands for; nil where it is another kind of key.
    static func number(ofKey key: UnsafeRawBufferPointer) -> SeriesID? {
        guard key.count == 5, key[0] == byNumber else { return nil }
        let number = UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        return SeriesID(rawValue: number)
    }

    static func key(_ asset: AssetID, _ measure: MeasureID) -> [UInt8] {
        KeyBytes().with(byAsset).with(asset.rawValue).with(measure.rawValue).bytes
    }

    /// The series with a number, or nil.
    func description(
        _ series: SeriesID, _ transaction: ReadTransaction
    ) throws -> SeriesDescription? {
        guard let bytes = try transaction.value(tables.series, Catalog.key(series)) else {
            return nil
        }
        return try Catalog.decode(series, bytes)
    }

    static func decode(
        _ series: SeriesID, _ bytes: UnsafeRawBufferPointer
    ) throws -> SeriesDescription {
        do {
            var reader = RecordReader(try checkedPayload(bytes))
            let asset = AssetID(rawValue: try reader.integer())
            let measure = MeasureID(rawValue: try reader.integer())
            let group = AssetID(rawValue: try reader.integer())
            guard let kind = ValueKind(rawValue: try reader.integer()), reader.remaining == 0 else {
                throw RecordDefect("its kind of value is unknown")
            }
            return SeriesDescription(
                id: series, asset: asset, measure: measure, kind: kind, group: group)
        } catch let defect as RecordDefect {
            throw StoreError.corrupt(record: "series \(series.rawValue)", reason: defect.reason)
        }
    }

    /// The number of the series of a measure of an asset, or nil.
    func find(
        _ asset: AssetID, _ measure: MeasureID, _ transaction: ReadTransaction
    ) throws -> SeriesID? {
        guard let bytes = try transaction.value(tables.series, Catalog.key(asset, measure)) else {
            return nil
        }
        return try Catalog.decodeNumber(bytes, asset: asset, measure: measure)
    }

    static func decodeNumber(
        _ bytes: UnsafeRawBufferPointer, asset: AssetID, measure: MeasureID
    ) throws -> SeriesID {
        guard bytes.count == 4 else {
            throw StoreError.corrupt(
                record: "series of asset \(asset.rawValue), measure \(measure.rawValue)",
                reason: "it is no number of four bytes")
        }
        return SeriesID(rawValue: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    }

    /// The series of an asset, by ascending measure.
    func list(_ asset: AssetID, _ transaction: ReadTransaction) throws -> [SeriesDescription] {
        let prefix = KeyBytes().with(Catalog.byAsset).with(asset.rawValue).bytes
        var numbers: [SeriesID] = []
        try transaction.forEach(tables.series, prefix: prefix) { key, value in
            var reader = KeyReader(key)
            _ = reader.byte()
            _ = reader.uint32()
            let measure = MeasureID(rawValue: reader.uint32() ?? 0)
            numbers.append(try Catalog.decodeNumber(value, asset: asset, measure: measure))
            return true
        }
        return try numbers.map { number in
            guard let description = try description(number, transaction) else {
                throw StoreError.corrupt(
                    record: "series \(number.rawValue)", reason: "the catalog has lost it")
            }
            return description
        }
    }

    /// Calls `body` for every series by ascending number.
    func forEach(
        _ transaction: ReadTransaction, _ body: (SeriesDescription) throws -> Void
    ) throws {
        try transaction.forEach(tables.series, prefix: [Catalog.byNumber]) { key, value in
            var reader = KeyReader(key)
            _ = reader.byte()
            guard let number = reader.uint32() else {
                throw StoreError.corrupt(record: "a series key", reason: "it is too short")
            }
            try body(try Catalog.decode(SeriesID(rawValue: number), value))
            return true
        }
    }

    /// The greatest number in use, 0 when there is none.
    func greatest(_ transaction: ReadTransaction) throws -> UInt32 {
        let cursor = try transaction.cursor(tables.series)
        defer { cursor.close() }
        guard let entry = try cursor.seek(before: [Catalog.byAsset]) else { return 0 }
        var reader = KeyReader(entry.key)
        guard reader.byte() == Catalog.byNumber, let number = reader.uint32() else { return 0 }
        return number
    }

    /// The series of a measure of an asset, made when there is none.
    func ensure(
        asset: AssetID, measure: MeasureID, kind: ValueKind, group: AssetID,
        _ transaction: WriteTransaction
    ) throws -> SeriesID {
        if let known = try find(asset, measure, transaction) {
            guard let description = try description(known, transaction) else {
                throw StoreError.corrupt(
                    record: "series \(known.rawValue)", reason: "the catalog has lost it")
            }
            guard description.kind == kind else {
                throw StoreError.kindMismatch(series: known, has: description.kind, given: kind)
            }
            return known
        }
        let series = SeriesID(rawValue: try greatest(transaction) + 1)
        let description = SeriesDescription(
            id: series, asset: asset, measure: measure, kind: kind, group: group)
        try transaction.put(tables.series, Catalog.key(series), Catalog.encode(description))
        var number: [UInt8] = []
        number.append(littleEndian: series.rawValue)
        try transaction.put(tables.series, Catalog.key(asset, measure), number)
        return series
    }

    static func encode(_ description: SeriesDescription) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: description.asset.rawValue)
        bytes.append(littleEndian: description.measure.rawValue)
        bytes.append(littleEndian: description.group.rawValue)
        bytes.append(description.kind.rawValue)
        return withChecksum(bytes)
    }
}
