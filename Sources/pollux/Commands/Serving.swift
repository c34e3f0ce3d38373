import Foundation
import Logging
import NIOCore
import PolluxIngest
import PolluxKeyValue
import PolluxLive
import PolluxServer
import ServiceLifecycle
import UnixSignals

/// A running server: the database, its MQTT sources and the HTTP side, started and stopped in
/// order.
struct Serving {
    var directory: String
    var listen: ListenAddress
    var mqtt: [MQTTAddress]
    var adapters: [SHDRAdapter] = []
    var isInsecure: Bool
    /// Further names under which browsers reach the server.
    var hosts: [String] = []
    var certificate: CertificateFiles?
    var ingest = IngestOptions()
    var limits = ServerLimits()
    /// Rules for topics and lines to put in force; nil leaves those of the database.
    var rules: IngestRules?
    var isQuiet = false
    /// Called once everything answers, with the base address.
    var whenReady: @Sendable (Database, String) async -> Void = { _, _ in }

    /// The brokers of the command line.
    static func addresses(_ texts: [String]) throws -> [MQTTAddress] {
        try texts.map { text in
            do {
                return try MQTTAddress(text)
            } catch {
                throw CommandFailure(ExitCode.badUse, "\(error)")
            }
        }
    }

    /// Runs until SIGTERM or Ctrl-C.
    func run() async throws {
        var logger = Logger(label: "pollux")
        logger.logLevel = isQuiet ? .warning : .info
        let database: Database
        do {
            database = try Database(
                directory: directory, createsFolder: true, ingest: ingest)
        } catch {
            throw CommandFailure(ExitCode.failed, "\(error)")
        }
        if let rules, rules != database.ingest.rules {
            try reporting { try database.ingest.setRules(rules) }
        }
        let sources = mqtt.map { MQTTSource(address: $0, pipeline: database.ingest) }
        let lines = adapters.map { SHDRSource(adapter: $0, pipeline: database.ingest) }
        do {
            try await serve(database, sources: sources, lines: lines, logger: logger)
        } catch {
            sources.forEach { $0.stop() }
            lines.forEach { $0.stop() }
            database.close()
            throw error is CommandFailure ? error : CommandFailure(error)
        }
        sources.forEach { $0.stop() }
        lines.forEach { $0.stop() }
        database.close()
    }

    private func serve(
        _ database: Database, sources: [MQTTSource], lines: [SHDRSource], logger: Logger
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.isInsecure = isInsecure
        configuration.allowedHosts = hosts
        configuration.certificate = certificate
        configuration.limits = limits
        configuration.version = Pollux.version
        configuration.snapshotFolder = directory + "/snapshots"
        configuration.tokens = TokenFile(directory: directory)
        let secret = LocalSecret(directory: directory)
        do {
            configuration.localSecret = try secret.make()
        } catch {
            // A full disk must not keep a server from starting.
            logger.warning("once there are tokens, commands on this machine need one: \(error)")
        }
        defer { secret.forget() }
        let base = (certificate == nil ? "http://" : "https://") + listen.host
        let ready = whenReady
        let server = try Server(
            configuration: configuration, query: database.query, live: database.live,
            ingest: database.ingest, store: database.store, graph: database.graph, logger: logger,
            whenListening: { port in
                let address = "\(base):\(port)"
                database.environment.announce(address: address)
                logger.notice("listening on \(address)")
                await ready(database, address)
            })
        database.live.start()
        for source in sources { source.start() }
        for source in lines { source.start() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
