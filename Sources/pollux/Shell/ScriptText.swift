import Foundation
import PolluxLanguage
import PolluxModel

/// Texts of several sentences.
enum ScriptText {
    /// The sentences one by one, each behind as many lines as stood before it and as many blanks as
    /// stood before it on its line, so that messages name the lines of the whole text.
    static func sentences(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        var starts = [0]
        for part in TwinQL.highlight(text)
        where part.class == .symbol && part.range.text(in: text) == ";" {
            starts.append(part.range.upper)
        }
        var lineCount = 0
        var lineStart = 0
        return starts.enumerated().compactMap { index, start in
            let end = index + 1 < starts.count ? starts[index + 1] : bytes.count
            let column = String(decoding: bytes[lineStart..<start], as: UTF8.self).count
            let before =
                String(repeating: "\n", count: lineCount) + String(repeating: " ", count: column)
            for place in start..<end where bytes[place] == UInt8(ascii: "\n") {
                lineCount += 1
                lineStart = place + 1
            }
            let own = String(decoding: bytes[start..<end], as: UTF8.self)
            let isSentence = TwinQL.highlight(own).contains {
                $0.class != .symbol && $0.class != .comment
            }
            return isSentence ? before + own : nil
        }
    }
}

/// The range that a question gets which names none.
enum UsualRange {
    /// The text with the range behind each question without one; anything else as it is.
    static func added(_ period: String, to text: String) -> String {
        guard let statement = try? TwinQL.parseStatement(text) else { return text }
        let query: QuerySyntax
        switch statement.form {
        case .query(let asked), .explain(let asked), .watch(let asked): query = asked
        default: return text
        }
        guard query.head != .remainingLife, query.clauses.time == nil,
            query.clauses.during == nil, query.clauses.next == nil, !query.isLatestOnly
        else { return text }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let body = trimmed.hasSuffix(";") ? String(trimmed.dropLast()) : trimmed
        // Behind a remark the range needs a line of its own.
        return body + (body.contains("--") ? "\n" : " ") + "last \(period)"
    }
}

/// The nearest of some words, for what was mistyped.
enum Suggestion {
    static func nearest(to word: String, among words: [String]) -> String? {
        let near = words.map { ($0, editDistance(Array(word), Array($0))) }.min { $0.1 < $1.1 }
        guard let near, near.1 <= 2 else { return nil }
        return near.0
    }
}

/// Sentences kept under a name, in a file beside the history.
enum SavedSentences {
    private static var path: String? {
        Terminal.variable("HOME").map { $0 + "/.pollux_sentences.json" }
    }

    private static func all() -> [String: String] {
        guard let path, let bytes = FileManager.default.contents(atPath: path) else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: bytes)) ?? [:]
    }

    /// Keeps a sentence.
    static func save(_ name: String, _ sentence: String) {
        guard !name.isEmpty, !sentence.isEmpty else {
            return print("\\save NAME keeps the last sentence; ask one first")
        }
        var sentences = all()
        sentences[name] = sentence
        guard let path, let bytes = try? JSONEncoder().encode(sentences),
            FileManager.default.createFile(
                atPath: path, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { return print("cannot write \(path ?? "a file: HOME is not set")") }
        print("\\run \(name) asks it again")
    }

    /// The sentence of a name; without one, lists them and returns nil.
    static func find(_ name: String) -> String? {
        let sentences = all()
        if let sentence = sentences[name] { return sentence }
        if !name.isEmpty { print("no sentence is kept as `\(name)`") }
        for (name, sentence) in sentences.sorted(by: { $0.key < $1.key }) {
            print("\(name)  \(sentence.replacing("\n", with: " "))")
        }
        return nil
    }
}
