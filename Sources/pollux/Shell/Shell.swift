import Foundation
import PolluxLanguage
import PolluxQuery
import PolluxServer

/// The conversation: reads sentences, asks, shows answers; one thread.
final class Shell {
    let connection: Connection
    let names: PlantNames
    let advice: ShellAdvice
    private let editor: LineEditor
    var answer: AnswerOptions
    var parameters: [String: String] = [:] {
        didSet { advice.parameters = parameters.keys.sorted() }
    }
    var view = AnswerView()
    var showsTiming = true
    var outputPath: String?
    /// The range that questions without one get (`\range`), such as `8h`.
    var usualRange: String?
    /// The last sentence that was asked, for `\explain` and `\fmt`.
    var lastSentence = ""
    /// The answers to it, for `\last`.
    private(set) var lastResults: [QueryResult] = []
    private(set) var failureCode: Int32 = 0
    /// The last sentence with its mistake put right, which Tab takes.
    private var correction: String?
    /// What `\e` brought back, to be gone on with.
    var draft = ""
    private var wasLost = false

    /// The rows that a table shows before it says how many more there are: 40, or as many as leave
    /// its headings on the screen.
    private static var usualRowCount: Int { min(40, max(5, Terminal.size.rows - 8)) }

    init(connection: Connection, answer: AnswerOptions) {
        self.connection = connection
        self.answer = answer
        names = PlantNames(connection: connection)
        advice = ShellAdvice(names: names)
        let folder = Terminal.variable("HOME")
        editor = LineEditor(
            historyPath: folder.map { $0 + "/.pollux_history" }, advice: advice)
        view.format = answer.format ?? (Terminal.isTerminal ? .table : .csv)
        for given in answer.parameters {
            let parts = given.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { parameters[parts[0]] = parts[1] }
        }
        advice.parameters = parameters.keys.sorted()
    }

    /// Whether a person talks to it; a script run at a terminal is no conversation.
    var isInteractive: Bool { editor.isInteractive && !isScript }
    private var isScript = false

    /// Reads and answers until the end of input or `\q`; returns the exit code.
    func run() -> Int32 {
        if isInteractive {
            print(Terminal.wrapped(greeting))
            names.learn()
        }
        var pending = ""
        while true {
            let start = draft
            draft = ""
            switch editor.read(offer: correction, start: start) {
            case .end:
                if !pending.isEmpty { runSentence(pending) }
                return isInteractive ? 0 : failureCode
            case .interrupted:
                pending = ""
            case .text(let line):
                guard accept(line, into: &pending) else { return 0 }
                if !isInteractive, failureCode != 0, !answer.keepsGoing { return failureCode }
            }
        }
    }

    /// Runs sentences and commands without a conversation; returns the first failure's exit code.
    func run(script: [String]) -> Int32 {
        isScript = true
        var first: Int32 = 0
        for line in script {
            let trimmed = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if trimmed.hasPrefix("\\") {
                guard ShellCommand.run(trimmed, in: self) else { return first }
            } else {
                runSentence(line)
            }
            guard failureCode != 0 else { continue }
            if first == 0 { first = failureCode }
            if !answer.keepsGoing { return first }
            failureCode = 0
        }
        return first
    }

    private var greeting: String {
        let zone = answer.timezone ?? "UTC"
        let now = answer.now ?? "the clock"
        return "pollux \(Pollux.version) · \(connection.description) · zone \(zone) · now: \(now)"
            + " · type \\? for help"
    }

    /// Takes what was entered; false when the conversation is over.
    private func accept(_ line: String, into pending: inout String) -> Bool {
        let trimmed = line.trimmingCharacters(in: .whitespacesAndNewlines)
        if pending.isEmpty, trimmed.hasPrefix("\\") {
            editor.remember(line)
            return ShellCommand.run(trimmed, in: self)
        }
        if pending.isEmpty, trimmed.isEmpty { return true }
        pending = pending.isEmpty ? line : pending + "\n" + line
        // From a pipe, sentences come line by line; an empty line ends one that looks unfinished.
        guard isInteractive || TwinQL.isComplete(pending) || trimmed.isEmpty else { return true }
        let sentence = pending
        pending = ""
        editor.remember(sentence)
        correction = nil
        let words = sentence.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        if isInteractive, words.count == 2, words[0].lowercased() == "watch" {
            watch(String(words[1]), seconds: 1)
        } else {
            runSentence(sentence)
        }
        return true
    }

    /// Asks one sentence and shows the answer or the error; the exit code is kept.
    func runSentence(_ text: String) {
        lastSentence = text
        let started = ContinuousClock.now
        _ = Interrupt.take()
        do {
            let found = try ask(text, showsProgress: isInteractive)
            lastResults = found.results
            for (index, result) in found.results.enumerated() {
                if index > 0 { try write("\n") }
                if isInteractive, outputPath == nil, let meaning = result.meaning {
                    Terminal.showDim(meaning)
                }
                try show(result, isWhole: false)
            }
            if showsTiming, isInteractive, outputPath == nil {
                Terminal.showDim(cost(found, since: started))
            }
            // Statements that change the plant change the names too.
            if found.results.contains(where: { $0.content == .acknowledgement }) || changes(text) {
                names.forget()
                if isInteractive { names.learn() }
            }
            failureCode = 0
        } catch {
            report(error as? CommandFailure ?? CommandFailure(error))
        }
    }

