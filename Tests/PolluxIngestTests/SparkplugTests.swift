import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Sparkplug B", .serialized)
struct SparkplugTests {
    static let machine = [("site", "G"), ("line", "N"), ("machine", "D")]
    static let nodeBirth = Sparkplug.hex(
        "0880d095ffbc3112120a0562645365711880d095ffbc312004580012210a144e6f646520436f6e74726f6c2f"
            + "526562697274681880d095ffbc31200b70001800")
    private static let nodeDeath = Sparkplug.hex(
        "0880d095ffbc3112120a0562645365711880d095ffbc3120045800")
    static let deviceBirth = Sparkplug.hex(
        "0881d095ffbc31124c0a115370696e646c652f566962726174696f6e10071881d095ffbc31200a4a230a0765"
            + "6e67556e69741208080c42046d6d2f730a075175616c6974791205080318c00169000000000000f43f12"
            + "210a0e5370696e646c652f4f666673657410081881d095ffbc31200350fbffffff0f1801")

    private func send(
        _ plant: Plant, _ topic: String, _ payload: [UInt8], at seconds: Int64 = 1_700_000_010,
        source: String = "broker"
    ) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            [Sparkplug.message(topic, payload, at: Timestamp(seconds: seconds))], source: source)
    }

    private func text(_ points: [Point]) -> [String] {
        points.map { point in
            let milliseconds = point.instant.nanoseconds / 1_000_000 - 1_700_000_000_000
            let value =
                switch point.value {
                case .float(let number): "\(number)"
                case .integer(let number): "\(number)i"
                case .boolean(let flag): "\(flag)"
                case .text(let text): "'\(text)'"
                }
            return point.quality == .end
                ? "end@\(milliseconds)"
                : "\(value)@\(milliseconds)" + (point.quality == .good ? "" : " \(point.quality)")
        }
    }

    private func start(_ plant: Plant) throws {
        #expect(try send(plant, "spBv1.0/G/NBIRTH/N", SparkplugTests.nodeBirth).rejectedCount == 0)
        #expect(try send(plant, "spBv1.0/G/DBIRTH/N/D", SparkplugTests.deviceBirth).pointCount == 2)
    }

    /// Runs something in a database that is closed afterwards, and returns its folder.
    private func stopped(_ body: (Plant) throws -> Void) throws -> URL {
        let plant = try Plant()
        try body(plant)
        plant.store.close()
        return plant.folder
    }

    @Test("the published vectors: births, aliases, signs, nulls, history, death")
    func vectors() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try start(plant)
        for vector in [
            "08e8d795ffbc311212100718e8d795ffbc3169000000000000f83f120f100818e8d795ffbc3150faffffff0f1802",
            "08d0df95ffbc31120b100718d0df95ffbc3138011803",
            "08b8e795ffbc311214100718f4d395ffbc31280169000000000000f63f1804",
        ] {
            let outcome = try send(plant, "spBv1.0/G/DDATA/N/D", Sparkplug.hex(vector))
            #expect(outcome.rejectedCount == 0, "\(outcome.rejections)")
        }
        let vibration = try plant.points(
            SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(vibration) == ["1.25@1", "1.375@500", "1.5@1000", "end@2000"])
        let offset = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Offset")
        #expect(text(offset) == ["-5i@1", "-6i@1000"])
        let transaction = try plant.environment.beginRead()
        defer { transaction.close() }
        let type = try #require(try plant.graph.type(named: "Spindle", in: transaction))
        let measure = try plant.graph.measure(
            named: "Vibration", of: type.type.id, in: transaction)
        #expect(measure?.definition.unit == "mm/s")
    }

    @Test("of two reports of a metric at one instant in one payload the later stands")
    func order() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let offset = Sparkplug.birth("Offset", alias: 1, 3)
        let birth = Sparkplug.payload(0, [Sparkplug.session(0), offset])
        #expect(try send(plant, "spBv1.0/G/NBIRTH/N", birth).rejectedCount == 0)
        let instant = Sparkplug.start + 1000
        func null(_ instant: UInt64) -> Proto {
            Proto().number(2, 1).number(3, instant).number(7, 1)
        }
        let payloads = [
            [
                Sparkplug.value(1, 4, at: instant), null(instant),
                Sparkplug.value(1, 5, at: instant),
            ],
            [Sparkplug.value(1, 4, at: instant + 1000), null(instant + 1000)],
        ]
        for (number, metrics) in payloads.enumerated() {
            _ = try send(
                plant, "spBv1.0/G/NDATA/N", Sparkplug.payload(UInt64(number + 1), metrics))
        }
        let points = try plant.points([("site", "G"), ("line", "N")], [], "Offset")
        #expect(text(points) == ["3.0@0", "5.0@1000", "end@2000"])
    }

    @Test("the request for a birth is the published vector")
    func rebirthRequest() {
        let command = SparkplugCommand.rebirth(
            group: "G", node: "N", at: Timestamp(seconds: 1_700_000_000))
        #expect(command.topic == "spBv1.0/G/NCMD/N")
        #expect(
            command.payload
                == Sparkplug.hex(
                    "0880d095ffbc3112210a144e6f646520436f6e74726f6c2f526562697274681880d095ffbc31200b7001"
                ))
    }

    @Test("packed arrays as published")
    func arrays() {
        func decode(_ type: SparkplugType, _ hex: String) -> [DecodedValue]? {
            let bytes = Sparkplug.hex(hex)
            return SparkplugArrays.elements(type, bytes.span, 0..<bytes.count)
        }
        #expect(
            decode(.floatArray, "a4709d3f98aeb242")
                == [Float(1.23), 89.341].map { .typed(.float(Double($0))) })
        #expect(
            decode(.int16Array, "d08a3075") == [-30000, 30000].map { .typed(.integer($0)) })
        #expect(
            decode(.booleanArray, "0c00000034d0")
                == [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1].map { .typed(.boolean($0 == 1)) })
        #expect(
            decode(.dateTimeArray, "c7d0907524010000b8bab89781010000")
                == ["2009-10-21T05:27:55.335Z", "2022-06-24T21:57:55Z"].map { .typed(.text($0)) })
        #expect(decode(.int16Array, "d08a30") == nil)
        #expect(decode(.booleanArray, "ffffffff34d0") == nil)
        #expect(decode(.stringArray, "616200630000") == ["ab", "c", ""].map { .typed(.text($0)) })
        #expect(decode(.stringArray, "6162") == nil)
    }

    @Test("integers count by their declared width, whatever the sender wrote above it")
    func widths() {
        #expect(SparkplugType.int8.integer(0xFB) == -5)
        #expect(SparkplugType.int8.integer(0xFFFF_FFFB) == -5)
        #expect(SparkplugType.int16.integer(0xFFFF_FFFF_FFFF_8000) == -32768)
        #expect(SparkplugType.uint8.integer(0x1FF) == 255)
        #expect(SparkplugType.int64.integer(.max) == -1)
        #expect(SparkplugType.uint64.integer(.max) == nil)
        #expect(SparkplugType.uint32.integer(0xFFFF_FFFF) == 4_294_967_295)
    }

    @Test("births outlive the process: no birth is asked for after a restart")
    func restart() throws {
        let folder = try stopped { plant in try start(plant) }
        let again = try Plant(folder: folder)
        defer { again.remove() }
        again.pipeline.setSparkplugHost("pollux", since: Plant.arrival, of: "broker")
        // The numbers went on meanwhile.
        let payload = Sparkplug.payload(
            77, [Sparkplug.value(7, 9, at: Sparkplug.start + 5000)])
        let outcome = try send(again, "spBv1.0/G/DDATA/N/D", payload)
        #expect(outcome.pointCount == 1 && outcome.rejectedCount == 0)
        #expect(again.pipeline.takeCommands(of: "broker").isEmpty)
        let points = try again.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "9.0@5000"])
    }

    @Test("a message that comes early waits for the one before it, also over a restart")
    func reordering() throws {
        func data(_ sequence: UInt64, _ value: Double) -> [UInt8] {
            Sparkplug.payload(
                sequence, [Sparkplug.value(7, value, at: Sparkplug.start + sequence * 1000)])
        }
        let folder = try stopped { plant in
            try start(plant)
            #expect(try send(plant, "spBv1.0/G/DDATA/N/D", data(3, 3)).pointCount == 0)
        }
        let again = try Plant(folder: folder)
        defer { again.remove() }
        #expect(try send(again, "spBv1.0/G/DDATA/N/D", data(4, 4)).pointCount == 0)
        #expect(try send(again, "spBv1.0/G/DDATA/N/D", data(2, 2)).pointCount == 3)
        let points = try again.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "2.0@2000", "3.0@3000", "4.0@4000"])
    }

    @Test("a lost message: a passive reader goes on, a host application asks and marks a hole")
    func gap() throws {
        for isHost in [false, true] {
            let plant = try Plant()
            defer { plant.remove() }
            if isHost {
                plant.pipeline.setSparkplugHost("pollux", since: Plant.arrival, of: "broker")
            }
            try start(plant)
            let payload = Sparkplug.payload(
                5, [Sparkplug.value(7, 5, at: Sparkplug.start + 5000)])
            _ = try send(plant, "spBv1.0/G/DDATA/N/D", payload)
            try plant.pipeline.settle(at: Timestamp(seconds: 1_700_000_011))
            #expect(plant.pipeline.takeCommands(of: "broker").isEmpty)
            try plant.pipeline.settle(at: Timestamp(seconds: 1_700_000_013))
            let points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
            #expect(
                text(points)
                    == ["1.25@1"] + (isHost ? ["end@1"] : []) + ["5.0@5000"])
            let commands = plant.pipeline.takeCommands(of: "broker")
            #expect(commands.map(\.topic) == (isHost ? ["spBv1.0/G/NCMD/N"] : []))
            // The next number continues after the gap.
            let next = Sparkplug.payload(6, [Sparkplug.value(7, 6, at: Sparkplug.start + 6000)])
            #expect(try send(plant, "spBv1.0/G/DDATA/N/D", next).pointCount == 1)
        }
    }

    @Test("without a birth, names and types are enough; an alias alone is a dead letter")
    func withoutBirth() throws {
        let plant = try Plant()
        defer { plant.remove() }
        plant.pipeline.setSparkplugHost("pollux", since: Plant.arrival, of: "broker")
        let named = Proto().text(1, "Axis/Load").number(3, Sparkplug.start).number(4, 3)
            .number(10, 7)
        let outcome = try send(
            plant, "spBv1.0/G/DDATA/N/D",
            Sparkplug.payload(9, [named, Sparkplug.value(7, 1, at: Sparkplug.start)]))
        #expect(outcome.pointCount == 1 && outcome.rejectedCount == 1)
        #expect(
            text(try plant.points(SparkplugTests.machine, [("Axis", "")], "Load")) == ["7i@0"])
        let letters = try plant.pipeline.deadLetters()
        #expect(letters.count == 1 && letters[0].reason.contains("no birth is known"))
        #expect(plant.pipeline.takeCommands(of: "broker").count == 1)
        // Asked for once, not again with each message, and again after a while.
        for second in Int64(11)...19 {
            let payload = Sparkplug.payload(
                UInt64(second - 1), [Sparkplug.value(7, 1, at: Sparkplug.start)])
            _ = try send(plant, "spBv1.0/G/DDATA/N/D", payload, at: 1_700_000_000 + second)
        }
        #expect(plant.pipeline.takeCommands(of: "broker").isEmpty)
        _ = try send(
            plant, "spBv1.0/G/DDATA/N/D",
            Sparkplug.payload(19, [Sparkplug.value(7, 1, at: Sparkplug.start)]), at: 1_700_000_021)
        #expect(plant.pipeline.takeCommands(of: "broker").count == 1)
        // When the births come, the letters can be taken again.
        try start(plant)
        let replay = try plant.pipeline.replayDeadLetters()
        #expect(replay.remainingCount == 0 && replay.storedCount > 0)
    }

    @Test("the will of an earlier session is ignored; the right one ends every value")
    func death() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try start(plant)
        _ = try send(
            plant, "spBv1.0/G/NDEATH/N", Sparkplug.payload(nil, [Sparkplug.session(9)]))
        var points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1"])
        _ = try send(plant, "spBv1.0/G/NDEATH/N", SparkplugTests.nodeDeath, at: 1_700_000_020)
        points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "end@20000"])
        // A birth that repeats a value from before the death says that it holds from now on.
        _ = try send(
            plant, "spBv1.0/G/NBIRTH/N",
            Sparkplug.payload(0, at: Sparkplug.start + 30_000, [Sparkplug.session(1)]),
            at: 1_700_000_030)
        _ = try send(
            plant, "spBv1.0/G/DBIRTH/N/D",
            Sparkplug.payload(
                1, at: Sparkplug.start + 30_001,
                [Sparkplug.birth("Spindle/Vibration", alias: 3, 1.25, at: Sparkplug.start + 1)]),
            at: 1_700_000_030)
        points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "end@20000", "1.25@30001"])
    }

    @Test("the death of a device counts at its own time, but never before its last value")
    func deviceDeath() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try start(plant)
        _ = try send(
            plant, "spBv1.0/G/DDATA/N/D",
            Sparkplug.payload(2, [Sparkplug.value(7, 2, at: Sparkplug.start + 4000)]))
        _ = try send(
            plant, "spBv1.0/G/DDEATH/N/D", Sparkplug.payload(3, at: Sparkplug.start + 3000, []))
        let points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "2.0@4000", "end@4000"])
        #expect(points[2].instant.nanoseconds == 1_700_000_004_000_000_001)
        // Its node goes on.
        let outcome = try send(
            plant, "spBv1.0/G/DDATA/N/D",
            Sparkplug.payload(4, [Sparkplug.value(7, 3, at: Sparkplug.start + 5000)]))
        #expect(outcome.rejectedCount == 1)
    }

    @Test("devices that are not born again after their node end")
    func awaited() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try start(plant)
        _ = try send(
            plant, "spBv1.0/G/NBIRTH/N", Sparkplug.payload(0, [Sparkplug.session(1)]),
            at: 1_700_000_020)
        try plant.pipeline.settle(at: Timestamp(seconds: 1_700_000_029))
        var points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1"])
        try plant.pipeline.settle(at: Timestamp(seconds: 1_700_000_030))
        points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        #expect(text(points) == ["1.25@1", "end@20000"])
    }

    @Test("the host application takes back an old will that says it is offline")
    func hostState() throws {
        let plant = try Plant()
        defer { plant.remove() }
        plant.pipeline.setSparkplugHost("pollux", since: Plant.arrival, of: "broker")
        for payload in [#"{"online":true,"timestamp":1}"#, "OFFLINE", "", "{", #"{"online":3}"#] {
            _ = try send(plant, "spBv1.0/STATE/pollux", Array(payload.utf8))
        }
        _ = try send(
            plant, "spBv1.0/STATE/other", Array(#"{"online":false,"timestamp":1}"#.utf8))
        #expect(plant.pipeline.takeCommands(of: "broker").isEmpty)
        _ = try send(
            plant, "spBv1.0/STATE/pollux", Array(#"{"online":false,"timestamp":1}"#.utf8))
        let commands = plant.pipeline.takeCommands(of: "broker")
        #expect(commands.count == 1 && commands[0].isRetained)
        #expect(
            String(decoding: commands[0].payload, as: UTF8.self)
                == #"{"online":true,"timestamp":1700000100000}"#)
    }
}
