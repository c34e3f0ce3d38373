import PolluxGraph
import PolluxModel

/// A change of the plant, as the log has it, seen by questions that it may concern.
struct PlantEdit: Hashable, Sendable {
    /// What of a question it can touch.
    enum Kind: Hashable, Sendable {
        /// An event of a name, recorded, changed or deleted.
        case event(String)
        /// An attribute of a name.
        case attribute(String)
        /// Types, measures, relations, units: the names in the statement.
        case declaration(Set<String>)
        /// What exists and what is where.
        case structure
    }

    var kind: Kind
    var assets: [AssetID]
    /// The time whose answers can differ.
    var span: TimeRange
    /// Whether it only adds something that was not there, so that it has no past.
    var isCreation: Bool

    init(_ entry: LogEntry) {
        assets = entry.assets
        span = entry.span
        isCreation = entry.action == .create && entry.span.start == .distantPast
        let words = TextWords(entry.text).inOrder
        if entry.text.hasPrefix("record event "), words.count > 2 {
            kind = .event(words[2])
        } else if entry.action == .set, words.count > 1 {
            kind = .attribute(words[1])
        } else if entry.assets.isEmpty {
            // `create measure NAME of TYPE …`: the type's other measures are not touched.
            let isMeasure = words.count > 2 && words[1] == "measure"
            kind = .declaration(isMeasure ? [words[2]] : Set(words.dropFirst(2)))
        } else {
            kind = .structure
        }
    }
}

/// The words of a text of the language, without case: names, words in brackets as one.
struct TextWords: Sendable {
    private(set) var inOrder: [String] = []
    /// Whether `of` stands inside parentheses: a formula with a path of its own.
    private(set) var hasInnerPath = false

    init(_ text: String) {
        var depth = 0
        var word = ""
        // What ends the text in quotes or brackets that is being read.
        var end: Character?
        func isPart(_ character: Character) -> Bool {
            character.isLetter || character.isNumber || character == "_" || character == "-"
        }
        func finish() {
            guard !word.isEmpty else { return }
            inOrder.append(word.lowercased())
            if inOrder.last == "of", depth > 0 { hasInnerPath = true }
            word = ""
        }
        for character in text {
            if let closing = end {
                if character == closing {
                    finish()
                    end = nil
                } else {
                    word.append(character)
                }
                continue
            }
            if isPart(character) {
                word.append(character)
                continue
            }
            finish()
            switch character {
            case "(": depth += 1
            case ")": depth -= 1
            case "[": end = "]"
            case "\"", "'": end = character
            default: break
            }
        }
        finish()
    }
}
