import Foundation
import PolluxTestKit

/// A real mosquitto broker on a free loopback port, with its own folder; ended by its process id.
final class MosquittoBroker {
    let port: UInt16
    private let folder: URL
    private var process: Process?

    static let binary: String? = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// A broker with further lines in its configuration.
    init(_ lines: String = "allow_anonymous true") throws {
        folder = try Places.makeTemporaryFolder("pollux-broker")
        port = try MosquittoBroker.freePort()
        let configuration = """
            listener \(port) 127.0.0.1
            persistence false
            max_inflight_messages 0
            max_queued_messages 0
            \(lines)

            """
        try configuration.write(
            to: folder.appendingPathComponent("broker.conf"), atomically: true, encoding: .utf8)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts the broker and waits until it listens.
    func start() throws {
        guard let binary = MosquittoBroker.binary else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["-c", folder.appendingPathComponent("broker.conf").path]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        for _ in 0..<250 where !isListening() { usleep(20_000) }
    }

    /// Ends the broker.
    func stop() {
        guard let process, process.isRunning else { return }
        // Not SIGTERM: a child of a worker thread inherits its signal mask and never sees it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private func isListening() -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = MosquittoBroker.loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private struct NoPort: Error {}

    /// A port that was free a moment ago.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw NoPort() }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// Waits until something holds; false after the time limit.
func eventually(seconds: Double = 10, _ isMet: () throws -> Bool) rethrows -> Bool {
    let limit = Date().addingTimeInterval(seconds)
    while Date() < limit {
        if try isMet() { return true }
        usleep(10_000)
    }
    return try isMet()
}
