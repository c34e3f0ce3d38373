/// One rule for lines: which measurement, and from which tags the place comes.
///
/// `line sensors line={area} machine={device} spindle`: the tag `area` names the line, `device` the
/// machine, and the fields are measures of the machine's spindle. `{measurement}` is the type of a
/// part named like the measurement; `*` stands for any measurement. A rule holds for lines that
/// have all of its tags.
struct LineRule: Hashable, Sendable {
    /// One step of the place, outermost first.
    struct Step: Hashable, Sendable {
        enum Name: Hashable, Sendable {
            /// The unnamed place of its type.
            case none
            case fixed(String)
            case tag(String)
        }

        /// The type; nil for one named like the measurement.
        var type: String?
        var name: Name
    }

    /// The measurement, or nil for any.
    let measurement: String?
    let steps: [Step]

    /// Reads the words of a rule, the first being `line`.
    init(_ words: [RuleWord]) throws(RuleFault) {
        guard words.count > 2 else {
            throw RuleFault(
                column: words[words.count - 1].end,
                reason: "a measurement and a place follow, such as "
                    + "line sensors machine={device} spindle")
        }
        measurement = words[1].text == "*" ? nil : words[1].text
        var steps: [Step] = []
        for word in words.dropFirst(2) { steps.append(try LineRule.step(word)) }
        guard case .none = steps[0].name else {
            self.steps = steps
            return
        }
        throw RuleFault(
            column: words[2].column,
            reason: "the first step needs a name: machine={device} or machine=CNC-3")
    }

    private static func step(_ word: RuleWord) throws(RuleFault) -> Step {
        if word.text == "{measurement}" { return Step(type: nil, name: .none) }
        guard let equals = word.text.firstIndex(of: "=") else {
            if let brace = word.text.firstIndex(where: { "{}".contains($0) }) {
                throw RuleFault(
                    column: word.column + word.text.distance(from: word.text.startIndex, to: brace),
                    reason: "write TYPE={TAG}, or {measurement}")
            }
            return Step(type: word.text, name: .none)
        }
        let type = String(word.text[..<equals])
        let name = word.text[word.text.index(after: equals)...]
        let column = word.column + type.count + 1
        guard !type.isEmpty else {
            throw RuleFault(column: word.column, reason: "a type stands before =")
        }
        guard !name.isEmpty else {
            throw RuleFault(column: column, reason: "a name or a {TAG} stands behind =")
        }
        guard name.first == "{" else { return Step(type: type, name: .fixed(String(name))) }
        guard name.last == "}", name.count > 2 else {
            throw RuleFault(column: column, reason: "write the tag in braces: \(type)={TAG}")
        }
        return Step(type: type, name: .tag(String(name.dropFirst().dropLast())))
    }

    /// The place of a line, and the tags it did not use; nil when the rule does not match.
    ///
    /// Steps up to the last whose type is in `containment` are containers; those behind are parts.
    func place(
        _ lineMeasurement: String, _ tags: [(key: String, value: String)], containment: [String]
    ) -> (address: AssetAddress, rest: [(key: String, value: String)])? {
        guard measurement == nil || measurement == lineMeasurement else { return nil }
        let last = steps.lastIndex { containment.contains($0.type ?? lineMeasurement) } ?? 0
        var address = AssetAddress()
        var rest = tags
        for (index, step) in steps.enumerated() {
            var level = AssetAddress.Level(type: step.type ?? lineMeasurement, name: "")
            switch step.name {
            case .none: break
            case .fixed(let name): level.name = name
            case .tag(let key):
                guard let value = tags.first(where: { $0.key == key })?.value, !value.isEmpty
                else { return nil }
                level.name = value
                rest.removeAll { $0.key == key }
            }
            if index <= last, !level.name.isEmpty {
                address.levels.append(level)
            } else {
                address.parts.append(level)
            }
        }
        return (address, rest)
    }
}

/// How lines find their place: rules of one's own first, then the types of their tags.
struct LinePlaces: Sendable {
    /// Types whose tags place a line, outermost first.
    var containment: [String]
    var rules: [LineRule] = []
}
