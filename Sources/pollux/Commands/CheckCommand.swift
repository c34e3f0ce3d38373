import ArgumentParser
import PolluxGraph
import PolluxKeyValue
import PolluxStore

/// `pollux check`: verifies every invariant without writing.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify every record and invariant, read-only.",
        discussion: "pollux check --data plant")

    @OptionGroup var target: TargetOptions

    func run() throws {
        let database = try target.openDatabase()
        defer { database.close() }
        let (report, graph) = try reporting {
            (
                try Inspection(environment: database.environment).check(),
                try database.environment.read { try database.graph.check(in: $0) }
            )
        }
        for (table, count) in report.recordCounts + graph.entryCounts {
            print("\(table): \(count) records")
        }
        print("points: \(report.pointCount)")
        let findings =
            report.findings.map(\.description)
            + graph.findings.map { "\($0.record): \($0.problem)" }
        try CheckCommand.conclude(findings, of: target.directory)
    }

    /// Prints a report of the store's records and fails when something is wrong.
    static func show(_ report: CheckReport, of name: String) throws {
        for (table, count) in report.recordCounts { print("\(table): \(count) records") }
        print("points: \(report.pointCount)")
        try conclude(report.findings.map(\.description), of: name)
    }

    private static func conclude(_ findings: [String], of name: String) throws {
        guard findings.isEmpty else {
            for finding in findings { print("damaged: \(finding)") }
            throw CommandFailure(
                ExitCode.failed, "\(name) has \(findings.count) damaged records")
        }
        print("\(name) is sound")
    }
}
