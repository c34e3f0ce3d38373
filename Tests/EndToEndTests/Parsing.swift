import PolluxLanguage

/// Parses a text and prints it, so that tests without the language's types can check sentences.
func parse(_ text: String) throws -> String {
    TwinQL.print(try TwinQL.parse(text))
}
