import Foundation
import PolluxTestKit
import Testing

/// Sizes, names and reasons (docs/style.md).
@Suite struct SourceRules {
    @Test("no source file is longer than 500 lines, no line longer than 100 characters")
    func sizes() {
        var findings: [String] = []
        for file in SourceTree.whole.swift {
            if file.lines.count > 501, file.path.hasPrefix("Sources/") {
                findings.append(
                    "\(file.path): \(file.lines.count) lines: split it by subject, Type+Concern.swift"
                )
            }
            // Tests hold whole answers as text; the formatter keeps the rest of them in bounds.
            guard !file.path.hasPrefix("Tests/") else { continue }
            for (number, line) in file.lines.enumerated() where line.count > 100 {
                findings.append("\(file.path):\(number + 1): \(line.count) characters: wrap at 100")
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    @Test("no function is longer than 60 lines")
    func functionSizes() {
        var findings: [String] = []
        for file in SourceTree.whole.sources {
            findings += SourceRules.longFunctions(in: file)
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    /// Functions by indentation: formatted sources close a function at the column of its `func`.
    static func longFunctions(in file: SourceTree.File) -> [String] {
        var findings: [String] = []
        var open: (line: Int, indent: Int)?
        for (number, line) in file.lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            if let start = open {
                if indent == start.indent, line.dropFirst(indent).hasPrefix("}") {
                    let length = number - start.line + 1
                    if length > 60 {
                        findings.append(
                            "\(file.path):\(start.line + 1): \(length) lines: "
                                + "push decisions up and loops down into functions of their own")
                    }
                    open = nil
                }
            } else if SourceRules.isFunctionStart(line), !line.hasSuffix("}") {
                open = (number, indent)
            }
        }
        return findings
    }

    private static func isFunctionStart(_ line: String) -> Bool {
        let words = line.split(separator: " ").prefix { $0 != "//" && $0 != "///" }
        guard !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") else { return false }
        return words.contains("func") || words.first?.hasPrefix("init(") == true
            || words.dropFirst().first?.hasPrefix("init(") == true
    }

    @Test("names say what a thing is")
    func bannedNames() throws {
        let banned = [
            "Manager", "Helper", "Util", "Utils", "Misc", "Common", "Base", "Impl", "Data", "Info",
            "Item", "Wrapper",
        ]
        let kinds = ["struct", "class", "enum", "actor", "protocol", "typealias"]
        var findings: [String] = []
        for file in SourceTree.whole.sources {
            let fileWords = SourceRules.words(
                in: URL(fileURLWithPath: file.path).deletingPathExtension().lastPathComponent)
            for word in banned where fileWords.contains(word) {
                findings.append("\(file.path): \(word) says nothing: name its subject")
            }
            for (number, line) in file.lines.enumerated() {
                let tokens = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                for (index, token) in tokens.enumerated()
                where kinds.contains(String(token)) && index + 1 < tokens.count
                    && !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
                {
                    let parts = SourceRules.words(in: String(tokens[index + 1]))
                    for word in banned where parts.contains(word) {
                        findings.append(
                            "\(file.path):\(number + 1): \(tokens[index + 1]): "
                                + "\(word) says nothing: use a noun of the glossary")
                    }
                }
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    /// The capitalised words of a name: `ColumnBatch` gives Column and Batch.
    static func words(in name: String) -> Set<String> {
        var words: Set<String> = []
        var word = ""
        for character in name {
            if character.isUppercase || !character.isLetter {
                words.insert(word)
                word = ""
            }
            if character.isLetter { word.append(character) }
        }
        words.insert(word)
        return words
    }

    @Test("what escapes the compiler's checks says why")
    func reasons() {
        let marks = [
            "@unchecked Sendable", "nonisolated(unsafe)", "Task.detached", "Task {", "Task(",
        ]
        var findings: [String] = []
        for file in SourceTree.whole.sources {
            for (number, line) in file.lines.enumerated() {
                let code = line.trimmingCharacters(in: .whitespaces)
                // A child of a group (`addTask`) or of a loop (`scheduleTask`) does not escape.
                let text = line.replacingOccurrences(of: "addTask", with: "")
                    .replacingOccurrences(of: "scheduleTask", with: "")
                    .replacingOccurrences(of: "dataTask", with: "")
                guard !code.hasPrefix("//"), let mark = marks.first(where: { text.contains($0) })
                else { continue }
                let above = file.lines[max(0, number - 4)..<number]
                if !above.contains(where: { $0.contains("// Why") }) {
                    findings.append(
                        "\(file.path):\(number + 1): \(mark) needs a `// Why:` line above it")
                }
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    @Test("nothing is left for later in the sources, and nothing is forced")
    func unfinished() {
        let marks = ["TO" + "DO", "FIX" + "ME", "try" + "!", "as" + "! ", "fatal" + "Error("]
        var findings: [String] = []
        for file in SourceTree.whole.sources {
            for (number, line) in file.lines.enumerated() {
                for mark in marks where line.contains(mark) {
                    findings.append(
                        "\(file.path):\(number + 1): \(mark): finish it, or handle the error")
                }
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }
}
