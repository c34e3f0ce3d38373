import PolluxModel

/// Names and values as TwinQL writes them.
enum QuotedName {
    /// Words that stand for something else in the language.
    private static let reserved: Set<String> = Set(
        """
        above and as at between bottom by compare during every false fill for from in including \
        into is last like limit next not of offset on or over overall per points since that this \
        timezone to today top true until using wait when where with within yesterday watch explain \
        show describe create drop move relate unrelate retire set record forecast anomalies \
        remaining now ago before after start end
        """.split(separator: " ").map(String.init))

    /// A name where only a name can stand: plain, else in brackets.
    static func word(_ name: String) -> String {
        if isPlain(name) { return name }
        let parts = name.split(separator: "]", omittingEmptySubsequences: false)
        return "[" + parts.joined(separator: "]]") + "]"
    }

    /// A name of an asset or a type in a path: plain, else in quotes.
    static func label(_ name: String) -> String {
        isPlain(name) ? name : text(name)
    }

    /// Text in quotes.
    static func text(_ text: String) -> String {
        "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\"")
            + "\""
    }

    /// A value.
    static func value(_ value: Value) -> String {
        switch value {
        case .float(let number): "\(number)"
        case .integer(let number): "\(number)"
        case .boolean(let flag): flag ? "true" : "false"
        case .text(let content): text(content)
        }
    }

    /// Settings or attributes after `with`, or nothing.
    static func settings(_ attributes: [Attribute]) -> String {
        if attributes.isEmpty { return "" }
        return " with "
            + attributes.map { "\(word($0.name)) = \(value($0.value))" }.joined(separator: ", ")
    }

    static func isPlain(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first.properties.isAlphabetic,
            !reserved.contains(name.lowercased())
        else { return false }
        let scalars = Array(name.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            if scalar == "-" {
                guard index + 1 < scalars.count, isWordScalar(scalars[index + 1]) else {
                    return false
                }
            } else if !isWordScalar(scalar) {
                return false
            }
        }
        return true
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
    }
}
