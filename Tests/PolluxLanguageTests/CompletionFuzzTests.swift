import Foundation
import PolluxTestKit
import Testing

@testable import PolluxLanguage

/// Whatever stands before the cursor, completion and highlighting answer, and inside the text.
@Suite struct CompletionFuzzTests {
    @Test func everyCutOfEveryExampleIsAnswered() {
        let examples = exampleText.split(separator: "\n").dropFirst().map(String.init)
        for text in examples {
            for offset in 0...text.utf8.count {
                let completion = TwinQL.completions(in: text, at: offset)
                #expect(completion.range.upper <= text.utf8.count)
                #expect(completion.range.lower <= completion.range.upper)
            }
            for part in TwinQL.highlight(text) {
                #expect(part.range.upper <= text.utf8.count && part.range.lower < part.range.upper)
            }
        }
    }

    /// What is offered fits: behind each example cut at a blank, every keyword that is offered is
    /// read without complaint at that place.
    @Test func keywordsThatAreOfferedAreRead() {
        let examples = exampleText.split(separator: "\n").dropFirst().map(String.init)
        var count = 0
        for text in examples {
            let sentence = String(text.prefix { $0 != ";" })
            let words = sentence.split(separator: " ")
            for length in 0..<words.count {
                let start = words.prefix(length).map { $0 + " " }.joined()
                for keyword in TwinQL.completions(in: start, at: start.utf8.count).keywords {
                    let tried = start + keyword
                    do {
                        _ = try TwinQL.parse(tried)
                    } catch {
                        // The sentence may be unfinished, but the word itself must fit.
                        let place = error.diagnostics[0]
                        let isAtWord =
                            place.code == .unexpectedWord
                            && place.range.lower == start.utf8.count
                        #expect(!isAtWord, "\(tried): \(place.message)")
                    }
                    count += 1
                }
            }
        }
        #expect(count > 1000)
    }
}
