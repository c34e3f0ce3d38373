import Foundation
import PolluxLanguage
import PolluxQuery
import PolluxServer

/// The conversation: reads sentences, asks, shows answers; one thread.
final class Shell {
    let connection: Connection
    private let editor: LineEditor
    var answer: AnswerOptions
    var parameters: [String: String] = [:]
    var showsTiming = true
    var outputPath: String?
    /// The last sentence that was asked, for `\explain` and `\fmt`.
    var lastSentence = ""
    private(set) var failureCode: Int32 = 0

    init(connection: Connection, answer: AnswerOptions) {
        self.connection = connection
        self.answer = answer
        let folder = ProcessInfo.processInfo.environment["HOME"]
        let completion = ShellCompletion(connection: connection)
        editor = LineEditor(historyPath: folder.map { $0 + "/.pollux_history" }) {
            completion.words(after: $0)
        }
    }

    /// Reads and answers until the end of input or `\q`; returns the exit code.
    func run() -> Int32 {
        if editor.isInteractive {
            print("pollux \(Pollux.version) · \(connection.description) · type \\? for help")
        }
        var pending = ""
        while true {
            switch editor.read(prompt: pending.isEmpty ? "pollux> " : "   ...> ") {
            case .end:
                if editor.isInteractive { print() }
                if !pending.isEmpty { runSentence(pending) }
                return editor.isInteractive ? 0 : failureCode
            case .interrupted:
                pending = ""
            case .text(let line):
                guard accept(line, into: &pending) else { return 0 }
                if !editor.isInteractive, failureCode != 0 { return failureCode }
            }
        }
    }

    /// Takes one line; false when the conversation is over.
    private func accept(_ line: String, into pending: inout String) -> Bool {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        if pending.isEmpty, trimmed.hasPrefix("\\") {
            editor.remember(line)
            return ShellCommands.run(trimmed, in: self)
        }
        if pending.isEmpty, trimmed.isEmpty { return true }
        pending = pending.isEmpty ? line : pending + "\n" + line
        // An empty line ends a sentence that looks unfinished, so that nobody is trapped.
        guard TwinQL.isComplete(pending) || trimmed.isEmpty else { return true }
        let sentence = pending
        pending = ""
        editor.remember(sentence.replacingOccurrences(of: "\n", with: " "))
        runSentence(sentence)
        return true
    }

    /// Asks one sentence and shows the answer or the error.
    func runSentence(_ text: String) {
        lastSentence = text
        do {
            var question = try answer.question(text)
            question.parameters.merge(parameters) { $1 }
            if question.format == .table, outputPath == nil {
                question.width = Terminal.width
                question.rowLimit = editor.isInteractive ? 40 : nil
            }
            try show(question)
            failureCode = 0
        } catch let failure as CommandFailure {
            if failure.exitCode == ExitCode.interrupted {
                print("cancelled")
            } else {
                failure.report()
            }
            failureCode = failure.exitCode
        } catch {
            Terminal.fail("\(error)")
            failureCode = ExitCode.failed
        }
    }

    /// Runs a question on a thread of its own, so that Ctrl-C can cancel it.
    private func show(_ question: Connection.Question) throws {
        let cancellation = CancellationFlag()
        _ = Interrupt.take()
        let started = Date()
        let connection = connection
        let box = AnswerBox()
        let thread = Thread {
            do {
                try connection.ask(question, cancellation: cancellation) { box.append($0) }
                box.finish(nil)
            } catch {
                box.finish(error as? CommandFailure ?? CommandFailure(error))
            }
        }
        thread.stackSize = 8 << 20
        thread.start()
        while !box.isFinished {
            if Interrupt.isRaised { cancellation.cancel() }
            usleep(300)
        }
        _ = Interrupt.take()
        let (bytes, failure) = box.result
        if let failure { throw failure }
        try write(bytes)
        if showsTiming, editor.isInteractive, outputPath == nil {
            let milliseconds = Date().timeIntervalSince(started) * 1000
            print("(\((milliseconds * 10).rounded() / 10) ms)")
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        guard let outputPath else {
            Terminal.write(bytes)
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
            try file.write(contentsOf: Data(bytes))
        }
    }
}
