import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
public import PolluxLanguage
import PolluxModel
public import PolluxQuery
import PolluxStore
import Synchronization

extension LiveEngine: LiveControl {
    /// Stores a continuous query and runs it from now on.
    ///
    /// The text is run once on the calling thread; a turn that is going on is waited for.
    /// - Throws: `QueryError` with what is wrong with the text.
    public func create(
        continuousQuery: ContinuousQuerySyntax, text: String, options: QueryOptions
    ) throws -> String {
        let query = continuousQuery.query
        func wrong(_ message: String, _ notes: [String]) -> QueryError {
            LiveEngine.wrong(.clauseDoesNotFit, message, query.range, text, notes)
        }
        switch query.head {
        case .read:
            guard query.clauses.every != nil, query.clauses.episode == nil else {
                throw wrong(
                    "a stored query writes one point per slice",
                    ["say how long slices are: `every 1m`"])
            }
        case .anomalies:
            guard query.clauses.every == nil, query.outputs.first.map(LiveEngine.isName) == true
            else { throw wrong("`anomalies in` is stored for a measure as it arrives", []) }
            try LiveEngine.refuseUnknownMethod(query.clauses.using, text, options)
        case .forecast, .remainingLife:
            throw wrong("only measured values and anomalies can be stored", [])
        }
        guard query.outputs.count == 1 else {
            throw wrong(
                "a stored query writes one measure, so it has one item",
                ["create one continuous query for each item"])
        }
        guard query.clauses.grouping == nil else {
            throw wrong("a stored query writes points of assets; a group is none", [])
        }
        try LiveEngine.refuseWhatIsNotStored(query.clauses, text)
        try LiveEngine.refuseOwnSource(continuousQuery, text)
        let definition = Definition(
            kind: .continuousQuery, name: continuousQuery.name.text,
            statement: StatementSyntax(.create(.continuousQuery(continuousQuery))),
            options: options, created: self.options.clock())
        var tried = query
        if query.head == .anomalies {
            tried = ModelRun.samples(of: query)
            for key in query.clauses.using?.form.keys ?? [] {
                tried.outputs.append(
                    OutputSyntax(expression: ExpressionSyntax(.name(key), range: key.range)))
            }
        }
        try create(
            definition, continuousQuery.name, into: continuousQuery.into, trying: tried,
            text: text, options: options)
        return "continuous query \(continuousQuery.name.text) writes \(continuousQuery.into.text)"
    }

    /// Clauses whose rows depend on more than their own slice, or are no points.
    private static func refuseWhatIsNotStored(
        _ clauses: ClausesSyntax, _ text: String
    ) throws {
        let others: [(String, SourceRange?)] = [
            ("compare with", clauses.compare?.range),
            (clauses.ranking?.form.isTop == true ? "top" : "bottom", clauses.ranking?.range),
            ("points", clauses.points?.range), ("limit", clauses.limit?.range),
            ("during", clauses.during?.range),
        ]
        for case (let word, let range?) in others {
            throw wrong(
                .clauseDoesNotFit, "`\(word)` does not go with a stored query", range, text,
                ["every slice is stored as a point; choose among them when you ask"])
        }
    }

    /// A query that reads what it writes would mix its rows into the points that it reads.
    private static func refuseOwnSource(
        _ continuousQuery: ContinuousQuerySyntax, _ text: String
    ) throws {
        let into = continuousQuery.into
        let query = continuousQuery.query
        let read = query.outputs.map(\.expression) + (query.clauses.filter.map { [$0.form] } ?? [])
        let name = into.text.lowercased()
        guard read.flatMap(\.names).contains(where: { $0.text.lowercased() == name })
        else { return }
        throw wrong(
            .clauseDoesNotFit, "the query reads \(into.text), and would write into it",
            into.range, text, ["give what it writes a name of its own"])
    }

