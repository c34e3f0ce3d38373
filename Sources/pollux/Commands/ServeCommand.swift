import ArgumentParser

/// `pollux serve`: the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server.",
        discussion: "pollux serve --data plant --mqtt mqtt://127.0.0.1:1883")

    @OptionGroup var target: TargetOptions

    @Option(help: "Where to listen, HOST:PORT.")
    var listen = ListenAddress(argument: "127.0.0.1:8470") ?? ServeCommand.fallback

    @Option(help: "A broker to read from, such as mqtt://user:password@host:1883; repeatable.")
    var mqtt: [String] = []

    @Flag(help: "Allow listening on addresses that others can reach, without any sign-in.")
    var insecure = false

    private static var fallback: ListenAddress { preconditionFailure("the default address") }

    func run() async throws {
        guard target.server == nil else {
            throw CommandFailure(
                ExitCode.badUse, "serve works on a data directory: leave --server out")
        }
        try await Serving(
            directory: target.directory, listen: listen, mqtt: mqtt, isInsecure: insecure
        ).run()
    }
}
