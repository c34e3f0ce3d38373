import Foundation
import PolluxTestKit

/// A real broker and a real server for one test, on ports and folders of their own.
final class Plant {
    let folder: URL
    let mqttPort: Int
    let httpPort: Int
    private(set) var broker: RunningProcess?
    private(set) var server: RunningProcess?

    /// Starts nothing yet.
    init() throws {
        folder = try Places.makeTemporaryFolder("pollux-plant")
        mqttPort = try Ports.free()
        httpPort = try Ports.free()
    }

    deinit {
        server?.killNow()
        broker?.killNow()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The data directory of the server.
    var dataFolder: URL { folder.appendingPathComponent("data") }

    /// Whether a broker can be started here; tests that need one skip otherwise.
    static var hasBroker: Bool {
        Programs.find("mosquitto") != nil && Programs.find("mosquitto_pub") != nil
    }

    func startBroker() throws {
        let configuration = folder.appendingPathComponent("mosquitto.conf")
        try """
        listener \(mqttPort) 127.0.0.1
        allow_anonymous true
        max_queued_messages 0
        max_inflight_messages 1000
        persistence false
        """.write(to: configuration, atomically: true, encoding: .utf8)
        guard let program = Programs.find("mosquitto") else { throw POSIXError(.ENOENT) }
        broker = try RunningProcess(program, ["-c", configuration.path])
        guard Ports.waitUntilOpen(mqttPort) else { throw POSIXError(.ETIMEDOUT) }
    }

    /// Starts the server and waits until it answers and, with `mqtt`, listens to the broker: what is
    /// published before goes to nobody.
    func startServer(mqtt: Bool = true, _ extra: [String] = []) throws {
        var arguments = [
            "serve", "--data", dataFolder.path, "--listen", "127.0.0.1:\(httpPort)",
        ]
        if mqtt { arguments += ["--mqtt", "mqtt://127.0.0.1:\(mqttPort)"] }
        let started = try RunningProcess(Programs.pollux, arguments + extra)
        server = started
        let end = Date().addingTimeInterval(30)
        while Date() < end {
            if let answer = try? HTTPExchange.run(port: httpPort, "GET", "/ready"),
                answer.status == 200 || answer.text.contains("tls_needed")
            {
                return mqtt ? try waitForSource() : ()
            }
            if !started.isRunning { break }
            usleep(20_000)
        }
        throw PlantError.serverDidNotStart(started.output)
    }

    /// Waits for a subscription that takes messages: a connection alone does not say so.
    func waitForSource(seconds: Double = 60) throws {
        let end = Date().addingTimeInterval(seconds)
        var last = ""
        while Date() < end {
            last = try HTTPExchange.run(port: httpPort, "GET", "/api/v1/sources").text
            usleep(300_000)
            if last.contains("\"connected\":true") { return }
        }
        throw PlantError.sourceDidNotConnect(last)
    }

    /// Runs `pollux` with arguments and returns its exit code and output.
    static func pollux(_ arguments: [String], seconds: Double = 60) throws -> (Int32, String) {
        let process = try RunningProcess(Programs.pollux, arguments)
        let code = process.wait(seconds: seconds)
        return (code, process.output)
    }

    /// Publishes one message with mosquitto_pub at QoS 1.
    func publish(_ topic: String, _ payload: String) throws {
        guard let program = Programs.find("mosquitto_pub") else { throw POSIXError(.ENOENT) }
        let process = try RunningProcess(
            program,
            ["-h", "127.0.0.1", "-p", "\(mqttPort)", "-q", "1", "-t", topic, "-m", payload])
        guard process.wait(seconds: 20) == 0 else {
            throw PlantError.publishFailed(process.output)
        }
    }

    /// Asks over HTTP and returns the decoded JSON.
    func ask(_ query: String, now: String? = nil) throws -> [String: Any] {
        var body: [String: Any] = ["query": query]
        if let now { body["now"] = now }
        let answer = try HTTPExchange.run(
            port: httpPort, "POST", "/api/v1/query",
            body: try JSONSerialization.data(withJSONObject: body),
            headers: ["Content-Type": "application/json"])
        guard answer.status == 200 else {
            throw PlantError.queryFailed(status: answer.status, answer.text)
        }
        return try answer.json()
    }

    /// Asks over HTTP for rows.
    func rows(_ query: String, now: String? = nil) throws -> [[Any]] {
        try ask(query, now: now)["rows"] as? [[Any]] ?? []
    }

    /// Asks again until `accept` likes the rows or time runs out; returns the last rows.
    func rows(
        _ query: String, until accept: ([[Any]]) -> Bool, seconds: Double = 20
    ) throws -> [[Any]] {
        let end = Date().addingTimeInterval(seconds)
        var last: [[Any]] = []
        while Date() < end {
            if let found = try? rows(query) {
                last = found
                if accept(found) { return found }
            }
            usleep(50_000)
        }
        return last
    }
}

enum PlantError: Error {
    case serverDidNotStart(String)
    case sourceDidNotConnect(String)
    case publishFailed(String)
    case queryFailed(status: Int, String)
}
