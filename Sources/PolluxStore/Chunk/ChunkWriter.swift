import PolluxCodec
import PolluxModel

/// Turns columns of one group into the bytes of a chunk (storage-format/chunk.md).
struct ChunkWriter {
    let group: AssetID
    let tier: EncodingTier

    /// The record of these columns, which are not empty and lie within `first...last`.
    func encode(_ columns: [OpenColumn], first: Int64, last: Int64) -> [UInt8] {
        let ordered = columns.sorted { $0.series < $1.series }
        var vectors = TimeVectors()
        let vectorOf = ordered.map { vectors.index(of: $0.rows.times) }
        let statistics = ordered.map { ColumnStatistics.ofChunkColumn($0) }
        var bytes: [UInt8] = []
        let valueCount = ordered.reduce(0) { $0 + $1.rows.count }
        bytes.reserveCapacity(valueCount * 2 + 256 * ordered.count + 256)
        appendHeader(
            to: &bytes, first: first, last: last, columns: ordered.count,
            vectors: vectors.vectors.count, values: valueCount)
        let timeEntries = bytes.count
        bytes += zeros(vectors.vectors.count * ChunkFormat.timeEntryByteCount)
        let columnEntries = bytes.count
        bytes += zeros(ordered.count * ChunkFormat.columnEntryByteCount)
        for entry in statistics {
            if let entry { ChunkWriter.append(entry.statistics, to: &bytes) }
        }
        let checksumAt = bytes.count
        bytes += zeros(4)
        for (index, times) in vectors.vectors.enumerated() {
            let start = bytes.count
            TimeColumn.encode(times, tier: tier, into: &bytes)
            putTimeEntry(times, from: start, in: &bytes, at: timeEntries + 32 * index)
        }
        for (index, column) in ordered.enumerated() {
            appendColumn(
                column, vector: vectorOf[index], statistics: statistics[index], to: &bytes,
                entryAt: columnEntries + ChunkFormat.columnEntryByteCount * index)
        }
        bytes.put(UInt32(bytes.count), at: 12)
        let checksum = bytes.withUnsafeBytes {
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[..<checksumAt]))
        }
        bytes.put(checksum, at: checksumAt)
        return bytes
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

/// The distinct time vectors of a chunk: series that are sampled together share one.
private struct TimeVectors {
    var vectors: [[Int64]] = []
    private var byShape: [Shape: [Int]] = [:]

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
        for index in byShape[shape] ?? [] where vectors[index] == times { return index }
        vectors.append(times)
        byShape[shape, default: []].append(vectors.count - 1)
        return vectors.count - 1
    }
}
