import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Fixed sizes and marks of a chunk (storage-format/chunk.md §2).
enum ChunkFormat {
    static let magic: UInt32 = 0x4B43_5850
    static let version: UInt8 = 1
    static let headerByteCount = 48
    static let timeEntryByteCount = 32
    static let columnEntryByteCount = 32
    static let statisticsByteCount = 72
    /// Columns with fewer rows carry no statistics: reading them costs less than the bytes.
    static let statisticsRowCount = 32
    /// Flag of a column entry: a statistics entry belongs to it.
    static let hasStatistics: UInt8 = 1
    /// Flag of a column entry: a good value is not a number or infinite.
    static let hasOddValues: UInt8 = 2
    /// No chunk is larger; a reader refuses one before it allocates.
    static let columnLimit: UInt32 = 1 << 20
}

/// One series' rows over the span of a chunk, in memory.
struct OpenColumn {
    var series: SeriesID
    var kind: ValueKind
    var rows: ColumnBatch
}

/// The key of a chunk: its group, then its last instant, so that a seek finds the first chunk that
/// ends at or after a time.
struct ChunkKey: Hashable {
    var group: AssetID
    var last: Int64

    var bytes: [UInt8] {
        KeyBytes().with(group.rawValue).with(Timestamp(nanoseconds: last)).bytes
    }

    /// As `pollux inspect` and errors name it.
    var name: String { "chunk \(group.rawValue)/\(last)" }

    init(group: AssetID, last: Int64) {
        self.group = group
        self.last = last
    }

    init(decoding key: UnsafeRawBufferPointer) throws {
        var reader = KeyReader(key)
        guard key.count == 12, let group = reader.uint32(), let last = reader.instant() else {
            throw StoreError.corrupt(record: "a chunk key", reason: "it has not twelve bytes")
        }
        self.group = AssetID(rawValue: group)
        self.last = last.nanoseconds
    }

    /// The key in the form `12/1700000000000000000`, with or without `chunk ` before it.
    init?(name: String) {
        let parts = name.split(separator: " ").last?.split(separator: "/") ?? []
        guard parts.count == 2, let group = UInt32(parts[0]), let last = Int64(parts[1]) else {
            return nil
        }
        self.group = AssetID(rawValue: group)
        self.last = last
    }
}
