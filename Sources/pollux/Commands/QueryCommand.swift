public import ArgumentParser
import Foundation
import PolluxModel
import PolluxQuery
public import PolluxServer

extension ResultFormat: ExpressibleByArgument {}

/// How answers look; shared by `query` and `repl`.
struct AnswerOptions: ParsableArguments {
    @Option(help: "table, chart, csv, json, ndjson or md (default: table at a terminal, else csv).")
    var format: ResultFormat?

    @Option(name: .customLong("param"), help: "A parameter, NAME=VALUE; repeatable.")
    var parameters: [String] = []

    @Option(help: "The time zone of days and output, such as Europe/Berlin.")
    var timezone: String?

    @Option(help: "What counts as now, such as 2026-03-02T12:00:00Z.")
    var now: String?

    @Flag(name: .customLong("keep-going"), help: "Go on with the next sentence after a failure.")
    var keepsGoing = false

    /// A question with these options.
    func question(_ text: String) throws -> Connection.Question {
        var question = Connection.Question(
            text: text, format: format ?? (Terminal.isTerminal ? .table : .csv))
        for parameter in parameters {
            guard let equals = parameter.firstIndex(of: "="), equals > parameter.startIndex else {
                throw CommandFailure(
                    ExitCode.badUse, "--param takes NAME=VALUE, not `\(parameter)`")
            }
            question.parameters[String(parameter[..<equals])] = String(
                parameter[parameter.index(after: equals)...])
        }
        question.timezone = try timezone.map(AnswerOptions.checkedZone)
        question.now = try now.map(AnswerOptions.checkedInstant)
        return question
    }

    private static func checkedInstant(_ text: String) throws -> String {
        guard Connection.instant(text) != nil else {
            throw CommandFailure(
                ExitCode.badUse, "--now takes a time such as 2026-03-02T12:00:00Z, not `\(text)`")
        }
        return text
    }

    private static func checkedZone(_ name: String) throws -> String {
        // Where this machine has no zones, the server knows them.
        let isKnown = Database.zoneBytes("UTC") == nil || Database.zoneBytes(name) != nil
        guard ZoneRules.isValidName(name), isKnown else {
            throw CommandFailure(
                ExitCode.badUse,
                "--timezone: there is no time zone `\(name)`; one is Europe/Berlin")
        }
        return name
    }
}

/// `pollux query`: sentences in, answers out, an exit code for scripts.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Answer queries or scripts.",
        discussion: """
            pollux query 'max vibration of spindle of machine CNC-3 today every 1h'
            pollux query -c 'show types' -c 'latest power of machine CNC-3' --format json
            pollux query -f report.tq --param machine=CNC-3 --keep-going

            Exit codes: 0 fine, 1 bad use of the command, 2 an error in the text, 3 failed while
            running, 4 no connection, 130 interrupted. The first error ends it.
            """)

    @Argument(help: "The query; without it, -c and -f, standard input is read.")
    var text: String?

    @Option(name: [.customShort("c"), .long], help: "A query or script; repeatable.")
    var command: [String] = []

    @Option(name: [.customShort("f"), .long], help: "A file with a query or script.")
    var file: String?

    @OptionGroup var target: TargetOptions
    @OptionGroup var answer: AnswerOptions

    func run() throws {
        let texts = try readTexts()
        let connection = try target.connect()
        defer { connection.close() }
        let cancellation = CancellationFlag()
        Interrupt.install()
        let watcher = Thread {
            while !cancellation.isCancelled {
                if Interrupt.isRaised { cancellation.cancel() }
                usleep(20_000)
            }
        }
        watcher.start()
        defer { cancellation.cancel() }
        var firstCode: Int32 = 0
        for text in texts {
            do {
                try ask(text, connection, cancellation)
            } catch let failure as CommandFailure
                where answer.keepsGoing && failure.exitCode != ExitCode.interrupted
            {
                failure.report()
                if firstCode == 0 { firstCode = failure.exitCode }
            }
        }
        if firstCode != 0 { throw CommandFailure(firstCode, "") }
    }

    private func ask(
        _ text: String, _ connection: Connection, _ cancellation: CancellationFlag
    ) throws {
        let question = try answer.question(text)
        guard Terminal.isTerminal, answer.format == nil || answer.format == .chart else {
            try connection.ask(question, cancellation: cancellation) { Terminal.write($0) }
            return
        }
        let view = AnswerView(format: question.format, width: Terminal.width)
        for result in try connection.answers(question, cancellation: cancellation).results {
            Terminal.show(view.text(result))
        }
    }

    /// The sentences to run one after the other.
    private func readTexts() throws -> [String] {
        guard [text != nil, !command.isEmpty, file != nil].count(where: { $0 }) < 2 else {
            throw CommandFailure(ExitCode.badUse, "give a query, or -c, or -f, not several of them")
        }
        let scripts = command.isEmpty ? [try readText()] : command
        guard answer.keepsGoing else { return scripts }
        return scripts.flatMap(ScriptText.sentences)
    }

    private func readText() throws -> String {
        if let text { return text }
        if let file {
            guard let content = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CommandFailure(ExitCode.badUse, "cannot read the file \(file)")
            }
            return content
        }
        guard isatty(STDIN_FILENO) == 0 else {
            throw CommandFailure(
                ExitCode.badUse,
                "what shall be asked? pollux query 'power of machine CNC-3 last 1h', -f FILE, or "
                    + "text on standard input; pollux repl for a conversation")
        }
        let content = FileHandle.standardInput.readDataToEndOfFile()
        guard !content.isEmpty else {
            throw CommandFailure(ExitCode.badUse, "there is no query on standard input")
        }
        return String(decoding: content, as: UTF8.self)
    }
}
