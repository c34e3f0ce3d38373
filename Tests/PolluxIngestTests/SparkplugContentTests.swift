import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Sparkplug B contents", .serialized)
struct SparkplugContentTests {
    private static let machine = [("site", "G"), ("line", "N"), ("machine", "D")]

    private func born(_ plant: Plant, _ metrics: [Proto]) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            [
                Sparkplug.message(
                    "spBv1.0/G/NBIRTH/N", Sparkplug.payload(0, [Sparkplug.session(0)])),
                Sparkplug.message("spBv1.0/G/DBIRTH/N/D", Sparkplug.payload(1, metrics)),
            ], source: "broker")
    }

    private func metric(_ name: String, _ type: UInt64) -> Proto {
        Proto().text(1, name).number(3, Sparkplug.start).number(4, type)
    }

    @Test("every type of value, and what is refused says why")
    func types() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let row = Proto().message(1, Proto().number(1, 4)).message(1, Proto().text(6, "on"))
        let table = Proto().number(1, 2).text(2, "a").text(2, "b").number(3, 3).number(3, 12)
        let packed = Proto().number(1, 2).text(2, "a").text(2, "b").blob(3, [3, 12])
        let outcome = try born(
            plant,
            [
                metric("i8", 1).number(10, 0xFB), metric("u64", 8).number(11, 5),
                metric("swapped", 4).number(10, 6), metric("f", 9).float(12, 0.5),
                metric("fd", 9).double(13, 2.5), metric("b", 11).number(14, 1),
                metric("s", 12).text(15, "run"), metric("when", 13).number(11, 1_700_000_000_000),
                metric("array", 23).blob(16, [1, 0, 2, 0]),
                metric("set", 16).blob(17, table.message(4, row).bytes),
                metric("pset", 16).blob(17, packed.message(4, row).bytes),
                metric("nan", 10).double(13, .nan), metric("null", 10).number(7, 1),
                metric("shown", 10).number(6, 1).double(13, 1),
                metric("big", 8).number(11, .max), metric("raw", 17).blob(16, [1]),
                metric("rows", 16).blob(17, table.message(4, row).message(4, row).bytes),
                metric("odd", 99).number(10, 1), metric("wrong", 10).text(15, "x"),
            ])
        func values(_ name: String) throws -> [Value] {
            try plant.points(SparkplugContentTests.machine, [], name).map(\.value)
        }
        #expect(try values("i8") == [.integer(-5)])
        #expect(try values("u64") == [.integer(5)])
        #expect(try values("swapped") == [.integer(6)])
        #expect(try values("f") == [.float(0.5)])
        #expect(try values("fd") == [.float(2.5)])
        #expect(try values("b") == [.boolean(true)])
        #expect(try values("s") == [.text("run")])
        #expect(try values("when") == [.text("2023-11-14T22:13:20Z")])
        #expect(try values("array/1") == [.integer(2)])
        #expect(try values("set/a") == [.integer(4)] && values("set/b") == [.text("on")])
        #expect(try values("pset/a") == [.integer(4)] && values("pset/b") == [.text("on")])
        #expect(
            try plant.points(SparkplugContentTests.machine, [], "nan").map(\.quality) == [.bad])
        #expect(try values("null").isEmpty && values("shown").isEmpty)
        let reasons = outcome.rejections.map(\.reason)
        #expect(outcome.rejectedCount == 5, "\(reasons)")
        for word in ["largest whole", "bytes", "2 rows", "datatype 99", "`wrong` is no double"] {
            #expect(reasons.contains { $0.contains(word) }, "\(word) in \(reasons)")
        }
    }

    @Test("a template is a type, its instances are assets, its members their measures")
    func templates() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let definition = Proto().number(5, 1).message(2, metric("Load", 10))
        let load = Proto().text(1, "Load").number(2, 31).number(3, Sparkplug.start).number(4, 10)
        let instance = Proto().text(4, "Motor").number(5, 0).message(2, load.double(13, 4))
        let outcome = try born(
            plant,
            [
                metric("Motor", 19).blob(18, definition.bytes),
                metric("M1", 19).number(2, 30).blob(18, instance.bytes),
            ])
        #expect(outcome.pointCount == 1 && outcome.rejectedCount == 0, "\(outcome.rejections)")
        let change = Proto().text(4, "Motor").message(
            2, Proto().text(1, "Load").number(3, Sparkplug.start + 1000).double(13, 5))
        let data = Sparkplug.payload(
            2, [Proto().number(2, 30).number(3, Sparkplug.start).blob(18, change.bytes)])
        let second = try plant.pipeline.ingest(
            [Sparkplug.message("spBv1.0/G/DDATA/N/D", data)], source: "broker")
        #expect(second.pointCount == 1 && second.rejectedCount == 0, "\(second.rejections)")
        let motor = SparkplugContentTests.machine + [("Motor", "M1")]
        #expect(
            try plant.points(motor, [], "Load").map(\.value) == [.float(4), .float(5)])
    }

    @Test("a rule of one's own places metrics; a group of three levels is a site's path")
    func places() throws {
        let topic = SparkplugTopic(
            kind: .deviceValues, group: "Kern:Murnau:Hall 2", node: "L2", device: "CNC-3")
        let mapping = SparkplugMapping(topic: topic, rules: TopicRules())
        #expect(
            mapping.place("Spindle/Bearing/Temp").map { "\($0.measure) of \($0.address.text)" }
                == "Temp of Bearing of Spindle of machine CNC-3 of line L2 of area Hall 2 "
                + "of site Murnau of enterprise Kern")
        let rules = try TopicRules([
            "a/{machine}", "spBv1.0/+/+/{machine}/+/{:type}/{measure}/#",
        ])
        let own = SparkplugMapping(topic: topic, rules: rules)
        #expect(
            own.place("Spindle/Temp").map { "\($0.measure) of \($0.address.text)" }
                == "Temp of Spindle of machine L2")
        #expect(own.place("Temp") == nil)
    }

    @Test("topics that are not as the standard says are refused with the right form")
    func topics() throws {
        let plant = try Plant()
        defer { plant.remove() }
        for topic in [
            "spBv1.0/G/NDATA", "spBv1.0/G/XDATA/N", "spBv1.0/G/DDATA/N", "spBv1.0/G/NDATA/N/D",
            "spBv1.0//NDATA/N", "spBv1.0/",
        ] {
            let outcome = try plant.pipeline.ingest(
                [Sparkplug.message(topic, [])], source: "broker")
            #expect(
                outcome.rejections.first?.reason.contains("spBv1.0") ?? false
                    || outcome.rejections.first?.reason.contains("Sparkplug topic") ?? false,
                "\(topic)")
        }
        let trial = plant.pipeline.tryMessage(
            topic: "spBv1.0/G/NBIRTH/N",
            payload: Sparkplug.payload(0, [Sparkplug.birth("Load", alias: 1, 3)]),
            receivedAt: Plant.arrival)
        #expect(trial.format == "Sparkplug NBIRTH" && trial.problems.isEmpty, "\(trial)")
        #expect(trial.lines.first?.hasPrefix("Load of line N of site G (new) = 3.0") ?? false)
    }

    @Test("any bytes are a payload or a reason, never a crash")
    func fuzz() throws {
        let plant = try Plant()
        defer { plant.remove() }
        var seed = Seed(11)
        let valid = [
            Sparkplug.payload(
                0,
                [
                    Sparkplug.session(0), Sparkplug.birth("A/B", alias: 1, 2),
                    metric("set", 16).blob(
                        17,
                        Proto().text(2, "a").number(3, 3)
                            .message(4, Proto().message(1, Proto().number(1, 4))).bytes),
                    metric("arr", 32).blob(16, [3, 0, 0, 0, 0xE0]),
                    metric("T", 19).blob(
                        18, Proto().text(4, "M").message(2, metric("x", 10).double(13, 1)).bytes),
                ]),
            Sparkplug.payload(1, [Sparkplug.value(1, 2, at: Sparkplug.start)]),
        ]
        let topics = [
            "spBv1.0/G/NBIRTH/N", "spBv1.0/G/NDATA/N", "spBv1.0/G/DBIRTH/N/D",
            "spBv1.0/G/DDATA/N/D", "spBv1.0/G/NDEATH/N", "spBv1.0/G/DDEATH/N/D",
        ]
        for _ in 0..<(LongTests.areOn ? 100_000 : 250) {
            var messages: [TopicMessage] = []
            for _ in 0..<8 {
                var payload = valid[Int(seed.next() % 2)]
                for _ in 0..<Int(seed.next() % 4) where !payload.isEmpty {
                    let place = Int(seed.next() % UInt64(payload.count))
                    switch seed.next() % 3 {
                    case 0: payload[place] = UInt8(truncatingIfNeeded: seed.next())
                    case 1: payload.removeSubrange(place...)
                    default: payload.insert(UInt8(truncatingIfNeeded: seed.next()), at: place)
                    }
                }
                messages.append(
                    Sparkplug.message(topics[Int(seed.next() % UInt64(topics.count))], payload))
            }
            _ = try plant.pipeline.ingest(messages, source: "broker")
        }
    }
}
