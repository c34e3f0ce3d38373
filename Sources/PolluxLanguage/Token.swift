/// One token of a text.
struct Token {
    /// What it is.
    enum Kind: Equatable {
        case word(Keyword?)
        case bracketed, text, parameter, number, duration, timestamp
        case leftParenthesis, rightParenthesis, comma, semicolon
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        case plus, minus, star, slash
        case end
        case bad(LexicalMistake)
    }

    var kind: Kind
    var range: SourceRange

    /// The keyword, when it is a word that has one.
    var keyword: Keyword? {
        if case .word(let keyword) = kind { return keyword }
        return nil
    }

    /// Whether it can be a name: a word that is not reserved, or a bracketed one.
    var isName: Bool {
        switch kind {
        case .word(let keyword): keyword.map { !$0.isReserved } ?? true
        case .bracketed: true
        default: false
        }
    }

    /// Whether it can stand for a type or an asset.
    var isLabel: Bool { isName || kind == .text || kind == .parameter }
}

/// Why a stretch of text is no token.
enum LexicalMistake: Equatable {
    case strangeCharacter
    case openText
    case openBracket
    case emptyBrackets
    case numberGluedToWord
    case numberTooLarge
    case badTimestamp
    case badPeriod
    case loneDollar
}
