import PolluxCodec
import PolluxModel

/// Turns columns of one group into the bytes of a chunk (storage-format/chunk.md).
struct ChunkWriter {
    let group: AssetID
    let tier: EncodingTier

    /// The record of these columns, which are not empty and lie within `first...last`.
    ///
    /// - Parameter stored: columns of another chunk that are taken over as they are, undecoded.
    func encode(
        _ columns: [OpenColumn], keeping stored: StoredColumns? = nil, first: Int64, last: Int64
    ) throws -> [UInt8] {
        let parts = try ChunkWriter.parts(columns, stored)
        var vectors = TimeVectors()
        let vectorOf = parts.map { part in
            switch part {
            case .open(let column): vectors.index(of: column.rows.times)
            case .stored(let entry, _): vectors.index(ofStored: entry.vector)
            }
        }
        let statistics = try parts.map { try $0.statistics(of: stored?.view) }
        var bytes: [UInt8] = []
        let valueCount = parts.reduce(0) { $0 + $1.count }
        bytes.reserveCapacity(valueCount * 2 + 256 * parts.count + 256)
        appendHeader(
            to: &bytes, first: first, last: last, columns: parts.count,
            vectors: vectors.count, values: valueCount)
        let timeEntries = bytes.count
        bytes += zeros(vectors.count * ChunkFormat.timeEntryByteCount)
        let columnEntries = bytes.count
        bytes += zeros(parts.count * ChunkFormat.columnEntryByteCount)
        for entry in statistics {
            if let entry { ChunkWriter.append(entry.statistics, to: &bytes) }
        }
        let checksumAt = bytes.count
        bytes += zeros(4)
        for (index, vector) in vectors.vectors.enumerated() {
            let entryAt = timeEntries + ChunkFormat.timeEntryByteCount * index
            switch vector {
            case .times(let times):
                let start = bytes.count
                TimeColumn.encode(times, tier: tier, into: &bytes)
                putTimeEntry(times, from: start, in: &bytes, at: entryAt)
            case .stored(let number):
                try stored?.view.copy(vector: number, to: &bytes, entryAt: entryAt)
            }
        }
        for (index, part) in parts.enumerated() {
            let entryAt = columnEntries + ChunkFormat.columnEntryByteCount * index
            switch part {
            case .open(let column):
                appendColumn(
                    column, vector: vectorOf[index], statistics: statistics[index], to: &bytes,
                    entryAt: entryAt)
            case .stored(let entry, let number):
                try stored?.view.copy(
                    column: number, entry, vector: vectorOf[index], to: &bytes, entryAt: entryAt)
            }
        }
        ChunkWriter.finish(&bytes, checksumAt: checksumAt)
        return bytes
    }

    /// Puts the size and the checksum of header and directory in their places.
    private static func finish(_ bytes: inout [UInt8], checksumAt: Int) {
        bytes.put(UInt32(bytes.count), at: 12)
        let checksum = bytes.withUnsafeBytes {
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[..<checksumAt]))
        }
        bytes.put(checksum, at: checksumAt)
    }

    /// All columns of the chunk to be, by ascending series.
    private static func parts(
        _ columns: [OpenColumn], _ stored: StoredColumns?
    ) throws -> [Part] {
        var parts = columns.map { Part.open($0) }
        if let stored {
            for index in stored.indexes {
                parts.append(.stored(try stored.view.columnEntry(index), index))
            }
        }
        return parts.sorted { $0.series < $1.series }
    }

    /// A column of the chunk to be.
    private enum Part {
        case open(OpenColumn)
        /// Its entry in the chunk that it comes from, and its index there.
        case stored(ChunkView.ColumnEntry, Int)

        var series: SeriesID {
            switch self {
            case .open(let column): column.series
            case .stored(let entry, _): entry.series
            }
        }

        var count: Int {
            switch self {
            case .open(let column): column.rows.count
            case .stored(let entry, _): entry.count
            }
        }

        func statistics(of view: ChunkView?) throws -> ChunkColumnStatistics? {
            switch self {
            case .open(let column): return ColumnStatistics.ofChunkColumn(column)
            case .stored(let entry, let index):
                guard entry.flags & ChunkFormat.hasStatistics != 0, let view else { return nil }
                return ChunkColumnStatistics(
                    statistics: try view.storedStatistics(ofColumn: index, entry),
                    hasOddValues: entry.flags & ChunkFormat.hasOddValues != 0)
            }
        }
    }

    private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private func appendHeader(
        to bytes: inout [UInt8], first: Int64, last: Int64, columns: Int, vectors: Int, values: Int
    ) {
        bytes.append(littleEndian: ChunkFormat.magic)
        bytes.append(ChunkFormat.version)
        bytes.append(tier.rawValue)
        bytes.append(littleEndian: UInt16(0))
        bytes.append(littleEndian: group.rawValue)
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: first)
        bytes.append(littleEndian: last)
        bytes.append(littleEndian: UInt32(columns))
        bytes.append(littleEndian: UInt32(vectors))
        bytes.append(littleEndian: UInt64(values))
    }

    private func putTimeEntry(
        _ times: [Int64], from start: Int, in bytes: inout [UInt8], at entry: Int
    ) {
        let checksum = crc(bytes, from: start)
        bytes.put(UInt32(start), at: entry)
        bytes.put(UInt32(bytes.count - start), at: entry + 4)
        bytes.put(UInt32(times.count), at: entry + 8)
        bytes.put(checksum, at: entry + 12)
        bytes.put(times[0], at: entry + 16)
        bytes.put(times[times.count - 1], at: entry + 24)
    }

    private func appendColumn(
        _ column: OpenColumn, vector: Int, statistics: ChunkColumnStatistics?,
        to bytes: inout [UInt8], entryAt entry: Int
    ) {
        let start = bytes.count
        switch column.rows.values {
        case .floats(let values): FloatColumn.encode(values, tier: tier, into: &bytes)
        case .integers(let values): IntegerColumn.encode(values, tier: tier, into: &bytes)
        case .booleans(let values): BooleanColumn.encode(values, tier: tier, into: &bytes)
        case .texts(let values): TextColumn.encode(values, tier: tier, into: &bytes)
        }
        let valueByteCount = bytes.count - start
        QualityColumn.encode(column.rows.qualities, into: &bytes)
        let checksum = crc(bytes, from: start)
        bytes.put(column.series.rawValue, at: entry)
        bytes.put(column.kind.rawValue, at: entry + 4)
        var flags: UInt8 = 0
        if let statistics {
            flags |= ChunkFormat.hasStatistics
            if statistics.hasOddValues { flags |= ChunkFormat.hasOddValues }
        }
        bytes.put(flags, at: entry + 5)
        bytes.put(UInt32(vector), at: entry + 8)
        bytes.put(UInt32(column.rows.count), at: entry + 12)
        bytes.put(UInt32(start), at: entry + 16)
        bytes.put(UInt32(valueByteCount), at: entry + 20)
        bytes.put(UInt32(bytes.count - start - valueByteCount), at: entry + 24)
        bytes.put(checksum, at: entry + 28)
    }

    private func crc(_ bytes: [UInt8], from start: Int) -> UInt32 {
        bytes.withUnsafeBytes { Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Appends a statistics entry (storage-format/chunk.md §5).
    private static func append(_ statistics: ColumnStatistics, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt64(statistics.goodCount))
        for value in [
            statistics.minimum, statistics.maximum, statistics.sum, statistics.first,
            statistics.last, statistics.stepIntegral ?? 0, statistics.linearIntegral ?? 0,
        ] { bytes.append(littleEndian: value.bitPattern) }
        bytes.append(littleEndian: statistics.longestGap ?? 0)
    }
}

