import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxLive

/// A clock that a test moves.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 0))
    var now: Timestamp {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

/// A store, a graph, queries and live work in a temporary folder, driven by hand.
final class Plant {
    /// 2026-03-02 12:00 UTC; seconds of tests count from here.
    static let noon: Int64 = 1_772_452_800

    static func instant(_ second: Double) -> Timestamp {
        Timestamp(nanoseconds: noon * 1_000_000_000 + Int64(second * 1e9))
    }

    let folder: URL
    let clock = TestClock()
    private(set) var store: Store
    private(set) var graph: Graph
    private(set) var query: QueryEngine
    private(set) var live: LiveEngine

    init(isEmpty: Bool = false) throws {
        folder = try Plant.makeFolder()
        clock.now = Plant.instant(0)
        (store, graph, query, live) = try Plant.open(folder, clock)
        defer { live.attach() }
        if isEmpty { return }
        try run(
            "create asset line L2 from 2020-01-01;"
                + "create asset machine CNC-3 of line L2 from 2020-01-01;"
                + "create asset spindle SP-7 of machine CNC-3 from 2020-01-01;"
                + "create measure temperature of spindle in °C with kind = gauge, shape = step,"
                + "gap = 1m")
    }

    /// What a process that is killed now leaves behind, opened again by another.
    init(killing other: Plant) throws {
        folder = try Plant.makeFolder()
        let data = folder.appendingPathComponent("data").path
        try FileManager.default.createDirectory(
            atPath: data, withIntermediateDirectories: true)
        try other.store.environment.copy(toDirectory: data)
        clock.now = other.clock.now
        (store, graph, query, live) = try Plant.open(folder, clock)
        live.attach()
    }

    private static func makeFolder() throws -> URL {
        let memory = URL(fileURLWithPath: "/dev/shm")
        guard FileManager.default.isWritableFile(atPath: memory.path) else {
            return try Places.makeTemporaryFolder("pollux-live")
        }
        let folder = memory.appendingPathComponent("pollux-live-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    deinit {
        live.stop()
        query.setLiveControl(nil)
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func open(
        _ folder: URL, _ clock: TestClock
    ) throws -> (Store, Graph, QueryEngine, LiveEngine) {
        let environment = try Environment(directory: folder.appendingPathComponent("data").path)
        let store = try Store(environment: environment)
        let graph = try Graph(environment: environment)
        let query = QueryEngine(store: store, graph: graph)
        var options = LiveOptions()
        options.throttle = 0
        options.clock = { clock.now }
        let live = try LiveEngine(store: store, graph: graph, query: query, options: options)
        query.setLiveControl(live)
        return (store, graph, query, live)
    }

    /// Ends live work between two turns and opens it again over the same store, as a new process.
    func restart() throws {
        live.stop()
        query = QueryEngine(store: store, graph: graph)
        var options = LiveOptions()
        options.throttle = 0
        let clock = clock
        options.clock = { clock.now }
        live = try LiveEngine(store: store, graph: graph, query: query, options: options)
        query.setLiveControl(live)
        live.attach()
    }

    @discardableResult
    func run(_ text: String) throws -> [QueryResult] {
        var options = QueryOptions()
        options.now = clock.now
        return try query.run(text, options: options)
    }

    /// The series of a measure of an asset, which is made if there is none.
    static func series(
        _ measure: String, of asset: String, _ kind: ValueKind, _ graph: Graph,
        _ transaction: StoreTransaction
    ) throws -> SeriesID {
        let write = transaction.transaction
        let asset = try #require(graph.assets(named: asset, type: nil, in: write).assets.first)
        let measure = try #require(try graph.measureID(named: measure, in: write))
        return try transaction.ensureSeries(
            asset: asset.id, measure: measure, kind: kind, group: asset.id)
    }

    /// Writes temperatures of spindle SP-7, by seconds from noon.
    func write(_ points: [(Double, Double)]) throws {
        let graph = graph
        try store.writeBlocking { transaction in
            let series = try Plant.series(
                "temperature", of: "SP-7", .float, graph, transaction)
            var batch = PointBatch()
            for (second, value) in points {
                batch.append(series, at: Plant.instant(second), value)
            }
            try transaction.append(batch)
        }
    }

    /// Moves the clock and lets everything that is due run.
    func turn(at second: Double) {
        clock.now = Plant.instant(second)
        // A write returns before its notice is out; the notice is out before the next write.
        #expect(throws: Never.self) { try store.writeBlocking { _ in } }
        live.turnNow()
    }

    func events(_ name: String) throws -> [Event] {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        return try graph.events(
            named: name, startingIn: .always, limit: 100, in: snapshot.transaction)
    }

    /// The points of a measure of spindle SP-7 as seconds and values.
    func points(_ measure: String) throws -> [[Double]] {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let transaction = snapshot.transaction
        let asset = try #require(
            graph.assets(named: "SP-7", type: nil, in: transaction).assets.first)
        guard let id = try graph.measureID(named: measure, in: transaction),
            let series = try snapshot.series(of: asset.id, measure: id)
        else { return [] }
        let reader = try snapshot.reader(series.id, .always)
        var batch = ColumnBatch(kind: series.kind)
        var found: [[Double]] = []
        while try reader.next(into: &batch) {
            for row in 0..<batch.count {
                let second = Double(batch.times[row] - Plant.noon * 1_000_000_000) / 1e9
                found.append([second, batch.values[row].number ?? .nan])
            }
        }
        return found
    }
}
