/// Why something live could not be done.
public enum LiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There are as many subscriptions as allowed.
    case tooManySubscriptions(limit: Int)
    /// The text is not one question.
    case notOneQuery
    /// A name is taken.
    case exists(String)
    /// A query that cannot be stored as a measure, and why.
    case notStorable(String)
    /// A stored definition cannot be read.
    case damagedDefinition(String)
    /// The engine was stopped.
    case stopped

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .tooManySubscriptions(let limit):
            "there are \(limit) subscriptions already; end one first"
        case .notOneQuery: "only one question can be watched at a time"
        case .exists(let name): "`\(name)` exists; drop it first"
        case .notStorable(let why): why
        case .damagedDefinition(let name):
            "the stored definition of `\(name)` cannot be read; drop and create it again"
        case .stopped: "the server is stopping"
        }
    }
}
