import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Rules for topics and lines")
struct IngestRulesTests {
    private static let text = """
        # the plant
        topic plant/+/heartbeat   skip
        topic raw/{machine}/vib   measure vibration  unit mm/s  value data.rms  time data.ts
        topic "my plant/{machine}/#"  value points.1   # the second element
        topic kv/{machine}/{:type}    time at
        topic plain/{machine}         measure load  unit %
        topic plant/+/{machine}/{:type}/{measure}

        line sensors  line={area} machine={device} spindle
        line probe    machine=CNC-3 spindle={serial}
        line *        machine={host} {measurement}
        """

    private func points(_ topic: String, _ payload: String) throws -> [String] {
        let message = PayloadReader(
            rules: try IngestRules(IngestRulesTests.text), options: IngestOptions()
        ).read(
            topic: topic, payload: Array(payload.utf8),
            receivedAt: Timestamp(seconds: 1_700_000_000))
        return message.problems
            + message.groups.flatMap { group in
                group.points.map { point in
                    var words = "\(point.measure) of \(group.address.text)"
                    switch point.value {
                    case .number(let number), .typed(.float(let number)): words += " = \(number)"
                    default: break
                    }
                    if !point.unit.isEmpty { words += " \(point.unit)" }
                    if let time = point.time { words += " @\(time.nanoseconds / 1_000_000)" }
                    return words + group.attributes.map { ", \($0.name)" }.joined()
                }
            }
    }

