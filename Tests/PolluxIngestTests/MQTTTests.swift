import Foundation
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

@Suite("MQTT", .serialized)
struct MQTTTests {
    /// Messages that a commit took, and whether it fails.
    private final class Taken: Sendable {
        let messages = Mutex<[TopicMessage]>([])
        let failures = Mutex(0)

        var topics: [String] { messages.withLock { $0.map(\.topic) } }

        func commit(_ batch: [TopicMessage]) throws {
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw IngestError.notCommitted(reason: "a test") }
            messages.withLock { $0.append(contentsOf: batch) }
        }
    }

    private func address(_ broker: MosquittoBroker, _ options: String) throws -> MQTTAddress {
        try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?\(options)")
    }

    @Test(
        "addresses",
        arguments: [
            ("mqtt://h", "mqtt://h:1883", ["#"]),
            ("mqtts://u:p%40ss@h:1/?topic=a/%23&topic=b&client=c", "mqtts://u@h:1", ["a/#", "b"]),
            ("mqtt://[::1]:2000/", "mqtt://::1:2000", ["#"]),
        ])
    func addresses(text: String, shown: String, topics: [String]) throws {
        let address = try MQTTAddress(text)
        #expect(address.description == shown)
        #expect(address.topics == topics)
    }

    @Test(
        "addresses that cannot be used",
        arguments: [
            "h:1883", "http://h", "mqtt://", "mqtt://h:0", "mqtt://h:99999", "mqtt://h/topic",
            "mqtt://h?ca=x", "mqtt://h?what=1", "mqtt://h?topic=", "mqtts://h?cert=a",
            "mqtt://%zz@h",
        ])
    func badAddresses(text: String) {
        #expect(throws: IngestError.self) { try MQTTAddress(text) }
    }

    @Test(
        "what is published arrives, with topic, payload and order",
        .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
    func arrival() throws {
        let broker = try MosquittoBroker()
        let taken = Taken()
        let source = MQTTSource(
            address: try address(broker, "topic=plant/%23&client=arrival"), commit: taken.commit)
        source.start()
        defer { source.stop() }
        #expect(eventually { source.status.isConnected })
        let publisher = try MQTTPublisher(address: address(broker, "client=sender"))
        for index in 0..<500 {
            try publisher.publish(Array("\(index)".utf8), to: "plant/\(index % 3)", quality: 1)
        }
        try publisher.publish([1, 0, 255], to: "elsewhere", quality: 0)
        try publisher.flush()
        #expect(eventually { taken.messages.withLock { $0.count } == 500 })
        let payloads = taken.messages.withLock {
            $0.map { String(decoding: $0.payload, as: UTF8.self) }
        }
        #expect(payloads == (0..<500).map { "\($0)" })
        #expect(source.status.messageCount == 500)
        publisher.close()
    }

    @Test(
        "a commit that fails leaves the messages with the broker, which delivers them again",
        .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
    func failedCommit() throws {
        let broker = try MosquittoBroker()
        let taken = Taken()
        taken.failures.withLock { $0 = 2 }
        let source = MQTTSource(
            address: try address(broker, "topic=a/%23&client=failing"), commit: taken.commit)
        source.start()
        defer { source.stop() }
        #expect(eventually { source.status.isConnected })
        let publisher = try MQTTPublisher(address: address(broker, "client=sender"))
        for index in 0..<20 { try publisher.publish(Array("\(index)".utf8), to: "a/\(index)") }
        try publisher.flush()
        #expect(eventually { Set(taken.topics).count == 20 })
        #expect(source.status.failedCommitCount == 2)
        #expect(source.status.reconnectCount >= 1)
        publisher.close()
    }

    @Test(
        "what is published while the source is away arrives when it is back",
        .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
    func absence() throws {
        let broker = try MosquittoBroker()
        let taken = Taken()
        let address = try address(broker, "topic=%23&client=absent")
        let first = MQTTSource(address: address, commit: taken.commit)
        first.start()
        #expect(eventually { first.status.isConnected })
        // The subscription stands once a message has come through.
        let publisher = try MQTTPublisher(address: self.address(broker, "client=sender"))
        try publisher.publish([49], to: "ready")
        #expect(eventually { taken.topics == ["ready"] })
        first.stop()
        for index in 0..<50 { try publisher.publish([49], to: "away/\(index)") }
        try publisher.flush()
        let second = MQTTSource(address: address, commit: taken.commit)
        second.start()
        #expect(eventually { taken.topics.count == 51 })
        second.stop()
        #expect(Set(taken.topics).count == 51)
        #expect(!second.status.isConnected)
        publisher.close()
    }

    @Test("a broker that is not there is a problem, not a crash")
    func nobody() throws {
        let address = try MQTTAddress("mqtt://127.0.0.1:1/?client=nobody")
        let source = MQTTSource(address: address) { _ in }
        source.start()
        #expect(eventually { !source.status.lastProblem.isEmpty })
        source.stop()
        source.stop()
        #expect(throws: IngestError.self) { try MQTTPublisher(address: address) }
    }
}
