import PolluxGraph
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Payloads")
struct PayloadTests {
    private static let arrival = Timestamp(seconds: 1_700_000_000)
    private let spindle = "factory/L2/CNC-3/spindle"

    private func read(_ topic: String, _ payload: String) -> DecodedMessage {
        PayloadReader(rules: TopicRules(), options: IngestOptions())
            .read(topic: topic, payload: Array(payload.utf8), receivedAt: PayloadTests.arrival)
    }

    /// Points as text: measure, value, seconds since 1970 if given, quality if not good, unit.
    private func points(_ topic: String, _ payload: String) -> [String] {
        read(topic, payload).groups.flatMap { group in
            group.points.map { point in
                var words = "\(point.measure)="
                switch point.value {
                case .typed(.text(let text)): words += "'\(text)'"
                case .typed(.boolean(let flag)): words += "\(flag)"
                case .typed(.integer(let number)): words += "\(number)i"
                case .typed(.float(let number)), .number(let number): words += "\(number)"
                case .unsigned(let number): words += "\(number)u"
                case .written(let text): words += "\(text)"
                case .gone: words += "gone"
                }
                if let time = point.time { words += "@\(time.nanoseconds / 1_000_000)" }
                if point.quality != .good { words += " \(point.quality)" }
                if !point.unit.isEmpty { words += " \(point.unit)" }
                return words
            }
        }
    }

    @Test(
        "plain values",
        arguments: [
            ("12.5", "vibration=12.5"), (" -3e2\n", "vibration=-300.0"), ("true", "vibration=true"),
            ("running", "vibration='running'"), ("\"a\\nb\"", "vibration='a\nb'"),
            ("NaN", "vibration=nan bad"), ("-inf", "vibration=-inf bad"),
            ("null", "vibration=gone end"),
            ("a = b", "vibration='a = b'"),
        ])
    func plain(payload: String, expected: String) {
        #expect(points(spindle + "/vibration", payload) == [expected])
    }