    private static func refuseUnknownMethod(
        _ using: ClauseSyntax<MethodClause>?, _ text: String, _ options: QueryOptions
    ) throws {
        guard let using else { return }
        let word = using.form.name.text(options.parameters) ?? ""
        guard let refusal = WatchMethod.refusal(of: word, in: using.form) else { return }
        throw wrong(
            refusal.code, refusal.message, using.form.name.range, text, refusal.notes)
    }

    private static func isName(_ output: OutputSyntax) -> Bool {
        if case .name = output.expression.form { return true }
        return false
    }

    /// Stores an alert and runs it from now on, first over the time before.
    ///
    /// The text is run once on the calling thread; a turn that is going on is waited for.
    /// - Throws: `QueryError` with what is wrong with the text.
    public func create(
        alert: AlertSyntax, text: String, options: QueryOptions
    ) throws -> String {
        guard alert.query.clauses.episode != nil else {
            throw LiveEngine.wrong(
                .alertWithoutWhen, "an alert needs `when`", alert.query.range, text,
                ["say when it goes off: `when temperature > 80 °C for 30s`"])
        }
        let clauses = alert.query.clauses
        let others: [(String, SourceRange?)] = [
            ("every", clauses.every?.range), ("per", clauses.grouping?.range),
            (clauses.ranking?.form.isTop == true ? "top" : "bottom", clauses.ranking?.range),
            ("limit", clauses.limit?.range), ("fill", clauses.fill?.range),
        ]
        for case (let word, let range?) in others {
            throw LiveEngine.wrong(
                .clauseDoesNotFit, "`\(word)` does not go with an alert", range, text,
                ["each episode of an asset is one event"])
        }
        guard alert.query.head == .read else {
            throw LiveEngine.wrong(
                .clauseDoesNotFit, "an alert watches what is measured", alert.query.range, text,
                ["a model is watched by a continuous query"])
        }
        let definition = Definition(
            kind: .alert, name: alert.name.text,
            statement: StatementSyntax(.create(.alert(alert))), options: options,
            created: self.options.clock())
        try create(definition, alert.name, trying: alert.query, text: text, options: options)
        return "alert \(alert.name.text) is watching"
    }

    private func create(
        _ definition: Definition, _ name: NameSyntax, into: NameSyntax? = nil,
        trying query: QuerySyntax, text: String, options: QueryOptions
    ) throws {
        var trial = options
        trial.changes = .none
        trial.now = definition.created
        trial.rowLimit = self.options.watchedRowLimit
        do {
            let first = try ask(query, text, trial)
            if let into { try refuseTaken(into, by: first, text) }
        } catch let error as QueryError
            where error.code == .pathDoesNotFit && LiveEngine.takesAny(query.path)
        {
            // `every spindle` may be said before the first one sends anything.
        }
        let key = LiveTables.key(definition.kind, definition.name)
        let tables = tables
        try work.withLock { work in
            let isTaken = try store.writeBlocking { transaction in
                let write = transaction.transaction
                if try write.value(tables.definitions, key) != nil { return true }
                // One of the same name that was dropped by an older program left its models.
                if definition.kind == .continuousQuery {
                    try tables.removeModels(of: definition.name, in: write)
                }
                try write.put(tables.definitions, key, definition.encode())
                return false
            }
            guard !isTaken else {
                let what = "\(definition.kind.words) `\(definition.name)`"
                throw LiveEngine.wrong(
                    .alreadyThere,
                    "there is already \(definition.kind == .alert ? "an" : "a") \(what)",
                    name.range, text,
                    ["drop it first: `drop \(definition.kind.words) \(definition.name)`"])
            }
            work.standing[key] = Standing(definition)
            isStanding.value = true
        }
        noteStates()
        ring()
    }

