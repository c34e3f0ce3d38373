import Foundation
import PolluxCodec
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// The stored bytes of storage-format/golden/v1, which every later version must read.
///
/// `POLLUX_WRITE_GOLDEN=1` writes files that do not exist yet; existing ones are never changed.
@Suite struct GoldenTests {
    private static let folder = Places.repository.appendingPathComponent("storage-format/golden/v1")

    static func golden(_ name: String, _ make: () throws -> [UInt8]) throws -> [UInt8] {
        let file = folder.appendingPathComponent(name)
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["POLLUX_WRITE_GOLDEN"] != nil
        {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try hexText(try make()).write(to: file, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.split { $0.isWhitespace }.compactMap { UInt8($0, radix: 16) }
    }

    /// Sixteen bytes a line.
    private static func hexText(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
            text += index % 16 == 15 || index == bytes.count - 1 ? "\n" : " "
        }
        return text
    }

    static let start: Int64 = 1_700_000_000_000_000_000

    private static var columns: [OpenColumn] {
        let times = (0..<40).map { start + Int64($0) * 1_000_000_000 }
        return [
            OpenColumn(
                series: SeriesID(rawValue: 1), kind: .float,
                rows: ColumnBatch(
                    times: times, values: .floats((0..<40).map { 20 + Double($0 % 7) / 4 }))),
            OpenColumn(
                series: SeriesID(rawValue: 2), kind: .integer,
                rows: ColumnBatch(
                    times: times, values: .integers((0..<40).map { Int64($0) * 3 - 5 }),
                    qualities: (0..<40).map { $0 == 39 ? .end : .good })),
            OpenColumn(
                series: SeriesID(rawValue: 3), kind: .boolean,
                rows: ColumnBatch(
                    times: [times[3], times[9]], values: .booleans([true, false]))),
            OpenColumn(
                series: SeriesID(rawValue: 4), kind: .text,
                rows: ColumnBatch(
                    times: [times[0], times[5], times[20]],
                    values: .texts(["idle", "running", "idle"]))),
        ]
    }

    @Test("chunk.hex and chunk-dense.hex hold the columns they are said to hold")
    func chunk() throws {
        let key = ChunkKey(group: AssetID(rawValue: 12), last: GoldenTests.start + 39_000_000_000)
        for (name, tier) in [("chunk.hex", EncodingTier.fast), ("chunk-dense.hex", .dense)] {
            let bytes = try GoldenTests.golden(name) {
                try ChunkWriter(group: key.group, tier: tier).encode(
                    GoldenTests.columns, first: GoldenTests.start, last: key.last)
            }
            try bytes.withUnsafeBytes { raw in
                let view = try ChunkView(key: key, bytes: raw)
                #expect(view.tier == tier)
                #expect(view.vectorCount == 3)
                #expect(view.valueCount == 85)
                let found = try view.openColumns()
                #expect(found.map(\.series.rawValue) == [1, 2, 3, 4])
                #expect(found.map(\.rows) == GoldenTests.columns.map(\.rows))
                let statistics = try #require(try view.statistics(ofColumn: 0))
                #expect(statistics.minimum == 20)
                #expect(statistics.maximum == 21.5)
                #expect(statistics.longestGap == 1_000_000_000)
                #expect(try view.statistics(ofColumn: 1)?.goodCount == 39)
                #expect(try view.statistics(ofColumn: 2) == nil)
            }
        }
    }

    @Test("journal.hex holds the commit it is said to hold")
    func journal() throws {
        var batch = PointBatch()
        let kinds: [SeriesID: ValueKind] = [
            SeriesID(rawValue: 1): .float, SeriesID(rawValue: 2): .integer,
            SeriesID(rawValue: 4): .text,
        ]
        for step in Int64(0)..<3 {
            let instant = Timestamp(nanoseconds: GoldenTests.start + step * 250_000_000)
            batch.append(SeriesID(rawValue: 1), at: instant, 1.25 + Double(step))
            batch.append(
                SeriesID(rawValue: 2), at: instant, .integer(7 - step), quality: .uncertain)
            batch.append(SeriesID(rawValue: 4), at: instant, .text(step == 1 ? "running" : "idle"))
        }
        let bytes = try GoldenTests.golden("journal.hex") {
            JournalRecord.encode([batch], sequence: 42) { kinds[$0] ?? .float }
        }
        try bytes.withUnsafeBytes { raw in
            #expect(try JournalRecord.open(raw).sequence == 42)
            let found = try JournalRecord.decode(raw)
            #expect(found.series == batch.series)
            #expect(found.times == batch.times)
            #expect(found.bits == batch.bits)
            #expect(found.qualities == batch.qualities)
            #expect(found.texts == batch.texts)
        }
    }

    @Test("series.hex and last.hex hold the series they are said to hold")
    func series() throws {
        let description = SeriesDescription(
            id: SeriesID(rawValue: 5), asset: AssetID(rawValue: 7),
            measure: MeasureID(rawValue: 3), kind: .float, group: AssetID(rawValue: 2))
        let series = try GoldenTests.golden("series.hex") { Catalog.encode(description) }
        try series.withUnsafeBytes { bytes throws in
            #expect(try Catalog.decode(SeriesID(rawValue: 5), bytes) == description)
        }
        var record = SeriesRecord()
        record.points = 1000
        record.late = 3
        record.duplicate = 2
        record.rejected = 1
        record.first = GoldenTests.start
        record.newest = Point(
            instant: Timestamp(nanoseconds: GoldenTests.start + 5), value: .float(1.5),
            quality: .uncertain)
        let last = try GoldenTests.golden("last.hex") { record.encode() }
        try last.withUnsafeBytes { bytes throws in
            #expect(try SeriesRecord(decoding: bytes) == record)
        }
    }

    @Test("life-expiry.hex holds the expiry it is said to hold")
    func expiry() throws {
        let mark = ExpiryMark(expired: Timestamp(nanoseconds: GoldenTests.start), pointCount: 1_234)
        let bytes = try GoldenTests.golden("life-expiry.hex") { mark.encode() }
        #expect(bytes == mark.encode())
        try bytes.withUnsafeBytes { raw throws in
            #expect(try ExpiryMark(decoding: raw) == mark)
        }
    }

    @Test("life-rollups.hex and life-bucket.hex hold the rollups they are said to hold")
    func rollups() throws {
        let second: Int64 = 1_000_000_000
        let hour = GoldenTests.start - 800 * second
        let mark = RollupMark(
            length: 3_600 * second, isStep: true, gap: 900 * second, from: hour,
            until: hour + 7_200 * second)
        let marked = try GoldenTests.golden("life-rollups.hex") { mark.encode() }
        #expect(marked == mark.encode())
        try marked.withUnsafeBytes { raw throws in
            #expect(try RollupMark(length: mark.length, decoding: raw) == mark)
        }
        var bucket = RollupBucket(start: hour, end: hour + 3_600 * second)
        for (at, value, quality) in [
            (5, 0, .end), (60, 1, .good), (120, 3, .good), (150, 9, .bad), (180, 2, .good),
            (240, 0, .end),
        ] as [(Int64, Double, Quality)] {
            bucket.add(hour + at * second, value, quality, isStep: true, gap: nil)
        }
        // Known until the end mark: 60 s at 1, 60 s at 3, 60 s at 2.
        #expect(bucket.knownTime == 180 * second && bucket.integral == 360)
        let bytes = try GoldenTests.golden("life-bucket.hex") { bucket.encode() }
        #expect(bytes == bucket.encode())
        try bytes.withUnsafeBytes { raw throws in
            #expect(
                try RollupBucket(start: hour, length: 3_600 * second, decoding: raw) == bucket)
        }
    }

