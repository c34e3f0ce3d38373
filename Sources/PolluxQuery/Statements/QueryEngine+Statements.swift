import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

extension QueryEngine {
    /// Runs a statement other than a query, `watch` or `explain`; a change is committed on return.
    func runStatement(
        _ statement: StatementSyntax, text: String, options: QueryOptions, now: Timestamp,
        zone: ZoneRules
    ) throws -> QueryResult {
        let context = StatementContext(
            graph: graph, text: text, options: options, now: now, zone: zone)
        switch statement.form {
        case .show(let path, let clauses):
            return try PlantListing(context: context, engine: self).show(path, clauses)
        case .describe(let path, let asOf):
            return try PlantListing(context: context, engine: self).describe(path, asOf: asOf)
        case .query, .watch, .explain:
            preconditionFailure("questions do not run as statements")
        default: break
        }
        let needed = AllowedChanges(neededFor: statement.form)
        guard needed <= options.changes else {
            throw context.wrong(
                .notPermitted,
                options.changes == .none
                    ? "nothing may be changed here" : "definitions may not be changed here",
                at: statement.range,
                notes: [
                    needed == .plant ? "it needs the role `write`" : "it needs the role `admin`"
                ])
        }
        if let sentence = try runLiveStatement(statement, context: context) {
            return acknowledgement(sentence, zone: zone)
        }
        let sentence = try store.writeBlocking { transaction in
            try context.placed(at: statement.range) {
                var context = context
                context.units = try context.graph.units(in: transaction.transaction)
                return try PlantChange(context: context, transaction: transaction).run(statement)
            }
        }
        return acknowledgement(sentence + foreignNote(statement), zone: zone)
    }

    /// That a sample was recorded where a continuous query writes.
    private func foreignNote(_ statement: StatementSyntax) -> String {
        guard case .recordSample(let sample) = statement.form,
            let writer = liveControl?.writer(ofMeasure: sample.measure.text)
        else { return "" }
        return "; the continuous query \(writer) writes \(sample.measure.text), too, and may write "
            + "over it or delete it: record it in a measure of another name"
    }

    private func acknowledgement(_ sentence: String, zone: ZoneRules) -> QueryResult {
        QueryResult(content: .acknowledgement, notes: [sentence], zone: zone)
    }

    /// What continuous queries and alerts are handed to; nil when the statement is about neither.
    private func runLiveStatement(
        _ statement: StatementSyntax, context: StatementContext
    ) throws -> String? {
        func control() throws -> any LiveControl {
            guard let control = liveControl else {
                throw context.wrong(
                    .notAvailable, "nothing here runs continuous queries and alerts",
                    at: statement.range, notes: ["ask a server: --server http://127.0.0.1:8470"])
            }
            return control
        }
        switch statement.form {
        case .create(.continuousQuery(let definition)):
            return try control().create(
                continuousQuery: definition, text: context.text, options: context.options)
        case .create(.alert(let definition)):
            return try control().create(
                alert: definition, text: context.text, options: context.options)
        case .drop(let kind, let name):
            guard let sentence = try control().drop(kind, named: name.text) else {
                let what = kind == .alert ? "alert" : "continuous query"
                throw context.wrong(
                    .nothingThere, "there is no \(what) `\(name.text)`", at: name.range)
            }
            return sentence
        default: return nil
        }
    }
}
