/// Why something could not be taken in; every case says what, where and what to do.
public enum IngestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A topic rule that cannot be used; `position` counts characters of the rule from 1.
    case badRule(rule: String, position: Int, reason: String)
    /// A text of rules that cannot be used; `line` and `column` count from 1.
    case badRules(line: Int, column: Int, text: String, reason: String)
    /// A broker address that cannot be used.
    case badAddress(text: String, reason: String)
    /// A message that cannot be read or mapped.
    case unreadable(reason: String)
    /// The broker refused or closed the connection.
    case broker(address: String, reason: String)
    /// A confirmation that did not come in time.
    case timedOut(action: String)
    /// Something was used after it was stopped.
    case stopped
    /// The store could not commit; nothing of the write is stored.
    case notCommitted(reason: String)

    /// What, where and what to do.
    public var description: String {
        switch self {
        case .badRule(let rule, let position, let reason):
            "topic rule \"\(rule)\", character \(position): \(reason)"
        case .badRules(let line, let column, let text, let reason):
            "rules, line \(line), character \(column): \(reason)"
                + IngestError.pointer(text, column)
        case .badAddress(let text, let reason):
            "broker address \"\(text)\": \(reason); write it as "
                + "mqtt://user:password@host:1883/?topic=factory/%23&client=pollux"
        case .unreadable(let reason): reason
        case .broker(let address, let reason): "broker \(address): \(reason)"
        case .timedOut(let action): "\(action) took too long"
        case .stopped: "the source or publisher was stopped"
        case .notCommitted(let reason): "not stored: \(reason)"
        }
    }

    /// The line with a caret under the character.
    private static func pointer(_ line: String, _ column: Int) -> String {
        guard !line.isEmpty else { return "" }
        return "\n  | \(line)\n  | " + String(repeating: " ", count: max(column - 1, 0)) + "^"
    }
}