    private func changes(_ text: String) -> Bool {
        let first = text.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() } ?? ""
        return ["create", "drop", "move", "relate", "unrelate", "retire", "set"].contains(first)
    }

    func report(_ failure: CommandFailure) {
        failureCode = failure.exitCode
        correction = failure.correction
        if failure.exitCode == ExitCode.interrupted {
            print("cancelled")
        } else {
            failure.report()
        }
        if correction != nil, isInteractive { Terminal.showDim("Tab takes the correction") }
    }

    private func cost(
        _ found: (results: [QueryResult], byteCount: Int), since started: ContinuousClock.Instant
    ) -> String {
        let rows = found.results.reduce(0) { $0 + $1.rowCount }
        let points = found.results.reduce(0) { $0 + $1.stats.points }
        var parts = [
            "\(rows) \(rows == 1 ? "row" : "rows")",
            "\(points) \(points == 1 ? "sample" : "samples") read",
        ]
        if found.byteCount > 0 { parts.append("\(found.byteCount) bytes") }
        parts.append(ElapsedText.of(started.duration(to: .now)))
        return "(" + parts.joined(separator: " · ") + ")"
    }

    // MARK: Asking

    func question(_ text: String) throws -> Connection.Question {
        var question = try answer.question(text)
        question.parameters.merge(parameters) { $1 }
        if let usualRange { question.text = UsualRange.added(usualRange, to: text) }
        return question
    }

    /// Asks on a thread of its own, so that Ctrl-C can cancel; a lost server is asked once more
    /// when the sentence only reads.
    ///
    /// Whoever calls takes the interrupt, before and after.
    func ask(
        _ text: String, showsProgress: Bool
    ) throws -> (results: [QueryResult], byteCount: Int) {
        let question = try question(text)
        do {
            let found = try askOnce(question, showsProgress: showsProgress)
            if wasLost {
                wasLost = false
                Terminal.fail("connected again; parameters and settings are kept")
            }
            return found
        } catch let failure as CommandFailure where failure.exitCode == ExitCode.noConnection {
            wasLost = true
            guard isInteractive, !changes(text), !text.lowercased().hasPrefix("record") else {
                throw failure
            }
            Terminal.fail("the connection was lost: asking again")
            for _ in 0..<10 where !Interrupt.isRaised {
                usleep(300_000)
                if let found = try? askOnce(question, showsProgress: false) {
                    wasLost = false
                    Terminal.fail("connected again; parameters and settings are kept")
                    return found
                }
            }
            throw failure
        }
    }

    private func askOnce(
        _ question: Connection.Question, showsProgress: Bool
    ) throws -> (results: [QueryResult], byteCount: Int) {
        let cancellation = CancellationFlag()
        let connection = connection
        let box = AnswerBox()
        let thread = Thread {
            do {
                let found = try connection.answers(question, cancellation: cancellation)
                box.finish(found.results, byteCount: found.byteCount)
            } catch {
                box.fail(error as? CommandFailure ?? CommandFailure(error))
            }
        }
        thread.stackSize = 8 << 20
        thread.start()
        var progress = Progress(isShown: showsProgress)
        while !box.isFinished {
            if Interrupt.isRaised { cancellation.cancel() }
            usleep(300)
            progress.tick()
        }
        progress.end()
        let (results, byteCount, failure) = box.answer
        if let failure { throw failure }
        return (results, byteCount)
    }

    // MARK: Showing

    /// Shows an answer; `isWhole` shows every row and column.
    func show(_ result: QueryResult, isWhole: Bool) throws {
        var view = view
        if outputPath == nil, Terminal.isTerminal {
            view.width = Terminal.size.columns
            view.rowLimit = isWhole ? nil : Shell.usualRowCount
            view.hasColours = Terminal.hasColours
        }
        try write(view.text(result), pages: true)
    }

    /// Shows the last answer whole.
    func showLast() {
        do {
            for result in lastResults { try show(result, isWhole: true) }
            if lastResults.isEmpty { print("nothing was asked yet") }
        } catch {
            report(error as? CommandFailure ?? CommandFailure(error))
        }
    }

    private func write(_ text: String, pages: Bool = false) throws {
        guard let outputPath else {
            if pages, isInteractive, Pager.show(text) { return }
            Terminal.show(text)
            return
        }
        if !FileManager.default.fileExists(atPath: outputPath) {
            _ = FileManager.default.createFile(atPath: outputPath, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: outputPath) else {
            throw CommandFailure(ExitCode.failed, "cannot write the file \(outputPath)")
        }
        defer { try? file.close() }
        try reporting {
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.utf8))
        }
    }
}
