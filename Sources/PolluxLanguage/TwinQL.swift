public import PolluxModel

/// Text to syntax tree and back.
public enum TwinQL {
    /// The longest text that is read, in bytes; longer ones are refused with `textTooLong`.
    public static let longestText = 1 << 20

    /// Reads a script of statements separated by `;`.
    ///
    /// O(text), no I/O. Never traps, whatever the text.
    /// - Throws: `LanguageError` with the first mistake of each statement, at most twenty.
    public static func parse(_ text: String) throws(LanguageError) -> ScriptSyntax {
        try checkLength(text)
        var parser = Parser(text)
        return try parser.script()
    }

    /// Reads exactly one statement; a `;` behind it is allowed.
    ///
    /// - Throws: `LanguageError` with the first mistake.
    public static func parseStatement(_ text: String) throws(LanguageError) -> StatementSyntax {
        try checkLength(text)
        var parser = Parser(text)
        let statement = try parser.statement()
        while parser.take(.semicolon) {}
        guard parser.current.kind == .end else { throw parser.unexpected() }
        return statement
    }

    private static func checkLength(_ text: String) throws(LanguageError) {
        guard text.utf8.count > longestText else { return }
        throw LanguageError([
            Diagnostic(
                .textTooLong, "the text is longer than \(longestText) bytes", at: .none, in: "")
        ])
    }

    /// The canonical text of a script, one statement a line, each ended by `;`.
    public static func print(_ script: ScriptSyntax) -> String {
        script.statements.map { print($0) + ";\n" }.joined()
    }

    /// The canonical text of a statement: one line, clauses in the order of the reference.
    public static func print(_ statement: StatementSyntax) -> String {
        var printer = Printer()
        printer.statement(statement)
        return printer.text
    }

    /// The canonical text of a query.
    public static func print(_ query: QuerySyntax) -> String {
        var printer = Printer()
        printer.query(query)
        return printer.text
    }

    /// The canonical text of a path.
    public static func print(_ path: PathSyntax) -> String {
        var printer = Printer()
        printer.path(path)
        return printer.text
    }

    /// The canonical text of a formula.
    public static func print(_ expression: ExpressionSyntax) -> String {
        var printer = Printer()
        printer.expression(expression)
        return printer.text
    }

    /// The canonical text of a period, such as `1h30m`.
    public static func print(_ period: Period) -> String { period.description }
}