    /// A measure that has points of others would be a mixture, and lose those between slices.
    private func refuseTaken(
        _ into: NameSyntax, by first: QueryResult, _ text: String
    ) throws {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let transaction = snapshot.transaction
        let measures = try graph.measureNames(like: into.text, in: transaction).compactMap {
            try graph.measureID(named: $0, in: transaction)
        }
        guard !measures.isEmpty else { return }
        for asset in Set(first.keys.compactMap(\.asset)) {
            for measure in measures {
                guard let series = try snapshot.series(of: asset, measure: measure),
                    let newest = try snapshot.point(of: series.id, before: .distantFuture)
                else { continue }
                let name = try graph.displayName(of: asset, in: transaction)
                throw LiveEngine.wrong(
                    .clauseDoesNotFit,
                    "\(into.text) of \(name) has points already, the newest of \(newest.instant), "
                        + "and what a query writes is its alone",
                    into.range, text,
                    [
                        "write into a measure of another name, or delete its points first: "
                            + "`pollux delete '\(into.text) of …' --reason …`"
                    ])
            }
        }
    }

    /// Whether a path means however many there are, so also none yet.
    private static func takesAny(_ path: PathSyntax) -> Bool {
        if case .every? = path.steps.first?.selection { return true }
        return false
    }

    private static func wrong(
        _ code: DiagnosticCode, _ message: String, _ range: SourceRange, _ text: String,
        _ notes: [String]
    ) -> QueryError {
        .diagnostics([Diagnostic(code, message, at: range, in: text, notes: notes)])
    }

    /// Takes an alert or a continuous query away; what it wrote stays, an event still open ends
    /// now.
    public func drop(_ kind: DroppedKind, named name: String) throws -> String? {
        let key = LiveTables.key(kind, name)
        let tables = tables
        let graph = graph
        let now = options.clock()
        let wasThere = try work.withLock { work in
            let wasThere = try store.writeBlocking { transaction in
                let write = transaction.transaction
                guard try write.remove(tables.definitions, key) else { return false }
                let ended = try OpenEvents.close(
                    kind, name, at: now, tables: tables, graph: graph, in: write)
                if ended > 0 { transaction.noteEventChange() }
                try write.remove(tables.positions, key)
                try write.remove(tables.corrections, key)
                if kind == .continuousQuery { try tables.removeModels(of: name, in: write) }
                return true
            }
            if wasThere { work.standing[key] = nil }
            return wasThere
        }
        noteStates()
        return wasThere ? "\(kind.words) \(name) was dropped" : nil
    }

    /// The alerts or continuous queries there are, by name, with what they are doing.
    ///
    /// Where no server has the database, what is stored waits for one, and is listed as that.
    public func list(_ kind: DroppedKind) throws -> [LiveEntry] {
        let known = states(of: kind)
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let waiting = try tables.load(in: snapshot.transaction).definitions.filter { one in
            one.kind == kind && !known.contains { $0.name == one.name }
        }
        let rest = waiting.map {
            LiveEntry(name: $0.name, text: $0.text, state: "runs once a server has the database")
        }
        return (known + rest).sorted { $0.name < $1.name }
    }

    /// Reads the definitions that are stored, and what the process before left undone.
    func loadDefinitions() -> Dirt {
        let left = work.withLock { work in
            do {
                let snapshot = try store.snapshot()
                defer { snapshot.close() }
                let (definitions, damaged) = try tables.load(in: snapshot.transaction)
                for definition in definitions {
                    let key = LiveTables.key(definition.kind, definition.name)
                    work.standing[key] = Standing(definition)
                }
                work.damaged = damaged.map {
                    DamagedDefinition(kind: $0.0, name: $0.1)
                }
                let newest = try graph.log(limit: 1, in: snapshot.transaction).first
                work.logNumber = newest?.number ?? 0
                work.logCommit = snapshot.id
                isStanding.value = !work.standing.isEmpty
                return try loadLateWork(&work, snapshot)
            } catch {
                work.damaged = [DamagedDefinition(kind: .alert, name: "(\(error))")]
                return Dirt()
            }
        }
        noteStates()
        return left
    }
}

/// A definition that is stored and cannot be read.
struct DamagedDefinition: Hashable, Sendable {
    var kind: DroppedKind
    var name: String
}
