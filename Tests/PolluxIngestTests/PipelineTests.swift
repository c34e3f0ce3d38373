import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

extension IngestPipeline {
    /// As the import itself, where nobody asks which points took the place of others.
    func importLines(
        _ bytes: [UInt8], precision: TimestampPrecision, writtenAt: Timestamp, now: Timestamp,
        progress: inout ImportProgress
    ) throws -> WriteOutcome {
        var tally = ImportTally()
        return try importLines(
            bytes, precision: precision, writtenAt: writtenAt, now: now, progress: &progress,
            tally: &tally)
    }
}

/// A store, a graph and a pipeline on a folder of their own.
final class Plant {
    let folder: URL
    let environment: Environment
    let store: Store
    let graph: Graph
    let pipeline: IngestPipeline

    init(_ options: IngestOptions = IngestOptions(), folder: URL? = nil) throws {
        self.folder = try folder ?? Places.makeTemporaryFolder("pollux-ingest")
        environment = try Environment(directory: self.folder.path)
        store = try Store(environment: environment)
        graph = try Graph(environment: environment)
        pipeline = try IngestPipeline(store: store, graph: graph, options: options)
    }

    /// Ends the store and removes the folder.
    func remove() {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The points of a measure of an asset as (nanoseconds, value, quality).
    func points(
        _ levels: [(String, String)], _ parts: [(String, String)] = [], _ measure: String
    ) throws -> [Point] {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let address = AssetAddress(
            levels: levels.map { .init(type: $0.0, name: $0.1) },
            parts: parts.map { .init(type: $0.0, name: $0.1) })
        let lookup = AddressLookup(graph: graph, transaction: snapshot.transaction)
        guard let asset = try lookup.asset(address),
            let name = try graph.measureID(named: measure, in: snapshot.transaction),
            let series = try snapshot.series(of: asset, measure: name)
        else { return [] }
        let reader = try snapshot.reader(series.id, .always)
        var batch = ColumnBatch(kind: series.kind)
        var points: [Point] = []
        while try reader.next(into: &batch) {
            for index in 0..<batch.count {
                points.append(
                    Point(
                        instant: Timestamp(nanoseconds: batch.times[index]),
                        value: batch.values[index], quality: batch.quality(at: index)))
            }
        }
        return points
    }

    func message(_ topic: String, _ payload: String, retained: Bool = false) -> TopicMessage {
        TopicMessage(
            topic: topic, payload: Array(payload.utf8), receivedAt: Plant.arrival,
            isRetained: retained)
    }

    static let arrival = Timestamp(seconds: 1_700_000_100)
    static let machine = [("site", "factory"), ("line", "L2"), ("machine", "CNC-3")]
}

@Suite("Pipeline", .serialized)
struct PipelineTests {
    private let lines = [("line", "L2"), ("machine", "CNC-3")]

