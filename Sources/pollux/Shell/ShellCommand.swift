import Foundation
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxServer

/// One backslash command of the shell.
struct ShellCommand: Sendable {
    let name: String
    /// What follows it, for help.
    var takes = ""
    let purpose: String
    /// False ends the conversation.
    let body: @Sendable (Shell, String) -> Bool

    /// A command after which the conversation goes on.
    private init(
        _ name: String, _ takes: String = "", _ purpose: String,
        _ body: @escaping @Sendable (Shell, String) -> Void
    ) {
        self.name = name
        self.takes = takes
        self.purpose = purpose
        self.body = {
            body($0, $1)
            return true
        }
    }

    private init(leaving name: String, _ purpose: String) {
        self.name = name
        self.purpose = purpose
        body = { _, _ in false }
    }

    /// Runs a line that begins with a backslash; false when the conversation is over.
    static func run(_ line: String, in shell: Shell) -> Bool {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let word = words.first ?? ""
        let argument = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        guard let command = all.first(where: { $0.name == word }) else {
            let near = Suggestion.nearest(to: word, among: all.map(\.name))
            let question = near.map { " (did you mean \($0)?)" } ?? ""
            print("there is no command \(word)\(question); \\? lists them")
            return true
        }
        return command.body(shell, argument)
    }

    static var help: String {
        let room = all.map { $0.name.count + $0.takes.count + 1 }.max() ?? 0
        let lines = all.map { command in
            let head = "\(command.name) \(command.takes)"
            let gap = String(repeating: " ", count: room - head.count + 2)
            return head + gap + command.purpose
        }
        return """
            A sentence: vibration of spindle of machine CNC-3 last 1h
            Enter runs it, or goes on when it is unfinished; Alt-Enter breaks the line; Tab
            completes; Ctrl-R searches; Ctrl-C clears the line or cancels; Ctrl-D leaves.

            \(lines.joined(separator: "\n"))
            """
    }

    /// Every command, in the order of `\?`.
    static let all: [ShellCommand] = asking + looking + running

    private static let asking = [
        ShellCommand("\\?", "", "this page") { _, _ in print(help) },
        ShellCommand("\\h", "WORD|CODE", "a clause with examples, or a message at length") {
            print(Terminal.wrapped(ClauseHelp.text(of: $1)))
        },
        ShellCommand("\\a", "[TYPE|TEXT]", "the types, assets of a type, or assets by name") {
            listAssets($1, in: $0)
        },
        ShellCommand("\\m", "TYPE", "measures of a type with their units") { shell, type in
            shell.runSentence(
                type.isEmpty ? "show measures" : "show measures of \(SentenceWord.name(type))")
        },
        ShellCommand("\\events", "[ASSET]", "kinds of events, or an asset's of the last 30 days") {
            listEvents($1, in: $0)
        },
        ShellCommand("\\u", "UNIT", "units of the same dimension") { print(units(like: $1)) },
        ShellCommand("\\explain", "", "the plan of the last sentence") { shell, _ in
            let sentence = shell.lastSentence
            guard !sentence.isEmpty else { return print("nothing was asked yet") }
            shell.runSentence("explain \(sentence)")
            shell.lastSentence = sentence
        },
        ShellCommand("\\fmt", "", "the canonical form of the last sentence") { shell, _ in
            printCanonical(shell.lastSentence)
        },
        ShellCommand("\\last", "", "every row and column of the last answer") { shell, _ in
            shell.showLast()
        },
    ]

    private static let looking = [
        ShellCommand("\\format", "NAME", "table, chart, csv, json, ndjson or md") {
            setFormat($1, in: $0)
        },
        ShellCommand("\\x", "", "one line for each column, or back") { shell, _ in
            shell.view.isExpanded.toggle()
            print("one line for each column: \(shell.view.isExpanded ? "on" : "off")")
        },
        ShellCommand("\\spark", "on|off", "a column with the run of the values") {
            $0.view.hasTrend = $1 != "off"
        },
        ShellCommand("\\timing", "on|off", "rows, samples read and time below answers") {
            $0.showsTiming = $1 != "off"
        },
        ShellCommand("\\timezone", "[ZONE]", "the zone of days and output; without a name, UTC") {
            setZone($1, in: $0)
        },
        ShellCommand("\\range", "[PERIOD]", "the range of questions that name none, such as 8h") {
            setRange($1, in: $0)
        },
        ShellCommand("\\o", "[FILE]", "append answers to a file; without a name, show them again") {
            $0.outputPath = $1.isEmpty ? nil : $1
        },
    ]