    @Test(
        "topics",
        arguments: [
            ("plant/L1/heartbeat", "{\"a\":1}", []),
            (
                "raw/M1/vib", #"{"data":{"rms":1.5,"ts":1700000000123}}"#,
                ["vibration of machine M1 = 1.5 mm/s @1700000000123"]
            ),
            (
                "raw/M1/vib",
                #"[{"data":{"rms":1,"ts":1700000000}},{"data":{"rms":2,"ts":1700000001}}]"#,
                [
                    "vibration of machine M1 = 1.0 mm/s @1700000000000",
                    "vibration of machine M1 = 2.0 mm/s @1700000001000",
                ]
            ),
            ("raw/M1/vib", #"{"data":{"rms":1.5}}"#, ["the payload has no time at `data.ts`"]),
            (
                "raw/M1/vib", #"{"data":{"ts":1700000000}}"#,
                ["the payload has nothing at `data.rms`"]
            ),
            (
                "my plant/M2/x/y", #"{"points":[{"a":1},{"b":2,"c":3}]}"#,
                ["b of machine M2 = 2.0", "c of machine M2 = 3.0"]
            ),
            (
                "kv/M1/pump", #"{"flow":2,"at":"2023-11-14T22:13:20Z"}"#,
                ["flow of pump of machine M1 = 2.0 @1700000000000"]
            ),
            ("plain/M1", "42", ["load of machine M1 = 42.0 %"]),
            ("plain/M1", #"{"value":42,"unit":"kW"}"#, ["load of machine M1 = 42.0 kW"]),
            ("plant/x/M1/pump/flow", "3", ["flow of pump of machine M1 = 3.0"]),
            ("other/M1", "3", ["no rule matches the topic `other/M1`"]),
        ] as [(String, String, [String])])
    func topics(topic: String, payload: String, expected: [String]) throws {
        #expect(try points(topic, payload) == expected)
    }

    @Test(
        "lines",
        arguments: [
            (
                "sensors,area=L2,device=CNC-3,vendor=Kern rms=1.5",
                "rms of spindle of machine CNC-3 of line L2 = 1.5, vendor"
            ),
            ("probe,serial=SP-9 rms=1.5", "rms of spindle SP-9 of machine CNC-3 = 1.5"),
            ("cpu,host=PC-1 load=5", "load of cpu of machine PC-1 = 5.0"),
            // Without the tags of a rule the line is placed by the types of its tags, as ever.
            ("pump,line=L2,machine=M1 flow=2", "flow of pump of machine M1 of line L2 = 2.0"),
        ])
    func lines(line: String, expected: String) throws {
        #expect(try points("any", line) == [expected])
    }

    @Test(
        "faults are told with line, character and what to write",
        arguments: [
            ("\n rule x", 2, 2, "topic or line"), ("topic", 1, 6, "template"),
            ("topic a/{machin", 1, 9, "braces"), ("topic a/{machine} unit mmm", 1, 24, "unit"),
            ("topic a/{machine} skip unit", 1, 19, "alone"),
            ("topic MTConnect/+/{machine}/#", 1, 7, "describes its devices itself"),
            ("topic a/{machine} vlaue x", 1, 19, "measure, unit, value, time"),
            ("topic a/{machine} value", 1, 24, "word"),
            ("topic a/{machine} value a..b", 1, 25, "points"),
            ("topic a/{machine} value a value b", 1, 27, "twice"),
            ("topic a/{machine}/{measure} measure x", 1, 29, "{measure}"),
            ("topic \"a", 1, 7, "quote"), ("line cpu", 1, 9, "place"),
            ("line cpu spindle", 1, 10, "name"), ("line cpu machine={", 1, 18, "braces"),
            ("line cpu machine=", 1, 18, "TAG"), ("line cpu {host}", 1, 10, "TYPE={TAG}"),
        ])
    func faults(text: String, line: Int, column: Int, hint: String) {
        do throws(IngestError) {
            _ = try IngestRules(text)
            Issue.record("accepted \(text)")
        } catch {
            guard case .badRules(let atLine, let atColumn, _, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(atLine == line && atColumn == column, "\(error)")
            #expect(reason.contains(hint), "\(reason)")
        }
    }

    @Test("rules change while data comes, and hold after a restart")
    func change() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let body = Array("sensors,device=M1 rms=1 1700000000000000000".utf8)
        _ = try plant.pipeline.writeBlocking(lineProtocol: body, receivedAt: Plant.arrival)
        let rules = try IngestRules("line sensors machine={device} spindle\n")
        try plant.pipeline.setRules(rules)
        let later = Array("sensors,device=M1 rms=2 1700000001000000000".utf8)
        _ = try plant.pipeline.writeBlocking(lineProtocol: later, receivedAt: Plant.arrival)
        let points = try plant.points([("machine", "M1")], [("spindle", "")], "rms")
        #expect(points.map(\.value) == [.float(2)])
        let again = try IngestPipeline(store: plant.store, graph: plant.graph)
        #expect(again.rules == rules)
        try again.setRules(IngestRules())
        #expect(try IngestPipeline(store: plant.store, graph: plant.graph).rules.text.isEmpty)
    }

    @Test("a rule passes over documents of MTConnect and envelopes of Ditto too")
    func skipsDescribed() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let ditto = #"{"topic":"a/M/things/twin/events/modified","path":"/attributes/x","value":1}"#
        let messages = [
            ("MTConnect/Probe/VMC.0042", MTConnectVectors.probe), ("ditto/events", ditto),
        ]
        func stored() throws -> Int {
            try messages.reduce(0) { sum, message in
                let outcome = try plant.pipeline.ingest(
                    [plant.message(message.0, message.1)], source: "test")
                #expect(outcome.rejections.isEmpty)
                return sum + outcome.newAssetCount
            }
        }
        try plant.pipeline.setRules(IngestRules("topic MTConnect/# skip\ntopic ditto/# skip"))
        #expect(try stored() == 0)
        let trial = plant.pipeline.tryMessage(
            topic: messages[0].0, payload: Array(messages[0].1.utf8), receivedAt: Plant.arrival)
        #expect(trial.format == "passed over by a rule" && trial.rule == "MTConnect/#")
        try plant.pipeline.setRules(IngestRules())
        #expect(try stored() > 2)
    }

    @Test("any text is rules or a fault")
    func fuzz() {
        var seed = Seed(9)
        let pieces = [
            "topic ", "line ", "{machine}", "machine={a}", "/", "#", "\"", " ", "\n", "value ",
            "skip", "*", "{measurement}", "é", "=", "unit mm/s",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int(seed.next() % 10)).map { _ in
                pieces[Int(seed.next() % UInt64(pieces.count))]
            }.joined()
            guard let rules = try? IngestRules(text) else { continue }
            let reader = PayloadReader(rules: rules, options: IngestOptions())
            for payload in ["{\"a\":[1,{\"b\":2}]}", "x,a=M v=1", "5"] {
                _ = reader.read(
                    topic: "a/b", payload: Array(payload.utf8), receivedAt: Plant.arrival)
            }
        }
    }
}
