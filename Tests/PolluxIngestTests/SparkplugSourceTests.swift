import Foundation
import PolluxModel
import PolluxStore
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

/// What a source does for Sparkplug of its own accord.
@Suite(
    "Sparkplug through a broker", .serialized,
    .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
struct SparkplugSourceTests {
    private static func data(_ sequence: UInt64, _ value: Double) -> [UInt8] {
        Sparkplug.payload(
            sequence, [Sparkplug.value(7, value, at: Sparkplug.start + sequence * 1000)])
    }

    private static func values(_ plant: Plant) throws -> [Double] {
        try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
            .filter { $0.quality != .end }.compactMap { $0.value.number }
    }

    /// Runs something in a database that is closed afterwards, and returns its folder.
    private func stopped(_ body: (Plant) throws -> Void) throws -> URL {
        let plant = try Plant()
        try body(plant)
        plant.store.close()
        return plant.folder
    }

    /// Publishes births, and of the data numbers 2 to 6 all but number 4.
    private func publishGap(_ broker: MosquittoBroker) throws {
        let publisher = try MQTTPublisher(
            address: MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=edge"))
        try publisher.publish(SparkplugTests.nodeBirth, to: "spBv1.0/G/NBIRTH/N")
        try publisher.publish(SparkplugTests.deviceBirth, to: "spBv1.0/G/DBIRTH/N/D")
        for sequence in [2, 3, 5, 6] as [UInt64] {
            try publisher.publish(
                Self.data(sequence, Double(sequence)), to: "spBv1.0/G/DDATA/N/D")
        }
        try publisher.flush()
        publisher.close()
    }

    @Test("after a lost message a passive source goes on by itself, and publishes nothing")
    func passive() throws {
        let broker = try MosquittoBroker()
        let plant = try Plant()
        defer { plant.remove() }
        let heard = Mutex<[String]>([])
        let listener = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=l")
        ) { messages in heard.withLock { $0 += messages.map(\.topic) } }
        listener.start()
        defer { listener.stop() }
        let source = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/"), pipeline: plant.pipeline)
        source.start()
        #expect(eventually { source.status.isConnected && listener.status.isConnected })
        try publishGap(broker)
        #expect(eventually { (try? Self.values(plant)) == [1.25, 2, 3, 5, 6] })
        source.stop()
        #expect(eventually { heard.withLock { $0.count } == 6 })
        #expect(heard.withLock { $0.allSatisfy { !$0.contains("NCMD") && !$0.contains("STATE") } })
    }

    @Test("a host application says that it is there, asks for births, and says when it goes")
    func host() throws {
        let broker = try MosquittoBroker()
        let plant = try Plant()
        defer { plant.remove() }
        let heard = Mutex<[(topic: String, payload: String)]>([])
        let listener = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=l")
        ) { messages in
            heard.withLock {
                $0 += messages.map { ($0.topic, String(decoding: $0.payload, as: UTF8.self)) }
            }
        }
        listener.start()
        defer { listener.stop() }
        #expect(eventually { listener.status.isConnected })
        let source = MQTTSource(
            address: try MQTTAddress(
                "mqtt://127.0.0.1:\(broker.port)/?client=h&sparkplug=pollux-1"),
            pipeline: plant.pipeline)
        source.start()
        #expect(eventually { source.status.isConnected })
        @Sendable func states() -> [String] {
            heard.withLock { $0.filter { $0.topic == "spBv1.0/STATE/pollux-1" }.map(\.payload) }
        }
        #expect(eventually { states().count == 1 })
        #expect(states().first?.hasPrefix("{\"online\":true,\"timestamp\":") == true)
        try publishGap(broker)
        #expect(eventually { (try? Self.values(plant)) == [1.25, 2, 3, 5, 6] })
        #expect(
            eventually {
                heard.withLock { $0.filter { $0.topic == "spBv1.0/G/NCMD/N" }.count } == 1
            })
        source.stop()
        // Where the broker takes the connection as lost, its will says the same once more.
        #expect(eventually { states().count >= 2 }, "\(states())")
        #expect(states().last?.hasPrefix("{\"online\":false,\"timestamp\":") == true)
    }

    @Test("what waited when the server ended is taken after the next start, with no new message")
    func restart() throws {
        let folder = try stopped { plant in
            for (topic, payload) in [
                ("spBv1.0/G/NBIRTH/N", SparkplugTests.nodeBirth),
                ("spBv1.0/G/DBIRTH/N/D", SparkplugTests.deviceBirth),
                ("spBv1.0/G/DDATA/N/D", Self.data(4, 4)),
            ] {
                let message = Sparkplug.message(topic, payload)
                _ = try plant.pipeline.ingest([message], source: "broker")
            }
        }
        let again = try Plant(folder: folder)
        defer { again.remove() }
        #expect(try Self.values(again) == [1.25])
        try again.pipeline.settle(at: Timestamp(seconds: 1_700_000_013))
        #expect(try Self.values(again) == [1.25, 4])
    }

    @Test("messages that the broker sends again keep their place and time, stored before or not")
    func repeated() throws {
        let plant = try Plant()
        defer { plant.remove() }
        func send(_ payloads: [[UInt8]], from packet: UInt16, isRepeated: Bool, at second: Int64)
            throws
        {
            let messages = payloads.enumerated().map { index, payload in
                var message = Sparkplug.message(
                    "spBv1.0/G/DDATA/N/D", payload, at: Timestamp(seconds: second))
                message.delivery = .init(packet: packet + UInt16(index), isRepeated: isRepeated)
                return message
            }
            _ = try plant.pipeline.ingest(messages, source: "broker")
        }
        for (topic, payload) in [
            ("spBv1.0/G/NBIRTH/N", SparkplugTests.nodeBirth),
            ("spBv1.0/G/DBIRTH/N/D", SparkplugTests.deviceBirth),
        ] {
            let message = Sparkplug.message(topic, payload, at: Timestamp(seconds: 1_700_000_001))
            _ = try plant.pipeline.ingest([message], source: "broker")
        }
        // Neither payload nor metric has a time.
        func timeless(_ sequence: UInt64) -> [UInt8] {
            let metric = Proto().number(2, 7).double(13, Double(sequence))
            return Proto().message(2, metric).number(3, sequence).bytes
        }
        try send((2..<6).map(timeless), from: 1, isRepeated: false, at: 1_700_000_010)
        try send((2..<8).map(timeless), from: 1, isRepeated: true, at: 1_700_000_020)
        let points = try plant.points(SparkplugTests.machine, [("Spindle", "")], "Vibration")
        // Of one instant the last counts.
        #expect(points.compactMap { $0.value.number } == [1.25, 5, 7])
        // Nothing waits for a number that came before.
        try send([timeless(8)], from: 7, isRepeated: false, at: 1_700_000_030)
        #expect(try Self.values(plant) == [1.25, 5, 7, 8])
    }
}
