import Glibc
import NIOCore
import NIOPosix

/// Where the server listens, what it allows, and where it finds the files it serves.
public struct ServerConfiguration: Sendable {
    /// The address or name to listen on; beyond loopback only with tokens, or `isInsecure`.
    public var host = "127.0.0.1"
    /// The port; 0 lets the system choose one, which `Server.boundPort` then tells.
    public var port = 8470
    /// Whether listening beyond loopback is wanted although there are no tokens, so that everybody
    /// there may read and write.
    public var isInsecure = false
    /// With what the server speaks TLS, and then nothing else; nil speaks plain HTTP.
    public var certificate: CertificateFiles?
    /// Who may do what; nil lets everybody who reaches the server do everything.
    public var tokens: TokenFile?
    /// A secret that does everything, for commands on this machine; see `LocalSecret`.
    public var localSecret: String?
    /// Further host names under which browsers reach this server, such as a proxy's.
    public var allowedHosts: [String] = []
    /// What one server does at most.
    public var limits = ServerLimits()
    /// The folder that holds `three/three.js`; nil looks beside the working directory and the
    /// executable.
    public var viewerPackages: String?
    /// The folder in which snapshots are made and listed; nil refuses the snapshot routes.
    public var snapshotFolder: String?
    /// The version that `/health`, `/ping` and the OpenAPI document report.
    public var version = "0.1.0"

    /// The defaults: loopback, port 8470.
    public init() {}

    /// The host as the system takes it: an IPv6 address without its brackets.
    var bindHost: String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Whether `host` is reachable from this machine alone.
    public var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || name == "[::1]"
            || (name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." })
    }
}

extension ServerError {
    /// What a failure to listen means.
    init(_ error: any Error, configuration: ServerConfiguration) {
        let (host, port) = (configuration.host, configuration.port)
        switch error {
        case let error as ServerError: self = error
        case let error as IOError where error.errnoCode == EADDRINUSE:
            self = .portInUse(host: host, port: port)
        case let error as IOError where error.errnoCode == EACCES:
            self = .notPermitted(host: host, port: port)
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            self = .unknownAddress(host: host, reason: "no network interface has it")
        case is SocketAddressError, is NIOConnectionError:
            self = .unknownAddress(host: host, reason: "the name is not known")
        default: self = .notListening(host: host, port: port, reason: "\(error)")
        }
    }
}

/// What one server does at most; a request beyond is refused with a message that says which limit.
public struct ServerLimits: Sendable {
    /// The largest body in bytes, packed and unpacked.
    public var bodyByteCount = 64 << 20
    /// Bytes of write bodies that are on their way to the disk at the same time.
    public var writingByteCount = 32 << 20
    /// The longest a query may run.
    public var queryTime: Duration = .seconds(60)
    /// The memory that a query may hold, in bytes.
    public var queryByteCount = 512 << 20
    /// Queries that run at the same time, each on a thread of its own.
    public var runningQueryCount = 4
    /// Queries that run or wait for a thread.
    public var pendingQueryCount = 64
    /// Open connections, WebSockets included.
    public var connectionCount = 2_000
    /// Open WebSockets.
    public var socketCount = 500
    /// Subscriptions on one WebSocket.
    public var subscriptionsPerSocket = 64
    /// Subscriptions on all WebSockets.
    public var subscriptionCount = 2_000
    /// The largest message that a WebSocket client may send, in bytes.
    public var messageByteCount = 256 << 10
    /// How long a connection may be silent between requests.
    public var idleTime: Duration = .seconds(90)
    /// How often a WebSocket is pinged; a peer that answers nothing for twice that is dropped.
    public var pingInterval: Duration = .seconds(20)
    /// How long open requests may take to finish when the server stops.
    public var stopTime: Duration = .seconds(5)

    /// The defaults.
    public init() {}
}

/// Why the server did not start.
public enum ServerError: Error, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case portInUse(host: String, port: Int)
    /// The system does not let this user listen there.
    case notPermitted(host: String, port: Int)
    /// The name or address is not one of this machine.
    case unknownAddress(host: String, reason: String)
    /// Listening beyond loopback needs tokens, or to be asked for in so many words.
    case notLoopback(host: String)
    /// The system refused for another reason.
    case notListening(host: String, port: Int, reason: String)

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .portInUse(let host, let port):
            """
            cannot listen on \(host):\(port): another process uses that port. \
            Stop it, or choose another with --listen \(host):\(port + 1)
            """
        case .notPermitted(let host, let port):
            """
            cannot listen on \(host):\(port): not permitted. \
            Choose a port above 1023 with --listen, such as \(host):8470
            """
        case .unknownAddress(let host, let reason):
            """
            cannot listen on `\(host)`: it is not an address of this machine (\(reason)). \
            Use 127.0.0.1, or an address that `ip address` shows
            """
        case .notLoopback(let host):
            """
            refusing to listen on `\(host)`: anyone who reaches that address could read and write \
            everything, because there are no access tokens. \
            Make one first: pollux token create NAME --role admin --data DIR. \
            Or listen on 127.0.0.1, or accept the risk with --insecure
            """
        case .notListening(let host, let port, let reason):
            "cannot listen on \(host):\(port): \(reason)"
        }
    }
}
