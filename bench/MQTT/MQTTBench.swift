import BenchFrame
import Foundation
import PolluxGraph
import PolluxIngest
import PolluxKeyValue
import PolluxStore
import PolluxTestKit

/// `pollux-mqtt-bench [MESSAGES]`: messages from a real broker on this machine into a database on
/// its disk; publisher, broker and ingest share the processors.
@main
struct MQTTBench {
    static func main() throws {
        let count = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 200_000
        guard let broker = Programs.find("mosquitto") else {
            print("mosquitto is not installed: nothing to measure")
            return
        }
        let bench = try MQTTBench(broker, count)
        defer { bench.end() }
        var table = Table(["what", "messages/s", "points/s", "processor µs/message"])
        // Points of one message: a plain value, and objects of twenty with one time.
        for (name, quality, values) in [
            ("QoS 0, live, one value", 0, 1), ("QoS 1, live, one value", 1, 1),
            ("QoS 1, backlog, one value", 1, 1), ("QoS 1, backlog, JSON of 20 values", 1, 20),
        ] {
            table.add(
                try bench.run(
                    name, quality: quality, values: values, isLive: name.contains("live")))
        }
        table.add(try bench.runSparkplug(metrics: 100))
        var page = ResultsPage(name: "mqtt", title: "Messages from a broker")
        page.add("\(count) messages, 10 machines, each batch committed and synced", table.markdown)
        try page.write(to: URL(fileURLWithPath: "bench/results"))
    }

    private let folder: URL
    private let port: Int
    private let broker: RunningProcess
    private let count: Int

    private init(_ program: URL, _ count: Int) throws {
        folder = try Places.makeTemporaryFolder("pollux-mqtt-bench")
        port = try Ports.free()
        self.count = count
        let configuration = folder.appendingPathComponent("broker.conf")
        try """
        listener \(port) 127.0.0.1
        allow_anonymous true
        max_queued_messages 0
        max_inflight_messages 0
        """.write(to: configuration, atomically: true, encoding: .utf8)
        broker = try RunningProcess(program, ["-c", configuration.path])
        guard Ports.waitUntilOpen(port) else { throw POSIXError(.ETIMEDOUT) }
    }

    private func end() {
        broker.killNow()
        try? FileManager.default.removeItem(at: folder)
    }

    private func run(
        _ name: String, quality: Int, values: Int, isLive: Bool
    ) throws -> [String] {
        let first = Int(Date().timeIntervalSince1970) * 1000 - 10_000_000
        return try run(name, quality, values, isLive, count) { index in
            let fields = (0..<values).map { "\"m\($0)\":\(Double(index % 1000) / 8 + Double($0))" }
            let text = "{\(fields.joined(separator: ",")),\"timestamp\":\(first + index / 10)}"
            return ("plant/L/M\(index % 10)", Array(text.utf8))
        }
    }

    /// Sparkplug B: one device whose messages carry so many metrics by their alias.
    private func runSparkplug(metrics: Int) throws -> [String] {
        let first = UInt64(Date().timeIntervalSince1970) * 1000 - 10_000_000
        return try run("QoS 1, backlog, Sparkplug of \(metrics)", 1, metrics, false, count / 10) {
            switch $0 {
            case 0: (SparkplugBytes.nodeBirthTopic, SparkplugBytes.nodeBirth(at: first))
            case 1: (SparkplugBytes.birthTopic, SparkplugBytes.birth(metrics, at: first))
            default:
                (
                    SparkplugBytes.dataTopic,
                    SparkplugBytes.data(metrics, message: $0 - 2, at: first + UInt64($0))
                )
            }
        }
    }

    private func run(
        _ name: String, _ quality: Int, _ values: Int, _ isLive: Bool, _ count: Int,
        _ message: (Int) -> (topic: String, payload: [UInt8])
    ) throws -> [String] {
        let database = folder.appendingPathComponent(UUID().uuidString)
        let environment = try Environment(directory: database.path)
        let store = try Store(environment: environment)
        defer { store.close() }
        let graph = try Graph(environment: environment)
        let pipeline = try IngestPipeline(store: store, graph: graph)
        let address = try MQTTAddress(
            "mqtt://127.0.0.1:\(port)/?topic=plant/%23&topic=spBv1.0/%23&client=bench")
        let source = MQTTSource(address: address, pipeline: pipeline)
        source.start()
        defer { source.stop() }
        func wait(_ isMet: () -> Bool) {
            let end = Date().addingTimeInterval(300)
            while !isMet(), Date() < end { usleep(1000) }
        }
        wait { source.status.isConnected }
        let publisher = try MQTTPublisher(
            address: MQTTAddress("mqtt://127.0.0.1:\(port)/?client=bench-sender"),
            inFlightLimit: 4000, timeoutSeconds: 120)
        try publisher.publish(Array("1".utf8), to: "plant/L/ready/x")
        wait { source.status.committedCount > 0 }
        if !isLive { source.stop() }
        let before = source.status.committedCount
        let points = pipeline.statistics.reduce(0) { $0 + $1.pointCount }
        var start = Date()
        var used = MQTTBench.processorSeconds()
        for index in 0..<count {
            let (topic, payload) = message(index)
            try publisher.publish(payload, to: topic, quality: quality)
        }
        try publisher.flush()
        let again = MQTTSource(address: address, pipeline: pipeline)
        if !isLive {
            start = Date()
            used = MQTTBench.processorSeconds()
            again.start()
        }
        defer { again.stop() }
        // At QoS 0 a broker may drop what a reader is too slow for: an end is seen by silence.
        var last = UInt64(0)
        var since = Date()
        var finished = start
        wait {
            let now = isLive ? source.status.committedCount - before : again.status.committedCount
            if now != last { (last, since, finished) = (now, Date(), Date()) }
            return now >= UInt64(count) || Date().timeIntervalSince(since) > 5
        }
        publisher.close()
        let seconds = finished.timeIntervalSince(start)
        let rate = Double(last) / seconds
        let stored = Double(pipeline.statistics.reduce(0) { $0 + $1.pointCount } - points)
        let processor = (MQTTBench.processorSeconds() - used) * 1e6 / Double(max(last, 1))
        let lost = last < UInt64(count) ? ", \(count - Int(last)) dropped by the broker" : ""
        return [name + lost, text(rate, 0), text(stored / seconds, 0), text(processor, 1)]
    }

    /// Processor time of this process: ingest, and the publisher where it is live.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