    @Test("audit.hex and audit-1.hex hold the deletes they are said to hold")
    func audit() throws {
        let start = Timestamp(nanoseconds: GoldenTests.start)
        func part(_ series: UInt32, _ seconds: Int64, _ count: UInt64) -> RemovalRecord.Part {
            RemovalRecord.Part(
                series: SeriesID(rawValue: series),
                range: TimeRange(start: start, end: start.advanced(by: seconds * 1_000_000_000)),
                pointCount: count)
        }
        let record = RemovalRecord(
            number: 3, instant: start.advanced(by: 5), by: "anna",
            what: "vibration of spindle of machine CNC-3", reason: "loose sensor",
            parts: [part(1, 60, 57), part(9, 2, 0)])
        let bytes = try GoldenTests.golden("audit.hex") { record.encode() }
        try RemovalRecord.key(3).withUnsafeBytes { key throws in
            try bytes.withUnsafeBytes { raw throws in
                #expect(try RemovalRecord(key: key, raw) == record)
            }
        }
        // Layout 1 is no longer written; its key has no version.
        let older = try GoldenTests.golden("audit-1.hex") {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: start.nanoseconds + 5)
            bytes.append(littleEndian: UInt32(1))
            bytes.append(littleEndian: start.nanoseconds)
            bytes.append(littleEndian: start.nanoseconds + 60_000_000_000)
            bytes.append(littleEndian: UInt64(57))
            bytes.append(contentsOf: "loose sensor".utf8)
            return withChecksum(bytes)
        }
        try KeyBytes().with(UInt64(3)).bytes.withUnsafeBytes { key throws in
            try older.withUnsafeBytes { raw throws in
                let found = try RemovalRecord(key: key, raw)
                #expect(found.parts == [part(1, 60, 57)])
                #expect(found.by.isEmpty && found.reason == "loose sensor")
            }
        }
    }

    @Test("manifest.hex holds the snapshot it is said to hold")
    func manifest() throws {
        let manifest = SnapshotManifest(
            path: "/snapshots/one", name: "one",
            created: Timestamp(nanoseconds: GoldenTests.start), transactionID: 17,
            byteCount: 65_536, checksum: 0x1234_5678, seriesCount: 5, chunkCount: 2)
        let bytes = try GoldenTests.golden("manifest.hex") { ManifestText.format(manifest) }
        #expect(try ManifestText.parse(bytes, path: "/snapshots/one") == manifest)
    }
}
