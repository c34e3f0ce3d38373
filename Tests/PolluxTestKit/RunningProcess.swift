public import Foundation
import Synchronization

/// A child process of a test: output collected, ended by its identifier at the latest when released.
public final class RunningProcess: Sendable {
    private let process: Process
    private let lock = Mutex<Void>(())
    private let collected = CollectedOutput()
    private let input: FileHandle?

    /// Starts a program with its standard output and error collected together.
    public init(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:],
        hasInput: Bool = false, workingFolder: URL? = nil
    ) throws {
        process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let workingFolder { process.currentDirectoryURL = workingFolder }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        if hasInput {
            let pipe = Pipe()
            process.standardInput = pipe
            input = pipe.fileHandleForWriting
        } else {
            process.standardInput = FileHandle.nullDevice
            input = nil
        }
        try RunningProcess.unblockingSignals { try process.run() }
        // A thread that reads: Foundation's readability handlers race with the closing of their pipe
        // on Linux and take the whole test run down.
        let descriptor = dup(output.fileHandleForReading.fileDescriptor)
        let collected = self.collected
        Thread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count <= 0 { break }
                collected.append(buffer[..<count])
            }
            Foundation.close(descriptor)
        }.start()
    }

    /// A child inherits the mask of the thread that starts it, and worker threads block SIGTERM:
    /// the child would never see it.
    private static func unblockingSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The process identifier.
    public var identifier: Int32 { process.processIdentifier }
    /// Whether it still runs.
    public var isRunning: Bool { process.isRunning }
    /// What it printed so far.
    public var output: String { collected.text }

    /// Writes to its standard input; false when it no longer reads.
    @discardableResult
    public func send(_ text: String) -> Bool {
        guard let input else { return false }
        do {
            try input.write(contentsOf: Data(text.utf8))
            return true
        } catch {
            return false
        }
    }

    /// Closes its standard input.
    public func closeInput() {
        try? input?.close()
    }

    /// Kills it at once, as a power cut of the process would, and waits for its end.
    public func killNow() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to end and waits; kills it when it does not within `seconds`.
    @discardableResult
    public func stop(within seconds: Double = 10) -> Int32 {
        if process.isRunning { kill(process.processIdentifier, SIGTERM) }
        return wait(seconds: seconds)
    }

    /// Waits for its end and returns its exit code; kills it after `seconds` and returns -1.
    @discardableResult
    public func wait(seconds: Double = 60) -> Int32 {
        let end = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < end { usleep(5000) }
        if process.isRunning {
            killNow()
            return -1
        }
        process.waitUntilExit()
        // The last output may still be in the pipe's handler.
        usleep(20_000)
        return process.terminationReason == .exit ? process.terminationStatus : -2
    }

    /// Waits until its output contains a text; false when it ended or time ran out before.
    public func waitForOutput(_ text: String, seconds: Double = 30) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if output.contains(text) { return true }
            if !process.isRunning {
                usleep(50_000)
                return output.contains(text)
            }
            usleep(5000)
        }
        return false
    }
}

/// What a child printed, filled by the thread that reads its pipe.
private final class CollectedOutput: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    func append(_ part: ArraySlice<UInt8>) { bytes.withLock { $0 += part } }
}

/// Programs that tests run.
public enum Programs {
    /// The `pollux` executable built beside the tests.
    public static let pollux: URL = {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        let candidates = [
            bundle?.bundleURL.deletingLastPathComponent(),
            Bundle.main.executableURL?.deletingLastPathComponent(),
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
        ]
        for folder in candidates.compactMap({ $0 }) {
            let program = folder.appendingPathComponent("pollux")
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
        }
        return Places.repository.appendingPathComponent(".build/debug/pollux")
    }()

    /// A program on the search path (system folders included), or nil.
    public static func find(_ name: String) -> URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin"] {
            let program = URL(fileURLWithPath: folder).appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
        }
        return nil
    }

    /// Whether the long tests are asked for.
    public static var runsLongTests: Bool {
        ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] == "1"
    }
}

/// Loopback ports.
public enum Ports {
    /// A port that was free a moment ago.
    public static func free() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits until something listens on a loopback port.
    public static func waitUntilOpen(_ port: Int, seconds: Double = 15) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if let connection = try? LoopbackConnection(port: port) {
                connection.close()
                return true
            }
            usleep(10_000)
        }
        return false
    }
}
