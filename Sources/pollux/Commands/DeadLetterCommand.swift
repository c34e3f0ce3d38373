import ArgumentParser
import Foundation
import PolluxIngest

/// `pollux ingest dead-letters`: messages that could not be stored.
struct DeadLetterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Messages that could not be stored.",
        discussion: "pollux ingest dead-letters list",
        subcommands: [List.self, Replay.self, Discard.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the newest, each with its reason.",
            discussion: "pollux ingest dead-letters list --limit 20")
        @OptionGroup var options: ListOptions

        func run() throws {
            try options.show(
                "/api/v1/dead-letters", "letters",
                local: { database, limit in
                    try database.ingest.deadLetters(limit: limit).map(Letter.init)
                }, show: DeadLetterCommand.show)
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try them again, after the rules were changed; those that are stored go.",
            discussion: "pollux ingest dead-letters replay 17 18")
        @Argument(help: "Their numbers; without any, all.") var numbers: [UInt64] = []
        @OptionGroup var target: TargetOptions

        func run() throws {
            let connection = try target.connect()
            defer { connection.close() }
            let (stored, remaining): (Int, Int)
            switch connection {
            case .local(let database):
                let outcome = try reporting {
                    try database.ingest.replayDeadLetters(numbers.isEmpty ? nil : numbers)
                }
                (stored, remaining) = (outcome.storedCount, outcome.remainingCount)
            case .server(let client):
                let answer = try DeadLetterCommand.ask(
                    client, "POST", "/api/v1/dead-letters/replay", numbers)
                stored = answer["stored"] as? Int ?? 0
                remaining = answer["remaining"] as? Int ?? 0
            }
            print("stored \(stored), still refused \(remaining)")
        }
    }

    struct Discard: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Throw them away.", discussion: "pollux ingest dead-letters discard --all")
        @Argument(help: "Their numbers.") var numbers: [UInt64] = []
        @Flag(help: "All of them.") var all = false
        @OptionGroup var target: TargetOptions

        func run() throws {
            guard all != !numbers.isEmpty else {
                throw CommandFailure(ExitCode.badUse, "name the letters, or say --all")
            }
            let connection = try target.connect()
            defer { connection.close() }
            let count: Int
            switch connection {
            case .local(let database):
                count = try reporting {
                    try database.ingest.removeDeadLetters(all ? nil : numbers)
                }
            case .server(let client):
                let answer = try DeadLetterCommand.ask(
                    client, "DELETE", "/api/v1/dead-letters", numbers)
                count = answer["discarded"] as? Int ?? 0
            }
            print("discarded \(count)")
        }
    }

    /// A letter as a server writes it and a terminal shows it.
    struct Letter: Decodable {
        var id: UInt64
        var time: String
        var source: String
        var topic: String
        var reason: String
        var payload: String

        init(_ letter: DeadLetter) {
            id = letter.id
            time = "\(letter.time)"
            source = letter.source
            topic = letter.topic
            reason = letter.reason
            payload = String(decoding: letter.payload, as: UTF8.self)
        }
    }

    private static func show(_ letter: Letter) {
        print("\(letter.id)  \(letter.time)  \(letter.source)  \(letter.topic)")
        print("    reason   \(letter.reason)")
        let payload = letter.payload
        let cut = payload.prefix(200)
        let line = cut.map { $0.isNewline ? " " : String($0) }.joined()
        print("    payload  \(line)\(cut.count < payload.count ? "…" : "")")
    }

    /// Asks a server; letters are named when there are any.
    private static func ask(
        _ client: ServerClient, _ method: String, _ path: String, _ numbers: [UInt64]?
    ) throws -> [String: Any] {
        var body: Data?
        if let numbers {
            body = try JSONSerialization.data(
                withJSONObject: numbers.isEmpty ? [:] : ["ids": numbers])
        }
        let (status, bytes) = try client.send(method, path, body)
        guard status == 200,
            let answer = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        else { throw ServerClient.failure(status: status, body: bytes) }
        return answer
    }
}
