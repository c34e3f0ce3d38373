/// Which part and measure a topic stands for: rules in order, the first that matches wins.
///
/// A rule is a template of levels: `{machine}` is the name of a machine, `{:type}` the type of an
/// unnamed part, `{measure}` the measure, `+` any level, `#` the rest, anything else itself.
public struct TopicRules: Hashable, Sendable {
    /// The built-in rule: site, line, machine, part, measure, as many as there are.
    public static let builtIn = "{site}/{line}/{machine}/{:type}/{measure}"

    /// The rules as written; empty when only the built-in one holds.
    public let templates: [String]
    let rules: [TopicRule]

    /// The built-in rule alone.
    public init() {
        templates = []
        rules = []
    }

    /// Rules of one's own instead of the built-in one.
    ///
    /// - Throws: `IngestError.badRule` with the place of the fault.
    public init(_ templates: [String]) throws(IngestError) {
        self.templates = templates
        var rules: [TopicRule] = []
        for template in templates { rules.append(try TopicRule(template)) }
        self.rules = rules
    }
}

/// One template, checked.
struct TopicRule: Hashable, Sendable {
    let template: String

    init(_ template: String) throws(IngestError) {
        self.template = template
    }
}
