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
    @OptionGroup var target: TargetOptions
    @OptionGroup var answer: AnswerOptions

    func run() async throws {
        let connection = try target.connect()
        let options = answer
        let sentences = command
        // Reading lines blocks, so the conversation has a thread of its own.
        let code = await withCheckedContinuation { (done: CheckedContinuation<Int32, Never>) in
            let thread = Thread {
                Interrupt.comeHere()
                let shell = Shell(connection: connection, answer: options)
                guard sentences.isEmpty else {
                    for sentence in sentences where shell.failureCode == 0 {
                        shell.runSentence(sentence)
                    }
                    done.resume(returning: shell.failureCode)
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
