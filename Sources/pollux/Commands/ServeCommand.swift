import ArgumentParser
import Foundation
import PolluxIngest

/// `pollux serve`: the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server.",
        discussion: """
            pollux serve --data plant --mqtt mqtt://127.0.0.1:1883
            pollux serve --config /etc/pollux.conf
            The command line wins over the configuration file, which docs/operations.md describes.
            """)

    @OptionGroup var target: DirectoryOptions

    @Option(help: "A file of settings: where to listen, brokers, limits.")
    var config: String?

    @Option(help: "Where to listen, HOST:PORT (default: 127.0.0.1:8470).")
    var listen: ListenAddress?

    @Option(help: "A broker to read from, such as mqtt://user:password@host:1883; repeatable.")
    var mqtt: [String] = []

    @Option(help: "A further name of this server, such as that of a proxy; repeatable.")
    var host: [String] = []

    @Option(help: "A file with the certificate to speak TLS with (PEM, the whole chain).")
    var certificate: String?

    @Option(help: "A file with the certificate's key (PEM, without a passphrase).")
    var key: String?

    @Flag(help: "Allow listening on addresses that others can reach without any access token.")
    var insecure = false

    func run() async throws {
        var settings = ServeSettings()
        if let config {
            guard let bytes = FileManager.default.contents(atPath: config),
                let text = String(validating: bytes, as: UTF8.self)
            else { throw CommandFailure(ExitCode.badUse, "cannot read the file \(config)") }
            do {
                settings = try ServeSettings(text, file: config)
            } catch {
                throw CommandFailure(ExitCode.badUse, error.description)
            }
        }
        settings.sources += try Serving.addresses(mqtt)
        if let reason = ServeSettings.clash(settings.sources) {
            throw CommandFailure(ExitCode.badUse, reason)
        }
        if let reason = host.lazy.compactMap(ServeSettings.mistake(inHost:)).first {
            throw CommandFailure(ExitCode.badUse, reason)
        }
        // The default directory of the command line gives way to the file's.
        let directory = target.data == nil ? settings.data ?? target.directory : target.directory
        try await Serving(
            directory: directory,
            listen: listen ?? settings.listen ?? ListenAddress(host: "127.0.0.1", port: 8470),
            mqtt: settings.sources, adapters: settings.adapters,
            isInsecure: insecure || settings.isInsecure,
            hosts: host.isEmpty ? settings.hosts : host,
            certificate: try ServeSettings.certificateFiles(
                certificate ?? settings.certificate, key ?? settings.key),
            ingest: settings.ingest, limits: settings.limits,
            rules: try settings.rulesFile.map(RulesCommand.read)
        ).run()
    }
}
