import Foundation
import PolluxTestKit
import Testing

/// A broker of a kind that plants run, as a process of the test's own: user `pollux`, password
/// `secret`, everything it keeps below one folder.
final class RealBroker {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case mosquitto, rabbitMQ, nats

        var testDescription: String { rawValue }

        /// Those that are installed here.
        static let present = allCases.filter { $0.program != nil }

        fileprivate var program: URL? {
            switch self {
            case .mosquitto:
                Programs.find("mosquitto_passwd") == nil ? nil : Programs.find("mosquitto")
            case .nats: Programs.find("nats-server")
            // The script on the path changes the user; this one is the server itself.
            case .rabbitMQ:
                Programs.find("epmd") == nil
                    ? nil
                    : ["/usr/lib/rabbitmq/bin/rabbitmq-server"].first {
                        FileManager.default.isExecutableFile(atPath: $0)
                    }.map { URL(fileURLWithPath: $0) }
            }
        }

        /// NATS takes QoS 2 from version 2.10 on; Debian 12 has 2.9.
        var takesQoS2: Bool { self != .nats }

        /// RabbitMQ tells retained messages to exact topics only.
        var retainedTopics: String {
            self == .rabbitMQ
                ? "topic=kept/L/R/timed&topic=kept/L/R/plain" : "topic=kept/%23"
        }
    }

    let kind: Kind
    let port: Int
    private let folder: URL
    private var ports: [Int] = []
    private var process: RunningProcess?
    private var directory: RunningProcess?

    /// Writes the configuration; nothing runs yet.
    init(_ kind: Kind) throws {
        self.kind = kind
        folder = try Places.makeTemporaryFolder("pollux-\(kind.rawValue)")
        port = try Ports.free()
        ports = try (0..<3).map { _ in try Ports.free() }
        switch kind {
        case .mosquitto: try configureMosquitto()
        case .nats:
            try write(
                """
                server_name: pollux_test
                listen: "127.0.0.1:\(ports[0])"
                jetstream { store_dir: "\(folder.path)/stream" }
                mqtt { host: "127.0.0.1", port: \(port) }
                authorization { user: pollux, password: secret }
                """, "broker.conf")
        case .rabbitMQ:
            try write("[rabbitmq_mqtt].\n", "plugins")
            try write(
                """
                listeners.tcp.default = 127.0.0.1:\(ports[0])
                mqtt.listeners.tcp.default = 127.0.0.1:\(port)
                mqtt.prefetch = 1000
                mqtt.allow_anonymous = false
                mqtt.subscription_ttl = 604800000
                default_user = pollux
                default_pass = secret
                """, "broker.conf")
        }
    }

    deinit {
        // RabbitMQ's script ends the machine it runs when it is asked, and not when it is killed.
        stop()
        directory?.killNow()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The address for `--mqtt`.
    func address(_ options: String) -> String {
        "mqtt://pollux:secret@127.0.0.1:\(port)/?\(options)"
    }

    /// Starts it and waits until it listens.
    func start() throws {
        guard let program = kind.program else { throw POSIXError(.ENOENT) }
        let configuration = folder.appendingPathComponent("broker.conf").path
        switch kind {
        case .mosquitto, .nats:
            process = try RunningProcess(program, ["-c", configuration])
        case .rabbitMQ:
            // Its directory of nodes would otherwise stay behind as a daemon.
            guard let epmd = Programs.find("epmd") else { throw POSIXError(.ENOENT) }
            if directory == nil {
                directory = try RunningProcess(
                    epmd, ["-port", "\(ports[2])", "-address", "127.0.0.1"])
                guard Ports.waitUntilOpen(ports[2]) else { throw POSIXError(.ETIMEDOUT) }
            }
            process = try RunningProcess(program, [], environment: rabbitEnvironment)
        }
        guard Ports.waitUntilOpen(port, seconds: 120) else {
            throw PlantError.publishFailed(process?.output ?? "")
        }
    }

    /// Ends it in order, so that it keeps what it has, and waits.
    func stop() {
        _ = process?.stop(within: 30)
        process = nil
    }

    private var rabbitEnvironment: [String: String] {
        let path = folder.path
        return [
            "HOME": path, "RABBITMQ_BASE": path, "RABBITMQ_NODENAME": "pollux-test@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": "\(ports[0])",
            "RABBITMQ_DIST_PORT": "\(ports[1])", "RABBITMQ_MNESIA_BASE": "\(path)/mnesia",
            "RABBITMQ_LOG_BASE": "\(path)/log", "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(path)/plugins",
            "RABBITMQ_CONFIG_FILE": "\(path)/broker.conf",
            "RABBITMQ_CONF_ENV_FILE": "\(path)/none.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": "\(path)/advanced.config",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": "\(ports[2])", "ERL_EPMD_ADDRESS": "127.0.0.1",
        ]
    }

    private func configureMosquitto() throws {
        guard let tool = Programs.find("mosquitto_passwd") else { throw POSIXError(.ENOENT) }
        let passwords = folder.appendingPathComponent("passwords").path
        _ = try RunningProcess(tool, ["-c", "-b", passwords, "pollux", "secret"]).wait(seconds: 10)
        // Started by root, it reads and writes as a user of its own.
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: passwords)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: folder.path)
        try write(
            """
            listener \(port) 127.0.0.1
            allow_anonymous false
            password_file \(passwords)
            persistence true
            persistence_location \(folder.path)/
            max_queued_messages 0
            max_inflight_messages 1000
            """, "broker.conf")
    }

    private func write(_ text: String, _ name: String) throws {
        try (text + "\n").write(
            to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
}

/// Clients in Python, as plants have them; absent ones make tests skip.
enum PythonClient {
    static let python = Programs.find("python3")

    /// Whether a module can be imported.
    static func has(_ module: String) -> Bool {
        guard let python else { return false }
        let process = try? RunningProcess(python, ["-c", "import \(module)"])
        return process?.wait(seconds: 30) == 0
    }

    static let hasPaho = has("paho.mqtt.client")
    static let hasInflux = has("influxdb_client")

    /// Runs a script and returns its exit code and output.
    static func run(
        _ script: String, _ arguments: [String], seconds: Double = 120
    ) throws -> (code: Int32, output: String) {
        guard let python else { throw POSIXError(.ENOENT) }
        let process = try RunningProcess(python, ["-c", script] + arguments)
        return (process.wait(seconds: seconds), process.output)
    }
}
