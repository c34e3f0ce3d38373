import PolluxLanguage

/// Names as a sentence writes them.
enum SentenceWord {
    /// A name, in brackets where it is no plain word.
    static func name(_ name: String) -> String {
        isPlain(name) ? name : "[\(name)]"
    }

    /// The name of an asset, in quotes where it is no plain word.
    static func asset(_ name: String) -> String {
        isPlain(name) ? name : quoted(name)
    }

    /// A text in quotes.
    static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\"", with: "\"\""))\""
    }

    private static func isPlain(_ name: String) -> Bool {
        guard Keyword(word: name).map({ !$0.isReserved }) ?? true else { return false }
        let parts = TwinQL.highlight(name)
        return parts.count == 1 && parts[0].range == SourceRange(0, name.utf8.count)
            && (parts[0].class == .name || parts[0].class == .keyword)
    }
}
