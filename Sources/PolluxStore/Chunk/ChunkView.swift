import PolluxCodec
import PolluxModel

/// A chunk's header and directory, read in place; columns are decoded one by one when asked for.
///
/// The bytes belong to the memory map and are valid while the transaction that gave them is open.
/// storage-format/chunk.md.
struct ChunkView {
    /// Where a distinct vector of times lies.
    struct TimeEntry {
        var offset: UInt32
        var byteCount: UInt32
        var count: UInt32
        var checksum: UInt32
        var first: Int64
        var last: Int64
    }

    /// Where a column lies.
    struct ColumnEntry {
        var series: SeriesID
        var kind: ValueKind
        var flags: UInt8
        var vector: Int
        var count: Int
        var offset: UInt32
        var valueByteCount: UInt32
        var qualityByteCount: UInt32
        var checksum: UInt32
    }

    let key: ChunkKey
    let bytes: UnsafeRawBufferPointer
    let tier: EncodingTier
    let first: Int64
    var last: Int64 { key.last }
    let columnCount: Int
    let vectorCount: Int
    let valueCount: Int

    /// Reads header and directory of the record under `key`.
    ///
    /// - Throws: `StoreError.corrupt` unless the checksum over both is right and all fits.
    init(key: ChunkKey, bytes: UnsafeRawBufferPointer) throws {
        do {
            try self.init(checking: key, bytes)
        } catch {
            throw StoreError.corrupt(record: key.name, reason: error.reason)
        }
    }

    private init(checking key: ChunkKey, _ bytes: UnsafeRawBufferPointer) throws(RecordDefect) {
        self.key = key
        self.bytes = bytes
        var reader = RecordReader(bytes)
        guard try reader.integer(UInt32.self) == ChunkFormat.magic else {
            throw RecordDefect("it does not begin like a chunk")
        }
        let version: UInt8 = try reader.integer()
        guard version == ChunkFormat.version else {
            throw RecordDefect("its version \(version) is unknown")
        }
        guard let tier = EncodingTier(rawValue: try reader.integer()) else {
            throw RecordDefect("its tier is unknown")
        }
        self.tier = tier
        _ = try reader.integer(UInt16.self)
        guard try reader.integer(UInt32.self) == key.group.rawValue else {
            throw RecordDefect("its group is not that of its key")
        }
        guard Int(try reader.integer(UInt32.self)) == bytes.count else {
            throw RecordDefect("its size is not that of the record")
        }
        first = try reader.integer()
        guard try reader.integer(Int64.self) == key.last, first <= key.last else {
            throw RecordDefect("its span is not that of its key")
        }
        let columns: UInt32 = try reader.integer()
        let vectors: UInt32 = try reader.integer()
        let values: UInt64 = try reader.integer()
        guard columns <= ChunkFormat.columnLimit, vectors <= columns, values <= UInt64(Int32.max)
        else { throw RecordDefect("its counts are impossible") }
        columnCount = Int(columns)
        vectorCount = Int(vectors)
        valueCount = Int(values)
        try checkDirectory()
    }

    /// Verifies the checksum over header, entries and statistics.
    private func checkDirectory() throws(RecordDefect) {
        guard statisticsStart + 4 <= bytes.count else { throw RecordDefect("it ends early") }
        var statisticsCount = 0
        for index in 0..<columnCount {
            let flags = bytes[columnEntriesStart + index * ChunkFormat.columnEntryByteCount + 5]
            statisticsCount += Int(flags & ChunkFormat.hasStatistics)
        }
        let end = statisticsStart + statisticsCount * ChunkFormat.statisticsByteCount
        guard end + 4 <= bytes.count else { throw RecordDefect("it ends early") }
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
        guard stored == Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<end])) else {
            throw RecordDefect("the checksum of its directory is wrong")
        }
    }

    private var columnEntriesStart: Int {
        ChunkFormat.headerByteCount + vectorCount * ChunkFormat.timeEntryByteCount
    }

    private var statisticsStart: Int {
        columnEntriesStart + columnCount * ChunkFormat.columnEntryByteCount
    }

    /// Bytes of header, directory and statistics.
    var overheadByteCount: Int {
        var count = statisticsStart + 4
        for index in 0..<columnCount {
            let flags = bytes[columnEntriesStart + index * ChunkFormat.columnEntryByteCount + 5]
            if flags & ChunkFormat.hasStatistics != 0 { count += ChunkFormat.statisticsByteCount }
        }
        return count
    }

    func timeEntry(_ index: Int) throws(RecordDefect) -> TimeEntry {
        guard index >= 0, index < vectorCount else {
            throw RecordDefect("a column names time vector \(index), which does not exist")
        }
        var reader = RecordReader(
            UnsafeRawBufferPointer(
                rebasing: bytes[
                    (ChunkFormat.headerByteCount + index * ChunkFormat.timeEntryByteCount)...]))
        return TimeEntry(
            offset: try reader.integer(), byteCount: try reader.integer(),
            count: try reader.integer(), checksum: try reader.integer(),
            first: try reader.integer(), last: try reader.integer())
    }

    func columnEntry(_ index: Int) throws(RecordDefect) -> ColumnEntry {
        var reader = RecordReader(
            UnsafeRawBufferPointer(
                rebasing: bytes[
                    (columnEntriesStart + index * ChunkFormat.columnEntryByteCount)...]))
        let series = SeriesID(rawValue: try reader.integer())
        guard let kind = ValueKind(rawValue: try reader.integer()) else {
            throw RecordDefect("column \(index) has an unknown kind of value")
        }
        let flags: UInt8 = try reader.integer()
        _ = try reader.integer(UInt16.self)
        let vector: UInt32 = try reader.integer()
        let count: UInt32 = try reader.integer()
        guard count > 0, count <= ColumnLimits.maximumCount else {
            throw RecordDefect("column \(index) has an impossible number of rows")
        }
        return ColumnEntry(
            series: series, kind: kind, flags: flags, vector: Int(vector), count: Int(count),
            offset: try reader.integer(), valueByteCount: try reader.integer(),
            qualityByteCount: try reader.integer(), checksum: try reader.integer())
    }

    private func series(at index: Int) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: columnEntriesStart + index * ChunkFormat.columnEntryByteCount,
                as: UInt32.self))
    }

    /// The index of a series' column, or nil when the chunk has no point of it.
    func column(of wanted: SeriesID) -> Int? {
        let low = (0..<columnCount).endOfPrefix { series(at: $0) < wanted.rawValue }
        return low < columnCount && series(at: low) == wanted.rawValue ? low : nil
    }

    /// Runs `body` and names this chunk in what goes wrong.
    func naming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let defect as RecordDefect {
            throw StoreError.corrupt(record: key.name, reason: defect.reason)
        } catch let error as CodecError {
            throw StoreError.corrupt(record: key.name, reason: error.description)
        }
    }
}
