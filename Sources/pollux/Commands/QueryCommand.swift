public import ArgumentParser
import Foundation
import PolluxQuery
public import PolluxServer

extension ResultFormat: ExpressibleByArgument {}

/// How answers look; shared by `query` and `repl`.
struct AnswerOptions: ParsableArguments {
    @Option(help: "table, csv, json, ndjson or md (default: table at a terminal, else csv).")
    var format: ResultFormat?

    @Option(name: .customLong("param"), help: "A parameter, NAME=VALUE; repeatable.")
    var parameters: [String] = []

    @Option(help: "The time zone of days and output, such as Europe/Berlin.")
    var timezone: String?

    @Option(help: "What counts as now, such as 2026-03-02T12:00:00Z.")
    var now: String?

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
        question.timezone = timezone
        question.now = now
        return question
    }
}

/// `pollux query`: one query or script.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Answer one query or script.",
        discussion: "pollux query 'max vibration of spindle of machine CNC-3 today every 1h'")

    @Argument(help: "The query; without it and without -f, standard input is read.")
    var text: String?

    @Option(name: [.customShort("f"), .long], help: "A file with a query or script.")
    var file: String?

    @OptionGroup var target: TargetOptions
    @OptionGroup var answer: AnswerOptions

    func run() throws {
        let text = try readText()
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
        try connection.ask(try answer.question(text), cancellation: cancellation) {
            Terminal.write($0)
        }
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
