import ArgumentParser
import Foundation
import PolluxModel
import PolluxServer

/// `pollux token`: who may do what over HTTP.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke access tokens of a data directory.",
        discussion: """
            pollux token create press-gateway --role write --data plant
            A running server sees a change within a second. Commands send the token in POLLUX_TOKEN.
            """,
        subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

    struct Folder: ParsableArguments {
        @Option(help: "The data directory (default ./pollux-data, or POLLUX_DATA).")
        var data: String?

        /// The file of tokens; the directory must be there, so that a slip of the pen makes none.
        func file() throws -> TokenFile {
            let directory =
                data ?? ProcessInfo.processInfo.environment["POLLUX_DATA"] ?? "./pollux-data"
            guard FileManager.default.fileExists(atPath: directory + "/data.mdb") else {
                throw CommandFailure(
                    ExitCode.failed,
                    "there is no database in \(directory): name another with --data")
            }
            return TokenFile(directory: directory)
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it, this once.",
            discussion: "pollux token create press-gateway --role write --data plant")
        @Argument(help: "What it is called in lists and in the change log.") var name: String
        @Option(
            help: "read: ask. write: also points and the plant. admin: everything.",
            transform: TokenCommand.role)
        var role: AccessRole = .read
        @OptionGroup var folder: Folder

        func run() throws {
            let file = try folder.file()
            let secret = try reporting {
                try file.create(name: name, role: role, at: Server.systemClock())
            }
            print(secret)
            Terminal.fail(
                "keep it: it cannot be shown again. `\(name)` may \(TokenCommand.what(role))",
                prefix: "")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show names, roles and when each was made.",
            discussion: "pollux token list --data plant")
        @OptionGroup var folder: Folder

        func run() throws {
            let file = try folder.file()
            let tokens = try reporting { try file.tokens() }
            if tokens.isEmpty {
                Terminal.fail(
                    "no tokens: everybody who reaches a server on loopback may do everything",
                    prefix: "")
            }
            let width = tokens.map(\.name.count).max() ?? 0
            for token in tokens {
                let name = token.name + String(repeating: " ", count: width - token.name.count)
                let role = token.role.rawValue.padding(toLength: 5, withPad: " ", startingAt: 0)
                print("\(name)  \(role)  \(token.created)")
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a token back.",
            discussion: "pollux token revoke press-gateway --data plant")
        @Argument(help: "Its name.") var name: String
        @OptionGroup var folder: Folder

        func run() throws {
            let file = try folder.file()
            try reporting { try file.revoke(name: name) }
            print("`\(name)` is revoked")
        }
    }

    private static func role(_ text: String) throws -> AccessRole {
        guard let role = AccessRole(rawValue: text) else {
            throw ValidationError("the role is read, write or admin, not `\(text)`")
        }
        return role
    }

    private static func what(_ role: AccessRole) -> String {
        switch role {
        case .read: "ask questions"
        case .write: "ask questions, write points, change the plant"
        case .admin: "do everything"
        }
    }
}
