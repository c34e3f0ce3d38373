import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("OPC UA PubSub")
struct OPCUATests {
    private static let arrival = Timestamp(seconds: 1_700_000_100)
    private let topic = "opcua/json/data/CNC-3/Fast/Spindle"

    private func read(
        _ topic: String, _ payload: String, rules: [String] = []
    ) throws -> DecodedMessage {
        PayloadReader(rules: try TopicRules(rules), options: IngestOptions())
            .read(topic: topic, payload: Array(payload.utf8), receivedAt: OPCUATests.arrival)
    }

    /// Points as text: measure of address, value, milliseconds since 1970 if given, quality.
    private func points(
        _ topic: String, _ payload: String, rules: [String] = []
    ) throws -> [String] {
        try read(topic, payload, rules: rules).groups.flatMap { group in
            group.points.map { point in
                var words = "\(point.measure) of \(group.address.text) = "
                switch point.value {
                case .typed(.text(let text)): words += "'\(text)'"
                case .typed(.boolean(let flag)): words += "\(flag)"
                case .typed(.integer(let number)): words += "\(number)i"
                case .typed(.float(let number)), .number(let number): words += "\(number)"
                case .unsigned(let number): words += "\(number)u"
                case .written(let text): words += text
                case .gone: words += "gone"
                }
                if let time = point.time { words += " @\(time.nanoseconds / 1_000_000)" }
                if point.quality != .good { words += " \(point.quality)" }
                return words
            }
        }
    }

