/// What kind of name, value or word the grammar expects at a place.
public enum NameKind: String, Hashable, Sendable, CaseIterable {
    /// A type of asset, or an asset's own name, or a plural: the start of a path step.
    case typeOrAsset
    /// A type of asset.
    case type
    /// The name of an asset; `Completion.assetType` says of which type.
    case asset
    /// A measure or an attribute.
    case measure
    /// An event.
    case event
    /// What one event of a kind is called, such as `J41`; `CompletionContext.event` says of which.
    case eventName
    /// A relation.
    case relation
    /// A level of the plant or an attribute.
    case level
    /// An output format.
    case format
    /// A method of forecast or anomalies.
    case method
    /// The name of an alert or a continuous query.
    case query
    /// The name of a setting.
    case setting
    /// A name of one's own choice.
    case newName
    /// A unit.
    case unit
    /// A length of time, such as `1h30m`.
    case duration
    /// A date or time.
    case timestamp
    /// A parameter, `$name`.
    case parameter
    /// A number.
    case number
    /// A text in quotes.
    case text
    /// A time zone in quotes.
    case zone

    /// How an error message calls it.
    var words: String {
        switch self {
        case .typeOrAsset: "a type or an asset"
        case .type: "a type"
        case .asset: "an asset"
        case .measure: "a measure"
        case .event: "an event"
        case .eventName: "the name of an event"
        case .relation: "a relation"
        case .level: "a level or an attribute"
        case .format: "an output format"
        case .method: "a method"
        case .query: "a name"
        case .setting: "a setting"
        case .newName: "a name"
        case .unit: "a unit"
        case .duration: "a length of time such as 1h30m"
        case .timestamp: "a date or time"
        case .parameter: "a parameter"
        case .number: "a number"
        case .text: "a text in quotes"
        case .zone: "a time zone in quotes"
        }
    }

}

/// What the parser asked for at the furthest place it reached.
struct Expectations {
    /// The offset of that place.
    private(set) var offset = -1
    private var keywordBits: UInt128 = 0
    private var nameKinds: [NameKind] = []
    private var symbols: [Token.Kind] = []

    /// Makes the place the furthest one; false when it lies before it.
    private mutating func reach(_ place: Int) -> Bool {
        if place < offset { return false }
        if place > offset {
            offset = place
            keywordBits = 0
            nameKinds.removeAll(keepingCapacity: true)
            symbols.removeAll(keepingCapacity: true)
        }
        return true
    }

    mutating func note(_ keyword: Keyword, at place: Int) {
        if reach(place) { keywordBits |= 1 << UInt128(keyword.bitIndex) }
    }

    mutating func note(name kind: NameKind, at place: Int) {
        if reach(place), !nameKinds.contains(kind) { nameKinds.append(kind) }
    }

    mutating func note(_ symbol: Token.Kind, at place: Int) {
        if reach(place), !symbols.contains(symbol) { symbols.append(symbol) }
    }

    /// The keywords, in the order of the list of keywords.
    var keywords: [Keyword] {
        keywordBits == 0
            ? [] : Keyword.allCases.filter { keywordBits & (1 << UInt128($0.bitIndex)) != 0 }
    }

    /// The kinds of names, in the order they were asked for.
    var names: [NameKind] { nameKinds }

    /// The symbols as written.
    var symbolTexts: [String] { symbols.compactMap(\.symbolText) }
}

extension Keyword {
    /// A number below 128, one for each keyword.
    var bitIndex: Int { ordinal }
}

extension Token.Kind {
    /// The symbol as written, nil for tokens that are none.
    var symbolText: String? {
        switch self {
        case .leftParenthesis: "("
        case .rightParenthesis: ")"
        case .comma: ","
        case .semicolon: ";"
        case .equal: "="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .plus: "+"
        case .minus: "-"
        case .star: "*"
        case .slash: "/"
        default: nil
        }
    }
}
