import Foundation
import PolluxIngest
import PolluxTestKit
import Synchronization
import Testing

/// Many messages, many kills, many cut connections: all that was sent is stored, exactly once.
///
/// `POLLUX_SOAK_MESSAGES` (20,000) and `POLLUX_SOAK_KILLS` (20) set the size.
@Suite(
    .serialized, .enabled(if: Programs.runsLongTests, "a long test: POLLUX_LONG_TESTS=1"),
    .enabled(if: Plant.hasBroker, "mosquitto is not installed"))
struct SoakTests {
    /// Points in a message with times of its own; every tenth message is one value without a time.
    static let pointsPerMessage = 20

    private static func size(_ name: String, _ standard: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? standard
    }

    @Test("every message at QoS 1 is stored exactly once, shown by count and checksum")
    func soak() throws {
        let messageCount = SoakTests.size("POLLUX_SOAK_MESSAGES", 20_000)
        let killCount = SoakTests.size("POLLUX_SOAK_KILLS", 20)
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Seed(seed)
        let plant = try Plant()
        try plant.startBroker()
        let proxy = try LoopbackProxy(to: plant.mqttPort)
        defer { proxy.close() }
        let source = ["--mqtt", "mqtt://127.0.0.1:\(proxy.port)/?client=soak&topic=plant/%23"]
        try plant.startServer(mqtt: false, source)
        try waitForSubscription(plant)

        let publisher = try SoakPublisher(port: plant.mqttPort, count: messageCount)
        let publishing = Thread { publisher.run() }
        publishing.start()
        var kills = 0
        while kills < killCount || !publisher.isDone {
            usleep(UInt32(50_000 + random.next() % 250_000))
            if random.next() % 2 == 0 || kills >= killCount {
                proxy.cut()
            } else {
                plant.server?.killNow()
                try plant.startServer(mqtt: false, source)
                kills += 1
            }
            if kills >= killCount, publisher.isDone { break }
        }
        #expect(publisher.problem.isEmpty, "\(publisher.problem); seed \(seed)")
        let sent = publisher.sum
        var stored = SoakSum()
        let end = Date().addingTimeInterval(300)
        while Date() < end {
            stored = try SoakSum.stored(in: plant)
            if stored == sent { break }
            usleep(500_000)
        }
        #expect(stored == sent, "sent \(sent), stored \(stored); \(kills) kills; seed \(seed)")
        print("soak: sent \(sent), stored \(stored), \(kills) kills, seed \(seed)")
        #expect(plant.server?.stop() == 0)
    }

    /// The subscription stands once a message has come through.
    private func waitForSubscription(_ plant: Plant) throws {
        let end = Date().addingTimeInterval(30)
        while Date() < end {
            try plant.publish("plant/L/warm/ready", "1")
            if try SoakSum.export(plant).contains(where: { $0.contains("ready=") }) { return }
        }
        Issue.record("no subscription came to be")
    }
}

/// Count and checksum of both streams.
struct SoakSum: Equatable {
    var timed = 0
    var timedSum = 0
    var untimed = 0
    var untimedSum = 0

    static func export(_ plant: Plant) throws -> [Substring] {
        let answer = try HTTPExchange.run(
            port: plant.httpPort, "GET", "/api/v1/export?format=line", timeout: 120)
        return answer.text.split(separator: "\n")
    }

    /// What the server holds; a value twice counts twice.
    static func stored(in plant: Plant) throws -> SoakSum {
        var sum = SoakSum()
        for line in try export(plant) {
            guard let field = line.split(separator: " ").dropFirst().first else { continue }
            let halves = field.split(separator: "=")
            guard halves.count == 2, let value = Double(halves[1]) else { continue }
            if halves[0] == "timed" {
                sum.timed += 1
                sum.timedSum &+= Int(value) &* Int(value)
            } else if halves[0] == "untimed" {
                sum.untimed += 1
                sum.untimedSum &+= Int(value) &* Int(value)
            }
        }
        return sum
    }
}

/// Publishes at QoS 1 straight to the broker and keeps count.
private final class SoakPublisher: Sendable {
    private let publisher: MQTTPublisher
    private let count: Int
    private let state = Mutex<(sum: SoakSum, isDone: Bool, problem: String)>((SoakSum(), false, ""))

    init(port: Int, count: Int) throws {
        publisher = try MQTTPublisher(
            address: MQTTAddress("mqtt://127.0.0.1:\(port)/?client=soak-sender"),
            inFlightLimit: 500, timeoutSeconds: 60)
        self.count = count
    }

    var isDone: Bool { state.withLock { $0.isDone } }
    var sum: SoakSum { state.withLock { $0.sum } }
    var problem: String { state.withLock { $0.problem } }

    func run() {
        var sum = SoakSum()
        var problem = ""
        do {
            let start = Int(Date().timeIntervalSince1970) * 1000 - 100_000_000
            for index in 0..<count {
                if index % 10 == 9 {
                    // The same few contents again and again: only the broker's account tells them
                    // apart.
                    let value = index / 10 % 7
                    try publisher.publish(Array("\(value)".utf8), to: "plant/L/M/untimed")
                    sum.untimed += 1
                    sum.untimedSum &+= value &* value
                    continue
                }
                let first = index * SoakTests.pointsPerMessage
                let points = (first..<first + SoakTests.pointsPerMessage).map { number in
                    sum.timed += 1
                    sum.timedSum &+= number &* number
                    return "{\"timed\":\(number),\"timestamp\":\(start + number)}"
                }
                try publisher.publish(
                    Array("[\(points.joined(separator: ","))]".utf8), to: "plant/L/M")
            }
            try publisher.flush()
        } catch {
            problem = "\(error)"
        }
        publisher.close()
        state.withLock { $0 = (sum, true, problem) }
    }
}
