import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Ditto", .serialized)
struct DittoTests {
    private static let machine = [("namespace", "shop"), ("machine", "CNC-3")]
    private static let spindle = [("spindle", "")]

    private static func envelope(
        _ verb: String, _ path: String, _ value: String?, second: Int? = 0,
        channel: String = "twin", more: String = ""
    ) -> String {
        let kind = verb.hasSuffix("d") ? "events" : "commands"
        let time = second.map { ",\"timestamp\":\"2023-11-14T22:13:\(20 + $0)Z\"" } ?? ""
        return """
            {"topic":"shop/CNC-3/things/\(channel)/\(kind)/\(verb)","headers":{"correlation-id":"a"},
             "path":"\(path)"\(value.map { ",\"value\":\($0)" } ?? ""),"revision":12\(time)\(more)}
            """
    }

    private static let created = envelope(
        "created", "/",
        """
        {"thingId":"shop:CNC-3","policyId":"shop:p","definition":"shop:Mill:1.0",
         "attributes":{"maker":"Kern","place":{"hall":2}},
         "features":{"spindle":{"definition":["a:b:1"],"properties":{"vibration":1.5,"on":true,
          "bearing":{"front":40,"rear":41}},"desiredProperties":{"rpm":9000}}}}
        """)

    private func send(_ plant: Plant, _ payloads: [String]) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            payloads.map { plant.message("ditto/out", $0) }, source: "ditto")
    }

    private func points(_ plant: Plant, _ measure: String) throws -> [String] {
        try plant.points(Self.machine, Self.spindle, measure).map { point in
            let second = point.instant.nanoseconds / 1_000_000_000 - 1_700_000_000
            if point.quality == .end { return "\(second) ends" }
            return switch point.value {
            case .float(let number): "\(second) \(number)"
            case .boolean(let flag): "\(second) \(flag)"
            default: "\(second) ?"
            }
        }
    }

    @Test("a thing, its features and what happens to them")
    func events() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let vibration = "/features/spindle/properties/vibration"
        for _ in 0..<2 {
            let outcome = try send(
                plant,
                [
                    Self.created, Self.envelope("modified", vibration, "4.2", second: 1),
                    Self.envelope(
                        "merged", "/",
                        #"{"features":{"spindle":{"properties":{"vibration":5,"bearing":null}}}}"#,
                        second: 2),
                    Self.envelope(
                        "merged", "/features/spindle/properties/bearing", #"{"front":42}"#,
                        second: 3),
                    Self.envelope("deleted", vibration, nil, second: 4),
                    Self.envelope("modify", "/features/spindle/properties/rpm", "100", second: nil),
                    Self.envelope("modified", "/attributes/place/hall", "3", second: 5),
                    Self.envelope("deleted", "/attributes/maker", nil, second: 6),
                ])
            #expect(outcome.rejections.isEmpty)
        }
        #expect(try points(plant, "vibration") == ["0 1.5", "1 4.2", "2 5.0", "4 ends"])
        #expect(try points(plant, "on") == ["0 true"])
        #expect(try points(plant, "bearing/front") == ["0 40.0", "2 ends", "3 42.0"])
        #expect(try points(plant, "bearing/rear") == ["0 41.0", "2 ends"])
        #expect(try points(plant, "desired/rpm") == ["0 9000.0"])
        #expect(try points(plant, "rpm") == ["100 100.0"])
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let address = AssetAddress(levels: Self.machine.map { .init(type: $0.0, name: $0.1) })
        let asset = try #require(
            try AddressLookup(graph: plant.graph, transaction: snapshot.transaction).asset(address))
        func attribute(_ name: String, _ second: Int64) throws -> Value? {
            try plant.graph.attribute(
                name, of: asset, at: Timestamp(seconds: 1_700_000_000 + second),
                in: snapshot.transaction)
        }
        #expect(try attribute("definition", 1) == .text("shop:Mill:1.0"))
        #expect(try attribute("place/hall", 4) == .integer(2))
        #expect(try attribute("place/hall", 5) == .integer(3))
        #expect(try attribute("maker", 5) == .text("Kern"))
        #expect(try attribute("maker", 7) == nil)
    }

    @Test("a thing that is deleted leaves no value standing")
    func deletion() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(plant, [Self.created])
        _ = try send(plant, [Self.envelope("deleted", "/", nil, second: 9)])
        #expect(try points(plant, "vibration") == ["0 1.5", "9 ends"])
        #expect(try points(plant, "bearing/rear") == ["0 41.0", "9 ends"])
    }

    @Test("what is no fact is passed over, what cannot be read is refused")
    func others() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let path = "/features/spindle/properties/x"
        let outcome = try send(
            plant,
            [
                Self.envelope("modify", path, nil, more: ",\"status\":204"),
                Self.envelope("modify", path, "1", channel: "live"),
                Self.envelope("retrieve", path, nil),
                #"{"topic":"shop/p/policies/commands/modify","path":"/","value":{}}"#,
                #"{"topic":"shop/CNC-3/things/twin/errors","path":"/","status":404}"#,
                Self.envelope("modified", path, nil),
                Self.envelope("modified", path, "1", second: nil, more: ",\"timestamp\":\"soon\""),
                #"{"topic":"shop/CNC-3/things/live/messages/ask","path":"/inbox/messages/ask"}"#,
                #"{"topic":"shop//things/twin/events/modified","path":"/","value":{}}"#,
            ])
        #expect(outcome.pointCount == 0)
        #expect(outcome.rejections.map(\.line) == [6, 7, 8, 9])
        #expect(try plant.pipeline.deadLetters().count == 4)
        // An object that only looks alike stays an object of metrics.
        let trial = plant.pipeline.tryMessage(
            topic: "a/b/c", payload: Array(#"{"topic":"x","path":"/y"}"#.utf8),
            receivedAt: Plant.arrival)
        #expect(trial.lines.count == 2)
    }

    @Test("names with slashes, and envelopes changed at random")
    func hostile() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(
            plant, [Self.envelope("modified", "/features/spindle/properties/a~1b~0", "1")])
        #expect(try points(plant, "a/b~") == ["0 1.0"])
        var random = Seed(22)
        let reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
        let texts = [
            Self.created, Self.envelope("merged", "/features", #"{"a":{"properties":null}}"#),
            Self.envelope("deleted", "/features/a/properties/b", nil),
        ].map { Array($0.utf8) }
        for _ in 0..<4000 {
            var bytes = texts[Int.random(in: 0..<texts.count, using: &random)]
            for _ in 0..<Int.random(in: 1..<5, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
                } else {
                    bytes.removeSubrange(place..<min(bytes.count, place + 5))
                }
            }
            let decoded = reader.read(topic: "t", payload: bytes, receivedAt: Plant.arrival)
            #expect(decoded.groups.count < 100)
        }
    }
}
