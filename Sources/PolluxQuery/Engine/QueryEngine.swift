public import PolluxGraph
public import PolluxLanguage
import PolluxModel
public import PolluxStore
import Synchronization

/// Answers TwinQL over a store and the graph of the same environment.
///
/// Runs on the calling thread; every statement sees one snapshot and one `now`. Safe to call from
/// many threads.
///
/// ```swift
/// let results = try engine.run("vibration of spindle of machine CNC-3 last 1h")
/// ```
public final class QueryEngine: Sendable {
    /// Reads the zone file of a name; the name has been checked to be only a zone's.
    public typealias ZoneSource = @Sendable (String) -> [UInt8]?

    /// The points.
    public let store: Store
    /// The plant.
    public let graph: Graph
    let zones: ZoneShelf
    /// Helps questions that read many columns.
    let threads = ScanThreads()
    /// Paths resolved in the newest commit.
    let paths = PathShelf()
    private let control = Mutex<(any LiveControl)?>(nil)

    /// An engine over a store and the graph of the same environment.
    public init(store: Store, graph: Graph, zones: @escaping ZoneSource = { _ in nil }) {
        self.store = store
        self.graph = graph
        self.zones = ZoneShelf(source: zones)
        store.setLifeRules(PlantLifeRules(graph: graph))
    }

    deinit { threads.stop() }

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
        try run(parse(text), options: options)
    }

    /// Reads a text; nothing is run.
    ///
    /// - Throws: `QueryError.diagnostics`.
    public func parse(_ text: String) throws -> ParsedText {
        let started = SystemTime.monotonic()
        do {
            let script = try TwinQL.parse(text)
            return ParsedText(
                text: text, script: script, nanoseconds: SystemTime.monotonic() - started)
        } catch {
            throw QueryError.diagnostics(error.diagnostics)
        }
    }

    /// Runs the statements of a text that was read.
    ///
    /// - Throws: `QueryError`; statements before the one at fault have been run.
    public func run(
        _ parsed: ParsedText, options: QueryOptions = QueryOptions()
    ) throws -> [QueryResult] {
        try parsed.script.statements.map { statement in
            var result = try run(
                statement, text: parsed.text, options: options,
                parseNanoseconds: parsed.nanoseconds)
            result.stats.parseNanoseconds = parsed.nanoseconds
            return result
        }
    }

    /// Runs a question that was parsed before, as `watch` and continuous queries do.
    ///
    /// `text` is what the ranges of the tree refer to.
    public func run(
        query: QuerySyntax, text: String, options: QueryOptions = QueryOptions()
    ) throws -> QueryResult {
        try translating {
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            let started = SystemTime.monotonic()
            let question = try Question(
                query: query, text: text, options: options, engine: self, snapshot: snapshot)
            var result = try question.answer()
            result.stats.runNanoseconds = SystemTime.monotonic() - started
            return result
        }
    }

    private func run(
        _ statement: StatementSyntax, text: String, options: QueryOptions,
        parseNanoseconds: Int64
    ) throws -> QueryResult {
        switch statement.form {
        case .query(let query), .watch(let query):
            return try run(query: query, text: text, options: options)
        case .explain(let query):
            return try translating {
                let snapshot = try store.snapshot()
                defer { snapshot.close() }
                let question = try Question(
                    query: query, text: text, options: options, engine: self, snapshot: snapshot)
                var explanation = Explanation(question)
                return try explanation.result(parseNanoseconds: parseNanoseconds)
            }
        default:
            let zone = try self.zone(options)
            return try translating {
                try runStatement(
                    statement, text: text, options: options,
                    now: options.now ?? SystemTime.now(), zone: zone)
            }
        }
    }

    /// The zone of the options, UTC by default.
    func zone(_ options: QueryOptions) throws -> ZoneRules {
        guard let name = options.timezone else { return .utc }
        guard let zone = zones.zone(named: name) else {
            throw QueryError.runtime(.unknownZone, "there is no time zone `\(name)`")
        }
        return zone
    }

    /// Failures underneath leave as query errors that say what is damaged or unavailable.
    func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as QueryError {
            throw error
        } catch let error as Allowance.Spent {
            throw error
        } catch {
            throw QueryError.runtime(.storageFailure, "\(error)")
        }
    }
}
