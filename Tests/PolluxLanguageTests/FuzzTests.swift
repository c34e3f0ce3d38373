import Foundation
import PolluxTestKit
import Testing

@testable import PolluxLanguage

@Suite struct FuzzTests {
    private static let pieces = [
        "of", "in", "every", "last", "5", "5m", "(", ")", ",", "\"", "[", "]", "$x", "-", "--",
        "1/h", "2026-03-02", "2026-02-31 25:00", "when", "avg", "is", "not", "°C", "é", "\u{0301}",
        "\n", "p99.9", "1e999", ";", "\u{0}", "👩‍🏭", "or", "99999999999999999999d", "=", "top",
    ]

    /// Some thousands; others with `POLLUX_SEEDS=1000001-2000000`.
    private static let seeds = Seed.asked ?? Array(1...3000)

    /// A tree whose canonical text gives the same tree, or a diagnostic with a place in the text.
    private func check(_ text: String, _ seed: UInt64) {
        do {
            let script = try TwinQL.parse(text)
            let printed = TwinQL.print(script)
            do {
                let again = try TwinQL.parse(printed)
                #expect(again == script, "seed \(seed): \(text) → \(printed)")
                #expect(TwinQL.print(again) == printed)
            } catch {
                Issue.record("seed \(seed): \(text) → \(printed): \(error)")
            }
        } catch {
            for diagnostic in error.diagnostics {
                #expect(diagnostic.range.upper <= text.utf8.count, "seed \(seed): \(text)")
                #expect(!diagnostic.render().isEmpty)
            }
        }
    }

    @Test func mutatedExamplesGiveATreeOrADiagnostic() {
        let examples = exampleText.split(separator: "\n").dropFirst().map(String.init)
        for seed in Self.seeds {
            var source = Seed(seed)
            guard var text = examples.randomElement(using: &source).map(Array.init) else { return }
            for _ in 0...Int.random(in: 0...2, using: &source) {
                let place = Int.random(in: 0...text.count, using: &source)
                if Bool.random(using: &source), place < text.count {
                    text.removeSubrange(place..<min(text.count, place + 3))
                } else {
                    let piece = Self.pieces.randomElement(using: &source) ?? ""
                    text.insert(contentsOf: " " + piece, at: place)
                }
            }
            check(String(text), seed)
        }
    }

    @Test func arbitraryTextGivesATreeOrADiagnostic() {
        for seed in Self.seeds {
            var source = Seed(seed)
            let count = Int.random(in: 0...20, using: &source)
            let text = (0..<count).map { _ in Self.pieces.randomElement(using: &source) ?? "" }
                .joined(separator: Bool.random(using: &source) ? " " : "")
            check(text, seed)
        }
    }

    @Test func deepAndLongTextsAreRefused() {
        let deep = String(repeating: "(", count: 100_000) + "a of b"
        #expect(throws: LanguageError.self) { try TwinQL.parse(deep) }
        let long = "a" + String(repeating: " + a", count: 100_000) + " of b"
        #expect(throws: LanguageError.self) { try TwinQL.parse(long) }
        let moments = "a of b since " + String(repeating: "5m before ", count: 10_000) + "now"
        #expect(throws: LanguageError.self) { try TwinQL.parse(moments) }
    }
}
