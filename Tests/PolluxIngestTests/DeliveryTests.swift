import Foundation
import PolluxModel
import PolluxStore
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

@Suite("Deliveries", .serialized)
struct DeliveryTests {
    private static let topic = "factory/L2/CNC-3/power"

    private func message(_ payload: String, _ second: Int64, packet: UInt16, again: Bool = false)
        -> TopicMessage
    {
        TopicMessage(
            topic: DeliveryTests.topic, payload: Array(payload.utf8),
            receivedAt: Timestamp(seconds: 1_700_000_000 + second),
            delivery: .init(packet: packet, isRepeated: again))
    }

    @Test("a message without a time that is sent again keeps its first time, also after a restart")
    func recall() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.pipeline.ingest(
            [message("1", 0, packet: 1), message("1", 1, packet: 2)], source: "s")
        // What a new process knows is what the first one stored.
        let again = try IngestPipeline(store: plant.store, graph: plant.graph)
        // The broker knows of the first; it sends the second once more and then goes on.
        try again.ingest(
            [message("1", 8, packet: 2, again: true), message("1", 9, packet: 3)], source: "s")
        let points = try plant.points(Plant.machine, [], "power")
        #expect(
            points.map(\.instant.nanoseconds).map { $0 / 1_000_000_000 - 1_700_000_000 } == [
                0, 1, 9,
            ])
        // Twice again, and another source's message is another one.
        try again.ingest([message("1", 10, packet: 2, again: true)], source: "s")
        #expect(try plant.points(Plant.machine, [], "power").count == 3)
        try again.ingest([message("1", 11, packet: 2, again: true)], source: "other")
        #expect(try plant.points(Plant.machine, [], "power").count == 4)
    }

    @Test("a number that comes round again after many messages with a time is another message")
    func comesRound() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.pipeline.ingest([message("1", 0, packet: 7)], source: "s")
        for batch in 0..<35 {
            let timed = (0..<1000).map { index in
                message(
                    "{\"speed\":1,\"timestamp\":\(1_600_000_000_000 + batch * 1000 + index)}", 1,
                    packet: UInt16(1000 + batch * 1000 + index))
            }
            try plant.pipeline.ingest(timed, source: "s")
        }
        // Sent before and never stored; what was stored under its number has long been acknowledged.
        for pipeline in [
            plant.pipeline, try IngestPipeline(store: plant.store, graph: plant.graph),
        ] {
            let before = try plant.points(Plant.machine, [], "power").count
            try pipeline.ingest(
                [message("1", Int64(before) + 50, packet: 7, again: true)], source: "s")
            #expect(try plant.points(Plant.machine, [], "power").count == before + 1)
        }
    }

    @Test("number and content decide together")
    func numbers() throws {
        var window = DeliveryWindow()
        window.append(
            [message("a", 0, packet: 1), message("b", 1, packet: 2)].map {
                .init(
                    packet: $0.delivery?.packet ?? 0, digest: DeliveryWindow.digest($0),
                    arrival: $0.receivedAt)
            })
        var other = window
        var again = [
            message("a", 5, packet: 1, again: true), message("b", 6, packet: 3, again: true),
            message("a", 7, packet: 2, again: true), message("a", 8, packet: 1),
        ]
        #expect(window.recall(&again) == 1)
        #expect(
            again.map { $0.receivedAt.nanoseconds / 1_000_000_000 - 1_700_000_000 } == [0, 6, 7, 8])
        // A broker that numbers anew: content decides, and what was never stored is new.
        var renumbered = [9, 10, 11].map { message("b", $0, packet: UInt16($0), again: true) }
        for index in renumbered.indices { renumbered[index].delivery?.keepsNumber = false }
        #expect(other.recall(&renumbered) == 1)
        #expect(
            renumbered.map { $0.receivedAt.nanoseconds / 1_000_000_000 - 1_700_000_000 }
                == [1, 10, 11])
    }

    @Test("equal messages of a broker that keeps numbers: one sent again but never read is new")
    func equalContents() {
        func message(_ second: Int64, _ packet: UInt16) -> TopicMessage {
            var message = self.message("4", second, packet: packet, again: true)
            // As over MQTT 3.1.1, where a broker need not be trusted with numbers.
            message.delivery?.keepsNumber = false
            return message
        }
        var window = DeliveryWindow()
        let first = message(0, 1)
        window.append(
            (1...3).map { number in
                .init(
                    packet: UInt16(number), digest: DeliveryWindow.digest(first),
                    arrival: Timestamp(seconds: 1_700_000_000 + Int64(number)))
            })
        var turns = [[message(8, 2), message(8, 3), message(8, 4)], [message(9, 5)]]
        #expect(window.recall(&turns[0]) == 2)
        #expect(window.recall(&turns[1]) == 0)
        #expect(
            turns.flatMap { $0 }.map { $0.receivedAt.nanoseconds / 1_000_000_000 - 1_700_000_000 }
                == [2, 3, 8, 9])
    }

    @Test("a broker that forgot the session numbers anew: nothing before is taken for a repetition")
    func newSession() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.pipeline.ingest(
            [message("1", 0, packet: 1), message("1", 1, packet: 2)], source: "s")
        var first = message("1", 5, packet: 1)
        first.delivery?.beginsSession = true
        try plant.pipeline.ingest([first], source: "s")
        // Sent again, of the new session: one that is known and one that was never read.
        let repeated = [
            message("1", 8, packet: 1, again: true), message("1", 9, packet: 2, again: true),
        ]
        // What was forgotten is forgotten after a restart, too.
        let again = try IngestPipeline(store: plant.store, graph: plant.graph)
        try again.ingest(repeated, source: "s")
        let seconds = try plant.points(Plant.machine, [], "power").map {
            $0.instant.nanoseconds / 1_000_000_000 - 1_700_000_000
        }
        #expect(seconds == [0, 1, 5, 9])
    }

    @Test("the window forgets whole records, the oldest first")
    func trim() {
        var window = DeliveryWindow()
        let entry = DeliveryWindow.Entry(packet: 1, digest: 2, arrival: .distantPast)
        for _ in 0..<5 { window.append(Array(repeating: entry, count: 6000)) }
        #expect(window.trim() == 1..<3)
        #expect(window.entries.count == 18_000)
        #expect(window.nextRecord == 6)
        #expect(window.trim().isEmpty)
    }

    @Test("the stored record is the one the format describes; damage makes it empty")
    func golden() throws {
        let file = Places.repository.appendingPathComponent(
            "storage-format/golden/v1/ingest-delivery.hex")
        let text = try String(contentsOf: file, encoding: .utf8)
        let golden = text.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
        let entries: [DeliveryWindow.Entry] = [
            .init(
                packet: 7, digest: 0x0123_4567_89AB_CDEF,
                arrival: Timestamp(seconds: 1_700_000_000)),
            .init(packet: 65_535, digest: 1, arrival: Timestamp(nanoseconds: -1)),
        ]
        #expect(DeliveryTable.encode(entries) == golden)
        for index in golden.indices {
            var bytes = golden
            bytes[index] ^= 0x10
            #expect(bytes.withUnsafeBytes { DeliveryTable.decode($0) } == nil)
        }
        #expect(golden.withUnsafeBytes { DeliveryTable.decode($0) } == entries)
        #expect(Array(golden.dropLast()).withUnsafeBytes { DeliveryTable.decode($0) } == nil)
    }

    @Test(
        "a committed message whose acknowledgement is lost comes again and stands once",
        .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"),
        arguments: ["5", "3.1.1"])
    func lostAcknowledgements(version: String) throws {
        let plant = try Plant()
        defer { plant.remove() }
        let broker = try MosquittoBroker()
        let failures = Mutex(3)
        let address = try MQTTAddress(
            "mqtt://127.0.0.1:\(broker.port)/?topic=factory/%23&client=loser&version=\(version)")
        let pipeline = plant.pipeline
        let source = MQTTSource(address: address) { messages in
            try pipeline.ingest(messages, source: "loser")
            // The points are durable; the connection breaks before the acknowledgements leave.
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw IngestError.notCommitted(reason: "a test") }
        }
        source.start()
        defer { source.stop() }
        #expect(eventually { source.status.isConnected })
        let publisher = try MQTTPublisher(
            address: MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=sender"))
        // The same content every time: only the broker's account tells the messages apart.
        for _ in 0..<60 { try publisher.publish(Array("4".utf8), to: DeliveryTests.topic) }
        try publisher.flush()
        #expect(eventually { source.status.committedCount >= 60 })
        publisher.close()
        #expect(source.status.failedCommitCount == 3)
        let count = try plant.points(Plant.machine, [], "power").count
        #expect(count == 60)
    }
}
