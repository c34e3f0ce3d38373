/// Something wrong with a text, said so that its writer can put it right.
public struct Diagnostic: Hashable, Sendable {
    /// What the first line begins with.
    public enum Kind: Hashable, Sendable {
        /// `error[TQ104]: …`.
        case error
        /// `0 rows: …`: not wrong, but the answer is empty and this is why.
        case emptyResult
    }

    /// A likely correction, shown behind the carets; the first stands on their line.
    public struct Suggestion: Hashable, Sendable {
        /// The words shown, such as "did you mean `vibration`?".
        public var label: String
        /// The text to put in place of `range`, where accepting it is one key.
        public var replacement: String?
        /// What the replacement replaces; nil: the diagnostic's own range.
        public var range: SourceRange?

        /// A correction.
        public init(_ label: String, replacement: String? = nil, range: SourceRange? = nil) {
            self.label = label
            self.replacement = replacement
            self.range = range
        }
    }

    /// What the first line begins with.
    public var kind: Kind
    /// The code, explained at length by `DiagnosticCode.explanation`.
    public var code: DiagnosticCode
    /// One sentence in the user's words, without a full stop.
    public var message: String
    /// What is wrong (`^`).
    public var range: SourceRange
    /// What else takes part (`~`).
    public var secondaryRanges: [SourceRange]
    /// Likely corrections, best first, at most three are shown.
    public var suggestions: [Suggestion]
    /// Further lines, shown behind `=`.
    public var notes: [String]
    /// The whole text the ranges refer to.
    public var source: String

    /// A diagnostic; `range` and the others are offsets into `source`.
    public init(
        _ code: DiagnosticCode, _ message: String, at range: SourceRange, in source: String,
        kind: Kind = .error, also secondaryRanges: [SourceRange] = [],
        suggestions: [Suggestion] = [], notes: [String] = []
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.range = range
        self.secondaryRanges = secondaryRanges
        self.suggestions = suggestions
        self.notes = notes
        self.source = source
    }

    /// Line and column of what is wrong, from 1.
    public var position: SourcePosition { range.start(in: source) }
}

/// A text that is not TwinQL, with at least one diagnostic, in the order of the text.
public struct LanguageError: Error, Hashable, Sendable {
    /// What is wrong.
    public var diagnostics: [Diagnostic]

    /// An error.
    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }
}
