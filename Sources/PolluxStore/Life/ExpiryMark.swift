import PolluxKeyValue
public import PolluxModel

/// Up to when the points of a series have gone by retention (storage-format/life.md §2).
public struct ExpiryMark: Hashable, Sendable {
    /// Points before this instant have gone; late ones that came since go with the next pass.
    public var expired: Timestamp
    /// Distinct points that have gone.
    public var pointCount: UInt64

    static let kind: UInt8 = 0

    static func key(_ series: SeriesID) -> [UInt8] {
        KeyBytes().with(series.rawValue).with(kind).bytes
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: expired.nanoseconds)
        bytes.append(littleEndian: pointCount)
        return withChecksum(bytes)
    }

    init(expired: Timestamp, pointCount: UInt64) {
        self.expired = expired
        self.pointCount = pointCount
    }

    init(decoding record: UnsafeRawBufferPointer) throws(RecordDefect) {
        var reader = RecordReader(try checkedPayload(record))
        expired = Timestamp(nanoseconds: try reader.integer())
        pointCount = try reader.integer()
        guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
    }

    static func read(
        _ series: SeriesID, _ transaction: ReadTransaction, _ tables: Tables
    ) throws -> ExpiryMark? {
        guard let table = tables.life, let bytes = try transaction.value(table, key(series)) else {
            return nil
        }
        do {
            return try ExpiryMark(decoding: bytes)
        } catch {
            throw StoreError.corrupt(
                record: "expiry of series \(series.rawValue)", reason: error.reason)
        }
    }
}

extension Snapshot {
    /// Whether points of any series have gone by retention.
    public var hasExpiries: Bool {
        get throws {
            if let known = knownExpiries { return known }
            var found = false
            if let table = tables.life {
                let cursor = try transaction.cursor(table)
                defer { cursor.close() }
                found = try cursor.seek(atOrAfter: []) != nil
            }
            knownExpiries = found
            return found
        }
    }

    /// Up to when the points of a series have gone by retention, nil when none have.
    public func expiry(of series: SeriesID) throws -> ExpiryMark? {
        try ExpiryMark.read(series, transaction, tables)
    }
}
