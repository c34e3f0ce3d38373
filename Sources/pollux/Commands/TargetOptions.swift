import ArgumentParser
import Foundation

/// Which data directory a command works on, for commands that read or write its files themselves.
struct DirectoryOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The data directory (default ./pollux-data, or POLLUX_DATA from the environment).")
    var data: String?

    /// The data directory, with the defaults filled in.
    var directory: String {
        data ?? ProcessInfo.processInfo.environment["POLLUX_DATA"] ?? "./pollux-data"
    }

    /// Opens the data directory for reading only, also while a server has it.
    func openForReading() throws -> RecordsOnDisk {
        try reporting { try RecordsOnDisk(directory: directory) }
    }

    /// Opens the data directory for this process alone, or says which server has it.
    func openDatabase() throws -> Database {
        do {
            return try Database(directory: directory, createsFolder: false)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(error)
        }
    }
}

/// Which database a command works on: a directory or a running server.
struct TargetOptions: ParsableArguments {
    @OptionGroup private var place: DirectoryOptions

    @Option(name: .long, help: "A running server, such as http://127.0.0.1:8470.")
    var server: String?

    /// The data directory, with the defaults filled in.
    var directory: String { place.directory }

    /// Opens what the options name.
    func connect(creating: Bool = false) throws -> Connection {
        try Connection.open(data: directory, server: server, creating: creating)
    }
}

/// An address to listen on, `HOST:PORT`.
struct ListenAddress: ExpressibleByArgument {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        host = String(argument[..<colon])
        self.port = port
    }
}
