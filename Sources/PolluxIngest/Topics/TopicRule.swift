/// One template, checked.
struct TopicRule: Hashable, Sendable {
    /// What one level of a template asks for.
    enum Step: Hashable, Sendable {
        /// The level is this text.
        case literal(String)
        /// The level is the name of an asset of a type.
        case name(type: String)
        /// The level is the type of a part.
        case part
        /// The level is the measure or a piece of it.
        case measure
        /// Any one level.
        case any
        /// Any further levels.
        case rest
    }

    /// The template as written.
    let template: String
    private(set) var steps: [Step] = []
    /// Assets and parts that the rule names itself, by how many levels stand before them.
    private(set) var fixed: [(before: Int, level: AssetAddress.Level, isPart: Bool)] = []

    /// The measure, where neither topic nor payload names it.
    private(set) var measure = ""
    /// The unit of values that come without one.
    private(set) var unit = ""
    /// Where in a JSON payload the value or the object of values stands; empty for the whole.
    private(set) var valuePath: [String] = []
    /// Where in a JSON payload the time stands; empty when the well-known names tell.
    private(set) var timePath: [String] = []
    /// Whether messages of the topic are passed over.
    var isSkipped = false

    /// Whether JSON is read by the rule's own paths.
    var hasPaths: Bool { !valuePath.isEmpty || !timePath.isEmpty }
    /// Whether the path to the value begins with a position of an array.
    var startsWithIndex: Bool { valuePath.first.flatMap { Int($0) } != nil }

    static func == (left: TopicRule, right: TopicRule) -> Bool {
        left.template == right.template && left.measure == right.measure
            && left.unit == right.unit && left.valuePath == right.valuePath
            && left.timePath == right.timePath && left.isSkipped == right.isSkipped
    }
    func hash(into hasher: inout Hasher) { hasher.combine(template) }

    /// Takes an option of a rule.
    mutating func set(_ option: RuleWord, to word: RuleWord) throws(RuleFault) {
        guard !word.text.isEmpty else {
            throw RuleFault(column: word.column, reason: "\(option.text) is empty")
        }
        switch option.text {
        case "measure":
            guard !steps.contains(.measure) else {
                throw RuleFault(
                    column: option.column, reason: "the template's {measure} names the measure")
            }
            measure = word.text
        case "unit":
            guard !UnitText.symbol(word.text).isEmpty else {
                throw RuleFault(
                    column: word.column, reason: "`\(word.text)` is no unit known here")
            }
            unit = word.text
        default:
            let path = word.text.split(separator: ".", omittingEmptySubsequences: false)
            guard !path.contains("") else {
                throw RuleFault(
                    column: word.column,
                    reason: "a path is written with points, such as data.rms")
            }
            if option.text == "value" {
                valuePath = path.map(String.init)
            } else {
                timePath = path.map(String.init)
            }
        }
    }

    /// Reads a template; without names only for messages that are passed over.
    ///
    /// - Throws: `IngestError.badRule` with the place of the fault.
    init(_ template: String, needsNames: Bool = true) throws(IngestError) {
        self.template = template
        var position = 1
        guard !template.isEmpty else {
            throw .badRule(rule: template, position: 1, reason: "the rule is empty")
        }
        let pieces = template.split(separator: "/", omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            try add(piece, at: position, isLast: index == pieces.count - 1)
            position += piece.count + 1
        }
        let names = steps.contains { if case .name = $0 { true } else { $0 == .part } }
        guard names || !fixed.isEmpty || !needsNames else {
            throw .badRule(
                rule: template, position: 1,
                reason: "no level names an asset: write for example {machine}")
        }
    }

