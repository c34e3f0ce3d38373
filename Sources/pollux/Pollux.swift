import ArgumentParser
import Foundation
import Glibc
import PolluxCodec

/// The program: reads arguments, runs one command, ends with the exit code of docs/operations.md.
@main
struct Pollux: AsyncParsableCommand {
    static let version = "0.1.0"
    static let configuration = CommandConfiguration(
        commandName: "pollux",
        abstract: "A time-series database that answers questions about a plant.",
        discussion: """
            pollux demo
            pollux serve --data plant --mqtt mqtt://127.0.0.1:1883
            pollux query 'vibration of spindle of machine CNC-3 last 1h'
            """,
        version: version,
        subcommands: [
            ServeCommand.self, DemoCommand.self, QueryCommand.self, ReplCommand.self,
            ImportCommand.self, ExportCommand.self, SimulateCommand.self, SnapshotCommand.self,
            CheckCommand.self,
            InspectCommand.self, CompactCommand.self, DeleteCommand.self, IngestCommand.self,
            TokenCommand.self,
        ])

    static func main() async {
        LineEditor.flushEachLine()
        if CommandLine.arguments.dropFirst().first == "repl" { Interrupt.leaveToShell() }
        guard CPUFeatures.isSupported else {
            Terminal.fail(
                "this processor lacks AVX2, FMA or BMI2, which this build of Pollux needs: "
                    + "build it on this machine's architecture level or use a newer processor")
            Glibc.exit(ExitCode.failed)
        }
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let outcome as CommandFailure {
            outcome.report()
            Glibc.exit(outcome.exitCode)
        } catch {
            let isFine = exitCode(for: error).isSuccess
            let text = fullMessage(for: error)
            if isFine { print(text) } else { Terminal.fail(text, prefix: "") }
            Glibc.exit(isFine ? 0 : ExitCode.badUse)
        }
    }
}

/// The exit codes that scripts rely on.
enum ExitCode {
    static let badUse: Int32 = 1
    static let badQuery: Int32 = 2
    static let failed: Int32 = 3
    static let noConnection: Int32 = 4
    static let interrupted: Int32 = 130
}

/// Why a command ended without its result.
struct CommandFailure: Error {
    var exitCode: Int32
    var message: String
    /// The whole text with the likeliest correction put in, where there is one.
    var correction: String?

    init(_ exitCode: Int32, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    /// A failure while running.
    init(_ error: any Error) {
        self.init(ExitCode.failed, "\(error)")
    }

    func report() {
        guard !message.isEmpty else { return }
        // Diagnostics of the language already begin with their own word.
        let plain = Terminal.withoutColours(message)
        let fitted = Terminal.errorWidth.map { NarrowMessage.fitted(message, to: $0) } ?? message
        Terminal.fail(fitted, prefix: plain.hasPrefix("error[") ? "" : "pollux: ")
    }
}

/// Runs a body and turns any error into a failure with an exit code.
func reporting<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let failure as CommandFailure {
        throw failure
    } catch {
        throw CommandFailure(error)
    }
}
