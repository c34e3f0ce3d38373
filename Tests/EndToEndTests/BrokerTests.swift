import Foundation
import PolluxTestKit
import Testing

/// Brokers that plants run, with a client that is not ours: every message is stored, once.
@Suite(
    .serialized,
    .enabled(if: PythonClient.hasPaho, "python3 has no paho-mqtt (pip install paho-mqtt)"),
    .enabled(if: !RealBroker.Kind.present.isEmpty, "no broker is installed"))
struct BrokerTests {
    /// Publishes `FIRST..<FIRST+COUNT`, each with its time, and ends when the broker has them.
    private static let publisher = """
        import sys, paho.mqtt.client as mqtt
        port, topic, qos, first, count, start = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
        flags = sys.argv[7:]
        name = "publisher-%d-%d" % (qos, first)
        try:
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name)
        except AttributeError:
            client = mqtt.Client(name)
        client.username_pw_set("pollux", "secret")
        for flag in flags:
            if flag.startswith("ca="):
                client.tls_set(flag[3:])
        client.max_inflight_messages_set(100)
        client.max_queued_messages_set(0)
        client.connect("127.0.0.1", int(port))
        client.loop_start()
        sent = []
        for n in range(first, first + count):
            text = str(n) if "plain" in flags else '{"m%d":%d,"timestamp":%d}' % (qos, n, start + n)
            sent.append(client.publish(topic, text, qos=qos, retain="retain" in flags))
        for message in sent:
            message.wait_for_publish(60)
            assert message.is_published(), "not acknowledged"
        client.disconnect()
        client.loop_stop()
        """

    private static let start = Int(Date().timeIntervalSince1970) * 1000 - 10_000_000

    private func publish(
        _ port: Int, _ topic: String, qos: Int, _ range: Range<Int>, _ flags: String...
    ) throws {
        let answer = try PythonClient.run(
            BrokerTests.publisher,
            [
                "\(port)", topic, "\(qos)", "\(range.lowerBound)", "\(range.count)",
                "\(BrokerTests.start)",
            ] + flags)
        #expect(answer.code == 0, "\(answer.output)")
    }

    /// Count, extremes and mean of a measure, once they are as expected or time is over.
    private func expect(
        _ measure: String, of path: String = "machine M", _ range: Range<Int>, in plant: Plant,
        _ comment: String
    ) throws {
        let wanted = [
            Double(range.count), Double(range.lowerBound), Double(range.upperBound - 1),
            Double(range.lowerBound + range.upperBound - 1) / 2,
        ]
        let query =
            "count \(measure), min \(measure), max \(measure), mean \(measure) of \(path) "
            + "between 2020-01-01 and 2100-01-01"
        var numbers: [Double] = []
        _ = try plant.rows(
            query,
            until: { rows in
                numbers = (rows.first ?? []).compactMap { ($0 as? NSNumber)?.doubleValue }
                return numbers == wanted
            }, seconds: 30)
        #expect(numbers == wanted, "\(comment): \(query)")
    }

    @Test(
        "QoS 0, 1 and 2, a persistent session, a restarted broker and retained messages",
        arguments: RealBroker.Kind.present)
    func broker(kind: RealBroker.Kind) throws {
        let broker = try RealBroker(kind)
        try broker.start()
        let plant = try Plant()
        let source = ["--mqtt", broker.address("topic=plant/%23&client=pollux")]
        try plant.startServer(mqtt: false, source)
        try plant.waitForSource()
        for qos in 0...2 where qos < 2 || kind.takesQoS2 {
            try publish(broker.port, "plant/L/M", qos: qos, 0..<300)
            try expect("m\(qos)", 0..<300, in: plant, "QoS \(qos)")
        }
        try publish(broker.port, "plant/L/M", qos: 1, 300..<600)
        // Killed while it may still be taking them; more come while it is away.
        plant.server?.killNow()
        try publish(broker.port, "plant/L/M", qos: 1, 600..<900)
        try plant.startServer(mqtt: false, source)
        try expect("m1", 0..<900, in: plant, "published while the server was away")

        plant.server?.killNow()
        try publish(broker.port, "plant/L/M", qos: 1, 900..<1000)
        broker.stop()
        try broker.start()
        try plant.startServer(mqtt: false, source)
        try plant.waitForSource()
        try expect("m1", 0..<1000, in: plant, "kept by a broker that was restarted")
        try publish(broker.port, "plant/L/M", qos: 1, 1000..<1100)
        try expect("m1", 0..<1100, in: plant, "after the restart of the broker")
        #expect(plant.server?.stop() == 0)
        try retained(broker, plant)
    }

    /// A retained value is a point the first time, and none when the broker tells it again.
    private func retained(_ broker: RealBroker, _ plant: Plant) throws {
        try publish(broker.port, "kept/L/R/timed", qos: 1, 7..<8, "retain")
        try publish(broker.port, "kept/L/R/plain", qos: 1, 5..<6, "retain", "plain")
        let topics = broker.kind.retainedTopics
        for visit in 1...3 {
            // A name of its own each time: the subscription is new, and everything is told again.
            try plant.startServer(
                mqtt: false,
                ["--mqtt", broker.address("\(topics)&session=clean&client=visit\(visit)")])
            try plant.waitForSource()
            try expect("m1", of: "timed of machine R", 7..<8, in: plant, "visit \(visit)")
            try expect("plain", of: "machine R", 5..<6, in: plant, "visit \(visit)")
            let answer = try HTTPExchange.run(port: plant.httpPort, "GET", "/api/v1/sources")
            if visit > 1 {
                #expect(answer.text.contains("\"retainedReplays\":2"), "\(answer.text)")
            }
            #expect(plant.server?.stop() == 0)
        }
    }

    @Test(
        "TLS with user and password, from paho-mqtt through mosquitto",
        .enabled(
            if: Plant.hasBroker && TestCertificates.canBeMade,
            "mosquitto or openssl is not installed"))
    func encrypted() throws {
        guard let program = Programs.find("mosquitto"), let tool = Programs.find("mosquitto_passwd")
        else { return }
        let plant = try Plant()
        let certificates = try TestCertificates(in: plant.folder)
        try certificates.make("server")
        let path = certificates.path
        _ = try RunningProcess(tool, ["-c", "-b", path("passwords"), "pollux", "secret"])
            .wait(seconds: 10)
        try certificates.share()
        try """
        listener \(plant.mqttPort) 127.0.0.1
        allow_anonymous false
        password_file \(path("passwords"))
        certfile \(path("server.crt"))
        keyfile \(path("server.key"))
        """.write(toFile: path("broker.conf"), atomically: true, encoding: .utf8)
        let broker = try RunningProcess(program, ["-c", path("broker.conf")])
        defer { broker.killNow() }
        #expect(Ports.waitUntilOpen(plant.mqttPort), "\(broker.output)")
        try plant.startServer(
            mqtt: false,
            [
                "--mqtt",
                "mqtts://pollux:secret@127.0.0.1:\(plant.mqttPort)/?ca=\(path("ca.crt"))",
            ])
        try plant.waitForSource()
        try publish(plant.mqttPort, "plant/L/M", qos: 1, 0..<200, "ca=\(path("ca.crt"))")
        try expect("m1", 0..<200, in: plant, "over TLS")
        #expect(plant.server?.stop() == 0)
    }
}
