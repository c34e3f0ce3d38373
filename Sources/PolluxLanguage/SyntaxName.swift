/// A name as written: a word, or any text in brackets.
public struct NameSyntax: Hashable, Sendable {
    /// The name without brackets.
    public var text: String
    /// Where it stands, brackets included.
    @Overlooked public var range: SourceRange

    /// A name; the printer adds brackets where they are needed.
    public init(_ text: String, range: SourceRange = .none) {
        self.text = text
        self.range = range
    }
}

/// Text in quotes.
public struct TextSyntax: Hashable, Sendable {
    /// The text with doubled quotes undone.
    public var text: String
    /// Where it stands, quotes included.
    @Overlooked public var range: SourceRange

    /// A text.
    public init(_ text: String, range: SourceRange = .none) {
        self.text = text
        self.range = range
    }
}

/// A unit symbol as written, such as `mm/s`; units are case-sensitive.
public struct UnitSyntax: Hashable, Sendable {
    /// The symbol.
    public var symbol: String
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A unit symbol.
    public init(_ symbol: String, range: SourceRange = .none) {
        self.symbol = symbol
        self.range = range
    }
}

/// A parameter, `$name`: its value comes with the query, never pasted into the text.
public struct ParameterSyntax: Hashable, Sendable {
    /// The name without `$`.
    public var name: String
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A parameter.
    public init(_ name: String, range: SourceRange = .none) {
        self.name = name
        self.range = range
    }
}

/// A word that names a type or an asset: a name, a quoted text, or a parameter.
public enum LabelSyntax: Hashable, Sendable {
    /// A word or a bracketed name.
    case name(NameSyntax)
    /// A quoted text, which means the same as the name in brackets.
    case text(TextSyntax)
    /// A parameter that holds the name.
    case parameter(ParameterSyntax)

    /// Where it stands.
    public var range: SourceRange {
        switch self {
        case .name(let name): name.range
        case .text(let text): text.range
        case .parameter(let parameter): parameter.range
        }
    }

    /// The name it gives, or nil for a parameter.
    public var literal: String? {
        switch self {
        case .name(let name): name.text
        case .text(let text): text.text
        case .parameter: nil
        }
    }
}