    @Test(
        "what a field's value can be",
        arguments: [
            ("12.5", "12.5"), ("\"text\"", "'text'"), ("true", "true"),
            (#"{"Type":11,"Body":12.5}"#, "12.5"),
            (#"{"UaType":11,"Value":12.5,"Dimensions":[1]}"#, "12.5"),
            (#"{"Type":8,"Body":"9007199254740993"}"#, "9007199254740993i"),
            (#"{"Type":9,"Body":"18446744073709551615"}"#, "18446744073709551615u"),
            ("\"9007199254740993\"", "9007199254740993"),
            (#"{"Type":6,"Body":-3}"#, "-3i"), (#"{"Type":1,"Body":false}"#, "false"),
            (#"{"Type":10,"Body":"NaN"}"#, "nan bad"), (#"{"Type":11}"#, "gone end"),
            (#"{"Type":21,"Body":{"Locale":"en","Text":"Running"}}"#, "'Running'"),
            (#"{"Locale":"en","Text":"Running"}"#, "'Running'"),
            (
                #"{"Value":{"Type":11,"Body":2.5},"SourceTimestamp":"2023-11-14T22:13:20.5Z"}"#,
                "2.5 @1700000000500"
            ),
            (#"{"Value":2.5,"StatusCode":1073741824}"#, "2.5 uncertain"),
            (
                #"{"UaType":11,"Value":2.5,"Status":{"Code":2147483648,"Symbol":"Bad"}}"#,
                "2.5 bad"
            ),
        ])
    func fieldValues(field: String, expected: String) throws {
        let found = try points(
            topic, #"{"MessageType":"ua-data","Messages":[{"Payload":{"v":"# + field + "}}]}")
        #expect(found == ["v of Spindle of machine CNC-3 = " + expected])
    }

    @Test("arrays and structures become several measures")
    func structures() throws {
        let payload = """
            {"Payload":{"a":{"Type":11,"Body":[1,2.5]},
            "s":{"Type":22,"Body":{"TypeId":{"Id":9},"Body":{"Low":0,"High":10}}},
            "p":{"x":1,"y":{"z":2}}}}
            """
        #expect(
            try points("opcua/json/data/M/G", payload) == [
                "a/0 of machine M = 1.0", "a/1 of machine M = 2.5", "s/Low of machine M = 0.0",
                "s/High of machine M = 10.0", "p/x of machine M = 1.0",
                "p/y/z of machine M = 2.0",
            ])
    }

    @Test("network messages, data sets and bare payloads say the same")
    func envelopes() throws {
        let dataSet =
            #"{"DataSetWriterId":7,"DataSetWriterName":"Spindle","SequenceNumber":4,"#
            + #""MetaDataVersion":{"MajorVersion":1,"MinorVersion":0},"#
            + #""Timestamp":"2023-11-14T22:13:20Z","MessageType":"ua-deltaframe","#
            + #""Payload":{"v":{"Type":11,"Body":1.5}}}"#
        let network =
            #"{"MessageId":null,"MessageType":"ua-data","PublisherId":"other","Messages":"#
        let expected = ["v of Spindle of machine CNC-3 = 1.5 @1700000000000"]
        let place = "plant/a/json/data/CNC-3/Fast"
        for payload in [
            network + "[\(dataSet)]}", network + dataSet + "}", dataSet, "[\(dataSet)]",
            "[" + network + "[\(dataSet)]}]",
        ] {
            #expect(try points(place, payload) == expected, "\(payload)")
        }
        #expect(try points(topic, #"{"v":1.5}"#) == ["v of Spindle of machine CNC-3 = 1.5"])
        // Elsewhere the message names the publisher.
        #expect(
            try points("gateway/messages", network + dataSet + "}") == [
                "v of Spindle of machine other = 1.5 @1700000000000"
            ])
    }

    @Test("the status of a data set covers its fields")
    func dataSetStatus() throws {
        let payload = #"{"Status":2147483648,"Payload":{"v":1,"w":{"Value":2,"Status":0}}}"#
        #expect(
            try points(topic, payload) == [
                "v of Spindle of machine CNC-3 = 1.0 bad",
                "w of Spindle of machine CNC-3 = 2.0 bad",
            ])
    }

    @Test("the layout of umati: paths of parts, escapes")
    func umati() throws {
        let payload =
            #"{"MessageType":"ua-data","PublisherId":"x","Messages":[{"DataSetWriterName":"#
            + #"".Equipment.Tools.Tool1_Writer","Payload":{"RemainingLife":{"Type":11,"Body":40}}}]}"#
        #expect(
            try points("umati/v2/com/json/data/urn_2Fcnc%203/_WriterGroup", payload) == [
                "RemainingLife of Tool1 of Tools of Equipment of machine urn/cnc 3 = 40.0"
            ])
        #expect(OPCUATopic.unescaped("pump_20") == "pump_20")
        #expect(OPCUATopic.unescaped("a%zz_2") == "a%zz_2")
    }

    @Test("a writer with a number alone keeps its fields apart; rules of one's own place both")
    func places() throws {
        let payload = #"{"DataSetWriterId":7,"Payload":{"v":1}}"#
        #expect(
            try points("opcua/json/data/M/G", payload) == ["writer-7/v of machine M = 1.0"])
        #expect(
            try points(
                "opcua/json/data/M/L2/Spindle", payload,
                rules: ["opcua/json/data/{machine}/{line}/+"]) == [
                    "v of Spindle of line L2 of machine M = 1.0"
                ])
        // A rule that takes plain objects is not overruled by a topic that looks alike.
        #expect(
            try points("a/json/data/x", #"{"speed":1}"#, rules: ["a/json/data/{machine}"]) == [
                "speed of machine x = 1.0"
            ])
    }

    @Test("messages without values say what they are, mistakes are told")
    func others() throws {
        #expect(
            try read(topic, #"{"MessageType":"ua-keepalive","DataSetWriterId":1}"#).format
                == "OPC UA keep-alive")
        #expect(
            try points("opcua/json/status/CNC-3", #"{"MessageType":"ua-status","Status":3}"#)
                == ["pubsub-state of machine CNC-3 = 'error'"])
        #expect(
            try read("opcua/json/status/M", #"{"MessageType":"ua-status","Status":9}"#)
                .problems.count == 1)
        let connection = try read(
            "opcua/json/connection/M", #"{"MessageType":"ua-connection","Connection":{}}"#)
        #expect(connection.groups.isEmpty && connection.problems.isEmpty)
        #expect(connection.format.contains("ua-connection"))
        #expect(
            try read(topic, #"{"MessageType":"ua-other","Payload":{"v":1}}"#).problems
                == ["a message of type `ua-other` is not known here"])
        let binary = PayloadReader(rules: TopicRules(), options: IngestOptions())
            .read(
                topic: "opcua/uadp/data/M/G", payload: [0xF1, 0x07, 0x7B],
                receivedAt: OPCUATests.arrival)
        #expect(binary.problems.first?.contains("JSON") == true)
        #expect(
            try read(topic, #"{"Payload":{"v":{"Type":11,"Body":"fast"},"w":2}}"#).problems == [
                "field `v` is \"fast\", which is no number"
            ])
        #expect(
            try read("x/y", #"{"MessageType":"ua-data","Messages":[{"Payload":{"v":1}}]}"#)
                .problems.first?.contains("publisher") == true)
    }

    @Test("an event keeps its fields as attributes")
    func events() throws {
        let payload =
            #"{"MessageType":"ua-event","Timestamp":"2023-11-14T22:13:20Z","Payload":{"#
            + #""EventType":"i=2041","ConditionName":"coolant low","Severity":{"Type":5,"Body":700},"#
            + #""Message":{"Type":21,"Body":{"Text":"fill up"}},"Time":"2023-11-14T22:13:21Z"}}"#
        let message = try read(topic, payload)
        let event = try #require(message.groups.first?.events.first)
        #expect(event.name == "coolant low")
        #expect(event.time == Timestamp(seconds: 1_700_000_001))
        #expect(event.attributes.contains(Attribute("Severity", .integer(700))))
        #expect(event.attributes.contains(Attribute("Message", .text("fill up"))))
    }

    private static let metadata = """
        {"MessageType":"ua-metadata","PublisherId":"p","DataSetWriterId":7,
        "DataSetWriterName":".Monitoring.Spindle_Writer","MetaData":{"Name":"Spindle","Fields":[
        {"Name":"Vibration","BuiltInType":12,"DataType":{"Id":11},"ValueRank":-1,"Properties":[
        {"Key":{"Name":"EngineeringUnits"},"Value":{"Type":22,"Body":{"TypeId":{"Id":887},"Body":
        {"NamespaceUri":"http://www.opcfoundation.org/UA/units/un/cefact","UnitId":4403510,
        "DisplayName":{"Text":"mm per s"}}}}},
        {"Key":{"Name":"EURange"},"Value":{"Type":22,"Body":{"TypeId":{"Id":884},"Body":
        {"Low":0,"High":20}}}}]},
        {"Name":"Count","BuiltInType":8,"DataType":"i=8"},
        {"Name":"Load","DataType":{"Id":10},"Properties":[{"Key":{"Name":"EngineeringUnits"},
        "Value":{"Body":{"UnitId":-1,"DisplayName":{"Text":"%"}}}}]},
        {"Name":"Mode","BuiltInType":6,"DataType":{"Id":3006,"Namespace":4}}]}}
        """

    @Test("metadata declares kinds, units and ranges")
    func metadataFields() throws {
        let message = try read(
            "umati/json/metadata/CNC-3/_WriterGroup/.Monitoring.Spindle_Writer",
            OPCUATests.metadata)
        #expect(message.groups.map(\.address.text) == ["Spindle of Monitoring of machine CNC-3"])
        let found = message.groups[0].declarations.map {
            "\($0.measure) \($0.kind) \($0.unit) \($0.low ?? -1) \($0.high ?? -1)"
        }
        #expect(
            found == [
                "Vibration float mm/s 0.0 20.0", "Count integer  -1.0 -1.0",
                "Load float % -1.0 -1.0", "Mode integer  -1.0 -1.0",
            ])
    }

    @Test("described, then measured: units hold, 64-bit texts become numbers")
    func stored() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let base = "umati/json/%/CNC-3/_WriterGroup"
        let data =
            #"{"MessageType":"ua-data","Messages":[{"DataSetWriterName":".Monitoring.Spindle_Writer","#
            + #""Timestamp":"2023-11-14T22:13:20Z","Payload":{"Vibration":{"Type":11,"Body":1.5},"#
            + #""Count":"9007199254740993"}}]}"#
        for (kind, payload) in [("metadata", OPCUATests.metadata), ("data", data)] {
            let topic = base.split(separator: "%").joined(separator: kind)
            let outcome = try plant.pipeline.ingest(
                [plant.message(topic, payload, retained: kind == "metadata")], source: "test")
            #expect(outcome.rejections.isEmpty, "\(outcome)")
        }
        let place = [("Monitoring", ""), ("Spindle", "")]
        let counts = try plant.points([("machine", "CNC-3")], place, "Count")
        #expect(counts.map(\.value) == [.integer(9_007_199_254_740_993)])
        let vibration = try plant.points([("machine", "CNC-3")], place, "Vibration")
        #expect(vibration.map(\.value) == [.float(1.5)])
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let reader = snapshot.transaction
        let type = try #require(try plant.graph.type(named: "Spindle", in: reader)?.type.id)
        let id = try #require(try plant.graph.measureID(named: "Vibration", in: reader))
        #expect(try plant.graph.measure(id, of: type, in: reader)?.definition.unit == "mm/s")
    }

    /// A data set of the writer 7 that its name is left out of.
    private func nameless(_ value: Double, at second: Int) -> String {
        #"{"DataSetWriterId":7,"Timestamp":"2023-11-14T22:13:\#(second)Z","#
            + #""Payload":{"Vibration":{"Type":11,"Body":\#(value)}}}"#
    }

    private static let spindle = [("Monitoring", ""), ("Spindle", "")]

    @Test("a writer's id alone is enough once its metadata came, also after a restart")
    func namesFromMetadata() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let data = "umati/json/data/CNC-3/_WriterGroup"
        let metadata = "umati/json/metadata/CNC-3/_WriterGroup/.Monitoring.Spindle_Writer"
        // Before it came the fields are told apart by the number.
        try plant.pipeline.ingest([plant.message(data, nameless(1, at: 10))], source: "test")
        // In one batch, in this order.
        let outcome = try plant.pipeline.ingest(
            [
                plant.message(metadata, OPCUATests.metadata, retained: true),
                plant.message(data, nameless(2, at: 11)),
            ], source: "test")
        #expect(outcome.rejections.isEmpty, "\(outcome)")
        try plant.pipeline.ingest([plant.message(data, nameless(3, at: 12))], source: "test")
        let again = try IngestPipeline(store: plant.store, graph: plant.graph)
        try again.ingest([plant.message(data, nameless(4, at: 13))], source: "test")
        #expect(
            again.tryMessage(
                topic: data, payload: Array(nameless(5, at: 14).utf8), receivedAt: Plant.arrival
            ).lines.contains { $0.contains("Spindle") })
        let machine = [("machine", "CNC-3")]
        #expect(
            try plant.points(machine, Self.spindle, "Vibration").map(\.value)
                == [2, 3, 4].map { .float($0) })
        #expect(try plant.points(machine, [], "writer-7/Vibration").count == 1)
    }

    @Test("a publisher that goes leaves none of its values standing, and only its own")
    func goingAway() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let named =
            #"{"DataSetWriterName":".Monitoring.Spindle_Writer","Payload":{"Vibration":1.5}}"#
        for (topic, payload) in [
            ("umati/json/status/CNC-3", #"{"MessageType":"ua-status","Status":2}"#),
            ("umati/json/data/CNC-3/G", named),
            ("umati/json/data/CNC-3/G", #"{"DataSetWriterId":9,"Payload":{"power":4}}"#),
            ("plant/L1/CNC-3/load", "7"),
        ] {
            try plant.pipeline.ingest(
                [plant.message(topic, payload)], source: "test")
        }
        // Twice, since a last will and a farewell may both come.
        for state in [3, 0] {
            try plant.pipeline.ingest(
                [
                    plant.message(
                        "umati/json/status/CNC-3",
                        #"{"MessageType":"ua-status","Status":\#(state),"#
                            + #""Timestamp":"2023-11-14T22:13:20Z"}"#)
                ], source: "test")
        }
        let machine = [("machine", "CNC-3")]
        func qualities(_ parts: [(String, String)], _ measure: String) throws -> [Quality] {
            try plant.points(machine, parts, measure).map(\.quality)
        }
        #expect(try qualities(Self.spindle, "Vibration").last == .end)
        #expect(try qualities([], "writer-9/power").last == .end)
        #expect(try qualities([], "pubsub-state").allSatisfy { $0 == .good })
        #expect(
            try plant.points(machine, [], "pubsub-state").last?.value == .text("disabled"))
        let other = [("site", "plant"), ("line", "L1")] + machine
        #expect(try plant.points(other, [], "load").map(\.quality) == [.good])
    }

    @Test("any bytes are read without a crash")
    func fuzz() {
        var seed = Seed(77)
        let samples = [
            OPCUATests.metadata,
            #"[{"MessageType":"ua-data","Messages":[{"DataSetWriterId":"a","Status":{"Code":1},"#
                + #""Payload":{"v":{"Value":{"Type":8,"Body":"1"},"SourceTimestamp":"2023"},"#
                + #""w":[[1],{"Type":22,"Body":{"Body":{"a":[true]}}}]}}]}]"#,
            #"{"MessageType":"ua-event","Payload":{"Time":{"Type":13,"Body":"2023"},"Severity":1}}"#,
            #"{"MessageType":"ua-status","Status":99999999999999999999}"#,
        ].map { Array($0.utf8) }
        let topics = ["a/json/data/b/c/d", "a/json/metadata/b", "x", "a/json/status/%2F"]
        let reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
        for _ in 0..<6000 {
            var bytes = samples[Int(seed.next() % UInt64(samples.count))]
            for _ in 0..<(seed.next() % 5) where !bytes.isEmpty {
                let place = Int(seed.next() % UInt64(bytes.count))
                if seed.next() % 2 == 0 {
                    bytes[place] = UInt8(truncatingIfNeeded: seed.next())
                } else {
                    bytes.removeSubrange(place..<min(bytes.count, place + 3))
                }
            }
            _ = reader.read(
                topic: topics[Int(seed.next() % 4)], payload: bytes,
                receivedAt: OPCUATests.arrival)
        }
    }
}
