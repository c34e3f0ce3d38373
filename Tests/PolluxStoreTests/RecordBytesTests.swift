import Foundation
import PolluxCodec
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// Readers of the store's records on changed bytes whose checksums are right: they give something or
/// an error, and no reader reads behind the record, which ends at a forbidden page.
@Suite struct RecordBytesTests {
    /// Thousands with `POLLUX_LONG_TESTS=1`.
    private static let roundCount =
        ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] != nil ? 20_000 : 600
    /// Records that claim more rows are left: they would take the time of the whole suite.
    private static let countLimit = 20_000

    private static func golden(_ name: String) throws -> [UInt8] {
        try GoldenTests.golden(name) { throw CocoaError(.fileNoSuchFile) }
    }

    /// Calls `read` with changed records before a forbidden page; it returns whether the record was
    /// read, and must throw nothing but an error that names what is wrong.
    ///
    /// Some must be read and some refused, else the changes test nothing.
    private static func forEachChange(
        _ name: String, _ seed: UInt64, seals: Bool = true,
        _ read: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var random = Seed(seed)
        let record = try golden(name)
        let memory = try GuardedBytes(capacity: 64 * 1024)
        var (readCount, refusedCount) = (0, 0)
        for round in 0..<roundCount {
            var changed = random.changed(seals ? Array(record.dropLast(4)) : record, front: 160)
            if seals { changed = withChecksum(changed) }
            do {
                try memory.with(changed, read)
                readCount += 1
            } catch let defect as RecordDefect {
                refusedCount += 1
                #expect(!defect.reason.isEmpty, "seed \(seed), round \(round)")
            } catch let StoreError.corrupt(record, reason) {
                refusedCount += 1
                #expect(!record.isEmpty && !reason.isEmpty, "seed \(seed), round \(round)")
            }
        }
        #expect(readCount > 0 && refusedCount > 0, "\(name), seed \(seed)")
    }

    @Test(arguments: [1, 2] as [UInt64]) func journals(_ seed: UInt64) throws {
        try Self.forEachChange("journal.hex", seed) { bytes in
            guard try JournalRecord.open(bytes).count <= Self.countLimit else { return }
            _ = try JournalRecord.decode(bytes)
        }
    }

    @Test(arguments: [3, 4] as [UInt64]) func seriesAndCounts(_ seed: UInt64) throws {
        try Self.forEachChange("series.hex", seed) {
            _ = try Catalog.decode(SeriesID(rawValue: 5), $0)
        }
        try Self.forEachChange("last.hex", seed) { _ = try SeriesRecord(decoding: $0) }
    }

    @Test(arguments: [5, 6] as [UInt64]) func deletes(_ seed: UInt64) throws {
        let key = RemovalRecord.key(3)
        try Self.forEachChange("audit.hex", seed) { bytes in
            try key.withUnsafeBytes { _ = try RemovalRecord(key: $0, bytes) }
        }
    }

    @Test(arguments: [7, 8] as [UInt64]) func life(_ seed: UInt64) throws {
        let hour: Int64 = 3_600_000_000_000
        try Self.forEachChange("life-expiry.hex", seed) { _ = try ExpiryMark(decoding: $0) }
        for name in ["life-rollups.hex", "life-rollups-states.hex"] {
            try Self.forEachChange(name, seed) { _ = try RollupMark(length: hour, decoding: $0) }
        }
        let start = GoldenTests.start - 800_000_000_000
        for name in ["", "-counter", "-sketch", "-state"] {
            try Self.forEachChange("life-bucket\(name).hex", seed) {
                _ = try RollupBucket(start: start, length: hour, decoding: $0)
            }
        }
    }

    /// Everything that a scan asks of a chunk.
    @Test("each error of a chunk names the chunk", arguments: [9, 10, 11] as [UInt64])
    func chunks(_ seed: UInt64) throws {
        let memory = try GuardedBytes(capacity: 64 * 1024)
        for name in ["chunk.hex", "chunk-dense.hex"] {
            var openedCount = 0
            try Self.forEachChange(name, seed, seals: false) { changed in
                guard changed.count >= 48 else { return }
                var record = Array(changed)
                guard let key = ChunkBytes.seal(&record, limit: Self.countLimit) else { return }
                try memory.with(record) { bytes in
                    do {
                        let view = try ChunkView(key: key, bytes: bytes)
                        openedCount += 1
                        try Self.readAll(view)
                    } catch let StoreError.corrupt(named, reason) {
                        #expect(named == key.name, "\(name), seed \(seed)")
                        throw StoreError.corrupt(record: named, reason: reason)
                    }
                }
            }
            #expect(openedCount > Self.roundCount / 10, "\(name), seed \(seed)")
        }
    }

    /// All columns, each as far as it can be read; throws the first error.
    private static func readAll(_ view: ChunkView) throws {
        var first: (any Error)?
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { first = first ?? error }
        }
        attempt { _ = try view.openColumns() }
        for index in 0..<view.columnCount {
            attempt { _ = try view.statistics(ofColumn: index) }
            attempt {
                let entry = try view.naming { try view.columnEntry(index) }
                let payload = try view.naming { try view.payload(ofColumn: index, entry) }
                _ = try view.naming { try ChunkView.describe(entry.kind, payload.values) }
                guard entry.kind == .float, entry.qualityByteCount == 0 else { return }
                let floats = try SealedFloats(view, column: index)
                _ = try floats.aggregate(0..<Int(entry.count), wantsExtremes: true)
            }
        }
        for vector in 0..<view.vectorCount {
            attempt {
                let times = try SealedTimes(view, vector: vector)
                _ = try times.firstRow(notBefore: GoldenTests.start)
                _ = try times.all()
            }
        }
        if let first { throw first }
    }
}

