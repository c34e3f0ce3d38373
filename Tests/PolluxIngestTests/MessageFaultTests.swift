import PolluxGraph
import PolluxModel
import PolluxStore
import Testing

@testable import PolluxIngest

/// What a message says is stored as it says it, or refused with a reason.
@Suite("Faults of messages", .serialized)
struct MessageFaultTests {
    private let topic = "factory/L2/CNC-3/x"

    /// A plant and the reasons of its dead letters after these messages.
    private func plant(_ messages: [(String, String)]) throws -> (Plant, reasons: [String]) {
        let plant = try Plant()
        for (topic, payload) in messages {
            try plant.pipeline.ingest([plant.message(topic, payload)], source: "mqtt")
        }
        return (plant, try plant.pipeline.deadLetters().reversed().map(\.reason))
    }

    @Test(
        "a value that is gone ends, whatever kind its series is of",
        arguments: ["1", "true", "\"on\"", "9007199254740993"])
    func gone(first: String) throws {
        let (plant, reasons) = try plant([(topic, first), (topic, #"{"value":null,"time":1.7e9}"#)])
        defer { plant.remove() }
        try plant.pipeline.ingest([plant.message(topic, "null")], source: "mqtt")
        #expect(reasons.isEmpty)
        let points = try plant.points(Plant.machine, [], "x")
        #expect(points.map(\.quality) == [.end, .end])
        let trial = plant.pipeline.tryMessage(
            topic: topic, payload: Array("null".utf8), receivedAt: Plant.arrival)
        #expect(trial.lines.first?.hasSuffix("quality end") == true)
    }

    @Test(
        "whole numbers that a double would change stay whole in an integer series",
        arguments: [
            "9007199254740993", "+9007199254740993.0", #"{"value":9007199254740993}"#,
            #"{"value":9007199254740993.00}"#,
        ])
    func whole(payload: String) throws {
        let (plant, reasons) = try plant([
            ("any", "machine,site=factory,line=L2,machine=CNC-3 x=1i 1600000000000000000"),
            (topic, payload),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        let points = try plant.points(Plant.machine, [], "x")
        #expect(points.map(\.value) == [.integer(1), .integer(9_007_199_254_740_993)])
    }

    @Test("numbers that a double holds are floats, as ever")
    func doubles() throws {
        let texts = ["9007199254740992", "9007199254740994.0", "1e18", "1.2345678901234567e16"]
        for text in texts {
            #expect(PlainText.value(text).0 == .number(Double(text) ?? .nan))
            #expect(
                try JSONFields.scalar(JSONReader.parse(Array(text.utf8)))
                    == .number(Double(text) ?? .nan))
        }
        #expect(PlainText.value("18446744073709551615").0 == .number(0x1p64))
    }

    @Test("MTConnect and MindConnect keep whole numbers as JSON does")
    func wholeElsewhere() throws {
        let count = Value.integer(9_007_199_254_740_993)
        let (plant, reasons) = try plant([
            (
                "MTConnect/Devices/M1/Observations/pc",
                """
                {"dataItemId":"pc","type":"PART_COUNT","category":"EVENT",
                 "timestamp":"2023-11-14T22:13:20Z","result":"9007199254740993"}
                """
            ),
            (
                "factory/L2/CNC-3",
                """
                {"timeseries":[{"timestamp":"2023-11-14T22:13:20Z","values":[
                 {"dataPointId":"d","value":"9007199254740993","qualityCode":"0"}]}]}
                """
            ),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        #expect(try plant.points([("machine", "M1")], [], "pc").map(\.value) == [count])
        #expect(try plant.points(Plant.machine, [], "d").map(\.value) == [count])
    }

    @Test("a byte order mark stands before any payload and is no part of it")
    func byteOrderMark() throws {
        let mark = "\u{FEFF}"
        let (plant, reasons) = try plant([
            ("any", mark + "machine,machine=M a=1\nmachine,machine=M a=2 1600000000000000000"),
            (topic, mark + "1.5"), (topic + "/t", mark + #"{"value":2}"#), (topic + "/u", mark),
            (
                "MTConnect/Devices/M/Observations/b",
                mark + """
                    {"dataItemId":"b","category":"EVENT","timestamp":"2023-11-14T22:13:20Z",
                     "result":"on"}
                    """
            ),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        let outcome = try plant.pipeline.writeBlocking(
            lineProtocol: Array((mark + "machine,machine=M c=1").utf8), receivedAt: Plant.arrival)
        #expect(outcome.acceptedCount == 1)
        for (measure, count) in [("a", 2), ("b", 1), ("c", 1)] {
            #expect(try plant.points([("machine", "M")], [], measure).count == count)
        }
        #expect(try plant.points(Plant.machine, [], "x").count == 1)
        // Other text that begins with the same byte is text.
        try plant.pipeline.ingest([plant.message(topic + "/w", "\u{FF0B}")], source: "mqtt")
        let found = try plant.points(Plant.machine, [("x", "")], "w").map(\.value)
        #expect(found == [.text("\u{FF0B}")])
    }

    private static let rows =
        #"{"device":"root.factory.L2.CNC-3","measurements":["x"],"values":"#
    private static let publisher = #"{"PublisherId":"P","MessageType":"ua-"#
    private static let machine = "machine CNC-3 of line L2 of site factory"

    @Test(
        "a time that cannot be read is refused, and nothing stored in its stead",
        arguments: [
            (rows + #"[1],"timestamp":"bad"}"#, "row 1: the timestamp `bad` is no time"),
            (rows + #"[1],"timestamp":5}"#, "row 1: the timestamp `5` is no time"),
            (
                rows + #"[[1],[2]],"timestamps":["bad"]}"#,
                "row 1: the timestamp `bad` is no time; row 2: the timestamp `null` is no time"
            ),
            (
                #"{"timeseries":[{"timestamp":"bad","values":[{"dataPointId":"x","value":1}]}]}"#,
                "the timestamp `bad` is no time"
            ),
            (
                publisher + #"keyframe","Timestamp":"bad","Payload":{"x":1}}"#,
                "the Timestamp `bad` is no time"
            ),
            (
                publisher + #"event","Timestamp":7,"Payload":{"x":1}}"#,
                "the Timestamp `7` is no time"
            ),
            (
                publisher + #"data","Messages":{"Payload":{"x":{"Value":1,"#
                    + #""SourceTimestamp":"no"}}}}"#,
                "field `x` cannot be placed in time: the SourceTimestamp `no` is no time"
            ),
            (
                #"[{"value":1},{"value":2}]"#,
                "2 values of x of \(machine) have no time of their own"
            ),
            (
                #"{"timeseries":[{"values":[{"dataPointId":"x","value":1}]},"#
                    + #"{"values":[{"dataPointId":"x","value":2}]}]}"#,
                "2 values of x of x of \(machine) have no time of their own"
            ),
        ])
    func noTime(payload: String, reason: String) throws {
        let (plant, reasons) = try plant([(topic, payload)])
        defer { plant.remove() }
        #expect(reasons == [reason])
        #expect(plant.pipeline.statistics.map(\.pointCount) == [0])
    }

    @Test("what has no time, or null, stands at its arrival; OPC UA has dates for that")
    func arrival() throws {
        let (plant, reasons) = try plant([
            (
                topic,
                #"{"timeseries":[{"timestamp":null,"values":[{"dataPointId":"a","value":1}]}]}"#
            ),
            (topic, #"[{"value":1},{"value":2,"timestamp":"2023-11-14T22:13:20Z"}]"#),
            (
                "plant/json/data/M9/G",
                """
                {"MessageType":"ua-data","Messages":[{"Timestamp":"0001-01-01T00:00:00Z","Payload":
                 {"x":{"Value":1,"SourceTimestamp":"1601-01-01T00:00:00Z"}}}]}
                """
            ),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        let seconds = Plant.arrival.nanoseconds / 1_000_000_000
        func times(_ machine: [(String, String)], _ parts: [(String, String)], _ name: String)
            throws -> [Int64]
        {
            try plant.points(machine, parts, name).map { $0.instant.nanoseconds / 1_000_000_000 }
        }
        #expect(try times(Plant.machine, [], "x") == [seconds - 100, seconds])
        #expect(try times([("machine", "M9")], [], "x") == [seconds])
    }

    @Test("a leap second is the first second of the next day, and there is no time before all")
    func bounds() throws {
        func read(_ text: String) -> Int64? {
            JSONFields.instant("time", .text(text)).map { $0.nanoseconds / 1_000_000 }
        }
        #expect(read("2016-12-31T23:59:60Z") == 1_483_228_800_000)
        #expect(read("2016-12-31T15:59:60.25-08:00") == 1_483_228_800_250)
        #expect(read("2016-12-31T22:59:60Z") == nil)
        #expect(read("2016-12-31T23:59:61Z") == nil)
        #expect(JSONFields.instant("time", .text("1677-09-21T00:12:43.145224192Z")) == nil)
        #expect(
            JSONFields.instant("time", .text("1677-09-21T00:12:43.145224193Z"))?.nanoseconds
                == .min + 1)
    }

    @Test("an OPC UA keep-alive without the writer's id holds nothing to store")
    func keepAlive() throws {
        let (plant, reasons) = try plant([
            (
                "plant/json/data/CNC-3/G",
                """
                {"MessageType":"ua-data","PublisherId":"CNC-3","Messages":[
                 {"MessageType":"ua-keepalive","DataSetWriterName":"A","SequenceNumber":5}]}
                """
            )
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        #expect(plant.pipeline.statistics.map(\.pointCount) == [0])
    }

    @Test("the result of an MTConnect observation may be an array")
    func arrayResult() throws {
        func observation(_ id: String, _ more: String) -> (String, String) {
            (
                "MTConnect/Devices/M1/Observations/" + id,
                #"{"dataItemId":"\#(id)","timestamp":"2023-11-14T22:13:20Z",\#(more)}"#
            )
        }
        let (plant, reasons) = try plant([
            observation(
                "v",
                #""category":"SAMPLE","sampleCount":3,"sampleRate":1,"result":[1,2,3]"#
            ),
            observation("p", #""category":"SAMPLE","type":"PATH_POSITION","result":[1,2,-3.5]"#),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        let machine = [("machine", "M1")]
        #expect(
            try plant.points(machine, [], "v").map(\.value) == [.float(1), .float(2), .float(3)])
        #expect(try plant.points(machine, [], "p/z").map(\.value) == [.float(-3.5)])
    }

    @Test("a new field beyond the largest integer is refused as such, and makes no measure")
    func tooLarge() throws {
        let plant = try Plant()
        defer { plant.remove() }
        func write(_ text: String) throws -> [String] {
            try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.utf8), receivedAt: Plant.arrival
            ).rejections.map(\.reason)
        }
        let line = "machine,machine=M big=18446744073709551615u"
        #expect(
            try write(line) == [
                "18446744073709551615 of `big` is beyond 9223372036854775807, the largest whole "
                    + "number"
            ])
        let snapshot = try plant.store.snapshot()
        #expect(try plant.graph.measureID(named: "big", in: snapshot.transaction) == nil)
        snapshot.close()
        #expect(try write("machine,machine=M big=1.5") == [])
        #expect(try write(line) == [])
    }

    @Test("a tag that stands twice refuses its line")
    func repeatedTag() throws {
        let (plant, reasons) = try plant([("any", "machine,machine=A1,machine=A2 a=1\n")])
        defer { plant.remove() }
        #expect(reasons == ["line 1: the tag machine stands twice"])
        let outcome = try plant.pipeline.writeBlocking(
            lineProtocol: Array("machine,machine=A1,k=1,k=2 a=1".utf8), receivedAt: Plant.arrival)
        #expect(outcome.rejections.map(\.reason) == ["the tag k stands twice"])
    }

    @Test("namesakes are told apart by what they are in")
    func namesakes() throws {
        let (plant, reasons) = try plant([
            ("a", "machine,site=S,line=L1,machine=M1 a=1\nmachine,line=L2,machine=M1 a=1\n"),
            ("a", "machine,machine=M1 a=1\n"),
        ])
        defer { plant.remove() }
        let reason = try #require(reasons.first)
        #expect(reason.hasSuffix(": machine M1 of line L1 of site S, machine M1 of line L2"))
    }

    @Test("the unit of a JSON value may be the number that OPC UA gives it")
    func unitNumber() throws {
        let (plant, reasons) = try plant([
            (topic, #"{"value":1,"unit":"°C","timestamp":"2023-11-14T22:13:20Z"}"#),
            (topic, #"{"value":50,"unit":4604232,"timestamp":"2023-11-14T22:13:21Z"}"#),
            (topic, #"{"value":60,"unit":4408652,"timestamp":"2023-11-14T22:13:22Z"}"#),
        ])
        defer { plant.remove() }
        #expect(reasons.isEmpty)
        let values = try plant.points(Plant.machine, [], "x").map { point -> Double in
            if case .float(let number) = point.value { number.rounded() } else { .nan }
        }
        #expect(values == [1, 10, 60])
    }
}