    @Test(
        "one value as an object",
        arguments: [
            (#"{"value":1.5,"timestamp":1700000000123}"#, "x=1.5@1700000000123"),
            (#"{"value":1.5,"timestamp":"1700000000.123"}"#, "x=1.5@1700000000123"),
            (
                #"{"v":2,"ts":"2023-11-14T22:13:20Z","unit":"mm/s","q":64}"#,
                "x=2.0@1700000000000 uncertain mm/s"
            ),
            (#"{"value":null,"time":1700000000}"#, "x=gone@1700000000000 end"),
            (#"{"value":"NaN","quality":"good"}"#, "x=nan bad"),
            (#"{"value":true,"source":"plc"}"#, "x=true"),
            (#"{"val":7,"timestamp_ms":1700000000000,"quality":192}"#, "x=7.0@1700000000000"),
        ])
    func single(payload: String, expected: String) {
        #expect(points(spindle + "/x", payload) == [expected])
    }

    @Test("objects of metrics, nested, with arrays and units inside")
    func metrics() {
        #expect(
            points(spindle, #"{"temp":40.1,"rpm":8000,"timestamp":1700000000}"#)
                == ["temp=40.1@1700000000000", "rpm=8000.0@1700000000000"])
        #expect(
            points(spindle, #"{"t":21.5,"a":{"x":1,"y":{"z":true}},"p":[1,2]}"#)
                == ["t=21.5", "a/x=1.0", "a/y/z=true", "p/0=1.0", "p/1=2.0"])
        #expect(
            points(spindle, #"{"vib":{"value":1,"unit":"mm/s"},"big":9007199254740993}"#)
                == ["vib=1.0 mm/s", "big=9007199254740993i"])
        #expect(points(spindle, #"{"v":230,"a":5}"#) == ["v=230.0", "a=5.0"])
        #expect(points(spindle, #"{"name":"temp","value":4}"#) == ["temp=4.0"])
        #expect(
            points(spindle + "/axis", #"{"x":1,"y":2}"#) == ["axis/x=1.0", "axis/y=2.0"])
    }

    @Test("arrays of objects keep each element's own time")
    func arrays() {
        #expect(
            points(spindle, #"[{"a":1,"ts":1700000001},{"a":2,"ts":1700000002}]"#)
                == ["a=1.0@1700000001000", "a=2.0@1700000002000"])
        #expect(read(spindle, "[1,2]").problems.count == 2)
    }

    @Test("shapes of unified namespaces")
    func shapes() {
        #expect(
            points(
                "x",
                """
                {"device":"root.factory.L2.CNC-3","timestamp":1700000000000,
                 "measurements":["a","b"],"values":[1,"on"]}
                """) == ["a=1.0@1700000000000", "b='on'@1700000000000"])
        #expect(
            points(
                "x",
                """
                {"device":"root.factory.L2.CNC-3","timestamps":[1700000000000,1700000001000],
                 "measurements":["a"],"values":[[1],[2]]}
                """) == ["a=1.0@1700000000000", "a=2.0@1700000001000"])
        #expect(
            points(
                spindle,
                """
                {"timeseries":[{"timestamp":"2023-11-14T22:13:20Z","values":[
                 {"dataPointId":"d","value":"1.5","qualityCode":"0"}]}]}
                """) == ["d=1.5@1700000000000"])
        let historian = read(
            "umh/v1/acme/berlin/hall/L2/CNC-3/spindle/_historian/drive",
            #"{"timestamp_ms":1700000000000,"rpm":100}"#)
        #expect(
            historian.groups.first?.address.text
                == "spindle of machine CNC-3 of line L2 of area hall of site berlin of "
                + "enterprise acme")
        #expect(historian.groups.first?.points.first?.measure == "drive/rpm")
    }

    @Test("line protocol as a payload names the part itself")
    func lines() {
        let message = read(
            "any/topic", "spindle,line=L2,machine=CNC-3 vibration=1.2,on=t 1700000000000000000\n")
        #expect(message.format == "line protocol")
        #expect(message.groups.first?.address.text == "spindle of machine CNC-3 of line L2")
        #expect(message.groups.first?.points.map(\.measure) == ["vibration", "on"])
    }

    @Test("events, spans, open and closed, mounts")
    func events() throws {
        let change = try #require(
            read("factory/L2/CNC-3", #"{"event":"tool-change","tool":"T-42","ts":1700000000}"#)
                .groups.first?.events.first)
        #expect(change.name == "tool-change")
        #expect(change.time == PayloadTests.arrival)
        #expect(change.attributes == [Attribute("tool", .text("T-42"))])
        let job = try #require(
            read("factory/L2/CNC-3/events", #"{"event":"job","name":"J42","state":"start"}"#)
                .groups.first)
        #expect(job.address.text == "machine CNC-3 of line L2 of site factory")
        #expect(job.events.first?.phase == .begins)
        #expect(job.events.first?.label == "J42")
        let mount = try #require(
            read(spindle, #"{"event":"mount","item":"SP-9"}"#).groups.first?.events.first)
        #expect(mount.item == "SP-9")
        #expect(read(spindle, #"{"event":"mount"}"#).problems.count == 1)
        let span = read(
            "factory/L2/CNC-3",
            #"{"event":"warm-up","time":1700000000,"end":"2023-11-14T22:23:20Z"}"#)
        #expect(
            span.groups.first?.events.first?.phase
                == .until(Timestamp(seconds: 1_700_000_600)))
    }

    @Test("what cannot be read says why")
    func problems() {
        #expect(read("factory/L2/CNC-3", "{\"a\":").problems.first?.contains("line 1") == true)
        #expect(read("power", "1").problems.first?.contains("built-in rule") == true)
        #expect(
            PayloadReader(rules: TopicRules(), options: IngestOptions())
                .read(
                    topic: "a/b", payload: [0xFF, 0xFE], receivedAt: PayloadTests.arrival
                ).problems.count == 1)
        #expect(read("a/b", "").groups.isEmpty)
    }

    @Test("any payload is read without a crash")
    func fuzz() {
        var seed = Seed(31)
        let samples = [
            #"{"value":1.5,"timestamp":1700000000123,"unit":"mm/s","quality":"good"}"#,
            #"{"device":"root.a.b","timestamps":[1],"measurements":["a"],"values":[[1]]}"#,
            #"{"timeseries":[{"timestamp":"2023","values":[{"dataPointId":"d","value":"1"}]}]}"#,
            #"{"event":"job","name":"J","state":"end","end":5}"#,
            "spindle,line=L2 vibration=1.2 17", #"[{"a":{"b":[1,{"c":null}]}}]"#, "12.5",
        ].map { Array($0.utf8) }
        let reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
        for _ in 0..<4000 {
            var bytes = samples[Int(seed.next() % UInt64(samples.count))]
            for _ in 0..<(seed.next() % 4) where !bytes.isEmpty {
                let place = Int(seed.next() % UInt64(bytes.count))
                if seed.next() % 2 == 0 {
                    bytes[place] = UInt8(truncatingIfNeeded: seed.next())
                } else {
                    bytes.removeSubrange(place..<min(bytes.count, place + 3))
                }
            }
            let topic = ["a/b/c", "umh/v1/a/_historian/b", "x", ""][Int(seed.next() % 4)]
            _ = reader.read(topic: topic, payload: bytes, receivedAt: PayloadTests.arrival)
        }
    }
}
