import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import PolluxGraph
public import PolluxIngest
public import PolluxModel
public import PolluxQuery
public import PolluxStore
public import ServiceLifecycle
import Synchronization

/// Speaks HTTP and WebSocket on one port and serves the viewer; a `Service` for a `ServiceGroup`.
///
///     let server = try Server(
///         configuration: configuration, query: query, live: live, ingest: ingest, store: store,
///         graph: graph, logger: logger)
///     try await server.run()
///
/// `run` returns after a graceful shutdown: open requests are finished, queries that take more than
/// five seconds then are stopped, WebSockets get close code 1001.
public final class Server: Service {
    /// Where it listens and what it allows.
    public let configuration: ServerConfiguration
    private let parts: ServerParts
    private let port = Mutex<Int?>(nil)
    private let whenListening: @Sendable (Int) async -> Void

    /// The port it listens on, or nil before it does.
    public var boundPort: Int? { port.withLock { $0 } }

    /// A server; it listens once `run` is called.
    ///
    /// - Parameters:
    ///   - query: answers queries, on threads of this server's own.
    ///   - live: watched queries, continuous queries and alerts.
    ///   - ingest: takes the bodies of writes.
    ///   - logger: gets what an operator should know; never query texts or values.
    ///   - clock: the instant that counts as now.
    ///   - whenListening: called once with the bound port.
    /// - Throws: `ServerError.notLoopback` when the configuration would open the server to others
    ///   without saying so; `CertificateFiles.Failure` for a certificate that cannot be used;
    ///   `TokenFile.Failure` when tokens cannot be read.
    public init(
        configuration: ServerConfiguration, query: QueryEngine, live: any LiveFeed,
        ingest: IngestPipeline, store: Store, graph: Graph, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = { Server.systemClock() },
        whenListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        let hasTokens = try configuration.tokens?.tokens().isEmpty == false
        guard configuration.isLoopback || configuration.isInsecure || hasTokens else {
            throw ServerError.notLoopback(host: configuration.host)
        }
        self.configuration = configuration
        self.whenListening = whenListening
        parts = ServerParts(
            configuration: configuration,
            identity: try configuration.certificate.map { try ServerIdentity($0, logger: logger) },
            query: query, live: live, ingest: ingest, store: store, graph: graph, logger: logger,
            clock: clock)
    }

    /// The system's clock.
    public static func systemClock() -> Timestamp { SystemTime.now() }

    /// All routes, for the test that compares them with the OpenAPI document.
    var routes: [Route] { RouteTable(parts: parts).routes }

    /// Runs until the service group shuts down or the task is cancelled.
    ///
    /// - Throws: `ServerError` when it cannot listen.
    public func run() async throws {
        let parts = parts
        let limits = configuration.limits
        let channel = HTTPServerBuilder { responder in
            ServerChannel(
                responder: responder, limits: limits, counts: parts.counts,
                identity: parts.identity,
                judge: { LiveRoute.judge($0, parts: parts) },
                serveSocket: { channel, credentials, logger in
                    await LiveSession.serve(
                        channel, credentials, parts: parts, logger: logger)
                })
        }
        let application = Application(
            responder: RouteTable(parts: parts),
            server: channel,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.bindHost, port: configuration.port),
                serverName: nil, backlog: 1024),
            onServerRunning: { [self] channel in
                let bound = channel.localAddress?.port ?? configuration.port
                port.withLock { $0 = bound }
                parts.state.withLock { $0 = .serving }
                await whenListening(bound)
            },
            logger: parts.logger)
        do {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { await StateLog.run(parts) }
                    tasks.addTask {
                        // Queries that run when the server begins to stop have so much more.
                        try await gracefulShutdown()
                        try await Task.sleep(for: .seconds(5))
                        parts.threads.stopQueries()
                    }
                    defer { tasks.cancelAll() }
                    try await application.run()
                }
            } onGracefulShutdown: {
                parts.state.withLock { $0 = .stopping }
            }
        } catch {
            try? await parts.threads.shutDown()
            throw ServerError(error, configuration: configuration)
        }
        try await parts.threads.shutDown()
    }
}
