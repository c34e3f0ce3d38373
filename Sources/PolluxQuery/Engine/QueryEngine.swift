public import PolluxGraph
public import PolluxLanguage
import PolluxModel
public import PolluxStore
import Synchronization

/// Answers TwinQL over a store and its graph.
///
///     let engine = QueryEngine(store: store, graph: graph) { name in bytesOfZoneFile(name) }
///     let results = try engine.run("vibration of spindle of machine CNC-3 last 1h")
///
/// Each statement sees one snapshot. Runs are synchronous and may block: call them on threads of
/// their own, as many at once as wanted.
public final class QueryEngine: Sendable {
    /// The bytes of a zone's TZif file, or nil when there is none; names are checked before.
    public typealias ZoneSource = @Sendable (String) -> [UInt8]?

    /// Where points are.
    public let store: Store
    /// Where the plant is.
    public let graph: Graph
    let zones: ZoneShelf
    private let control = Mutex<(any LiveControl)?>(nil)

    /// An engine over a store and the graph of the same environment.
    public init(store: Store, graph: Graph, zones: @escaping ZoneSource = { _ in nil }) {
        self.store = store
        self.graph = graph
        self.zones = ZoneShelf(source: zones)
    }

    /// Sets what continuous queries and alerts are handed to.
    public func setLiveControl(_ control: (any LiveControl)?) {
        self.control.withLock { $0 = control }
    }

    var liveControl: (any LiveControl)? { control.withLock { $0 } }

    /// Runs the statements of a text one after the other.
    ///
    /// - Throws: `QueryError`; statements before the one at fault have been run.
    public func run(
        _ text: String, options: QueryOptions = QueryOptions()
    ) throws -> [QueryResult] {
        throw QueryError.runtime(.notAvailable, "this server cannot answer questions yet")
    }

    /// Runs a question that was parsed before, as `watch` and continuous queries do.
    ///
    /// `text` is what the ranges of the tree refer to.
    public func run(
        query: QuerySyntax, text: String, options: QueryOptions = QueryOptions()
    ) throws -> QueryResult {
        throw QueryError.runtime(.notAvailable, "this server cannot answer questions yet")
    }
}
