/// What a SELECT of InfluxQL would be in TwinQL, for the message that refuses it.
enum InfluxSelect {
    /// A question to write instead; nil when the text is no SELECT.
    static func translated(_ text: String) -> String? {
        let words = text.prefix(2_000).split { $0.isWhitespace }.map { $0.lowercased() }
        guard words.first == "select" else { return nil }
        let names = pieces(text.prefix(2_000))
        guard let from = names.firstIndex(where: { $0.lowercased() == "from" }),
            from >= 2, from + 1 < names.count
        else { return "mean power of every machine where $timeFilter every $__interval" }
        // Behind a database and a retention policy stands the measurement.
        let type = names[from + 1].split(separator: ".").last.map(String.init) ?? "machine"
        let isFolded = functions[names[1].lowercased()] != nil && from >= 3
        let aggregate = isFolded ? functions[names[1].lowercased()] ?? "" : ""
        let field = names[isFolded ? 2 : 1]
        let item = aggregate.isEmpty ? quoted(field) : "\(aggregate) \(quoted(field))"
        let isSliced = text.lowercased().contains("group by time(")
        return "\(item) of every \(quoted(type)) where $timeFilter"
            + (isSliced ? " every $__interval" : "")
    }

    /// The aggregates that both languages have.
    private static let functions = [
        "mean": "mean", "max": "max", "min": "min", "sum": "sum", "count": "count",
        "median": "median", "stddev": "stddev", "last": "latest", "first": "earliest",
        "mode": "mode",
    ]

    /// Words and quoted names; a dot stays inside.
    private static func pieces(_ text: Substring) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var isQuoted = false
        for character in text {
            if character == "\"" {
                isQuoted.toggle()
            } else if isQuoted || character.isLetter || character.isNumber
                || "_.-".contains(character)
            {
                piece.append(character)
            } else if !piece.isEmpty {
                pieces.append(piece)
                piece = ""
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    /// A name as TwinQL takes it.
    private static func quoted(_ name: String) -> String {
        let isPlain =
            name.first?.isLetter ?? false
            && name.allSatisfy {
                $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-"
            }
        return isPlain ? name : "[\(name)]"
    }
}
