import Foundation
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

/// What an address can ask for, against a real broker.
@Suite(
    "MQTT options", .serialized,
    .enabled(if: MosquittoBroker.binary != nil, "mosquitto is not installed"))
struct MQTTOptionTests {
    private final class Inbox: Sendable {
        let messages = Mutex<[TopicMessage]>([])
        func commit(_ batch: [TopicMessage]) { messages.withLock { $0.append(contentsOf: batch) } }
        var count: Int { messages.withLock { $0.count } }
        var payloads: [String] {
            messages.withLock { $0.map { String(decoding: $0.payload, as: UTF8.self) } }
        }
    }

    private func publisher(_ broker: MosquittoBroker, _ user: String = "") throws -> MQTTPublisher {
        try MQTTPublisher(
            address: MQTTAddress("mqtt://\(user)127.0.0.1:\(broker.port)/?client=sender"))
    }

    @Test(
        "options that cannot be used",
        arguments: [
            "session=long", "version=4", "receive=0", "receive=70000", "topic=a/%23/b",
            "topic=a%2B", "topic=$share/g", "topic=$share/%2B/a",
        ])
    func badOptions(text: String) {
        #expect(throws: IngestError.self) { try MQTTAddress("mqtt://h/?\(text)") }
    }

    @Test("two sources of one shared subscription share the messages", arguments: ["5", "3.1.1"])
    func shared(version: String) throws {
        let broker = try MosquittoBroker()
        let boxes = [Inbox(), Inbox()]
        let sources = try boxes.enumerated().map { index, box in
            MQTTSource(
                address: try MQTTAddress(
                    "mqtt://127.0.0.1:\(broker.port)/?topic=$share/g/a/%23&client=s\(index)"
                        + "&version=\(version)"), commit: box.commit)
        }
        for source in sources { source.start() }
        defer { sources.forEach { $0.stop() } }
        #expect(eventually { sources.allSatisfy { $0.status.isConnected } })
        let publisher = try publisher(broker)
        for index in 0..<100 { try publisher.publish(Array("\(index)".utf8), to: "a/b") }
        try publisher.flush()
        #expect(eventually { boxes[0].count + boxes[1].count == 100 })
        #expect(Set(boxes[0].payloads + boxes[1].payloads).count == 100)
        #expect(boxes.allSatisfy { $0.count > 0 })
        publisher.close()
    }