    private static let running = [
        ShellCommand("\\set", "[NAME [VALUE]]", "a parameter, used as $NAME") {
            setParameter($1, in: $0)
        },
        ShellCommand("\\watch", "[SECONDS]", "the last sentence again and again") {
            watch($1, in: $0)
        },
        ShellCommand("\\i", "FILE", "run the sentences of a file") { runFile($1, in: $0) },
        ShellCommand("\\e", "", "write the sentence in $EDITOR") { shell, _ in
            openEditor(in: shell)
        },
        ShellCommand("\\save", "NAME", "keep the last sentence under a name") {
            SavedSentences.save($1, $0.lastSentence)
        },
        ShellCommand("\\run", "[NAME]", "run a kept sentence, or list them") { shell, name in
            if let sentence = SavedSentences.find(name) { shell.runSentence(sentence) }
        },
        ShellCommand(leaving: "\\q", "leave (so does Ctrl-D)"),
    ]

    // MARK: Bodies

    private static func listAssets(_ text: String, in shell: Shell) {
        guard !text.isEmpty else { return shell.runSentence("show types") }
        let types = shell.names.types
        if let type = types.first(where: { $0.lowercased() == text.lowercased() }) {
            shell.runSentence("show every \(SentenceWord.name(type))")
            return
        }
        var found = 0
        for type in types {
            for row in shell.names.assets(of: type, with: text, anywhere: true)
            where row.first?.lowercased().contains(text.lowercased()) ?? false {
                found += 1
                let place = row.count > 2 && !row[2].isEmpty ? " in \(row[2])" : ""
                print("\(type) \(row[0])\(place)")
            }
        }
        if found == 0 { print("no asset's name holds `\(text)`") }
    }

    private static func listEvents(_ asset: String, in shell: Shell) {
        guard !asset.isEmpty else { return shell.runSentence("show events") }
        let kinds = shell.names.rows("show events").compactMap(\.first)
        var found = 0
        for kind in kinds {
            let sentence = "\(SentenceWord.name(kind)) of \(asset) last 30d"
            guard let results = try? shell.ask(sentence, showsProgress: false).results,
                let result = results.first, result.rowCount > 0
            else { continue }
            found += 1
            print(kind)
            do {
                try shell.show(result, isWhole: false)
            } catch {
                shell.report(error as? CommandFailure ?? CommandFailure(error))
            }
        }
        if found == 0 { print("no events of \(asset) in the last 30 days") }
    }

    private static func units(like symbol: String) -> String {
        guard !symbol.isEmpty else { return Unit.usualSymbols.joined(separator: "  ") }
        guard let unit = Unit.parse(symbol) else { return "there is no unit `\(symbol)`" }
        let siblings = unit.siblings
        return siblings.isEmpty
            ? "no other unit measures the same as \(symbol)" : siblings.joined(separator: "  ")
    }

    private static func setFormat(_ name: String, in shell: Shell) {
        if let format = ResultFormat(rawValue: name) {
            shell.view.format = format
        } else {
            print("formats: \(ResultFormat.allCases.map(\.rawValue).joined(separator: " "))")
        }
    }

    private static func setZone(_ name: String, in shell: Shell) {
        guard name.isEmpty || ZoneRules.isValidName(name) && Database.zoneBytes(name) != nil else {
            print("there is no time zone `\(name)`: zones have names such as Europe/Berlin")
            return
        }
        shell.answer.timezone = name.isEmpty ? nil : name
    }

    private static func setRange(_ text: String, in shell: Shell) {
        guard text.isEmpty || Period.parse(text) != nil else {
            print("`\(text)` is no length of time: write one such as 8h")
            return
        }
        shell.usualRange = text.isEmpty ? nil : text
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
            print(TwinQL.print(try TwinQL.parse(text)), terminator: "")
        } catch {
            print(error.diagnostics.map { $0.render() }.joined(separator: "\n"))
        }
    }

    private static func watch(_ text: String, in shell: Shell) {
        guard !shell.lastSentence.isEmpty else { return print("nothing was asked yet") }
        guard let seconds = text.isEmpty ? 2 : Double(text), seconds >= 0.1, seconds < 86_400 else {
            return print("\\watch takes seconds, such as \\watch 5")
        }
        shell.watch(shell.lastSentence, seconds: seconds)
    }

    private static func runFile(_ path: String, in shell: Shell) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            print("cannot read the file \(path)")
            return
        }
        for sentence in ScriptText.sentences(of: text) {
            shell.runSentence(sentence)
            if shell.failureCode != 0 { return }
        }
    }

    private static func openEditor(in shell: Shell) {
        let program = Terminal.variable("VISUAL") ?? Terminal.variable("EDITOR") ?? "vi"
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("pollux-\(UUID().uuidString).tq")
        defer { try? FileManager.default.removeItem(at: file) }
        guard (try? shell.lastSentence.write(to: file, atomically: true, encoding: .utf8)) != nil
        else { return print("cannot write \(file.path)") }
        guard ForegroundProgram.run(program, argument: file.path) else {
            return print("cannot start \(program)")
        }
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        shell.draft = text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
