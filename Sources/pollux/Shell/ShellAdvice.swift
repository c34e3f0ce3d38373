import Foundation
import PolluxLanguage
import PolluxModel

/// What the editor offers and how it shows a sentence: the parser's state and the plant's names.
final class ShellAdvice: EditAdvice {
    let names: PlantNames
    /// The parameters that are set, for `$`.
    var parameters: [String] = []

    private static let choiceCount = 200

    init(names: PlantNames) {
        self.names = names
    }

    func isComplete(_ text: String) -> Bool {
        let start = text.first { !$0.isWhitespace }
        return start == nil || start == "\\" || TwinQL.isComplete(text)
    }

    // MARK: Completion

    func choices(in text: String, at offset: Int) -> Choices {
        if text.hasPrefix("\\") { return commandChoices(text, offset) }
        let completion = TwinQL.completions(in: text, at: offset)
        var offered: [Choice] = []
        for kind in completion.names {
            offered += choices(of: kind, completion, text: text, offset: offset)
        }
        let words = allKeywords(completion, text).map { Choice(text: $0) }
        return Choices(
            lower: completion.range.lower, upper: completion.range.upper,
            all: ShellAdvice.ranked(offered + words, by: completion.typed))
    }

    /// Keywords are filtered by what they begin with; the fuzzy order wants all that may stand.
    private func allKeywords(_ completion: Completion, _ text: String) -> [String] {
        guard !completion.partial.isEmpty else { return completion.keywords }
        return TwinQL.completions(in: text, at: completion.range.lower).keywords
    }

    /// Those whose letters hold the partial word in order: beginnings first, then the closest.
    static func ranked(_ choices: [Choice], by partial: String) -> [Choice] {
        let wanted = Array(partial.lowercased())
        var seen: Set<String> = []
        let scored = choices.compactMap { choice -> (score: Int, choice: Choice)? in
            guard seen.insert(choice.text).inserted,
                let score = score(choice.text.lowercased(), wanted)
            else { return nil }
            return (score, choice)
        }
        // A stable order: names as the plant lists them, then words of the language.
        return scored.enumerated().sorted {
            ($0.element.score, $0.offset) < ($1.element.score, $1.offset)
        }.prefix(choiceCount).map(\.element.choice)
    }

    private static func score(_ name: String, _ wanted: [Character]) -> Int? {
        let letters = name.filter { !"\"[]".contains($0) }
        if letters.hasPrefix(String(wanted)) { return 0 }
        var score = 1
        var index = 0
        var gap = 0
        for letter in letters where index < wanted.count {
            if letter == wanted[index] {
                score += gap
                gap = 0
                index += 1
            } else {
                gap += 1
            }
        }
        return index == wanted.count ? score : nil
    }

    private func choices(
        of kind: NameKind, _ completion: Completion, text: String, offset: Int
    ) -> [Choice] {
        switch kind {
        case .typeOrAsset, .type: return typeChoices(completion, isEither: kind == .typeOrAsset)
        case .asset:
            return completion.assetType.map { assetChoices($0, completion.typed) } ?? []
        case .measure: return measureChoices(completion, text: text, offset: offset)
        case .event: return listed("events", "event")
        case .relation: return listed("relations", "relation")
        case .level:
            return names.types.map { Choice(text: SentenceWord.name($0), detail: "type") }
                + listed("attributes", "attribute")
        case .query: return listed("alerts", "alert") + listed("queries", "continuous query")
        case .unit: return unitChoices(completion)
        case .format: return ["table", "csv", "json", "md", "chart"].map { Choice(text: $0) }
        case .duration:
            return ["15m", "1h", "8h", "1d", "7d", "30d"].map { Choice(text: $0, detail: "time") }
        case .parameter: return parameters.map { Choice(text: "$\($0)", detail: "parameter") }
        case .zone:
            guard !completion.partial.isEmpty else { return [] }
            return TimeZone.knownTimeZoneIdentifiers.map { Choice(text: "\"\($0)\"") }
        default: return []
        }
    }

    private func listed(_ listing: String, _ detail: String) -> [Choice] {
        names.rows("show \(listing)").compactMap { row in
            row.first.map { Choice(text: SentenceWord.name($0), detail: detail) }
        }
    }

    private func typeChoices(_ completion: Completion, isEither: Bool) -> [Choice] {
        let rows = names.rows("show types")
        var choices = rows.compactMap { row in
            row.first.map { Choice(text: SentenceWord.name($0), detail: "type") }
        }
        guard isEither else { return choices }
        for row in rows where row.count > 1 && !row[1].isEmpty {
            choices.append(Choice(text: SentenceWord.name(row[1]), detail: "every \(row[0])"))
        }
        if !completion.partial.isEmpty {
            for row in rows.prefix(20) {
                choices += row.first.map { assetChoices($0, completion.typed) } ?? []
            }
        }
        return choices
    }

    private func assetChoices(_ type: String, _ typed: String) -> [Choice] {
        names.assets(of: type, with: typed).compactMap { row in
            guard let name = row.first, !name.contains(" of ") else { return nil }
            let place = row.count > 2 && !row[2].isEmpty ? " in \(row[2])" : ""
            return Choice(text: SentenceWord.asset(name), detail: type + place)
        }
    }

