import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("MTConnect", .serialized)
struct MTConnectTests {
    private typealias V = MTConnectVectors
    private static let machine = [("machine", "CNC-3")]
    private static let observations = "MTConnect/Devices/VMC.0042/Observations/"

    private func send(_ plant: Plant, _ messages: [(String, String)]) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            messages.map { plant.message($0.0, $0.1) }, source: "agent")
    }

    private func numbers(
        _ plant: Plant, _ parts: [(String, String)], _ measure: String
    ) throws -> [Double] {
        try plant.points(Self.machine, parts, measure).map { point in
            if case .float(let number) = point.value { number } else { .nan }
        }
    }

    @Test("a probe makes the machine with its parts, and a current document its values")
    func documents() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let outcome = try send(
            plant,
            [("MTConnect/Probe/VMC.0042", V.probe), ("MTConnect/Current/VMC.0042", V.current())])
        #expect(outcome.rejections.isEmpty)
        let spindle = [("spindle", "")]
        #expect(try numbers(plant, spindle, "rpm") == [8000])
        #expect(try numbers(plant, spindle, "velocity") == [1, 1.5, 2, 2.5])
        let times = try plant.points(Self.machine, spindle, "velocity").map(\.instant.nanoseconds)
        #expect(times.map { $0 / 100_000_000 % 1000 } == [985, 990, 995, 0])
        #expect(try numbers(plant, [("path", "")], "path-position/z") == [-3])
        #expect(try numbers(plant, [], "parts") == [17])
        #expect(try numbers(plant, [], "variable/a") == [1.5])
        #expect(
            try plant.points(Self.machine, [], "variable/b").map(\.value) == [.text("on")])
        #expect(
            try plant.points(Self.machine, [], "execution").map(\.value) == [.text("ACTIVE")])
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let reader = snapshot.transaction
        let lookup = AddressLookup(graph: plant.graph, transaction: reader)
        let asset = try #require(
            try lookup.asset(AssetAddress(levels: [.init(type: "machine", name: "CNC-3")])))
        #expect(
            try plant.graph.attribute("uuid", of: asset, at: Plant.arrival, in: reader)
                == .text("VMC.0042"))
        var axis = AssetAddress(levels: [.init(type: "machine", name: "CNC-3")])
        axis.parts = [.init(type: "axes", name: ""), .init(type: "axis", name: "X")]
        let x = try #require(try lookup.asset(axis))
        let type = try #require(try plant.graph.asset(x, in: reader)?.type)
        let id = try #require(try plant.graph.measureID(named: "position-commanded", in: reader))
        #expect(
            try plant.graph.measure(id, of: type, in: reader)?.definition.unit == "mm")
        #expect(
            try plant.graph.attribute("position high", of: x, at: Plant.arrival, in: reader)
                == .float(500))
    }

    @Test("both forms of JSON and XML say the same")
    func forms() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let outcome = try send(
            plant,
            [
                ("MTConnect/Probe/VMC.0042", V.xmlProbe), ("plant/agent", V.olderSample),
                ("MTConnect/Sample/VMC.0042", V.xmlSample),
            ])
        #expect(outcome.rejections.isEmpty)
        #expect(try numbers(plant, [("spindle", "")], "rpm") == [8100, 8200])
        // The load is in no description: its id names it, on the machine.
        #expect(try numbers(plant, [], "sl") == [12.5])
    }

    @Test("entity messages, gaps, and what an agent repeats")
    func entities() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(plant, [("MTConnect/Probe/VMC.0042", V.probe)])
        let speed = V.entity("ss", "ROTARY_VELOCITY", "SAMPLE", "8000.000000", second: 1)
        let outcome = try send(
            plant,
            [
                (Self.observations + "ss", speed), (Self.observations + "ss", speed),
                (
                    Self.observations + "ss",
                    V.entity("ss", "ROTARY_VELOCITY", "SAMPLE", "UNAVAILABLE", second: 2)
                ),
                (
                    Self.observations + "t2",
                    V.entity("t2", "TEMPERATURE", "SAMPLE", "41", second: 1)
                ),
                (
                    Self.observations + "avail",
                    V.entity("avail", "AVAILABILITY", "EVENT", "UNAVAILABLE", second: 2)
                ),
                (
                    Self.observations + "ss",
                    V.entity("ss", "ROTARY_VELOCITY", "SAMPLE", "x", second: 3)
                ),
                (
                    Self.observations + "ss",
                    #"{"dataItemId":"ss","result":"1","timestamp":"later"}"#
                ),
                ("MTConnect/Current/VMC.0042", "{"),
            ])
        #expect(outcome.pointCount == 4)
        #expect(outcome.replayedCount == 1)
        #expect(outcome.rejections.map(\.line) == [6, 7, 8])
        let rpm = try plant.points(Self.machine, [("spindle", "")], "rpm")
        #expect(rpm.map(\.quality) == [.good, .end])
        #expect(
            try plant.points(Self.machine, [("spindle", "")], "temperature/rear").map(\.value)
                == [.float(41)])
        #expect(
            try plant.points(Self.machine, [], "availability").map(\.value)
                == [.text("UNAVAILABLE")])
        #expect(try plant.pipeline.deadLetters().count == 3)
    }

    @Test("a known state is not written again; a new instance of the agent is")
    func sequences() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let topic = "MTConnect/Current/VMC.0042"
        _ = try send(plant, [("MTConnect/Probe/VMC.0042", V.probe), (topic, V.current())])
        let again = try send(plant, [(topic, V.current())])
        #expect(again.pointCount == 0)
        #expect(again.replayedCount == 8 && again.eventCount == 0)
        let moved = try send(plant, [(topic, V.current(rpm: "9000", sequence: 40))])
        #expect(moved.pointCount == 1)
        let restarted = try send(plant, [(topic, V.current(instance: 2, rpm: "9000"))])
        #expect(restarted.pointCount > 5 && restarted.eventCount == 0)
    }

    @Test("devices are known again after a restart")
    func restart() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(plant, [("MTConnect/Probe/VMC.0042", V.probe)])
        // What a new process knows is what the first one stored.
        let next = try IngestPipeline(store: plant.store, graph: plant.graph)
        let speed = V.entity("ss", "ROTARY_VELOCITY", "SAMPLE", "7000", second: 1)
        try next.ingest([plant.message(Self.observations + "ss", speed)], source: "agent")
        #expect(try numbers(plant, [("spindle", "")], "rpm") == [7000])
    }

    @Test("conditions are alarms that begin and end once")
    func conditions() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let topic = Self.observations + "sys"
        let messages = [
            ("MTConnect/Probe/VMC.0042", V.probe),
            (topic, V.condition("NORMAL", "", second: 0, sequence: 1)),
            (topic, V.condition("WARNING", "E7", second: 1, sequence: 2)),
            (topic, V.condition("FAULT", "E7", second: 2, sequence: 3)),
            (topic, V.condition("FAULT", "E9", second: 3, sequence: 4)),
            (topic, V.condition("NORMAL", "E7", second: 4, sequence: 5)),
            (topic, V.condition("NORMAL", "", second: 5, sequence: 6)),
            (topic, V.condition("FAULT", "E1", second: 6, sequence: 7)),
        ]
        for _ in 0..<2 {
            let outcome = try send(plant, messages)
            #expect(outcome.rejections.isEmpty)
        }
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let reader = snapshot.transaction
        var address = AssetAddress(levels: [.init(type: "machine", name: "CNC-3")])
        address.parts = [.init(type: "controller", name: "")]
        let asset = try #require(
            try AddressLookup(graph: plant.graph, transaction: reader).asset(address))
        let events = try plant.graph.events(
            of: asset, named: "alarm", overlapping: .always, in: reader)
        let base: Int64 = 1_700_000_040_000_000_000
        let words = events.map { event in
            let level = event.attributes.first { $0.name == "level" }?.value.text ?? ""
            let end = event.end.map { "\(($0.nanoseconds - base) / 1_000_000_000)" } ?? "open"
            return
                "\(event.label) \(level) \((event.start.nanoseconds - base) / 1_000_000_000) \(end)"
        }
        #expect(
            words.sorted() == ["E1 fault 6 open", "E7 fault 2 4", "E7 warning 1 2", "E9 fault 3 5"])
    }

    @Test("cutting tools have life, limits and mounts; a change of tool is an event")
    func tools() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let topic = "MTConnect/Asset/VMC.0042"
        let messages = [
            ("MTConnect/Probe/VMC.0042", V.probe),
            (topic + "/T-1", V.tool("T-1", in: "SPINDLE", "1", second: 0, minutes: "10.5")),
            (topic + "/T-2", V.tool("T-2", in: "POT", "12", second: 1, minutes: "2")),
            (topic + "/T-1", V.tool("T-1", in: "POT", "7", second: 20, minutes: "12")),
            (topic + "/T-2", V.tool("T-2", in: "SPINDLE", "1", second: 21, minutes: "2")),
            (
                Self.observations + "tid",
                V.entity("tid", "TOOL_ASSET_ID", "EVENT", "T-2", second: 22)
            ),
            (
                Self.observations + "tid",
                V.entity("tid", "TOOL_ASSET_ID", "EVENT", "T-3", second: 40, sequence: 2)
            ),
            (topic, #"{"File":{"assetId":"f1","name":"x"}}"#),
        ]
        for round in 0..<2 {
            let outcome = try send(plant, messages)
            #expect(outcome.rejections.map(\.line) == [8], "round \(round)")
        }
        #expect(
            try plant.points([("tool", "T-1")], [], "life-minutes").map(\.value)
                == [.float(10.5), .float(12)])
        #expect(
            try plant.points([("tool", "T-1")], [], "status").map(\.value).first
                == .text("USED MEASURED"))
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        try check(plant.graph, snapshot)
    }

    private func check(_ graph: Graph, _ snapshot: Snapshot) throws {
        let reader = snapshot.transaction
        let lookup = AddressLookup(graph: graph, transaction: reader)
        let tool = try #require(
            try lookup.asset(AssetAddress(levels: [.init(type: "tool", name: "T-1")])))
        func attribute(_ name: String) throws -> Value? {
            try graph.attribute(name, of: tool, at: Plant.arrival, in: reader)
        }
        #expect(try attribute("life-minutes limit") == .float(100))
        #expect(try attribute("life-parts direction") == .text("down"))
        #expect(try attribute("diameter") == .float(8))
        #expect(try attribute("functional-length") == .float(121.25))
        var place = AssetAddress(levels: [.init(type: "machine", name: "CNC-3")])
        place.parts = [.init(type: "spindle", name: ""), .init(type: "tool", name: "")]
        let position = try #require(try lookup.asset(place))
        let base: Int64 = 1_700_000_040
        let mounts = try graph.links(of: position, during: .always, in: reader)
            .filter { $0.relation == .mounting }.sorted { $0.range.start < $1.range.start }
            .map { link in
                let name = try graph.asset(link.subject, in: reader)?.name ?? ""
                func second(_ instant: Timestamp, _ never: Timestamp) -> String {
                    instant == never ? "" : "\(instant.nanoseconds / 1_000_000_000 - base)"
                }
                return name + " " + second(link.range.start, .distantPast) + "-"
                    + second(link.range.end, .distantFuture)
            }
        #expect(mounts == ["T-1 -20", "T-2 21-40", "T-3 40-"])
        let machine = try #require(
            try lookup.asset(AssetAddress(levels: [.init(type: "machine", name: "CNC-3")])))
        let changes = try graph.events(
            of: machine, named: "tool-change", overlapping: .always, in: reader)
        #expect(changes.map { $0.start.nanoseconds / 1_000_000_000 - base } == [21, 40])
        let stored = try graph.links(of: tool, during: .always, in: reader)
            .filter {
                $0.subject == tool && $0.relation != .mounting && $0.relation != .containment
            }
        #expect(try stored.map { try graph.asset($0.object, in: reader)?.name } == ["7"])
    }

    @Test("an agent that goes leaves no value standing")
    func availability() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(
            plant,
            [
                ("MTConnect/Probe/VMC.0042", V.probe), ("MTConnect/Current/VMC.0042", V.current()),
                ("MTConnect/Probe/VMC.0042/Availability", "UNAVAILABLE"),
            ])
        let rpm = try plant.points(Self.machine, [("spindle", "")], "rpm")
        #expect(rpm.map(\.quality) == [.good, .end])
    }

    @Test("documents cut short or changed at random are refused or read, never more")
    func hostile() throws {
        var random = Seed(20)
        let documents = [
            V.probe, V.xmlProbe, V.current(), V.olderSample, V.xmlSample,
            V.tool("T-1", in: "SPINDLE", "1", second: 0, minutes: "1"),
            V.condition("FAULT", "E7", second: 1, sequence: 2),
        ].map { Array($0.utf8) }
        let topics = [
            "MTConnect/Probe/u", "MTConnect/Asset/u", "MTConnect/Devices/u/Observations/x", "x",
        ]
        var devices = MTConnectDevices()
        for _ in 0..<3000 {
            var bytes = documents[Int.random(in: 0..<documents.count, using: &random)]
            for _ in 0..<Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                default: bytes.insert(contentsOf: bytes.prefix(place).suffix(20), at: place)
                }
            }
            if Bool.random(using: &random) {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            }
            let topic = topics[Int.random(in: 0..<topics.count, using: &random)]
            let message = TopicMessage(topic: topic, payload: bytes, receivedAt: Plant.arrival)
            guard devices.owns(message) else { continue }
            let decoded = devices.read(message)
            #expect(decoded.groups.count <= 4000)
        }
        let text = TopicMessage(
            topic: "factory/L2/CNC-3/state", payload: Array("<none>".utf8),
            receivedAt: Plant.arrival)
        #expect(!devices.owns(text))
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLError.self) { try XMLReader.parse(Array(deep.utf8)) }
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"
        #expect(throws: XMLError.self) { try XMLReader.parse(Array(bomb.utf8)) }
    }
}
