import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `show` and `describe`: what there is, without reading points.
struct PlantListing {
    let context: StatementContext
    let engine: QueryEngine

    var graph: Graph { context.graph }
    var store: Store { engine.store }
    private var control: (any LiveControl)? { engine.liveControl }

    /// Lists a system type (`show types`, `show measures of spindle`) or the assets of a path.
    func show(_ path: PathSyntax, _ clauses: ClausesSyntax) throws -> QueryResult {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let transaction = snapshot.transaction
        try refuseOtherClauses(clauses)
        guard case .bare(let label)? = path.steps.first?.selection, let word = label.literal,
            try graph.type(named: word, in: transaction) == nil,
            let listed = try listing(word.lowercased(), path, clauses, snapshot)
        else { return try assets(path, clauses, snapshot).limited(clauses) }
        return listed.limited(clauses)
    }

    /// The listing of a system type, or nil when the word is none.
    private func listing(
        _ word: String, _ path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult? {
        let transaction = snapshot.transaction
        let rest = Array(path.steps.dropFirst())
        var holder: PathSyntax?
        if !rest.isEmpty {
            var steps = rest
            steps[0].link = nil
            holder = PathSyntax(steps, range: path.range)
        }
        switch word {
        case "types": return try types(transaction)
        case "measures":
            if rest.count == 1, case .bare? = rest.first?.selection {
                return try measures(of: rest, transaction)
            }
            guard let holder else { return try measures(of: rest, transaction) }
            return try series(of: holder, snapshot)
        case "events":
            guard let holder else { return try eventTypes(transaction) }
            return try events(of: holder, clauses, snapshot)
        case "attributes":
            guard let holder else {
                return try list("attribute", graph.attributeNames(in: transaction))
            }
            return try attributes(of: holder, clauses, snapshot)
        case "relations":
            guard let holder else { return try relations(transaction) }
            return try relations(of: holder, clauses, snapshot)
        case "changes": return try changes(of: holder, clauses, snapshot)
        case "units": return try units(transaction)
        case "queries": return try entries(.continuousQuery)
        case "alerts": return try entries(.alert)
        default: return nil
        }
    }

    /// A listing takes a range, a condition on attributes and a limit.
    private func refuseOtherClauses(_ clauses: ClausesSyntax) throws {
        let others: [(String, SourceRange?)] = [
            ("every", clauses.every?.range), ("per", clauses.grouping?.range),
            ("when", clauses.episode?.range), ("fill", clauses.fill?.range),
            ("on", clauses.on?.range), ("compare with", clauses.compare?.range),
            (clauses.ranking?.form.isTop == true ? "top" : "bottom", clauses.ranking?.range),
            ("points", clauses.points?.range), ("in", clauses.unit?.range),
            ("including", clauses.including?.range), ("using", clauses.using?.range),
        ]
        for case (let word, let range?) in others {
            throw context.wrong(
                .clauseDoesNotFit, "`\(word)` does not go with `show`", at: range)
        }
    }

    private func eventTypes(_ transaction: ReadTransaction) throws -> QueryResult {
        let names = try graph.eventNames(in: transaction).sorted()
        let all = try graph.types(in: transaction)
        let types = try names.map { name in
            let holders = try all.filter {
                try graph.eventDefinition(named: name, of: $0.id, in: transaction)?.type == $0.id
            }
            return holders.isEmpty ? nil : holders.map(\.name).sorted().joined(separator: ", ")
        }
        return table([("event", names.map { $0 }), ("type", types)])
    }

    private func list(_ column: String, _ names: [String]) -> QueryResult {
        table([(column, names.map { $0 })])
    }

    func table(_ columns: [(String, [String?])]) -> QueryResult {
        QueryResult(
            content: .listing,
            columns: columns.map {
                ResultColumn(name: $0.0, kind: .text, cells: ResultCells(texts: $0.1))
            }, zone: context.zone)
    }

    private func types(_ transaction: ReadTransaction) throws -> QueryResult {
        let types = try graph.types(in: transaction).sorted { $0.name < $1.name }
        return table([
            ("type", types.map(\.name)), ("plural", types.map(\.plural)),
            (
                "extends",
                try types.map { type in
                    type.parents.isEmpty
                        ? nil
                        : try type.parents.map {
                            try graph.type($0, in: transaction)?.name ?? "?"
                        }.joined(separator: ", ")
                }
            ),
        ])
    }

    private func measures(
        of steps: [StepSyntax], _ transaction: ReadTransaction
    ) throws -> QueryResult {
        var types = try graph.types(in: transaction)
        if case .bare(let label)? = steps.first?.selection {
            let word = try context.text(of: label)
            guard let match = try graph.type(named: word, in: transaction) else {
                throw try context.unknownType(word, at: label.range, in: transaction)
            }
            types = [match.type]
        }
        var rows: [(type: String, definition: MeasureDefinition)] = []
        for type in types {
            for measure in try graph.measures(of: type.id, in: transaction) {
                rows.append((type.name, measure.definition))
            }
        }
        rows.sort { ($0.definition.name, $0.type) < ($1.definition.name, $1.type) }
        return table([
            ("measure", rows.map(\.definition.name)), ("type", rows.map(\.type)),
            ("unit", rows.map { $0.definition.unit.isEmpty ? nil : $0.definition.unit }),
            ("kind", rows.map { "\($0.definition.kind)" }),
            ("shape", rows.map { "\($0.definition.shape)" }),
            ("gap", rows.map { PlantListing.gapText($0.definition.gap) }),
            ("values", rows.map { "\($0.definition.valueKind)" }),
        ])
    }

    static func gapText(_ gap: Int64?) -> String {
        gap.map { TwinQL.print(Period(nanoseconds: $0)) } ?? "none"
    }

    private func relations(_ transaction: ReadTransaction) throws -> QueryResult {
        let relations = try graph.relations(in: transaction)
        func name(_ type: TypeID?) throws -> String? {
            try type.flatMap { try graph.type($0, in: transaction)?.name }
        }
        return table([
            ("relation", relations.map(\.name)),
            ("inverse", relations.map { $0.inverse.isEmpty ? nil : $0.inverse }),
            ("from", try relations.map { try name($0.subjectType) }),
            ("to", try relations.map { try name($0.objectType) }),
        ])
    }

    private func entries(_ kind: DroppedKind) throws -> QueryResult {
        let entries = try control?.list(kind) ?? []
        return table([
            (kind == .alert ? "alert" : "query", entries.map(\.name)),
            ("text", entries.map(\.text)), ("state", entries.map(\.state)),
        ])
    }
}
