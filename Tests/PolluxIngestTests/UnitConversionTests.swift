import Foundation
import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

/// A number in another unit than the measure's is never stored as it came.
@Suite("Units of what arrives", .serialized)
struct UnitConversionTests {
    private static let spindle = "factory/L2/CNC-3/spindle"

    private func declare(
        _ plant: Plant, _ measure: String, of type: String, in unit: String,
        kind: ValueKind = .float, allowsChange: Bool = false
    ) throws {
        let graph = plant.graph
        try plant.store.writeBlocking { transaction in
            let person = Provenance(recordedAt: Plant.arrival, source: "test")
            let reader = transaction.transaction
            let id = try graph.ensureType(named: type, by: person, in: reader)
            var declaration = MeasureDeclaration(name: measure)
            declaration.unit = unit
            declaration.valueKind = kind
            try graph.declareMeasure(
                declaration, of: id, allowsChange: allowsChange, by: person, in: reader)
            transaction.notePlantChange()
        }
    }

    private func send(_ plant: Plant, _ payloads: [String]) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            payloads.map { plant.message(UnitConversionTests.spindle, $0) }, source: "test")
    }

    private func values(_ plant: Plant, _ measure: String) throws -> [Value] {
        try plant.points(Plant.machine, [("spindle", "")], measure).map(\.value)
    }

    @Test("JSON: the first unit stands, others convert or are refused with a reason")
    func json() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = try send(plant, [#"{"name":"vibration","value":1,"unit":"mm/s","ts":1700000000}"#])
        // Twice, because the second round finds the series in the cache.
        for round in 1...2 {
            let outcome = try send(
                plant,
                [
                    #"{"name":"vibration","value":2,"unit":"in/s","ts":170000000\#(round)}"#,
                    #"{"name":"vibration","value":3,"ts":170000001\#(round)}"#,
                    #"{"name":"vibration","value":4,"unit":"°C","ts":170000002\#(round)}"#,
                    #"{"name":"vibration","value":5,"unit":"wobbles","ts":170000003\#(round)}"#,
                    #"{"name":"vibration","value":6,"unit":"C16","ts":170000004\#(round)}"#,
                ])
            #expect(outcome.pointCount == 3)
            #expect(
                outcome.rejections.map(\.reason) == [
                    "vibration of spindle is in mm/s, and °C measures something else",
                    "vibration of spindle is in mm/s, and `wobbles` is no unit known here; "
                        + "`create unit` declares one",
                ])
        }
        let numbers: [Double] = [1, 50.8, 50.8, 3, 3, 6, 6]
        #expect(try values(plant, "vibration") == numbers.map { .float($0) })
        #expect(try plant.pipeline.deadLetters().count == 4)
    }

    @Test("points of a scale, whole numbers, and a unit declared later by hand")
    func declared() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "temperature", of: "spindle", in: "°C")
        try declare(plant, "strokes", of: "spindle", in: "ms", kind: .integer)
        let outcome = try send(
            plant,
            [
                #"{"name":"temperature","value":300,"unit":"K","ts":1700000000}"#,
                #"{"name":"temperature","value":50,"unit":"°F","ts":1700000001}"#,
                #"{"name":"strokes","value":2,"unit":"s","ts":1700000000}"#,
                #"{"name":"strokes","value":1.5,"unit":"µs","ts":1700000001}"#,
            ])
        let degrees = try values(plant, "temperature").map { (value) -> Double in
            guard case .float(let number) = value else { return .nan }
            return (number * 1e9).rounded() / 1e9
        }
        #expect(degrees == [26.85, 10])
        #expect(try values(plant, "strokes") == [.integer(2000)])
        #expect(outcome.rejections.map(\.reason).count == 1)
        #expect(
            outcome.rejections.first?.reason.hasSuffix(
                "in the unit of strokes, which holds whole numbers only") == true)
        // What the cache knows of the unit is forgotten with the declaration.
        try declare(plant, "temperature", of: "spindle", in: "K", allowsChange: true)
        _ = try send(plant, [#"{"name":"temperature","value":310,"unit":"K","ts":1700000009}"#])
        #expect(try values(plant, "temperature").last == .float(310))
    }

    @Test("a declaration that has returned holds for the next message, however slow others are")
    func declaredForTheNextMessage() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let slow = plant.store.observe { _ in usleep(20_000) }
        defer { plant.store.removeObserver(slow) }
        // A pipeline that is told after the slow one.
        let pipeline = try IngestPipeline(store: plant.store, graph: plant.graph)
        var count = 1_700_000_000
        for unit in ["°C", "K", "°C", "K"] {
            try declare(plant, "temperature", of: "spindle", in: unit, allowsChange: true)
            // The second message goes the short way of known series.
            for _ in 0..<2 {
                count += 1
                let payload = #"{"name":"temperature","value":300,"unit":"K","ts":\#(count)}"#
                _ = try pipeline.ingest(
                    [plant.message(UnitConversionTests.spindle, payload)], source: "test")
            }
        }
        let stored = try values(plant, "temperature")
        #expect(stored[2...3] == [.float(300), .float(300)])
        #expect(stored[6...7] == [.float(300), .float(300)])
    }

    @Test("Sparkplug: the engUnit of a birth counts for all data after it, and for its limits")
    func sparkplug() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "Vibration", of: "Spindle", in: "mm/s")
        let unit = Proto().text(1, "engUnit").text(1, "engHigh")
            .message(2, Proto().number(1, 12).text(8, "in/s"))
            .message(2, Proto().number(1, 10).double(6, 2))
        let outcome = try plant.pipeline.ingest(
            [
                Sparkplug.message(
                    "spBv1.0/G/NBIRTH/N", Sparkplug.payload(0, [Sparkplug.session(0)])),
                Sparkplug.message(
                    "spBv1.0/G/DBIRTH/N/D",
                    Sparkplug.payload(
                        1,
                        [
                            Sparkplug.birth("Spindle/Vibration", alias: 1, 1).message(9, unit)
                        ])),
            ], source: "broker")
        #expect(outcome.rejections.isEmpty)
        for step in 1...3 as ClosedRange<UInt64> {
            _ = try plant.pipeline.ingest(
                [
                    Sparkplug.message(
                        "spBv1.0/G/DDATA/N/D",
                        Sparkplug.payload(
                            step + 1,
                            [Sparkplug.value(1, Double(step), at: Sparkplug.start + step)]))
                ], source: "broker")
        }
        let place = [("site", "G"), ("line", "N"), ("machine", "D")]
        let stored = try plant.points(place, [("Spindle", "")], "Vibration")
        #expect(stored.map(\.value) == [25.4, 25.4, 50.8, 76.2].map { .float($0) })
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let address = AssetAddress(
            levels: place.map { .init(type: $0.0, name: $0.1) },
            parts: [.init(type: "Spindle", name: "")])
        let asset = try #require(
            try AddressLookup(graph: plant.graph, transaction: snapshot.transaction)
                .asset(address))
        #expect(
            try plant.graph.attribute(
                "Vibration high", of: asset, at: Plant.arrival, in: snapshot.transaction)
                == .float(50.8))
    }

    @Test("OPC UA: the unit of the metadata counts for the data after it, also after a restart")
    func opcua() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "Vibration", of: "Spindle", in: "m/s")
        try declare(plant, "Load", of: "Spindle", in: "kW")
        let metadata = """
            {"MessageType":"ua-metadata","DataSetWriterId":7,"DataSetWriterName":"Spindle",
            "MetaData":{"Fields":[{"Name":"Vibration","DataType":{"Id":11},"Properties":[
            {"Key":{"Name":"EngineeringUnits"},"Value":{"Body":{"UnitId":4403510}}}]},
            {"Name":"Load","DataType":{"Id":11},"Properties":[{"Key":{"Name":"EngineeringUnits"},
            "Value":{"Body":{"UnitId":-1,"DisplayName":{"Text":"%"}}}}]}]}}
            """
        let first = try plant.pipeline.ingest(
            [plant.message("opcua/json/metadata/M/G/Spindle", metadata)], source: "test")
        #expect(first.rejections.count == 1)
        var reasons: [String] = []
        for round in 1...3 {
            let pipeline =
                round < 3
                ? plant.pipeline : try IngestPipeline(store: plant.store, graph: plant.graph)
            let payload =
                #"{"DataSetWriterId":7,"Timestamp":"2023-11-14T22:13:2\#(round)Z","#
                + #""Payload":{"Vibration":\#(round),"Load":50}}"#
            let outcome = try pipeline.ingest(
                [plant.message("opcua/json/data/M/G", payload)], source: "test")
            reasons += outcome.rejections.map(\.reason)
        }
        let place = [("machine", "M")]
        #expect(
            try plant.points(place, [("Spindle", "")], "Vibration").map(\.value)
                == [0.001, 0.002, 0.003].map { .float($0) })
        let reason = "Load of Spindle is in kW, and % measures something else"
        #expect(reasons == [reason, reason, reason])
        #expect(try plant.points(place, [("Spindle", "")], "Load").isEmpty)
    }

    @Test("MTConnect and SHDR: the units of data items convert or are refused")
    func mtconnect() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "position", of: "axis", in: "m")
        try declare(plant, "load", of: "spindle", in: "kW")
        let observations = "MTConnect/Devices/VMC.0042/Observations/"
        var reasons: [String] = []
        for (topic, payload) in [
            ("MTConnect/Probe/VMC.0042", MTConnectVectors.probe),
            (
                observations + "xp",
                MTConnectVectors.entity("xp", "POSITION", "SAMPLE", "1500", second: 1)
            ),
            (
                observations + "xp",
                MTConnectVectors.entity("xp", "POSITION", "SAMPLE", "250", second: 2, sequence: 101)
            ),
            (observations + "sl", MTConnectVectors.entity("sl", "LOAD", "SAMPLE", "50", second: 3)),
        ] {
            let outcome = try plant.pipeline.ingest(
                [plant.message(topic, payload)], source: "agent")
            reasons += outcome.rejections.map(\.reason)
        }
        let axis = [("axes", ""), ("axis", "X")]
        #expect(
            try plant.points([("machine", "CNC-3")], axis, "position").map(\.value)
                == [1.5, 0.25].map { .float($0) })
        #expect(reasons.allSatisfy { $0.hasSuffix("measures something else") })
        #expect(reasons.count >= 1)
        #expect(try plant.pipeline.deadLetters().contains { $0.topic == observations + "sl" })
    }

    @Test("rules of topics and lines of line protocol: their units convert or are refused")
    func rulesAndLines() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "vibration", of: "machine", in: "m/s")
        try plant.pipeline.setRules(
            IngestRules("topic raw/{machine}/vib measure vibration unit mm/s"))
        for _ in 0..<2 {
            let outcome = try plant.pipeline.ingest(
                [plant.message("raw/M/vib", "1500")], source: "test")
            #expect(outcome.rejections.isEmpty)
        }
        #expect(try plant.points([("machine", "M")], [], "vibration").map(\.value) == [.float(1.5)])
        for _ in 0..<2 {
            let text = """
                machine,machine=N,_unit=mm/s vibration=2500 1700000000000000000
                machine,machine=N,_unit=kW vibration=3 1700000001000000000
                """
            let outcome = try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.utf8), receivedAt: Plant.arrival)
            #expect(
                outcome.rejections.map(\.reason)
                    == ["vibration of machine is in m/s, and kW measures something else"])
            // The same as the payload of a message.
            let message = try plant.pipeline.ingest([plant.message("x", text)], source: "test")
            #expect(message.rejections.count == 1)
        }
        #expect(try plant.points([("machine", "N")], [], "vibration").map(\.value) == [.float(2.5)])
    }

    @Test("CSV: units of columns and of rows convert, and the line is named that does not")
    func csv() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try declare(plant, "power", of: "machine", in: "kW")
        let text = """
            time,machine,power [W]
            2023-11-14T22:13:20Z,CNC-3,1500
            2023-11-14T22:13:21Z,CNC-3,2500
            """
        let rows = """
            time,machine,measure,value,unit
            2023-11-14T22:13:22Z,CNC-3,power,3,kW
            2023-11-14T22:13:23Z,CNC-3,power,4,°C
            2023-11-14T22:13:24Z,CNC-3,power,5e-3,MW
            """
        var problems: [(line: Int, reason: String)] = []
        for content in [text, rows] {
            var reader = PointReader(.csv, precision: .automatic, mapping: ColumnMapping())
            var progress = ImportProgress(file: "f")
            let lines = try reader.take(Array(content.utf8), isEnd: true)
            #expect(lines.problems.isEmpty)
            let outcome = try plant.pipeline.importLines(
                lines.bytes, precision: .nanoseconds, writtenAt: Plant.arrival,
                now: Plant.arrival, progress: &progress)
            problems += outcome.rejections.map { (lines.origin(of: $0.line), $0.reason) }
        }
        #expect(problems.map(\.line) == [3])
        #expect(
            problems.map(\.reason)
                == ["power of machine is in kW, and °C measures something else"])
        #expect(
            try plant.points([("machine", "CNC-3")], [], "power").map(\.value)
                == [1.5, 2.5, 3, 5].map { .float($0) })
    }
}
