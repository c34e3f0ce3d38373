/// The statements of InfluxQL that are answered beside TwinQL.
enum InfluxStatement: Equatable {
    /// There is one database, and it is there already.
    case createDatabase
    case showDatabases
    case showRetentionPolicies
    /// The types, those that fit a pattern.
    case showMeasurements(InfluxFilter)
    /// The types of what contains the assets of a type.
    case showTagKeys(InfluxFilter)
    /// The names of assets of a type.
    case showTagValues(InfluxFilter)
    /// The measures of a type.
    case showFieldKeys(InfluxFilter)

    /// The longest text that is looked at; no listing needs more.
    private static let byteCountLimit = 64 << 10

    /// The statements of a text; nil when it does not begin with one of these.
    ///
    /// - Throws: `InfluxSyntaxError` when one begins like one of these and goes on otherwise.
    static func read(_ text: String) throws(InfluxSyntaxError) -> [InfluxStatement]? {
        guard text.utf8.count <= byteCountLimit else { return nil }
        var reader = InfluxReader(text)
        guard reader.isAtStatement else { return nil }
        var statements: [InfluxStatement] = []
        while !reader.isAtEnd {
            if reader.symbol(";") { continue }
            statements.append(try statement(&reader))
        }
        return statements
    }

    private static func statement(
        _ reader: inout InfluxReader
    ) throws(InfluxSyntaxError) -> InfluxStatement {
        if reader.words("CREATE", "DATABASE") {
            reader.skipStatement()
            return .createDatabase
        }
        if reader.words("SHOW", "DATABASES") {
            _ = try reader.filter()
            return .showDatabases
        }
        if reader.words("SHOW", "RETENTION", "POLICIES") {
            _ = try reader.filter()
            return .showRetentionPolicies
        }
        if reader.words("SHOW", "MEASUREMENTS") { return .showMeasurements(try reader.filter()) }
        if reader.words("SHOW", "TAG", "KEYS") { return .showTagKeys(try reader.filter()) }
        if reader.words("SHOW", "FIELD", "KEYS") { return .showFieldKeys(try reader.filter()) }
        guard reader.words("SHOW", "TAG", "VALUES") else { throw reader.unexpected() }
        let filter = try reader.filter()
        guard filter.keys != nil else {
            throw InfluxSyntaxError(text: "SHOW TAG VALUES needs WITH KEY = \"type\"")
        }
        return .showTagValues(filter)
    }
}

/// What follows the head of a SHOW statement.
struct InfluxFilter: Equatable {
    /// The type of `FROM`.
    var type: InfluxPattern?
    /// The pattern of `WITH MEASUREMENT`.
    var measurement: InfluxPattern?
    /// The tags of `WITH KEY`.
    var keys: InfluxPattern?
    /// The conditions of `WHERE`, all of which must hold.
    var conditions: [Condition] = []
    /// The most values; nil for all.
    var limit: Int?

    /// `"line" = 'L2'`.
    struct Condition: Equatable {
        var key: String
        var pattern: InfluxPattern
        var isNegated: Bool
    }
}

/// What is wrong with a statement of InfluxQL.
struct InfluxSyntaxError: Error {
    var text: String
}

/// Words to be equal to, or a regular expression made of words, `|`, `^`, `$` and `.*` alone.
struct InfluxPattern: Equatable {
    private struct Word: Equatable {
        var text: String
        var isFromStart = true
        var isToEnd = true
    }

    private var words: [Word]
    private var ignoresCase = false

    /// One of these texts.
    init(_ texts: [String]) { words = texts.map { Word(text: $0) } }

    /// A regular expression as Grafana writes them; nil when it says more than words.
    init?(expression: String) {
        var text = Substring(expression)
        if text.hasPrefix("(?i)") {
            ignoresCase = true
            text = text.dropFirst(4)
        }
        let (isFromStart, isToEnd) = (text.hasPrefix("^"), text.hasSuffix("$"))
        if isFromStart { text = text.dropFirst() }
        if isToEnd { text = text.dropLast() }
        if text.hasPrefix("("), text.hasSuffix(")") { text = text.dropFirst().dropLast() }
        words = []
        var word = Word(text: "", isFromStart: isFromStart, isToEnd: isToEnd)
        var characters = text.makeIterator()
        while let character = characters.next() {
            switch character {
            case "\\":
                guard let next = characters.next(), !next.isLetter, !next.isNumber else {
                    return nil
                }
                word.text.append(next)
            case "|":
                words.append(word)
                word = Word(text: "", isFromStart: isFromStart, isToEnd: isToEnd)
            case ".":
                guard characters.next() == "*" else { return nil }
                if word.text.isEmpty { word.isFromStart = false } else { word.isToEnd = false }
            case "*", "+", "?", "(", ")", "[", "]", "{", "}", "^", "$": return nil
            default:
                // `.*` in the middle of a word.
                if !word.text.isEmpty, word.isToEnd != isToEnd { return nil }
                word.text.append(character)
            }
        }
        words.append(word)
    }

    /// Whether a text fits.
    func fits(_ text: String) -> Bool {
        let text = ignoresCase ? text.lowercased() : text
        return words.contains { word in
            let wanted = ignoresCase ? word.text.lowercased() : word.text
            switch (word.isFromStart, word.isToEnd) {
            case (true, true): return text == wanted
            case (true, false): return text.hasPrefix(wanted)
            case (false, true): return text.hasSuffix(wanted)
            case (false, false): return wanted.isEmpty || text.contains(wanted)
            }
        }
    }

    /// The only text that fits; nil when several can.
    var only: String? {
        guard words.count == 1, !ignoresCase, words[0].isFromStart, words[0].isToEnd else {
            return nil
        }
        return words[0].text
    }
}
