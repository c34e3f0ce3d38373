import PolluxLanguage
public import PolluxQuery
public import PolluxStore

extension LiveEngine {
    /// Continuous queries, then alerts, each in order of name.
    ///
    /// The zone in which one was created becomes its clause; one with parameters cannot be said.
    public func statements(in snapshot: Snapshot) throws -> [LiveStatement] {
        let (definitions, damaged) = try tables.load(in: snapshot.transaction)
        func order(_ kind: DroppedKind, _ name: String) -> (Int, String) {
            (kind == .alert ? 1 : 0, name)
        }
        let sorted = definitions.sorted { order($0.kind, $0.name) < order($1.kind, $1.name) }
        let lost = damaged.sorted { order($0.0, $0.1) < order($1.0, $1.1) }
        return sorted.map(\.exported)
            + lost.map { .omitted("\($0.0.words) \($0.1), whose definition is damaged") }
    }
}

extension Definition {
    var exported: LiveStatement {
        guard parameters.isEmpty else {
            let names = parameters.keys.sorted().map { "$" + $0 }.joined(separator: ", ")
            return .omitted("\(kind.words) \(name), which has parameters: \(names)")
        }
        guard let timezone else { return .statement(text) }
        guard var statement = try? TwinQL.parseStatement(text) else {
            return .omitted("\(kind.words) \(name), whose text is not read any more")
        }
        let clause = ClauseSyntax(ZoneClause.named(TextSyntax(timezone)))
        switch statement.form {
        case .create(.alert(var alert)):
            if alert.query.clauses.timezone == nil { alert.query.clauses.timezone = clause }
            statement.form = .create(.alert(alert))
        case .create(.continuousQuery(var query)):
            if query.query.clauses.timezone == nil { query.query.clauses.timezone = clause }
            statement.form = .create(.continuousQuery(query))
        default: break
        }
        return .statement(TwinQL.print(statement))
    }
}
