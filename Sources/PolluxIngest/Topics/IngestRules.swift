/// The rules by which topics and lines find their twins, as one text that people read and edit.
///
///     # The first rule that matches wins.
///     topic plant/+/{machine}/{:type}/{measure}
///     topic raw/{machine}/vib  measure vibration  unit mm/s  value data.rms  time data.ts
///     topic plant/+/heartbeat  skip
///     line  sensors  line={area} machine={device} spindle
///     line  *        machine={host} {measurement}
///
/// One rule a line; words are divided by blanks, a word with blanks stands in double quotes, `#`
/// begins a comment. Once there is a `topic` rule, the built-in one no longer holds; a line that
/// matches no `line` rule is placed by its tags as ever.
public struct IngestRules: Hashable, Sendable {
    /// The rules as written.
    public let text: String
    /// Those about topics.
    public let topics: TopicRules
    /// Those about lines of line protocol.
    let lines: [LineRule]
    /// How many rules are about lines.
    public var lineCount: Int { lines.count }

    /// The most bytes that rules may have.
    public static let byteCountLimit = 1_000_000

    /// No rules of one's own.
    public init() {
        text = ""
        topics = TopicRules()
        lines = []
    }

    /// Reads rules.
    ///
    /// - Throws: `IngestError.badRules` with the line, the character and what to write instead.
    public init(_ text: String) throws(IngestError) {
        guard text.utf8.count <= IngestRules.byteCountLimit else {
            throw .badRules(
                line: 1, column: 1, text: "",
                reason: "the rules are longer than \(IngestRules.byteCountLimit) bytes")
        }
        self.text = text
        var topics: [TopicRule] = []
        var lines: [LineRule] = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            do throws(RuleFault) {
                let words = try RuleWord.words(of: line)
                guard let first = words.first else { continue }
                switch first.text {
                case "topic": topics.append(try IngestRules.topic(words))
                case "line": lines.append(try LineRule(words))
                default:
                    throw RuleFault(
                        column: first.column,
                        reason: "a rule begins with topic or line, not `\(first.text)`")
                }
            } catch {
                throw .badRules(
                    line: number, column: error.column, text: String(line), reason: error.reason)
            }
        }
        self.topics = TopicRules(rules: topics)
        self.lines = lines
    }

    private static func topic(_ words: [RuleWord]) throws(RuleFault) -> TopicRule {
        guard words.count > 1 else {
            throw RuleFault(
                column: words[0].end,
                reason: "a template follows, such as topic plant/{machine}/{measure}")
        }
        let template = words[1]
        var rule: TopicRule
        do throws(IngestError) {
            rule = try TopicRule(template.text, needsNames: words.last?.text != "skip")
        } catch {
            guard case .badRule(_, let position, let reason) = error else {
                throw RuleFault(column: template.column, reason: error.description)
            }
            throw RuleFault(column: template.column + position - 1, reason: reason)
        }
        var index = 2
        var seen: Set<String> = []
        while index < words.count {
            let option = words[index]
            guard seen.insert(option.text).inserted else {
                throw RuleFault(column: option.column, reason: "\(option.text) stands here twice")
            }
            if option.text == "skip" {
                guard words.count == 3 else {
                    throw RuleFault(
                        column: option.column, reason: "skip stands alone behind the template")
                }
                rule.isSkipped = true
                break
            }
            guard ["measure", "unit", "value", "time"].contains(option.text) else {
                throw RuleFault(
                    column: option.column,
                    reason: "`\(option.text)` is not known here: measure, unit, value, time or "
                        + "skip")
            }
            guard index + 1 < words.count else {
                throw RuleFault(column: option.end, reason: "\(option.text) needs a word behind it")
            }
            try rule.set(option, to: words[index + 1])
            index += 2
        }
        if rule.steps.first == .literal("MTConnect"), !rule.isSkipped {
            throw RuleFault(
                column: template.column,
                reason: "MTConnect describes its devices itself: a rule can only skip its topics")
        }
        return rule
    }
}

/// What is wrong in one line of rules, by its character from 1.
struct RuleFault: Error {
    var column: Int
    var reason: String
}

/// A word of a rule and where it stands.
struct RuleWord: Hashable, Sendable {
    var text: String
    /// The character at which it begins, from 1.
    var column: Int
    /// The character behind it.
    var end: Int

    /// The words of a line, without its comment.
    static func words(of line: Substring) throws(RuleFault) -> [RuleWord] {
        var words: [RuleWord] = []
        let characters = Array(line)
        var index = 0
        while index < characters.count {
            if characters[index].isWhitespace {
                index += 1
                continue
            }
            // A # inside a topic is a wildcard: a comment begins where a word could.
            if characters[index] == "#",
                words.isEmpty || index + 1 == characters.count
                    || characters[index + 1].isWhitespace
            {
                break
            }
            let start = index
            var text = ""
            if characters[index] == "\"" {
                index += 1
                while index < characters.count, characters[index] != "\"" {
                    text.append(characters[index])
                    index += 1
                }
                guard index < characters.count else {
                    throw RuleFault(column: start + 1, reason: "the quote is not closed")
                }
                index += 1
            } else {
                while index < characters.count, !characters[index].isWhitespace {
                    text.append(characters[index])
                    index += 1
                }
            }
            words.append(RuleWord(text: text, column: start + 1, end: index + 1))
        }
        return words
    }
}
