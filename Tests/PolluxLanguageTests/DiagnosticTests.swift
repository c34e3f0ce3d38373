import Foundation
import PolluxTestKit
import Testing

@testable import PolluxLanguage

@Suite struct DiagnosticTests {
    /// Each file of `query-lang/errors`: a query line, a blank-free block of the expected rendering,
    /// blocks separated by blank lines.
    @Test func messagesAreRenderedAsWrittenDown() throws {
        let folder = Places.repository.appendingPathComponent("query-lang/errors")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "test" }
        #expect(!files.isEmpty)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for block in text.components(separatedBy: "\n\n") {
                let lines = block.split(separator: "\n").filter { !$0.hasPrefix("#") }
                guard let query = lines.first, query.hasPrefix("query ") else { continue }
                let expected = lines.dropFirst().joined(separator: "\n") + "\n"
                do {
                    _ = try TwinQL.parse(String(query.dropFirst(6)))
                    Issue.record("no error: \(query)")
                } catch {
                    #expect(error.diagnostics.first?.render() == expected)
                }
            }
        }
    }

    @Test func semanticMessagesHaveTheirForm() {
        let source = "vibration + temperature of spindle SP-7 last 1h"
        let diagnostic = Diagnostic(
            .addedUnits, "cannot add vibration (mm/s) and temperature (°C)", at: .init(10, 11),
            in: source, also: [.init(0, 9), .init(12, 23)],
            notes: ["to see both, separate them with a comma: `vibration, temperature of …`"])
        #expect(
            diagnostic.render() == """
                error[TQ301]: cannot add vibration (mm/s) and temperature (°C)
                  | vibration + temperature of spindle SP-7 last 1h
                  | ~~~~~~~~~ ^ ~~~~~~~~~~~
                  = to see both, separate them with a comma: `vibration, temperature of …`

                """)
        #expect(diagnostic.position == SourcePosition(line: 1, column: 11))
    }

    @Test func nearNamesComeNearestFirst() {
        let names = ["vibration", "rpm", "temperature", "vibrations"]
        #expect(Suggestions.nearest(to: "vibratoin", in: names).first == "vibration")
        #expect(Suggestions.nearest(to: "zzz", in: names).isEmpty)
        #expect(Suggestions.editDistance("ab", "ba") == 1)
    }

    @Test func codesAreReadInAnyForm() {
        #expect(DiagnosticCode(text: "tq104") == .unknownMeasure)
        #expect(DiagnosticCode(text: "TQ999") == nil)
        #expect(DiagnosticCode.allCases.allSatisfy { !$0.title.isEmpty })
    }
}
