import Foundation
import PolluxTestKit
import Synchronization
import Testing

/// kill -9 between acknowledgement and query: nothing acknowledged is missing, nothing stands twice.
@Suite(.serialized) struct CrashTests {
    static let killCount = Programs.runsLongTests ? 50 : 5

    @Test(
        "a server killed at random instants loses nothing acknowledged, over MQTT QoS 1 and HTTP",
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func killedAtRandomInstants() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Seed(seed)
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        let start = Int64(Date().timeIntervalSince1970) * 1000 - 3_000_000

        let writer = HTTPWriter(port: plant.httpPort, start: start)
        let writing = Thread { writer.run() }
        writing.start()
        let publisher = try StreamPublisher(port: plant.mqttPort, start: start)
        let publishing = Thread { publisher.run() }
        publishing.start()

        for _ in 0..<CrashTests.killCount {
            usleep(UInt32(100_000 + random.next() % 700_000))
            plant.server?.killNow()
            try plant.startServer()
        }
        usleep(300_000)
        writer.stop()
        publisher.stop()
        #expect(publisher.waitUntilFlushed(), "mosquitto_pub did not finish")

        let overHTTP = writer.acknowledged
        let overMQTT = publisher.sent
        #expect(overHTTP.count > 0 && overMQTT > 0, "nothing was written; seed \(seed)")
        let mqtt = try plant.rows(
            "count vibration, max vibration of spindle of machine CNC-4 last 2h",
            until: { ($0.first?[2] as? NSNumber)?.intValue == overMQTT }, seconds: 60)
        #expect(
            (mqtt.first?[2] as? NSNumber)?.intValue == overMQTT,
            "MQTT: \(overMQTT) sent, stored \(mqtt); seed \(seed)")

        let stored = try plant.rows("vibration of spindle of machine CNC-3 last 2h")
        var times: [String: Double] = [:]
        for row in stored {
            let time = row[0] as? String ?? ""
            #expect(times[time] == nil, "\(time) stands twice; seed \(seed)")
            times[time] = (row[2] as? NSNumber)?.doubleValue
        }
        let values = Set(times.values)
        let missing = overHTTP.filter { !values.contains($0) }
        #expect(missing.isEmpty, "\(missing.count) acknowledged points are missing; seed \(seed)")
        #expect(plant.server?.stop() == 0)
    }
}

/// Writes numbered points over HTTP, one batch after the other, and remembers what was acknowledged.
private final class HTTPWriter: Sendable {
    private let port: Int
    private let start: Int64
    private let state = Mutex<(acknowledged: [Double], isStopped: Bool)>(([], false))

    init(port: Int, start: Int64) {
        self.port = port
        self.start = start
    }

    var acknowledged: [Double] { state.withLock { $0.acknowledged } }
    func stop() { state.withLock { $0.isStopped = true } }

    func run() {
        var next = 0
        while !state.withLock({ $0.isStopped }) {
            let numbers = next..<(next + 20)
            let body = numbers.map {
                "spindle,line=L2,machine=CNC-3 vibration=\($0) \(start + Int64($0))"
            }.joined(separator: "\n")
            // After a lost answer the same points are sent again: they must not stand twice.
            let answer = try? HTTPExchange.run(
                port: port, "POST", "/api/v2/write?precision=ms", body: Data(body.utf8), timeout: 5)
            if answer?.status == 204 {
                state.withLock { $0.acknowledged += numbers.map(Double.init) }
                next += 20
            } else {
                usleep(10_000)
            }
        }
    }
}

/// Publishes numbered points at QoS 1 through one long-lived mosquitto_pub.
private final class StreamPublisher: Sendable {
    private let process: RunningProcess
    private let start: Int64
    private let state = Mutex<(sent: Int, isStopped: Bool)>((0, false))

    init(port: Int, start: Int64) throws {
        guard let program = Programs.find("mosquitto_pub") else { throw POSIXError(.ENOENT) }
        self.start = start
        process = try RunningProcess(
            program,
            [
                "-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-l", "-t",
                "factory/L2/CNC-4/spindle",
            ], hasInput: true)
    }

    var sent: Int { state.withLock { $0.sent } }
    func stop() { state.withLock { $0.isStopped = true } }

    func run() {
        var next = 0
        while !state.withLock({ $0.isStopped }) {
            for _ in 0..<10 {
                guard
                    process.send(
                        "{\"vibration\":\(next),\"timestamp\":\(start + Int64(next))}\n")
                else { return }
                next += 1
            }
            state.withLock { $0.sent = next }
            usleep(5000)
        }
        process.closeInput()
    }

    func waitUntilFlushed() -> Bool { process.wait(seconds: 60) == 0 }
}
