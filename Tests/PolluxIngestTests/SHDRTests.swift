import Foundation
import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

@Suite("SHDR", .serialized)
struct SHDRTests {
    private static let machine = [("line", "L2"), ("machine", "CNC-3")]
    private static let spindle = [("spindle", "")]
    private static let folder = Places.repository.appendingPathComponent("Tests/Adapter")
    static let python = Programs.find("python3")

    private static func adapter(port: UInt16 = 7878) throws -> SHDRAdapter {
        let description = try Data(contentsOf: folder.appendingPathComponent("machine.xml"))
        return try SHDRAdapter(
            name: "mill", address: "127.0.0.1:\(port)", asset: "line:L2/machine:CNC-3",
            description: Array(description))
    }

    @Test(
        "tokens between bars, blanks cut off, quotes with bars inside",
        arguments: [
            ("2026-01-01T00:00:00Z|a|1", ["a", "1"]), ("t| a | 1 ", ["a", "1"]),
            ("|a|", ["a", ""]), (#"t|a|"x\|y"|b|2"#, ["a", "x|y", "b", "2"]),
            (#"t|a|"x|b|2"#, ["a", "\"x", "b", "2"]), (#"t|a|5" pipe|b"#, ["a", "5\" pipe", "b"]),
            ("t", []), ("", []),
        ] as [(String, [String])])
    func tokens(text: String, expected: [String]) {
        #expect(SHDRLine(text).tokens == expected)
    }

    @Test("times with durations, and times that count from the connection")
    func times() {
        let line = SHDRLine("2026-01-01T00:00:00.5Z@12.5|a|1")
        #expect(line.time == "2026-01-01T00:00:00.5Z" && line.duration == 12.5)
        var lines = SHDRLines()
        let arrival = Timestamp(seconds: 1_700_000_000)
        let sent = "1000|a|1\r\n2500.5|a|2\n* PONG 60"
        #expect(lines.append(Array(sent.utf8), receivedAt: arrival) == nil)
        #expect(lines.append(Array("00\n|b|3\n\n".utf8), receivedAt: arrival) == nil)
        #expect(
            lines.take().map { String(decoding: $0, as: UTF8.self) } == [
                "2023-11-14T22:13:20Z|a|1", "2023-11-14T22:13:21.500500Z|a|2", "|b|3",
            ])
        #expect(lines.takeHeartbeats() == [6000])
        let long = [UInt8](repeating: 65, count: SHDRLines.byteCountLimit + 1)
        #expect(lines.append(long, receivedAt: arrival) != nil)
    }

    private func values(
        _ plant: Plant, _ parts: [(String, String)], _ measure: String
    ) throws -> [Value] {
        try plant.points(Self.machine, parts, measure).map(\.value)
    }

    private func send(_ plant: Plant, _ lines: [String]) throws -> WriteOutcome {
        try plant.pipeline.ingest(
            lines.map { plant.message("SHDR/mill", $0) }, source: "shdr://127.0.0.1:7878")
    }

    @Test("keys become measures, fields of several tokens alarms, messages, series and sets")
    func lines() throws {
        let plant = try Plant()
        defer { plant.remove() }
        _ = SHDRSource(adapter: try Self.adapter(), pipeline: plant.pipeline)
        let outcome = try send(
            plant,
            [
                "2023-11-14T22:13:20Z|Sspeed|8000|Mill:Sload|40.5|S2temp|UNAVAILABLE|exec|ACTIVE",
                "2023-11-14T22:13:21Z|sys|FAULT|E7:1|3|HIGH|oil low|pc|7",
                "2023-11-14T22:13:22Z|sys|NORMAL|E7:1|||",
                "2023-11-14T22:13:22Z|msg|M1|look at me", "|pos|1 2 -3.5",
                "2023-11-14T22:13:30Z|sv|3|10|1.5 2.5 3.5", "|tab|T1={len=3.5 name='x y'} T2=4",
                "2023-11-14T22:13:23Z|Zload|12|word|on", "* serialNumber: 17",
                "yesterday|Sspeed|1", "2023-11-14T22:13:24Z|Sspeed|fast|Sload|41",
                "2023-11-14T22:13:24Z|Sspeed",
            ])
        #expect(outcome.rejections.map(\.line) == [10, 11, 12])
        #expect(try values(plant, Self.spindle, "rpm") == [.float(8000)])
        #expect(try values(plant, Self.spindle, "load") == [.float(40.5), .float(41)])
        #expect(
            try values(plant, Self.spindle, "velocity") == [.float(1.5), .float(2.5), .float(3.5)])
        #expect(try values(plant, [("controller", "")], "path-position/z") == [.float(-3.5)])
        #expect(try values(plant, [], "parts") == [.float(7)])
        #expect(try values(plant, [], "variable/T1/len") == [.float(3.5)])
        #expect(try values(plant, [], "variable/T1/name") == [.text("x y")])
        #expect(try values(plant, [], "Zload") == [.float(12)])
        #expect(try values(plant, [], "word") == [.text("on")])
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let reader = snapshot.transaction
        let alarms = try plant.graph.events(
            named: "alarm", startingIn: .always, limit: 9, in: reader)
        #expect(alarms.map(\.label) == ["1"])
        #expect(alarms.first?.end == Timestamp(seconds: 1_700_000_002))
        #expect(alarms.first?.attributes.contains(Attribute("native-code", .text("E7"))) == true)
        let messages = try plant.graph.events(
            named: "message", startingIn: .always, limit: 9, in: reader)
        #expect(messages.map(\.label) == ["M1"])
        // A letter is read again by the same adapter.
        #expect(try plant.pipeline.replayDeadLetters().remainingCount == 3)
    }

