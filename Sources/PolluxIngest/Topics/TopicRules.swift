/// Which part and measure a topic stands for: rules in order, the first that matches wins.
///
/// A rule is a template of levels: `{machine}` takes the level as the name of a machine, `{:type}`
/// as the type of a part, `{measure}` as the measure (several are joined by `/`), `+` skips a
/// level,
/// `#` at the end skips the rest, and anything else must stand there itself. `{machine=CNC-3}`
/// names a machine that the topic does not, and `{:type=spindle}` a part.
///
/// Where the template ends in `{measure}`, a topic one level shorter matches too: its payload names
/// the measures.
public struct TopicRules: Hashable, Sendable {
    /// The built-in rule: site, line, machine, part, measure, as many as there are.
    ///
    /// A payload with names (a JSON object) takes every level as an asset; any other payload takes
    /// the last level as the measure. Beyond the machine each level is the type of a part.
    public static let builtIn = "{site}/{line}/{machine}/{:type}/{measure}"

    /// The templates as written; empty when only the built-in one holds.
    public var templates: [String] { rules.map(\.template) }
    /// Whether only the built-in rule holds.
    var isBuiltIn: Bool { rules.isEmpty }
    let rules: [TopicRule]

    /// The built-in rule alone.
    public init() {
        rules = []
    }

    /// Rules of one's own instead of the built-in one; none at all means the built-in one.
    ///
    /// - Throws: `IngestError.badRule` with the place of the fault.
    public init(_ templates: [String]) throws(IngestError) {
        var rules: [TopicRule] = []
        for template in templates { rules.append(try TopicRule(template)) }
        self.rules = rules
    }

    /// Rules that were read before.
    init(rules: [TopicRule]) {
        self.rules = rules
    }

    /// The rule of one's own that a topic falls under, whatever its payload; nil without one.
    func rule(for topic: String) -> TopicRule? {
        guard rules.contains(where: { $0.isSkipped || $0.hasPaths }) else { return nil }
        let segments = TopicRules.segments(of: topic)
        return rules.first {
            $0.match(segments, namesMeasures: true) != nil
                || $0.match(segments, namesMeasures: false) != nil
        }
    }

    /// What a topic stands for.
    ///
    /// - Parameter namesMeasures: whether the payload itself names measures.
    /// - Returns: nil when no rule matches.
    func match(_ topic: String, namesMeasures: Bool) -> TopicMatch? {
        match(segments: TopicRules.segments(of: topic), namesMeasures: namesMeasures)
    }

    /// The levels of a topic, empty ones too.
    static func segments(of topic: String) -> [String] {
        topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// Whether a rule speaks of Sparkplug's namespace.
    var hasSparkplugRules: Bool { rules.contains { $0.steps.first == .literal("spBv1.0") } }

    /// What the levels of a topic stand for.
    func match(segments: [String], namesMeasures: Bool) -> TopicMatch? {
        guard !segments.contains(where: { $0.utf8.contains(where: { $0 < 0x20 }) }) else {
            return nil
        }
        if isBuiltIn { return TopicRules.matchBuiltIn(segments, namesMeasures) }
        for rule in rules {
            if let match = rule.match(segments, namesMeasures: namesMeasures) { return match }
        }
        return nil
    }

    /// The built-in rule; a leading slash is passed over, empty levels match nothing.
    private static func matchBuiltIn(_ all: [String], _ namesMeasures: Bool) -> TopicMatch? {
        var segments = all[...]
        if segments.first == "" { segments = segments.dropFirst() }
        guard !segments.isEmpty, !segments.contains("") else { return nil }
        var match = TopicMatch(rule: builtIn)
        if !namesMeasures || segments.count > 4 {
            guard segments.count > 1, let measure = segments.popLast() else { return nil }
            match.measure = measure
        }
        let types = ["site", "line", "machine"]
        for (index, segment) in segments.enumerated() {
            if index < types.count {
                match.address.levels.append(.init(type: types[index], name: segment))
            } else {
                match.address.parts.append(.init(type: segment, name: ""))
            }
        }
        return match
    }
}

/// What a topic was found to stand for.
struct TopicMatch: Hashable, Sendable {
    /// The rule that matched, as written.
    var rule: String
    var address = AssetAddress()
    /// The measure, or what its name begins with; empty when the payload names it.
    var measure = ""
    /// The unit that the rule gives to values without one.
    var unit = ""
}
