import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// How long points are kept, from the statement to the answer.
@Suite struct RetentionTests {
    @Test func declaredRetentionIsCarriedOut() throws {
        let folder = try Places.makeTemporaryFolder("pollux-retention")
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = try Environment(directory: folder.path)
        var options = StoreOptions()
        options.sealValueCount = 500
        options.settlesInBackground = false
        let store = try Store(environment: environment, options: options)
        defer { store.close() }
        let engine = QueryEngine(store: store, graph: try Graph(environment: environment))
        _ = try engine.run(
            """
            create type part plural parts with retention = 32d;
            create type spindle plural spindles with extends = part;
            create measure vibration of spindle in mm/s with retention = 64h, gap = none;
            create measure temperature of spindle in °C with gap = none;
            create measure rpm of spindle with retention = none;
            create asset spindle SP-1 from 2025-01-01;
            record vibration of spindle SP-1 = 1 at 2026-01-01T00:00:00Z;
            record temperature of spindle SP-1 = 20 at 2026-01-01T00:00:00Z;
            record rpm of spindle SP-1 = 8000 at 2026-01-01T00:00:00Z
            """)
        let series = try store.snapshot().seriesList(of: AssetID(rawValue: 1)).map(\.id)
        try #require(series.count == 3)
        var batch = PointBatch()
        for hour in 1..<2_400 {
            for one in series {
                batch.append(
                    one, at: Timestamp(seconds: 1_767_225_600 + Int64(hour) * 3_600), Double(hour))
            }
        }
        let points = batch
        try store.writeBlocking { try $0.append(points) }
        // A hundred days later: 64 hours and 32 days are kept.
        let now = Timestamp(seconds: 1_767_225_600 + 2_400 * 3_600)
        let gone = try store.applyLifeRules(now: now)
        #expect(gone == UInt64(2_400 - 64) + UInt64(2_400 - 768))
        var question = QueryOptions()
        question.now = now
        func answer(_ text: String) throws -> QueryResult {
            try #require(try engine.run(text, options: question).first)
        }
        func count(_ measure: String) throws -> (Double?, [String]) {
            let result = try answer("count \(measure) of spindle SP-1 last 200d")
            let cell = result.columns.first { $0.kind == .integer || $0.kind == .float }?.cell(0)
            switch cell {
            case .integer(let number): return (Double(number), result.notes)
            case .float(let number): return (number, result.notes)
            default: return (nil, result.notes)
            }
        }
        let vibration = try count("vibration")
        #expect(vibration.0 == 64)
        #expect(
            vibration.1.contains {
                $0.hasPrefix("vibration of SP-1 is no longer kept before 2026-04-08")
            }, "\(vibration.1)")
        #expect(try count("temperature").0 == 768)
        let rpm = try count("rpm")
        #expect(rpm.0 == 2_400)
        #expect(!rpm.1.contains { $0.contains("no longer kept") })
        // What is asked of the time since says nothing of it.
        let recent = try answer("count vibration of spindle SP-1 last 1d")
        #expect(!recent.notes.contains { $0.contains("no longer kept") })
        let described = try answer("describe spindle SP-1")
        let texts = (0..<described.rowCount).map { "\(described.columns[2].cell($0))" }
        #expect(
            texts.contains {
                $0.contains("64 points") && $0.contains("retention = 64h")
                    && $0.contains("2336 points before 2026-04-08") && $0.contains("expired")
            }, "\(texts)")
        #expect(texts.contains { $0.contains("retention = 32d") }, "\(texts)")
    }

    /// A value that held when the range began is missing like a point inside it, and is said to be.
    @Test(arguments: ["avg held", "time (held > 0)", "delta held"])
    func valueBeforeTheRangeHasGone(_ item: String) throws {
        let plant = try SmallPlant()
        defer { plant.remove() }
        let (store, engine) = (plant.store, plant.engine)
        _ = try engine.run(
            """
            create measure held of probe with shape = step, gap = none, retention = 1h;
            create asset probe P-1 from 2000-01-01;
            record held of probe P-1 = 1 at 2026-01-01T00:00:00Z;
            record held of probe P-1 = 2 at 2026-01-01T00:10:00Z;
            record held of probe P-1 = 3 at 2026-01-01T03:00:00Z
            """)
        func notes(_ now: Int64, _ range: String) throws -> [String] {
            var options = QueryOptions()
            options.now = Timestamp(seconds: 1_767_225_600 + now * 60)
            let text = "\(item) of probe P-1 \(range)"
            return try #require(try engine.run(text, options: options).first).notes
        }
        let range = "between 2026-01-01T02:30Z and 2026-01-01T03:10Z"
        #expect(try notes(190, range).isEmpty)
        // What is in memory comes into a chunk first.
        for _ in 0..<2 {
            try store.applyLifeRules(now: Timestamp(seconds: 1_767_225_600 + 165 * 60))
        }
        #expect(store.statistics.expiredPoints == 2)
        let said = try notes(190, range)
        #expect(said.contains { $0.hasPrefix("held of P-1 is no longer kept before") }, "\(said)")
        // Of the time since the point that is left nothing is missing.
        #expect(try notes(190, "between 2026-01-01T03:01Z and 2026-01-01T03:10Z").isEmpty)
    }

    /// The first sample that is left is not the first of all.
    @Test func countOfWhatHasGone() throws {
        let plant = try SmallPlant()
        defer { plant.remove() }
        let (store, engine) = (plant.store, plant.engine)
        _ = try engine.run(
            """
            create measure strokes of probe with kind = counter, starts = 0, retention = 1h;
            create asset probe P-1 from 2000-01-01;
            record strokes of probe P-1 = 1000 at 2026-01-01T00:00:00Z;
            record strokes of probe P-1 = 1010 at 2026-01-01T03:00:00Z;
            record strokes of probe P-1 = 1015 at 2026-01-01T03:05:00Z
            """)
        var question = QueryOptions()
        question.now = Timestamp(seconds: 1_767_225_600 + 190 * 60)
        func counted() throws -> ResultCell? {
            let text = "delta strokes of probe P-1 between 2026-01-01 and 2026-01-01T03:10Z"
            let answer = try #require(try engine.run(text, options: question).first)
            return answer.columns.first { $0.kind == .float }?.cell(0)
        }
        #expect(try counted() == .float(1015))
        for _ in 0..<2 { try store.applyLifeRules(now: question.now ?? .distantPast) }
        #expect(store.statistics.expiredPoints == 1)
        #expect(try counted() == .float(5))
    }
}

/// A database in a folder of its own, in which nothing happens by itself.
private struct SmallPlant {
    private let folder: URL
    let store: Store
    let engine: QueryEngine

    init() throws {
        folder = try Places.makeTemporaryFolder("pollux-retention")
        let environment = try Environment(directory: folder.path)
        var options = StoreOptions()
        options.settlesInBackground = false
        store = try Store(environment: environment, options: options)
        engine = QueryEngine(store: store, graph: try Graph(environment: environment))
    }

    func remove() {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }
}
