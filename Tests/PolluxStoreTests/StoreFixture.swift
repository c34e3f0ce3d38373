import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxStore

/// A store in a temporary folder that can be crashed and opened again.
final class StoreFixture {
    let folder: URL
    var options: StoreOptions
    var mapOptions: Environment.Options
    private(set) var store: Store

    init(options: StoreOptions = StoreOptions(), map: Environment.Options = .init()) throws {
        folder = try StoreFixture.makeFolder()
        self.options = options
        mapOptions = map
        store = try StoreFixture.open(folder, options, map)
    }

    /// A folder in memory where there is one: a random life commits hundreds of times.
    static func makeFolder() throws -> URL {
        let memory = URL(fileURLWithPath: "/dev/shm")
        guard FileManager.default.isWritableFile(atPath: memory.path) else {
            return try Places.makeTemporaryFolder("pollux-store")
        }
        let folder = memory.appendingPathComponent("pollux-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func open(
        _ folder: URL, _ options: StoreOptions, _ map: Environment.Options
    ) throws -> Store {
        try Store(
            environment: Environment(
                directory: folder.appendingPathComponent("data").path, options: map),
            options: options)
    }

    deinit {
        store.abandon()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the store without sealing, as a crash after the last commit would, and opens it again.
    func crashAndReopen() throws {
        store.abandon()
        // The environment must be gone before the directory can be opened again.
        store = try StoreFixture.replaced(&store) {
            try StoreFixture.open(folder, options, mapOptions)
        }
    }

    /// Closes the store properly and opens it again.
    func reopen() throws {
        store.close()
        try crashAndReopen()
    }

    private static func replaced(
        _ store: inout Store, _ open: () throws -> Store
    ) throws -> Store {
        // A store of its own folder takes the place while the old one lets go of its lock.
        let parking = try makeFolder()
        defer { try? FileManager.default.removeItem(at: parking) }
        store = try Store(environment: Environment(directory: parking.path))
        return try open()
    }

    /// Makes a series and returns its number.
    func series(
        _ asset: UInt32, _ measure: UInt32, _ kind: ValueKind = .float, group: UInt32 = 1
    ) throws -> SeriesID {
        try store.writeBlocking { transaction in
            try transaction.ensureSeries(
                asset: AssetID(rawValue: asset), measure: MeasureID(rawValue: measure), kind: kind,
                group: AssetID(rawValue: group))
        }
    }

    func write(_ batch: PointBatch) throws {
        try store.writeBlocking { try $0.append(batch) }
    }

    /// All points of a series in a range, through a reader with small batches.
    func points(
        _ series: SeriesID, _ range: TimeRange = .always, batchRowCount: Int = 7
    ) throws -> [Point] {
        try StoreFixture.points(store.snapshot(), series, range, batchRowCount: batchRowCount)
    }

    static func points(
        _ snapshot: Snapshot, _ series: SeriesID, _ range: TimeRange = .always,
        batchRowCount: Int = 7
    ) throws -> [Point] {
        let reader = try snapshot.reader(series, range)
        reader.batchRowCount = batchRowCount
        var batch = ColumnBatch(kind: reader.series.kind)
        var points: [Point] = []
        while try reader.next(into: &batch) {
            for row in 0..<batch.count { points.append(batch.point(at: row)) }
        }
        return points
    }

    func check(_ location: SourceLocation = #_sourceLocation) throws {
        let report = try Inspection(environment: store.environment).check()
        #expect(report.findings.isEmpty, "\(report.findings.prefix(5))", sourceLocation: location)
    }
}

/// A batch from (series, time, float).
func floats(_ points: [(SeriesID, Int64, Double)]) -> PointBatch {
    var batch = PointBatch()
    for (series, time, value) in points {
        batch.append(series, at: Timestamp(nanoseconds: time), value)
    }
    return batch
}

func range(_ start: Int64, _ end: Int64) -> TimeRange {
    TimeRange(start: Timestamp(nanoseconds: start), end: Timestamp(nanoseconds: end))
}
