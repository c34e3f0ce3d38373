import Foundation
import PolluxQuery
import PolluxServer
import PolluxTestKit
import Testing

@testable import pollux

/// The pages that show sentences are true.
@Suite struct DocumentTests {
    private func page(_ name: String) throws -> [String] {
        let path = Places.repository.appendingPathComponent("docs/\(name)")
        return try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
    }

    /// A sentence of a page and the lines that are printed below it.
    private struct Step {
        var line: Int
        var sentence: String
        var expected: [String]
    }

    /// Indented blocks whose sentences stand behind `pollux> `.
    private func steps(of lines: [String]) -> [Step] {
        var steps: [Step] = []
        var isOpen = false
        for (index, line) in lines.enumerated() {
            guard line.hasPrefix("    ") else {
                isOpen = false
                continue
            }
            let text = String(line.dropFirst(4))
            if text.hasPrefix("pollux> ") {
                steps.append(
                    Step(line: index + 1, sentence: String(text.dropFirst(8)), expected: []))
                isOpen = true
            } else if isOpen {
                steps[steps.count - 1].expected.append(text)
            }
        }
        return steps
    }

    @Test("every sentence of the tutorial answers what the page prints")
    func tutorial() throws {
        let folder = try Places.makeTemporaryFolder("pollux-tutorial")
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try Connection.open(
            data: folder.appendingPathComponent("plant").path, server: nil, creating: true)
        defer { connection.close() }
        let steps = steps(of: try page("tutorial.md"))
        #expect(steps.count > 30)
        for step in steps {
            var question = Connection.Question(text: step.sentence, format: .table)
            question.now = "2026-03-02T12:00:00Z"
            var text = ""
            do {
                let found = try connection.answers(question, cancellation: CancellationFlag())
                text = found.results.map { AnswerView().text($0) }.joined(separator: "\n")
            } catch let failure as CommandFailure {
                text = Terminal.withoutColours(failure.message)
            }
            var lines = text.components(separatedBy: "\n").filter { !$0.isEmpty }
            lines = lines.map { line in
                String(line.reversed().drop { $0 == " " }.reversed())
            }
            #expect(
                lines == step.expected,
                "docs/tutorial.md:\(step.line): \(step.sentence)\n\(text)")
        }
    }

    @Test("every line of the page for newcomers parses")
    func comingFrom() throws {
        var count = 0
        for (index, line) in try page("coming-from.md").enumerated() where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let last = cells.last, last.hasPrefix("`"), last.hasSuffix("`") else { continue }
            count += 1
            #expect(throws: Never.self, "docs/coming-from.md:\(index + 1): \(last)") {
                try parse(String(last.dropFirst().dropLast()))
            }
        }
        #expect(count > 40)
    }
}
