/// Reads statements of InfluxQL token by token.
struct InfluxReader {
    private enum Token: Equatable {
        case word(String)
        /// In double quotes.
        case identifier(String)
        /// In single quotes.
        case text(String)
        /// Between slashes.
        case expression(String)
        case symbol(String)
    }

    private let tokens: [Token]
    private var index = 0

    init(_ text: String) { tokens = InfluxReader.tokens(text) }

    private static func tokens(_ text: String) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        while let first = rest.first {
            switch first {
            case "\"": tokens.append(.identifier(quoted(&rest)))
            case "'": tokens.append(.text(quoted(&rest)))
            // A regular expression stands behind an operator or `FROM` alone.
            case "/": tokens.append(.expression(quoted(&rest)))
            case let letter where letter.isLetter || letter.isNumber || letter == "_":
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            case let blank where blank.isWhitespace: rest = rest.dropFirst()
            default:
                let length = ["=~", "!~", "!=", "<>", ">=", "<="].contains(rest.prefix(2)) ? 2 : 1
                tokens.append(.symbol(String(rest.prefix(length))))
                rest = rest.dropFirst(length)
            }
        }
        return tokens
    }

    /// What stands between quotes; a backslash escapes the quote, and in an expression stays.
    private static func quoted(_ rest: inout Substring) -> String {
        let quote = rest.removeFirst()
        var text = ""
        while let character = rest.popFirst(), character != quote {
            if character == "\\", let next = rest.popFirst() {
                if quote == "/", next != "/" { text.append("\\") }
                text.append(next)
            } else {
                text.append(character)
            }
        }
        return text
    }

    /// Whether everything was read.
    var isAtEnd: Bool { index == tokens.count }

    /// Whether what comes next begins a statement that is answered.
    var isAtStatement: Bool {
        var reader = self
        while reader.symbol(";") {}
        return [
            ["CREATE", "DATABASE"], ["SHOW", "DATABASES"], ["SHOW", "MEASUREMENTS"],
            ["SHOW", "RETENTION", "POLICIES"], ["SHOW", "TAG", "KEYS"], ["SHOW", "TAG", "VALUES"],
            ["SHOW", "FIELD", "KEYS"],
        ].contains { words in
            var copy = reader
            return words.allSatisfy { copy.word($0) }
        }
    }

    /// Takes words, without case; all or none.
    mutating func words(_ texts: String...) -> Bool {
        var copy = self
        guard texts.allSatisfy({ copy.word($0) }) else { return false }
        self = copy
        return true
    }

    private mutating func word(_ text: String) -> Bool {
        guard index < tokens.count, case .word(let found) = tokens[index],
            found.uppercased() == text
        else { return false }
        index += 1
        return true
    }

    /// Takes a symbol.
    mutating func symbol(_ text: String) -> Bool {
        guard index < tokens.count, tokens[index] == .symbol(text) else { return false }
        index += 1
        return true
    }

    /// Passes over the rest of a statement.
    mutating func skipStatement() {
        while !isAtEnd, tokens[index] != .symbol(";") { index += 1 }
    }

    /// The error of a token that does not fit.
    func unexpected() -> InfluxSyntaxError {
        guard !isAtEnd else { return InfluxSyntaxError(text: "the statement ends too early") }
        switch tokens[index] {
        case .word(let text), .symbol(let text): return InfluxSyntaxError(text: "found \(text)")
        case .identifier(let text): return InfluxSyntaxError(text: "found \"\(text)\"")
        case .text(let text): return InfluxSyntaxError(text: "found '\(text)'")
        case .expression(let text): return InfluxSyntaxError(text: "found /\(text)/")
        }
    }

    // MARK: Clauses

    /// The clauses of a SHOW statement up to its end.
    mutating func filter() throws(InfluxSyntaxError) -> InfluxFilter {
        var filter = InfluxFilter()
        while !isAtEnd, tokens[index] != .symbol(";") {
            if word("ON") {
                _ = try name()
            } else if word("FROM") {
                filter.type = try source()
            } else if words("WITH", "KEY") {
                filter.keys = try pattern()
            } else if words("WITH", "MEASUREMENT") {
                filter.measurement = try pattern()
            } else if word("WHERE") {
                repeat {
                    if let condition = try condition() { filter.conditions.append(condition) }
                } while word("AND")
            } else if word("LIMIT") {
                filter.limit = try number()
            } else {
                throw unexpected()
            }
        }
        return filter
    }

    private mutating func name() throws(InfluxSyntaxError) -> String {
        guard !isAtEnd else { throw unexpected() }
        switch tokens[index] {
        case .word(let text), .identifier(let text):
            index += 1
            return text
        default: throw unexpected()
        }
    }

    private mutating func number() throws(InfluxSyntaxError) -> Int {
        guard !isAtEnd, case .word(let text) = tokens[index], let number = Int(text), number >= 0
        else { throw unexpected() }
        index += 1
        return number
    }

    /// A measurement, behind a database and a retention policy where they are given.
    private mutating func source() throws(InfluxSyntaxError) -> InfluxPattern {
        if case .expression? = tokens[index...].first { return try expression() }
        var last = try name()
        while symbol(".") {
            if symbol(".") { continue }
            last = try name()
        }
        return InfluxPattern([last])
    }

    private mutating func expression() throws(InfluxSyntaxError) -> InfluxPattern {
        guard !isAtEnd, case .expression(let text) = tokens[index] else { throw unexpected() }
        guard let pattern = InfluxPattern(expression: text) else {
            throw InfluxSyntaxError(
                text: "/\(text)/ says more than words, `|`, `^`, `$` and `.*` can")
        }
        index += 1
        return pattern
    }

    /// `= name`, `=~ /expression/` or `IN (name, …)`.
    private mutating func pattern() throws(InfluxSyntaxError) -> InfluxPattern {
        if symbol("=~") { return try expression() }
        if symbol("=") { return InfluxPattern([try name()]) }
        guard word("IN"), symbol("(") else { throw unexpected() }
        var names = [try name()]
        while symbol(",") { names.append(try name()) }
        guard symbol(")") else { throw unexpected() }
        return InfluxPattern(names)
    }

    /// A condition on a tag; nil for one on the time, because the plant is shown as it is.
    private mutating func condition() throws(InfluxSyntaxError) -> InfluxFilter.Condition? {
        let isEnclosed = symbol("(")
        let condition = try comparison()
        guard !isEnclosed || symbol(")") else { throw unexpected() }
        return condition
    }

    private mutating func comparison() throws(InfluxSyntaxError) -> InfluxFilter.Condition? {
        if word("TIME") {
            var depth = 0
            while !isAtEnd, tokens[index] != .symbol(";") {
                if tokens[index] == .symbol("(") { depth += 1 }
                if tokens[index] == .symbol(")") { depth -= 1 }
                if depth < 0 { break }
                if case .word(let text) = tokens[index], text.uppercased() == "AND" { break }
                index += 1
            }
            return nil
        }
        let key = try name()
        let isNegated = ["!=", "<>", "!~"].contains { tokens[index...].first == .symbol($0) }
        if symbol("=~") || symbol("!~") {
            return InfluxFilter.Condition(
                key: key, pattern: try expression(), isNegated: isNegated)
        }
        guard symbol("=") || symbol("!=") || symbol("<>"), !isAtEnd,
            case .text(let value) = tokens[index]
        else { throw unexpected() }
        index += 1
        return InfluxFilter.Condition(
            key: key, pattern: InfluxPattern([value]), isNegated: isNegated)
    }
}
