import Foundation
import PolluxLanguage
import PolluxServer

/// The backslash commands of the shell.
enum ShellCommands {
    static let help = """
        a sentence          vibration of spindle of machine CNC-3 last 1h
        \\?                  this page
        \\h CODE             a message at length, such as \\h TQ104
        \\a [TYPE]           assets of a type, or the types
        \\m TYPE             measures of a type with their units
        \\format NAME        table, csv, json, ndjson or md
        \\timezone ZONE      the zone of days and output; without a name, UTC
        \\set NAME VALUE     a parameter, used as $NAME
        \\explain            the plan of the last sentence
        \\fmt                the canonical form of the last sentence
        \\i FILE             run the sentences of a file
        \\o [FILE]           append answers to a file; without a name, show them again
        \\timing on|off      whether the time is shown
        \\q                  leave (so does Ctrl-D)
        """

    /// Runs a command; false when the conversation is over.
    static func run(_ line: String, in shell: Shell) -> Bool {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let argument = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        switch words.first ?? "" {
        case "\\q", "\\quit": return false
        case "\\?": print(help)
        case "\\h": print(explanation(of: argument))
        case "\\a": shell.runSentence(argument.isEmpty ? "show types" : "show every \(argument)")
        case "\\m": listMeasures(argument, in: shell)
        case "\\format": setFormat(argument, in: shell)
        case "\\timezone": shell.answer.timezone = argument.isEmpty ? nil : argument
        case "\\set": setParameter(argument, in: shell)
        case "\\explain": shell.runSentence("explain \(shell.lastSentence)")
        case "\\fmt": printCanonical(shell.lastSentence)
        case "\\i": runFile(argument, in: shell)
        case "\\o": shell.outputPath = argument.isEmpty ? nil : argument
        case "\\timing": shell.showsTiming = argument != "off"
        default: print("there is no command \(words.first ?? ""): \\? lists them")
        }
        return true
    }

    private static func explanation(of word: String) -> String {
        guard !word.isEmpty else { return help }
        if let number = Int(word.uppercased().replacingOccurrences(of: "TQ", with: "")),
            let code = DiagnosticCode(rawValue: number)
        {
            return "\(code.text): \(code.title)\n\n\(code.explanation)"
        }
        return "there is no code `\(word)`: codes stand in messages, such as TQ104"
    }

    private static func listMeasures(_ type: String, in shell: Shell) {
        guard !type.isEmpty else {
            print("of which type? for example: \\m spindle")
            return
        }
        shell.runSentence("show measures of \(type)")
    }

    private static func setFormat(_ name: String, in shell: Shell) {
        if let format = ResultFormat(rawValue: name) {
            shell.answer.format = format
        } else {
            print("formats: \(ResultFormat.allCases.map(\.rawValue).joined(separator: " "))")
        }
    }

    private static func setParameter(_ text: String, in shell: Shell) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        if words.count == 2 {
            shell.parameters[words[0]] = words[1]
        } else if words.count == 1 {
            shell.parameters[words[0]] = nil
        } else {
            for (name, value) in shell.parameters.sorted(by: { $0.key < $1.key }) {
                print("$\(name) = \(value)")
            }
        }
    }

    private static func printCanonical(_ text: String) {
        do {
            print(TwinQL.print(try TwinQL.parse(text)))
        } catch {
            print(error.diagnostics.map { $0.render() }.joined(separator: "\n"))
        }
    }

    private static func runFile(_ path: String, in shell: Shell) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            print("cannot read the file \(path)")
            return
        }
        shell.runSentence(text)
    }
}