    @Test("settings that cannot be used are refused with the reason")
    func settings() {
        for (address, asset, description) in [
            ("", "machine:M", nil), ("h:x", "machine:M", nil), ("h:1:2", "machine:M", nil),
            ("h", "machine:M/spindle", nil), ("h", "", nil), ("h", "machine:M", "<a>"),
            ("h", "machine:M", "<Devices/>"),
        ] as [(String, String, String?)] {
            #expect(throws: IngestError.self) {
                try SHDRAdapter(
                    name: "a", address: address, asset: asset,
                    description: description.map { Array($0.utf8) })
            }
        }
    }

    @Test(
        "a real adapter: state, heartbeat, a lost connection ends its values, then all is back",
        .enabled(if: python != nil, "python3 is not installed"))
    func connection() throws {
        let python = try #require(Self.python)
        let port = try MosquittoBroker.freePort()
        let process = try RunningProcess(
            python, ["-B", Self.folder.appendingPathComponent("shdr_adapter.py").path, "\(port)"],
            hasInput: true)
        defer { process.send("quit\n") }
        let plant = try Plant()
        defer { plant.remove() }
        let source = SHDRSource(adapter: try Self.adapter(port: port), pipeline: plant.pipeline)
        source.start()
        defer { source.stop() }
        func wait(_ what: String, until isMet: () throws -> Bool) throws {
            let end = Date().addingTimeInterval(30)
            while Date() < end {
                if try isMet() { return }
                usleep(20_000)
            }
            Issue.record("\(what): \(source.status)")
        }
        func position() throws -> [Point] {
            try plant.points(Self.machine, [("axis", "")], "position")
        }
        try wait("the state") { try position().count == 1 }
        process.send("2026-01-01T00:00:01Z|Xact|2.5\n")
        try wait("a line") { try position().count == 2 }
        // Longer than the promise: only answers keep the connection.
        usleep(900_000)
        #expect(source.status.isConnected && source.status.reconnectCount == 0)
        process.send("drop\n")
        try wait("the end of values") { try position().contains { $0.quality == .end } }
        try wait("a new connection") { source.status.reconnectCount == 1 }
        #expect(
            try plant.points(Self.machine, [], "availability").map(\.value)
                == [.text("AVAILABLE"), .text("UNAVAILABLE")])
        process.send("mute\n")
        try wait("the silence") { source.status.reconnectCount >= 2 }
        let name = "shdr://127.0.0.1:\(port)"
        let counts = plant.pipeline.statistics.first { $0.source == name }
        #expect((counts?.messageCount ?? 0) > 8 && counts?.rejectedCount == 0)
    }

    @Test("while commits fail lines are held, and nothing is lost or stored twice")
    func commits() throws {
        let python = try #require(Self.python)
        let port = try MosquittoBroker.freePort()
        let process = try RunningProcess(
            python, ["-B", Self.folder.appendingPathComponent("shdr_adapter.py").path, "\(port)"],
            hasInput: true)
        defer { process.send("quit\n") }
        let taken = Mutex<(tries: Int, lines: [String])>((0, []))
        let source = SHDRSource(adapter: try Self.adapter(port: port)) { messages in
            try taken.withLock { taken in
                taken.tries += 1
                if taken.tries % 3 != 0 { throw IngestError.stopped }
                taken.lines += messages.map { String(decoding: $0.payload, as: UTF8.self) }
            }
        }
        source.start()
        defer { source.stop() }
        func wait(until isMet: () -> Bool) {
            let end = Date().addingTimeInterval(30)
            while Date() < end, !isMet() { usleep(20_000) }
        }
        wait { taken.withLock { $0.lines.count } >= 4 }
        for number in 1...50 { process.send("|Xact|\(number)\n") }
        wait { taken.withLock { $0.lines.count } >= 54 }
        let lines = taken.withLock { $0.lines.dropFirst(4) }
        #expect(Array(lines) == (1...50).map { "|Xact|\($0)" })
        #expect(source.status.failedCommitCount > 1)
    }

    @Test(
        "a relative time that nanoseconds cannot hold is refused, whatever its size",
        arguments: [
            "444444444444444", "-9223372036854.775808", "1e300", "-1e300", "inf", "nan",
            "9223372036854.775807", "999999999999999",
        ])
    func largeTimes(_ time: String) throws {
        for first in ["", "5|Xact|1\n"] {
            var stream = SHDRLines()
            let text = first + time + "|Xact|2\n" + time + "@" + time + "|Xact|3\n"
            #expect(stream.append(Array(text.utf8), receivedAt: Plant.arrival) == nil)
            var state = SHDRState(try Self.adapter())
            for line in stream.take() {
                let message = TopicMessage(
                    topic: "SHDR/mill", payload: line, receivedAt: Plant.arrival)
                _ = SHDRReader.read(message, &state)
            }
        }
    }

    @Test("lines changed at random are refused or read, never more")
    func hostile() throws {
        var random = Seed(21)
        let tool = MTConnectVectors.tool("T-1", in: "SPINDLE", "1", second: 0, minutes: "1")
        let lines = [
            "2023-11-14T22:13:21Z|sys|FAULT|E7:1|3|HIGH|oil low|pc|7", "1.5@2|pos|1 2 -3.5",
            "2023-11-14T22:13:30Z|sv|3|10|1.5 2.5 3.5", #"|tab|T1={a=3.5 b='x y'} T2="4" c"#,
            "2023-11-14T22:13:30Z|@ASSET@|T-1|CuttingTool|" + tool, "|@REMOVE_ASSET@|T-1",
            "* manufacturer: Kern", #"|msg|"a\|b"|text"#,
        ].map { Array($0.utf8) }
        var state = SHDRState(try Self.adapter())
        for _ in 0..<4000 {
            var bytes = lines[Int.random(in: 0..<lines.count, using: &random)]
            for _ in 0..<Int.random(in: 0..<5, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 7))
                default: bytes.insert(contentsOf: "|{='\"\\@".utf8.shuffled().prefix(3), at: place)
                }
            }
            let message = TopicMessage(
                topic: "SHDR/mill", payload: bytes, receivedAt: Plant.arrival)
            let decoded = SHDRReader.read(message, &state)
            #expect(decoded.groups.count < 50)
            var whole = SHDRLines()
            _ = whole.append(bytes + [10], receivedAt: Plant.arrival)
        }
    }
}
