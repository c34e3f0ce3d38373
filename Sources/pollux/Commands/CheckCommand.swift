import ArgumentParser
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
        let report = try reporting { try Inspection(environment: database.environment).check() }
        try CheckCommand.show(report, of: target.directory)
    }

    /// Prints a report and fails when something is wrong.
    static func show(_ report: CheckReport, of name: String) throws {
        for (table, count) in report.recordCounts { print("\(table): \(count) records") }
        print("points: \(report.pointCount)")
        guard report.isSound else {
            for finding in report.findings { print("damaged: \(finding)") }
            throw CommandFailure(
                ExitCode.failed, "\(name) has \(report.findings.count) damaged records")
        }
        print("\(name) is sound")
    }
}