/// Chunks whose sizes and checksums are made right (storage-format/chunk.md), so that what lies
/// behind them is reached.
private enum ChunkBytes {
    /// The key of the chunk; nil where it claims more than `limit` rows or has no place for a
    /// directory.
    static func seal(_ record: inout [UInt8], limit: Int) -> ChunkKey? {
        put(UInt32(record.count), at: 12, &record)
        let (columns, vectors) = (word(record, 32), word(record, 36))
        let columnStart = 48 + 32 * vectors
        guard columns < 64, vectors < 64 else { return nil }
        var end = columnStart + 32 * columns
        guard end + 4 <= record.count else { return nil }
        for index in 0..<vectors {
            let entry = 48 + 32 * index
            guard word(record, entry + 8) <= limit else { return nil }
            sealPart(word(record, entry), word(record, entry + 4), at: entry + 12, &record)
        }
        for index in 0..<columns {
            let entry = columnStart + 32 * index
            if record[entry + 5] & 1 != 0 { end += 72 }
            let size = word(record, entry + 20) + word(record, entry + 24)
            sealPart(word(record, entry + 16), size, at: entry + 28, &record)
        }
        guard end + 4 <= record.count else { return nil }
        sealPart(0, end, at: end, &record)
        let last = (0..<8).reduce(Int64(0)) { $0 | Int64(record[24 + $1]) << (8 * Int64($1)) }
        return ChunkKey(group: AssetID(rawValue: UInt32(word(record, 8))), last: last)
    }

    private static func sealPart(_ start: Int, _ size: Int, at place: Int, _ record: inout [UInt8])
    {
        guard start + size <= record.count else { return }
        let checksum = record.withUnsafeBytes {
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[start..<(start + size)]))
        }
        put(checksum, at: place, &record)
    }

    private static func put(_ value: UInt32, at place: Int, _ record: inout [UInt8]) {
        for index in 0..<4 {
            record[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
    }

    private static func word(_ record: [UInt8], _ place: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(record[place + $1]) << (8 * $1) }
    }
}
