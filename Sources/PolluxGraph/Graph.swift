public import PolluxKeyValue

/// The twin graph: types, measures, assets, relations and attributes with validity, and events.
///
/// All state lives in LMDB tables named `graph.…`. Reads take a `ReadTransaction` and see one commit;
/// changes take a `WriteTransaction` and become visible when it commits. Errors of changes are
/// `GraphError`, or `KeyValueError`, which must leave the body of the write as it is (the map grows
/// and the body runs again).
public final class Graph: Sendable {
    /// Opens the graph of an environment and creates its tables and built-in types when absent.
    ///
    /// - Throws: `GraphError` when the tables cannot be opened or are of a newer format.
    public init(environment: Environment) throws {
        fatalError("being built")
    }
}

/// What a lookup by name found.
public struct AssetMatches: Hashable, Sendable {
    /// Those that fit, at most as many as asked for: exact names, else the only one without case.
    public var assets: [Asset]
    /// Whether there are more.
    public var isCut: Bool
}
