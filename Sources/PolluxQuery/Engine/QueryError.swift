public import PolluxLanguage

/// Why a text gave no answer.
public enum QueryError: Error, Sendable, CustomStringConvertible {
    /// The text is wrong, or asks for what is not there; with position and suggestions.
    case diagnostics([Diagnostic])
    /// It could not be finished: cancelled, too long, too large, or stored data is damaged.
    case runtime(DiagnosticCode, String)

    /// The code of the first thing that is wrong.
    public var code: DiagnosticCode {
        switch self {
        case .diagnostics(let list): list.first?.code ?? .unexpectedWord
        case .runtime(let code, _): code
        }
    }

    /// The first sentence.
    public var message: String {
        switch self {
        case .diagnostics(let list): list.first?.message ?? "the text cannot be read"
        case .runtime(_, let message): message
        }
    }

    /// Whether the text is at fault (exit code 2, status 400) rather than the run (3, 5xx).
    public var isInText: Bool {
        if case .diagnostics = self { return true }
        return false
    }

    /// The code and the first sentence.
    public var description: String { "error[\(code.text)]: \(message)" }
}
