public import PolluxLanguage
public import PolluxStore

/// What runs continuous queries and alerts; the engine hands it the statements about them.
///
/// Called on the thread that runs the statement; implementations may block for a commit.
public protocol LiveControl: Sendable {
    /// Creates a continuous query whose text was checked by running it once.
    ///
    /// - Returns: a sentence that says what was done.
    func create(
        continuousQuery: ContinuousQuerySyntax, text: String, options: QueryOptions
    ) throws -> String
    /// Creates an alert whose text was checked by running it once.
    ///
    /// - Returns: a sentence that says what was done.
    func create(alert: AlertSyntax, text: String, options: QueryOptions) throws -> String
    /// Drops a continuous query or an alert.
    ///
    /// - Returns: a sentence, or nil when there is none of that name.
    func drop(_ kind: DroppedKind, named name: String) throws -> String?
    /// The continuous queries or alerts there are, for `show queries` and `show alerts`.
    func list(_ kind: DroppedKind) throws -> [LiveEntry]
    /// What a reader of a stored measure, or of the events of an alert, must know about
    /// corrections of the past; nil when everything is as it would be.
    func remark(on name: String) -> String?
    /// The continuous query that writes a measure; nil where none does.
    func writer(ofMeasure name: String) -> String?
    /// The statements that create again, in an order in which they can be run, what a commit has.
    func statements(in snapshot: Snapshot) throws -> [LiveStatement]
}

extension LiveControl {
    /// Nothing to know.
    public func remark(on name: String) -> String? { nil }
    /// Nothing is written.
    public func writer(ofMeasure name: String) -> String? { nil }
}

/// A continuous query or an alert in an export.
public enum LiveStatement: Hashable, Sendable {
    /// The statement that creates it, without a semicolon.
    case statement(String)
    /// One that a statement cannot say, and why.
    case omitted(String)
}

/// A continuous query or an alert in a listing.
public struct LiveEntry: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its canonical text.
    public var text: String
    /// What it is doing, such as `running` or why it is not.
    public var state: String

    /// An entry from its parts.
    public init(name: String, text: String, state: String) {
        self.name = name
        self.text = text
        self.state = state
    }
}