/// Columns of a chunk that go into another one as they are.
struct StoredColumns {
    var view: ChunkView
    var indexes: [Int]
}

extension ChunkView {
    /// Appends a time vector of this chunk as it is, its checksum too: damage stays visible.
    fileprivate func copy(
        vector index: Int, to bytes: inout [UInt8], entryAt place: Int
    ) throws(RecordDefect) {
        let entry = try timeEntry(index)
        let part = try section(
            of: self.bytes, at: entry.offset, count: entry.byteCount, name: "time vector \(index)")
        bytes.put(UInt32(bytes.count), at: place)
        bytes.put(entry.byteCount, at: place + 4)
        bytes.put(entry.count, at: place + 8)
        bytes.put(entry.checksum, at: place + 12)
        bytes.put(entry.first, at: place + 16)
        bytes.put(entry.last, at: place + 24)
        bytes.append(contentsOf: part)
    }

    /// Appends a column of this chunk as it is.
    fileprivate func copy(
        column index: Int, _ entry: ColumnEntry, vector: Int, to bytes: inout [UInt8],
        entryAt place: Int
    ) throws(RecordDefect) {
        let (count, overflow) = entry.valueByteCount.addingReportingOverflow(entry.qualityByteCount)
        guard !overflow else { throw RecordDefect("column \(index) lies outside the record") }
        let part = try section(
            of: self.bytes, at: entry.offset, count: count, name: "column \(index)")
        bytes.put(entry.series.rawValue, at: place)
        bytes.put(entry.kind.rawValue, at: place + 4)
        bytes.put(entry.flags, at: place + 5)
        bytes.put(UInt32(vector), at: place + 8)
        bytes.put(UInt32(entry.count), at: place + 12)
        bytes.put(UInt32(bytes.count), at: place + 16)
        bytes.put(entry.valueByteCount, at: place + 20)
        bytes.put(entry.qualityByteCount, at: place + 24)
        bytes.put(entry.checksum, at: place + 28)
        bytes.append(contentsOf: part)
    }
}

/// The distinct time vectors of a chunk: series that are sampled together share one.
private struct TimeVectors {
    enum Vector {
        case times([Int64])
        /// Of the chunk that columns are taken over from.
        case stored(Int)
    }
    private(set) var vectors: [Vector] = []
    private var byShape: [Shape: [Int]] = [:]
    private var byNumber: [Int: Int] = [:]

    var count: Int { vectors.count }

    /// What two vectors must have in common before they are compared time by time.
    private struct Shape: Hashable {
        var count: Int
        var first: Int64
        var middle: Int64
        var last: Int64
    }

    mutating func index(of times: [Int64]) -> Int {
        let shape = Shape(
            count: times.count, first: times[0], middle: times[times.count / 2],
            last: times[times.count - 1])
        for index in byShape[shape] ?? [] {
            if case .times(let known) = vectors[index], known == times { return index }
        }
        vectors.append(.times(times))
        byShape[shape, default: []].append(vectors.count - 1)
        return vectors.count - 1
    }

    mutating func index(ofStored number: Int) -> Int {
        if let known = byNumber[number] { return known }
        vectors.append(.stored(number))
        byNumber[number] = vectors.count - 1
        return vectors.count - 1
    }
}
