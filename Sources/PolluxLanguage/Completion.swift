/// What may follow at a place of an unfinished text.
public struct Completion: Hashable, Sendable {
    /// The beginning of the word being typed; it is what a choice replaces.
    public var partial: String
    /// Where `partial` stands.
    public var range: SourceRange
    /// The keywords that may stand here and begin with `partial`.
    public var keywords: [String]
    /// The kinds of names and values that may stand here.
    public var names: [NameKind]
    /// The type written before, when the name of an asset may stand here.
    public var assetType: String?
    /// The symbols that may stand here, such as `(`, `,` or `=`.
    public var symbols: [String] = []
    /// What the sentence has said so far.
    public var context = CompletionContext()
}

/// What an unfinished sentence has said before a place: enough to choose among names.
///
/// Holds what was read, whether or not the sentence can be finished; nothing is looked up.
public struct CompletionContext: Hashable, Sendable {
    /// The first word of the statement where it is one, such as `show`; nil in a question.
    public var statement: String?
    /// The word of the clause that is being written, such as `where`; nil before the first.
    public var clause: String?
    /// The steps of the path so far, from what is wanted outwards; empty before `of`.
    public var steps: [StepSyntax] = []
    /// The measures and attributes named so far, in the order written.
    public var measures: [String] = []
    /// The measure or attribute that a unit or a value here belongs to: the last one named.
    public var measure: String?
    /// The aggregate over that measure, innermost; nil where it is read as it is.
    public var aggregate: AggregateWord?
    /// The event named directly before, when the name of one of its kind may stand here.
    public var event: String?

    /// Nothing was said.
    public init() {}
}

/// How a stretch of text is shown.
public enum HighlightClass: String, Hashable, Sendable, CaseIterable {
    /// A word of the language.
    case keyword
    /// A name of the plant.
    case name
    /// A number.
    case number
    /// A unit.
    case unit
    /// A date, time or length of time.
    case time
    /// A text in quotes.
    case text
    /// A parameter.
    case parameter
    /// An operator, bracket or comma.
    case symbol
    /// From `--` to the end of the line.
    case comment
    /// A stretch that is no token.
    case mistake
}

extension TwinQL {
    /// What may follow at a UTF-8 offset; the text behind it plays no part.
    ///
    /// Takes the parser's own state, so whatever the grammar allows is offered. O(text).
    public static func completions(in text: String, at offset: Int) -> Completion {
        let before = SourceRange(0, min(max(offset, 0), longestText)).text(in: text)
        let bytes = Array(before.utf8)
        let start = partialStart(bytes)
        var parser = Parser(String(decoding: bytes[..<start], as: UTF8.self))
        // A script may be empty; what is being written is a statement all the same.
        if (try? parser.script()) != nil, isAtStart(bytes[..<start]) { _ = try? parser.statement() }
        let partial = String(decoding: bytes[start...], as: UTF8.self)
        var completion = Completion(
            partial: partial, range: SourceRange(start, bytes.count), keywords: [], names: [])
        guard parser.expected.offset >= start || parser.current.kind == .end else {
            return completion
        }
        completion.names = parser.expected.names
        completion.symbols = parser.expected.symbolTexts
        completion.context = parser.trail
        let wanted = partial.lowercased()
        completion.keywords = parser.expected.keywords.map(\.rawValue).filter {
            $0.hasPrefix(wanted)
        }
        if completion.names.contains(.asset) { completion.assetType = parser.stepType }
        return completion
    }

    /// Whether a statement begins behind the bytes.
    private static func isAtStart(_ bytes: ArraySlice<UInt8>) -> Bool {
        let lexer = Lexer(String(decoding: bytes, as: UTF8.self))
        var last: Token.Kind?
        var token = lexer.token(at: 0)
        while token.kind != .end {
            last = token.kind
            token = lexer.token(at: token.range.upper)
        }
        return last == nil || last == .semicolon
    }

    /// Where the word at the end of the bytes begins; an open quote or bracket belongs to it.
    private static func partialStart(_ bytes: [UInt8]) -> Int {
        let lexer = Lexer(String(decoding: bytes, as: UTF8.self))
        var token = lexer.token(at: 0)
        var last = token
        while token.kind != .end {
            last = token
            token = lexer.token(at: token.range.upper)
        }
        guard last.range.upper == bytes.count, !last.range.isEmpty else { return bytes.count }
        switch last.kind {
        case .word, .parameter, .number, .duration, .timestamp, .bad: return last.range.lower
        default: return bytes.count
        }
    }

    /// Whether Enter ends the text: false where a sentence has begun and its end is missing.
    public static func isComplete(_ text: String) -> Bool {
        do {
            _ = try parse(text)
            return true
        } catch {
            guard let last = error.diagnostics.last else { return true }
            return last.code != .unexpectedEnd && last.code != .unclosed
        }
    }

    /// The stretches of a text with the way they are shown, in order; blanks are left out.
    public static func highlight(_ text: String) -> [(range: SourceRange, class: HighlightClass)] {
        guard text.utf8.count <= longestText else { return [] }
        let lexer = Lexer(text)
        var result: [(range: SourceRange, class: HighlightClass)] = []
        var end = 0
        var previous: Keyword?
        while true {
            let token = lexer.token(at: end)
            comments(lexer, SourceRange(end, token.range.lower), &result)
            guard token.kind != .end else { return result }
            result.append((token.range, highlightClass(token, lexer)))
            end = token.range.upper
            let countsThings = [.last, .top, .bottom, .limit, .points].contains(previous)
            if token.keyword == .in || (token.kind == .number && !countsThings),
                let unit = lexer.unit(at: end)
            {
                result.append((unit, .unit))
                end = unit.upper
            }
            previous = token.keyword
        }
    }

    private static func comments(
        _ lexer: Lexer, _ gap: SourceRange,
        _ result: inout [(range: SourceRange, class: HighlightClass)]
    ) {
        var position = gap.lower
        while position < gap.upper {
            guard lexer.byte(position) == 0x2D else {
                position += 1
                continue
            }
            let start = position
            while position < gap.upper, lexer.byte(position) != 0x0A { position += 1 }
            result.append((SourceRange(start, position), .comment))
        }
    }

    private static func highlightClass(_ token: Token, _ lexer: Lexer) -> HighlightClass {
        switch token.kind {
        case .word(let keyword):
            guard let keyword else { return .name }
            if keyword.isReserved || keyword.isLeading { return .keyword }
            let isCalled = keyword.aggregate != nil || keyword.ordinal >= Keyword.abs.ordinal
            let next = lexer.token(at: token.range.upper)
            return isCalled && (next.isName || next.kind == .leftParenthesis) ? .keyword : .name
        case .bracketed: return .name
        case .text: return .text
        case .parameter: return .parameter
        case .number: return .number
        case .duration, .timestamp: return .time
        case .bad: return .mistake
        default: return .symbol
        }
    }
}
