public import PolluxModel

/// Text to syntax tree and back.
public enum TwinQL {
    /// The longest text that is read, in bytes; longer ones are refused with `textTooLong`.
    public static let longestText = 1 << 20

    /// Reads a script of statements separated by `;`.
    ///
    /// O(text), no I/O. Never traps, whatever the text.
    /// - Throws: `LanguageError` with the first mistake of each statement.
    public static func parse(_ text: String) throws(LanguageError) -> ScriptSyntax {
        fatalError("the parser lands next")
    }

    /// Reads exactly one statement; a `;` behind it is allowed.
    ///
    /// - Throws: `LanguageError` with the first mistake.
    public static func parseStatement(_ text: String) throws(LanguageError) -> StatementSyntax {
        fatalError("the parser lands next")
    }

    /// The canonical text of a script, one statement a line, each ended by `;`.
    public static func print(_ script: ScriptSyntax) -> String {
        fatalError("the printer lands next")
    }

    /// The canonical text of a statement: one line, clauses in the order of the reference.
    public static func print(_ statement: StatementSyntax) -> String {
        fatalError("the printer lands next")
    }

    /// The canonical text of a query.
    public static func print(_ query: QuerySyntax) -> String {
        fatalError("the printer lands next")
    }

    /// The canonical text of a path.
    public static func print(_ path: PathSyntax) -> String {
        fatalError("the printer lands next")
    }

    /// The canonical text of a formula.
    public static func print(_ expression: ExpressionSyntax) -> String {
        fatalError("the printer lands next")
    }

    /// The canonical text of a period, such as `1h30m`.
    public static func print(_ period: Period) -> String {
        fatalError("the printer lands next")
    }
}

extension Diagnostic {
    /// The message as people read it: code, sentence, the line with carets, suggestions, notes.
    ///
    /// Lines end with `\n`; colours are ANSI sequences.
    public func render(colour: Bool = false) -> String {
        fatalError("the renderer lands next")
    }
}