    private mutating func add(
        _ piece: Substring, at position: Int, isLast: Bool
    ) throws(IngestError) {
        func fail(_ offset: Int, _ reason: String) -> IngestError {
            .badRule(rule: template, position: position + offset, reason: reason)
        }
        switch piece {
        case "+": return steps.append(.any)
        case "#":
            guard isLast else { throw fail(0, "# can only stand at the end") }
            return steps.append(.rest)
        case "": throw fail(0, "a level is empty: two slashes, or one at an end")
        default: break
        }
        guard piece.first == "{" else {
            if let brace = piece.firstIndex(where: { "{}+#".contains($0) }) {
                throw fail(
                    piece.distance(from: piece.startIndex, to: brace),
                    "\(piece[brace]) must be a level of its own: write …/{machine}/…")
            }
            return steps.append(.literal(String(piece)))
        }
        // Several names may stand in one level when all but one are given: {line=L2}{machine}.
        var rest = piece
        while !rest.isEmpty {
            let offset = piece.distance(from: piece.startIndex, to: rest.startIndex)
            guard rest.first == "{", let close = rest.firstIndex(of: "}") else {
                throw fail(offset, "expected a name in braces, such as {machine}")
            }
            let inner = rest[rest.index(after: rest.startIndex)..<close]
            let isAlone = rest.index(after: close) == piece.endIndex
            if let reason = addBraces(inner, isAlone: isAlone) { throw fail(offset, reason) }
            rest = rest[rest.index(after: close)...]
        }
    }

    /// Adds what stands between braces and returns what is wrong with it.
    private mutating func addBraces(_ inner: Substring, isAlone: Bool) -> String? {
        guard !inner.contains("{") else { return "a brace is opened twice" }
        if let equals = inner.firstIndex(of: "=") {
            let type = inner[..<equals]
            let name = inner[inner.index(after: equals)...]
            guard !type.isEmpty, !name.isEmpty else { return "write {type=name}" }
            if type == ":type" {
                fixed.append((steps.count, .init(type: String(name), name: ""), true))
            } else {
                fixed.append((steps.count, .init(type: String(type), name: String(name)), false))
            }
            // A level of given names alone takes no level of the topic.
            return nil
        }
        guard isAlone else { return "only one name of a level can come from the topic" }
        switch inner {
        case "measure": steps.append(.measure)
        case ":type": steps.append(.part)
        case "": return "the braces are empty: write {machine}, {:type} or {measure}"
        default:
            guard inner.first != ":" else {
                return "{\(inner)} is not known: {:type} takes the level as the type of a part"
            }
            guard inner.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
                return "a type is written with letters, digits, - and _"
            }
            steps.append(.name(type: String(inner)))
        }
        return nil
    }

    /// What a topic stands for by this rule, or nil when it does not match.
    func match(_ segments: [String], namesMeasures: Bool) -> TopicMatch? {
        var match = TopicMatch(rule: template)
        var measures: [String] = []
        var index = 0
        for (number, step) in steps.enumerated() {
            addFixed(before: number, to: &match)
            if step == .rest { break }
            if index == segments.count, step == .measure, number == steps.count - 1,
                namesMeasures
            {
                break
            }
            guard index < segments.count else { return nil }
            let segment = segments[index]
            index += 1
            switch step {
            case .literal(let text):
                guard text == segment else { return nil }
            case .name(let type):
                guard !segment.isEmpty else { return nil }
                match.address.levels.append(.init(type: type, name: segment))
            case .part:
                guard !segment.isEmpty else { return nil }
                match.address.parts.append(.init(type: segment, name: ""))
            case .measure:
                guard !segment.isEmpty else { return nil }
                measures.append(segment)
            case .any, .rest: break
            }
        }
        addFixed(before: steps.count, to: &match)
        guard index == segments.count || steps.last == .rest else { return nil }
        match.measure = measures.isEmpty ? measure : measures.joined(separator: "/")
        match.unit = unit
        guard namesMeasures || !match.measure.isEmpty else { return nil }
        return match
    }

    private func addFixed(before number: Int, to match: inout TopicMatch) {
        for entry in fixed where entry.before == number {
            if entry.isPart {
                match.address.parts.append(entry.level)
            } else {
                match.address.levels.append(entry.level)
            }
        }
    }
}