    /// Measures with unit and type; with the newest value where the sentence names one asset.
    private func measureChoices(
        _ completion: Completion, text: String, offset: Int
    ) -> [Choice] {
        let path = pathText(completion, text: text, offset: offset)
        let newest = path.map { names.rows("latest everything of \($0)") } ?? []
        let type = completion.context.steps.first.flatMap(ShellAdvice.typeName)
        return names.rows("show measures").compactMap { row in
            guard row.count > 2 else { return nil }
            if let type, row[1] != type, names.types.contains(type), newest.isEmpty { return nil }
            let unit = row[2]
            var detail = [unit, "of \(row[1])"].filter { !$0.isEmpty }.joined(separator: " ")
            if let known = newest.first(where: { $0.contains(row[0]) }),
                let place = known.firstIndex(of: row[0]), place + 1 < known.count
            {
                detail = "\(known[place + 1]) \(unit)"
            }
            return Choice(text: SentenceWord.name(row[0]), detail: detail)
        } + listed("attributes", "attribute") + listed("events", "event")
    }

    /// The path of the sentence, when it can be read with something in the place of the word.
    private func pathText(_ completion: Completion, text: String, offset: Int) -> String? {
        let bytes = Array(text.utf8)
        let before = String(decoding: bytes[..<completion.range.lower], as: UTF8.self)
        let after = String(decoding: bytes[min(offset, bytes.count)...], as: UTF8.self)
        guard let statement = try? TwinQL.parseStatement(before + " x " + after),
            case .query(let query) = statement.form
        else { return nil }
        let path = TwinQL.print(query.path)
        return path.contains("every ") ? nil : path
    }

    private static func typeName(_ step: StepSyntax) -> String? {
        switch step.selection {
        case .bare(let label): label.literal
        case .every(let name, _): name.text
        case .named(let label, _): label.literal
        default: nil
        }
    }

    private func unitChoices(_ completion: Completion) -> [Choice] {
        let symbol = completion.context.measure.flatMap { measure in
            names.rows("show measures").first { $0.first == measure }.flatMap {
                $0.count > 2 && !$0[2].isEmpty ? $0[2] : nil
            }
        }
        guard let symbol, let unit = Unit.parse(symbol) else {
            return Unit.usualSymbols.map { Choice(text: $0, detail: "unit") }
        }
        return ([symbol] + unit.siblings.filter { $0 != symbol }).map {
            Choice(text: $0, detail: $0 == symbol ? "as stored" : "unit")
        }
    }

    private func commandChoices(_ text: String, _ offset: Int) -> Choices {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count <= 1 else {
            let argument = String(words.last ?? "")
            var offered: [Choice] = []
            if ["\\a", "\\m"].contains(words[0]) {
                offered = names.types.map { Choice(text: SentenceWord.name($0), detail: "type") }
            } else if words[0] == "\\h" {
                offered = ClauseHelp.words.map { Choice(text: $0) }
            } else if words[0] == "\\timezone" {
                offered = TimeZone.knownTimeZoneIdentifiers.map { Choice(text: $0) }
            }
            let start = text.utf8.count - argument.utf8.count
            return Choices(
                lower: start, upper: text.utf8.count,
                all: ShellAdvice.ranked(offered, by: argument))
        }
        let all = ShellCommand.all.map { Choice(text: $0.name, detail: $0.purpose) }
        return Choices(
            lower: 0, upper: text.utf8.count,
            all: all.filter { $0.text.hasPrefix(text) })
    }

    // MARK: Highlighting

    func styles(of text: String) -> [(range: Range<Int>, style: TextStyle)] {
        guard !text.hasPrefix("\\") else { return [] }
        let parts = TwinQL.highlight(text)
        let known = names.all
        let first = parts.first.map { $0.range.text(in: text).lowercased() } ?? ""
        // Statements make names of their own; only questions must use what is there.
        let isQuestion = Keyword(word: first).map { !$0.isLeading } ?? true
        var before = ""
        return parts.map { part in
            let word = part.range.text(in: text)
            defer { before = word.lowercased() }
            let style: TextStyle
            switch part.class {
            case .keyword: style = .keyword
            case .name:
                let isOwn = ["as", "into", "with", "using", "by"].contains(before)
                let isUnknown =
                    isQuestion && !isOwn && known.map { !$0.contains(plain(word)) } ?? false
                    && Keyword(word: word) == nil && plain(word) != "everything"
                    && !parts.contains { $0.class == .mistake }
                style = isUnknown && !isLiteral(word) ? .unknown : .name
            case .number: style = .number
            case .unit: style = .unit
            case .time: style = .time
            case .text: style = .text
            case .parameter: style = .number
            case .symbol: style = .symbol
            case .comment: style = .dim
            case .mistake: style = .mistake
            }
            return (part.range.lower..<part.range.upper, style)
        }
    }

    private func plain(_ word: String) -> String {
        word.filter { !"[]".contains($0) }.lowercased()
    }

    /// Percentile words and ordinals such as `shift` spans are no names of the plant.
    private func isLiteral(_ word: String) -> Bool {
        word.lowercased().hasPrefix("p") && word.dropFirst().allSatisfy { $0.isNumber || $0 == "." }
            && word.count > 1
    }
}

extension Completion {
    /// The partial word without the mark that opens a name.
    fileprivate var typed: String { partial.filter { !"\"'[$".contains($0) } }
}
