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
        subcommands: [Try.self, DeadLetterCommand.self])

    struct Try: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a message would write; nothing is stored.",
            discussion:
                "pollux ingest try --topic factory/L2/CNC-3/spindle/vibration --payload 1.25")
        @Option(help: "The topic.") var topic: String
        @Option(help: "The payload as text.") var payload: String
        @OptionGroup var target: TargetOptions

        func run() throws {
            // A directory of its own when none is there: the built-in rules need no database.
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "pollux-try-\(getpid())")
            let usesOwn = !FileManager.default.fileExists(atPath: target.directory)
            defer { if usesOwn { try? FileManager.default.removeItem(at: folder) } }
            let database = try reporting {
                try Database(
                    directory: usesOwn ? folder.path : target.directory, createsFolder: usesOwn)
            }
            defer { database.close() }
            print(
                database.ingest.tryMessage(
                    topic: topic, payload: Array(payload.utf8), receivedAt: Server.systemClock()))
        }
    }
}
