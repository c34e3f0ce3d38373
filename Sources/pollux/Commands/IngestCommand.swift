import ArgumentParser
import Foundation
import PolluxGraph
import PolluxIngest
import PolluxKeyValue
import PolluxModel
import PolluxServer
import PolluxStore

/// `pollux ingest`: what a message would write, and what could not be written.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Try out topic rules; look after dead letters.",
        subcommands: [
            Try.self, RulesCommand.self, SourcesCommand.self, DeadLetterCommand.self,
        ])

    struct Try: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a message would write; nothing is stored.",
            discussion: """
                pollux ingest try --topic factory/L2/CNC-3/spindle/vibration --payload 1.25
                pollux ingest try --payload 'sensors,device=M1 rms=1.25' --rules plant.rules
                """)
        @Option(help: "The topic; a line of line protocol needs none.") var topic = ""
        @Option(help: "The payload as text.") var payload: String
        @Option(help: "A file of rules to try instead of those in force.") var rules: String?
        @OptionGroup var target: TargetOptions

        func run() throws {
            let rules = try rules.map(RulesCommand.read)
            // A directory of its own when none is there: the built-in rules need no database.
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "pollux-try-\(getpid())")
            let usesOwn =
                target.server == nil
                && !FileManager.default.fileExists(atPath: target.directory)
            defer { if usesOwn { try? FileManager.default.removeItem(at: folder) } }
            let connection = try reporting {
                try Connection.open(
                    data: usesOwn ? folder.path : target.directory, server: target.server,
                    creating: usesOwn)
            }
            defer { connection.close() }
            switch connection {
            case .local(let database):
                print(
                    database.ingest.tryMessage(
                        topic: topic, payload: Array(payload.utf8),
                        receivedAt: Server.systemClock(), rules: rules))
            case .server(let client): print(try Try.ask(client, topic, payload, rules))
            }
        }

        private static func ask(
            _ client: ServerClient, _ topic: String, _ payload: String, _ rules: IngestRules?
        ) throws -> MessageTrial {
            var body = ["topic": topic, "payload": payload]
            body["rules"] = rules?.text
            let (status, bytes) = try client.send(
                "POST", "/api/v1/ingest/try", try JSONSerialization.data(withJSONObject: body))
            let answer = try RulesCommand.answer(status, bytes)
            return MessageTrial(
                rule: answer["rule"] as? String, format: answer["format"] as? String ?? "",
                lines: answer["writes"] as? [String] ?? [],
                problems: answer["problems"] as? [String] ?? [])
        }
    }
}
