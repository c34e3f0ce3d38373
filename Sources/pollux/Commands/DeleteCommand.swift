import ArgumentParser
import Foundation
import PolluxModel
import PolluxQuery

/// `pollux delete`: points deleted by range, with a record of it.
struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete the points that a question means, and record who did it and why.",
        discussion: """
            pollux delete 'vibration of spindle of machine CNC-3 between 2026-03-02 10:00 and \
            2026-03-02 11:00' --reason 'the sensor was loose'
            pollux delete 'power, rpm of machine CNC-3' --to 2025-01-01T00:00:00Z \
            --reason old --dry-run
            pollux delete list
            Exactly the points that the question reads go, whatever their quality. What is written
            afterwards stays, also at the same instants.
            """,
        subcommands: [Points.self, List.self], defaultSubcommand: Points.self)

    struct Points: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "points", abstract: "Delete what a question means.",
            discussion: "pollux delete points 'power of machine CNC-3 today' --reason 'a test'")
        @Argument(help: "Measures of a path, and when: a question without slices or conditions.")
        var query: String
        @Option(help: "Why; it is kept with the record.") var reason: String
        @Option(help: "Who; without it, the user of this computer.") var by: String?
        @Option(help: "The first instant that goes, such as 2026-03-02T12:00:00Z.")
        var from: String?
        @Option(help: "The instant before which the delete ends.") var to: String?
        @Option(help: "The time zone of the question, such as Europe/Berlin.")
        var timezone: String?
        @Flag(help: "Only say what would go.") var dryRun = false
        @OptionGroup var target: TargetOptions

        func run() throws {
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw CommandFailure(ExitCode.badUse, "--reason takes a sentence: it is kept")
            }
            let range = try self.range()
            let name = by ?? ProcessInfo.processInfo.userName
            let connection = try target.connect()
            defer { connection.close() }
            switch connection {
            case .local(let database):
                var options = QueryOptions()
                options.timezone = timezone
                let request = RemovalRequest(
                    text: query, range: range, by: name, reason: reason, options: options)
                let report: RemovalReport
                do {
                    report =
                        dryRun
                        ? try database.query.preview(request) : try database.query.remove(request)
                } catch let error as QueryError {
                    throw Connection.failure(error)
                } catch {
                    throw CommandFailure(error)
                }
                DeleteCommand.show(DeleteCommand.Answer(report))
            case .server(let client):
                DeleteCommand.show(try ask(client, name))
            }
        }

        private func ask(_ client: ServerClient, _ name: String) throws -> Answer {
            var body: [String: Any] = ["query": query, "reason": reason, "by": name]
            body["from"] = from
            body["to"] = to
            body["timezone"] = timezone
            body["dryRun"] = dryRun
            let (status, bytes) = try client.send(
                "POST", "/api/v1/deletes", try JSONSerialization.data(withJSONObject: body))
            guard status == (dryRun ? 200 : 201) else {
                throw ServerClient.failure(status: status, body: bytes)
            }
            return try JSONDecoder().decode(Answer.self, from: bytes)
        }

        private func range() throws -> TimeRange? {
            guard from != nil || to != nil else { return nil }
            let range = TimeRange(
                start: try instant(from, "--from") ?? .distantPast,
                end: try instant(to, "--to") ?? .distantFuture)
            guard !range.isEmpty else {
                throw CommandFailure(ExitCode.badUse, "--from must lie before --to")
            }
            return range
        }

        private func instant(_ text: String?, _ option: String) throws -> Timestamp? {
            guard let text else { return nil }
            guard let instant = Connection.instant(text) else {
                throw CommandFailure(
                    ExitCode.badUse,
                    "\(option) takes a time such as 2026-03-02T12:00:00Z, not \(text)")
            }
            return instant
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what was deleted, the newest first.",
            discussion: "pollux delete list --limit 20")
        @OptionGroup var options: ListOptions

        func run() throws {
            try options.show(
                "/api/v1/deletes", "deletes",
                local: { database, limit in
                    try database.query.removals(limit: limit).map(Answer.init)
                }, show: DeleteCommand.show)
        }
    }

    /// A record as a server writes it and a terminal shows it.
    struct Answer: Decodable {
        struct Series: Decodable {
            var asset: String
            var measure: String
            var from: String?
            var to: String?
            var points: UInt64
        }
        var id: UInt64?
        var time: String
        var by: String
        var query: String
        var reason: String
        var points: UInt64
        var series: [Series]

        init(_ report: RemovalReport) {
            id = report.number
            time = report.instant.description
            by = report.by
            query = report.what
            reason = report.reason
            points = report.pointCount
            series = report.parts.map { part in
                Series(
                    asset: part.asset, measure: part.measure,
                    from: part.range.start > .distantPast ? "\(part.range.start)" : nil,
                    to: part.range.end < .distantFuture ? "\(part.range.end)" : nil,
                    points: part.pointCount)
            }
        }
    }

    private static func show(_ answer: Answer) {
        let number = answer.id.map { "delete \($0): " } ?? "would delete "
        print("\(number)\(answer.points) points, \(answer.time), by \(answer.by)")
        if !answer.query.isEmpty { print("    what    \(answer.query)") }
        print("    reason  \(answer.reason)")
        for series in answer.series {
            print(
                "    \(series.measure) of \(series.asset)  \(series.from ?? "…") to "
                    + "\(series.to ?? "…")  \(series.points) points")
        }
    }
}