    @Test("late and duplicate points of lines are counted by source")
    func orderOfLines() throws {
        let plant = try Plant()
        defer { plant.remove() }
        func write(_ seconds: [Int], _ source: String) throws {
            let text = seconds.map { "spindle,machine=M rpm=\($0) 17000000\($0)000000000\n" }
            _ = try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.joined().utf8), receivedAt: Plant.arrival, source: source)
        }
        func counts(_ source: String) -> [UInt64] {
            let found = plant.pipeline.statistics.first { $0.source == source }
            return [found?.lateCount ?? 99, found?.duplicateCount ?? 99]
        }
        // The first body makes the series, the second is the first whose order is known.
        try write([10], "a")
        try write([20], "a")
        #expect(counts("a") == [0, 0])
        try write([30, 25, 30, 15, 31], "a")
        #expect(counts("a") == [2, 1])
        try write([20], "b")
        #expect(counts("b") == [0, 0])
        #expect(counts("a") == [2, 1])
    }

    @Test("a measure that cannot be named takes no other points along", arguments: [false, true])
    func badMeasure(areMessages: Bool) throws {
        let plant = try Plant()
        defer { plant.remove() }
        let long = String(repeating: "m", count: 201)
        let text = """
            machine,machine=M a=1,\(long)=2,b=3 1600000001000000000
            machine,machine=M c=4 1600000002000000000
            """
        if areMessages {
            try plant.pipeline.ingest([plant.message("raw", text)], source: "a")
        } else {
            let outcome = try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.utf8), receivedAt: Plant.arrival)
            #expect(outcome.rejectedCount == 1)
            #expect(outcome.acceptedCount == 1)
            #expect(outcome.pointCount == 3)
            #expect(outcome.rejections.first?.line == 1)
        }
        for measure in ["a", "b", "c"] {
            #expect(try plant.points([("machine", "M")], [], measure).count == 1)
        }
    }

    @Test("refused points of known series are counted with the series", arguments: [false, true])
    func refusedPoints(areMessages: Bool) throws {
        let plant = try Plant()
        defer { plant.remove() }
        func write(_ text: String) throws {
            if areMessages {
                try plant.pipeline.ingest([plant.message("raw", text)], source: "a")
            } else {
                _ = try plant.pipeline.writeBlocking(
                    lineProtocol: Array(text.utf8), receivedAt: Plant.arrival)
            }
        }
        try write("machine,machine=M rpm=1i 1600000001000000000")
        try write("machine,machine=M rpm=1.5 1600000002000000000")
        try write("machine,machine=M rpm=true,new=1 1600000003000000000")
        try write("machine,machine=M rpm=4i 1800000000000000000")
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let address = AssetAddress(levels: [.init(type: "machine", name: "M")])
        let lookup = AddressLookup(graph: plant.graph, transaction: snapshot.transaction)
        let asset = try #require(try lookup.asset(address))
        let all = try snapshot.seriesList(of: asset)
        #expect(try all.map { try snapshot.counts(of: $0.id).rejected } == [3, 0])
        #expect(try all.map { try snapshot.counts(of: $0.id).points } == [1, 1])
        #expect(plant.store.statistics.rejected == 3)
    }

    @Test("the order of many series is watched in pages, up to a limit")
    func newestTimes() {
        var newest = NewestTimes()
        var batch = PointBatch()
        for series in [1, 511, 512, 70_000, 1] as [UInt32] {
            batch.append(SeriesID(rawValue: series), at: Timestamp(nanoseconds: 5), .float(1))
        }
        let first = newest.take(batch, pageLimit: 2)
        #expect(first.newPages == 2 && first.late == 0 && first.duplicates == 1)
        let second = newest.take(batch, pageLimit: 1)
        #expect(second.newPages == 1 && second.duplicates == 4)
    }

    @Test("line protocol makes the twin, and the second write takes the short way")
    func lineProtocol() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let body = """
            spindle,line=L2,machine=CNC-3,vendor=Kern vibration=1.5,rpm=8000i 1700000000000000000
            machine,line=L2,machine=CNC-3 power=4.1,state="running" 1700000000000000000
            spindle,line=L2,machine=CNC-3,vendor=Kern vibration=2.5,rpm=8001i 1700000001000000000
            """
        for round in 0..<2 {
            let outcome = try plant.pipeline.writeBlocking(
                lineProtocol: Array(body.utf8), receivedAt: Plant.arrival)
            #expect(outcome.pointCount == 6)
            #expect(outcome.rejectedCount == 0)
            #expect(outcome.acceptedCount == 3)
            #expect((outcome.newSeriesCount == 4) == (round == 0))
        }
        let vibration = try plant.points(lines, [("spindle", "")], "vibration")
        #expect(vibration.map(\.value) == [.float(1.5), .float(2.5)])
        #expect(
            try plant.points(lines, [("spindle", "")], "rpm").map(\.value)
                == [.integer(8000), .integer(8001)])
        #expect(try plant.points(lines, [], "state").map(\.value) == [.text("running")])
    }

    @Test("faults, conflicts and the future are listed by line; the rest is stored")
    func partial() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let body = """
            m f=1i 1700000000000000000
            m f=
            m f=1.5 1700000001000000000
            m f=2i 1700009999000000000
            m g="x",h=1 1700000002000000000
            """
        let outcome = try plant.pipeline.writeBlocking(
            lineProtocol: Array(body.utf8), receivedAt: Plant.arrival)
        #expect(outcome.pointCount == 3)
        #expect(outcome.rejections.map(\.line) == [2, 3, 4])
        #expect(outcome.rejections[0].message == "unable to parse 'm f=': missing field value")
        #expect(
            outcome.rejections[1].reason.hasPrefix(
                "field type conflict: input field \"f\" on measurement \"m\" is type float, "
                    + "already exists as type integer"))
        #expect(outcome.rejections[2].reason.contains("future"))
        #expect(plant.pipeline.statistics.first?.futureCount == 1)
        #expect(plant.pipeline.statistics.first?.rejectedCount == 3)
    }

    @Test("messages of the built-in rule make the twin; delivery twice stores once")
    func messages() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let messages = [
            plant.message(
                "factory/L2/CNC-3/spindle/vibration", #"{"value":1.5,"ts":1700000000}"#),
            plant.message(
                "factory/L2/CNC-3/spindle", #"{"rpm":8000,"vibration":2,"ts":1700000001}"#),
            plant.message("factory/L2/CNC-3", #"{"power":4,"ts":1700000000}"#),
        ]
        for _ in 0..<2 { try plant.pipeline.ingest(messages, source: "test") }
        let machine = Plant.machine
        #expect(
            try plant.points(machine, [("spindle", "")], "vibration").map(\.value)
                == [.float(1.5), .float(2)])
        #expect(try plant.points(machine, [("spindle", "")], "rpm").count == 1)
        #expect(try plant.points(machine, [], "power").map(\.value) == [.float(4)])
    }

    @Test("unreadable messages go to the dead letters and can be replayed")
    func deadLetters() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let outcome = try plant.pipeline.ingest(
            [
                plant.message("factory/L2/CNC-3/power", "4"),
                plant.message("factory/L2/CNC-3/power", "abc"),
                plant.message("lonely", "5"), plant.message("factory/L2/CNC-3", "{"),
            ], source: "test")
        #expect(outcome.pointCount == 1)
        let letters = try plant.pipeline.deadLetters()
        #expect(
            letters.map(\.topic).reversed() == [
                "factory/L2/CNC-3/power", "lonely", "factory/L2/CNC-3",
            ])
        #expect(letters.allSatisfy { !$0.reason.isEmpty })
        try plant.pipeline.setRules(
            try IngestRules(
                """
                topic {machine}
                topic {site}/{line}/{machine}/{measure}
                topic {machine=M1}{measure}
                """))
        let replay = try plant.pipeline.replayDeadLetters()
        #expect(replay.storedCount + replay.remainingCount == 3)
        #expect(try plant.pipeline.deadLetters().count == replay.remainingCount)
        #expect(try plant.pipeline.removeDeadLetters() == replay.remainingCount)
    }

    @Test("retained replays are not new points")
    func retained() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let topic = "factory/L2/CNC-3/power"
        try plant.pipeline.ingest([plant.message(topic, "4", retained: true)], source: "t")
        #expect(try plant.points(Plant.machine, [], "power").count == 1)
        let again = try plant.pipeline.ingest(
            [
                plant.message(topic, "4", retained: true),
                plant.message(topic, #"{"value":5,"ts":1700000000}"#, retained: true),
                plant.message(topic, #"{"value":6,"ts":1700000200}"#, retained: true),
            ], source: "t")
        #expect(again.replayedCount == 2)
        #expect(try plant.points(Plant.machine, [], "power").count == 2)
    }

    @Test("events are recorded once, jobs open and close, items are mounted")
    func events() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let machine = "factory/L2/CNC-3"
        let messages = [
            plant.message(machine, #"{"event":"tool-change","tool":"T-42","ts":1700000000}"#),
            plant.message(
                machine, #"{"event":"job","name":"J42","state":"start","ts":1700000001}"#),
            plant.message(
                machine, #"{"event":"job","name":"J42","state":"end","ts":1700000050}"#),
            plant.message(
                machine + "/spindle", #"{"event":"mount","item":"SP-9","ts":1700000002}"#),
        ]
        for _ in 0..<2 { try plant.pipeline.ingest(messages, source: "t") }
        #expect(try plant.pipeline.deadLetters().map(\.reason) == [])
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let lookup = AddressLookup(graph: plant.graph, transaction: snapshot.transaction)
        let asset = try #require(
            try lookup.asset(
                AssetAddress(levels: Plant.machine.map { .init(type: $0.0, name: $0.1) })))
        let events = try plant.graph.events(
            of: asset, overlapping: .always, in: snapshot.transaction)
        #expect(events.map(\.name) == ["tool-change", "job"])
        #expect(events.last?.label == "J42")
        #expect(events.last?.end == Timestamp(seconds: 1_700_000_050))
        #expect(try lookup.named(.init(type: "spindle", name: "SP-9"), inside: nil) != nil)
    }

    @Test("an event that cannot be named takes no other message along")
    func badEvent() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let long = String(repeating: "e", count: 201)
        let machine = "factory/L2/CNC-3"
        let messages = [
            plant.message(machine, #"{"power":1.5,"ts":1700000000}"#),
            plant.message(machine, #"{"event":"\#(long)","ts":1700000001}"#),
            plant.message(machine, #"{"event":"tool-change","ts":1700000002}"#),
        ]
        let outcome = try plant.pipeline.ingest(messages, source: "t")
        #expect(outcome.rejectedCount == 1)
        #expect(outcome.pointCount == 1)
        #expect(outcome.eventCount == 1)
        #expect(try plant.pipeline.deadLetters().count == 1)
    }

    @Test("new series are limited per minute, and the rest of the message is stored")
    func limits() throws {
        var options = IngestOptions()
        options.newSeriesPerMinute = 2
        let plant = try Plant(options)
        defer { plant.remove() }
        let outcome = try plant.pipeline.writeBlocking(
            lineProtocol: Array("m a=1,b=2,c=3 1700000000000000000".utf8),
            receivedAt: Plant.arrival)
        #expect(outcome.pointCount == 2)
        #expect(outcome.rejections.first?.reason.contains("too many new series") == true)
        #expect(plant.pipeline.statistics.first?.limitedCount == 1)
    }

    @Test("a trial says what would be written and writes nothing")
    func trial() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let trial = plant.pipeline.tryMessage(
            topic: "factory/L2/CNC-3/spindle/vibration", payload: Array("1.5".utf8),
            receivedAt: Plant.arrival)
        #expect(trial.problems == [])
        #expect(
            trial.lines.first?.hasPrefix(
                "vibration of spindle of machine CNC-3 of line L2 of site factory (new) = 1.5")
                == true)
        #expect(try plant.points(Plant.machine, [("spindle", "")], "vibration").isEmpty)
    }

    @Test(
        "mosquitto_pub to points in the store",
        .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
    func broker() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let broker = try MosquittoBroker()
        let source = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=store"),
            pipeline: plant.pipeline)
        source.start()
        defer { source.stop() }
        #expect(eventually { source.status.isConnected })
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
        process.arguments = [
            "-p", "\(broker.port)", "-q", "1", "-t", "factory/L2/CNC-3/spindle/vibration", "-m",
            #"{"value":1.25,"timestamp":1700000000}"#,
        ]
        try process.run()
        process.waitUntilExit()
        let machine = Plant.machine
        #expect(
            try eventually {
                try plant.points(machine, [("spindle", "")], "vibration").map(\.value)
                    == [.float(1.25)]
            })
    }
}
