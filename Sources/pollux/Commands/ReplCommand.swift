import ArgumentParser
import Foundation
import Synchronization

/// `pollux repl`: the interactive shell.
struct ReplCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Ask in a conversation.",
        discussion: """
            pollux repl --server http://127.0.0.1:8470
            pollux repl -c 'latest power of machine CNC-3' -c 'show types'
            """)

    @Option(name: .short, help: "Run a sentence and leave; repeatable.") var command: [String] = []
    @Option(name: [.customShort("f"), .long], help: "Run the sentences of a file and leave.")
    var file: String?
    @OptionGroup var target: TargetOptions
    @OptionGroup var answer: AnswerOptions

    func run() async throws {
        let connection = try target.connect()
        let options = answer
        var sentences = command
        if let file {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CommandFailure(ExitCode.badUse, "cannot read the file \(file)")
            }
            sentences += ScriptText.sentences(of: text)
        }
        let script = sentences
        // Reading lines blocks, so the conversation has a thread of its own.
        let code = await withCheckedContinuation { (done: CheckedContinuation<Int32, Never>) in
            let thread = Thread {
                Interrupt.comeHere()
                let shell = Shell(connection: connection, answer: options)
                guard script.isEmpty else {
                    done.resume(returning: shell.run(script: script))
                    return
                }
                done.resume(returning: shell.run())
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        connection.close()
        if code != 0 { throw CommandFailure(code, "") }
    }
}