    @Test("a clean session is forgotten by the broker when the source leaves")
    func cleanSession() throws {
        let broker = try MosquittoBroker()
        let box = Inbox()
        let address = try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=c&session=clean")
        let first = MQTTSource(address: address, commit: box.commit)
        first.start()
        #expect(eventually { first.status.isConnected })
        let publisher = try publisher(broker)
        #expect(
            try eventually {
                try publisher.publish([49], to: "ready")
                return box.count > 0
            })
        first.stop()
        try publisher.publish(Array("away".utf8), to: "a")
        try publisher.flush()
        let second = MQTTSource(address: address, commit: box.commit)
        second.start()
        defer { second.stop() }
        #expect(
            try eventually {
                try publisher.publish(Array("back".utf8), to: "a")
                return box.payloads.contains("back")
            })
        #expect(!box.payloads.contains("away"))
        publisher.close()
    }

    @Test("the broker waits for acknowledgements beyond the receive maximum")
    func receiveMaximum() throws {
        let broker = try MosquittoBroker()
        let sizes = Mutex<[Int]>([])
        let source = MQTTSource(
            address: try MQTTAddress(
                "mqtt://127.0.0.1:\(broker.port)/?client=r&receive=7&version=5")
        ) { batch in
            sizes.withLock { $0.append(batch.count) }
            usleep(2000)
        }
        source.start()
        defer { source.stop() }
        #expect(eventually { source.status.isConnected })
        let publisher = try publisher(broker)
        for _ in 0..<100 { try publisher.publish([49], to: "a") }
        try publisher.flush()
        #expect(eventually { source.status.committedCount == 100 })
        #expect(sizes.withLock { $0.allSatisfy { $0 <= 7 } })
        publisher.close()
    }

    @Test("a will, a greeting and messages of its own go through the source's connection")
    func duties() throws {
        let broker = try MosquittoBroker()
        let box = Inbox()
        let listener = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=l&topic=host/%23"),
            commit: box.commit)
        listener.start()
        defer { listener.stop() }
        #expect(eventually { listener.status.isConnected })
        @Sendable func state(_ text: String) -> OutgoingMessage {
            OutgoingMessage(topic: "host/state", payload: Array(text.utf8), quality: 1)
        }
        let asked = Mutex(false)
        let source = MQTTSource(
            address: try MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=d&topic=none"),
            duties: MQTTDuties(
                will: { _ in state("dead") }, connected: { _ in [state("alive")] },
                turn: { _ in
                    asked.withLock { isAsked in
                        defer { isAsked = true }
                        return isAsked ? [] : [state("turn")]
                    }
                }), commit: { _ in })
        source.publish(state("waited"))
        source.start()
        #expect(eventually { box.count >= 3 })
        #expect(box.payloads == ["alive", "waited", "turn"])
        // Another client of the same name takes its place: the broker publishes the will.
        let other = try MQTTPublisher(
            address: MQTTAddress("mqtt://127.0.0.1:\(broker.port)/?client=d"))
        #expect(eventually { box.payloads.contains("dead") })
        source.stop()
        other.close()
    }

    @Test("user and password, and a broker that refuses them")
    func password() throws {
        guard let tool = Programs.find("mosquitto_passwd") else { return }
        let folder = try Places.makeTemporaryFolder("pollux-passwords")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("passwords").path
        _ = try RunningProcess(tool, ["-c", "-b", file, "ann", "s3:cr@t"]).wait(seconds: 10)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let broker = try MosquittoBroker("allow_anonymous false\npassword_file \(file)")
        let stranger = MQTTSource(
            address: try MQTTAddress("mqtt://ann:no@127.0.0.1:\(broker.port)/")
        ) { _ in }
        stranger.start()
        #expect(eventually { !stranger.status.lastProblem.isEmpty })
        #expect(
            ["the broker refuses user and password", "the broker says: not authorised"]
                .contains(stranger.status.lastProblem))
        stranger.stop()
        let friend = MQTTSource(
            address: try MQTTAddress("mqtt://ann:s3%3Acr%40t@127.0.0.1:\(broker.port)/")
        ) { _ in }
        friend.start()
        #expect(eventually { friend.status.isConnected })
        friend.stop()
    }

    @Test("TLS with a certificate of our own; a broker that cannot be trusted is refused")
    func encryption() throws {
        let folder = try Places.makeTemporaryFolder("pollux-certificates")
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificates = try TestCertificates(in: folder)
        try certificates.make("server")
        try certificates.make("client")
        try certificates.run(
            "req -x509 \(TestCertificates.key) -keyout o.key -out other.crt -subj /CN=o -days 2")
        try certificates.share()
        let path = certificates.path
        let broker = try MosquittoBroker(
            """
            cafile \(path("ca.crt"))
            certfile \(path("server.crt"))
            keyfile \(path("server.key"))
            require_certificate true
            allow_anonymous true
            """)
        let own = "&cert=\(path("client.crt"))&key=\(path("client.key"))"
        let base = "mqtts://127.0.0.1:\(broker.port)/?client=tls&ca="
        for (options, isFine) in [
            (path("ca.crt") + own, true), (path("ca.crt"), false), (path("other.crt") + own, false),
        ] {
            let source = MQTTSource(address: try MQTTAddress(base + options)) { _ in }
            source.start()
            #expect(
                eventually {
                    isFine ? source.status.isConnected : !source.status.lastProblem.isEmpty
                })
            #expect(source.status.isConnected == isFine)
            source.stop()
        }
    }
}
