import ArgumentParser
import Foundation
import PolluxIngest

/// `pollux ingest rules`: how topics and lines find their twins.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Show, check, set or clear the rules for topics and lines.",
        discussion: "pollux ingest rules set plant.rules --data plant",
        subcommands: [Show.self, Check.self, Set.self, Clear.self], defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the rules in force, as they were given.",
            discussion: "pollux ingest rules show > plant.rules")
        @OptionGroup var target: TargetOptions

        func run() throws {
            let connection = try target.connect()
            defer { connection.close() }
            let text: String
            switch connection {
            case .local(let database): text = database.ingest.rules.text
            case .server(let client):
                let (status, bytes) = try client.send("GET", RulesCommand.path)
                text = try RulesCommand.answer(status, bytes)["rules"] as? String ?? ""
            }
            if text.isEmpty {
                Terminal.fail(
                    "no rules of your own: the built-in one holds, \(TopicRules.builtIn)")
            } else {
                print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a file of rules and say what is wrong with it; nothing is changed.",
            discussion: "pollux ingest rules check plant.rules")
        @Argument(help: "The file; - is standard input.") var file: String

        func run() throws {
            RulesCommand.say(try RulesCommand.read(file), "are well formed")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the rules of a file in force at once, and after each restart.",
            discussion: "pollux ingest rules set plant.rules --server http://127.0.0.1:8470")
        @Argument(help: "The file; - is standard input.") var file: String
        @OptionGroup var target: TargetOptions

        func run() throws {
            let rules = try RulesCommand.read(file)
            try RulesCommand.put(rules, target)
            RulesCommand.say(rules, "are in force")
        }
    }

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go back to the built-in rule.",
            discussion: "pollux ingest rules clear --data plant")
        @OptionGroup var target: TargetOptions

        func run() throws {
            try RulesCommand.put(IngestRules(), target)
            print("the built-in rule is in force: \(TopicRules.builtIn)")
        }
    }

    private static let path = "/api/v1/ingest/rules"

    /// The rules of a file; a fault is told with file, line and character.
    static func read(_ file: String) throws -> IngestRules {
        let data =
            file == "-"
            ? FileHandle.standardInput.readDataToEndOfFile()
            : FileManager.default.contents(atPath: file)
        guard let data, let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(ExitCode.badUse, "cannot read the file \(file) as text")
        }
        do {
            return try IngestRules(text)
        } catch {
            throw CommandFailure(ExitCode.badUse, "\(file): \(error.description)")
        }
    }

    private static func put(_ rules: IngestRules, _ target: TargetOptions) throws {
        let connection = try target.connect()
        defer { connection.close() }
        switch connection {
        case .local(let database): try reporting { try database.ingest.setRules(rules) }
        case .server(let client):
            let body = try JSONSerialization.data(withJSONObject: ["rules": rules.text])
            let (status, bytes) = try client.send("PUT", path, body)
            _ = try answer(status, bytes)
        }
    }

    /// A server's answer as an object.
    static func answer(_ status: Int, _ bytes: Data) throws -> [String: Any] {
        guard status == 200,
            let answer = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        else { throw ServerClient.failure(status: status, body: bytes) }
        return answer
    }

    private static func say(_ rules: IngestRules, _ what: String) {
        print(
            "\(rules.topics.templates.count) topic rules and \(rules.lineCount) line rules \(what)")
    }
}
