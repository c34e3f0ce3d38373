import ArgumentParser

/// `pollux check`: verifies every invariant without writing.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Verify every record and invariant, read-only; a server may have the directory.",
        discussion: "pollux check --data plant")

    @OptionGroup var target: DirectoryOptions

    func run() throws {
        try CheckCommand.check(target.openForReading(), name: target.directory)
    }

    /// Prints what was read and fails when something is wrong.
    static func check(_ records: RecordsOnDisk, name: String) throws {
        let (findings, counts, pointCount) = try reporting { try records.check() }
        for (table, count) in counts { print("\(table): \(count) records") }
        print("points: \(pointCount)")
        guard findings.isEmpty else {
            for finding in findings { print("damaged: \(finding)") }
            throw CommandFailure(
                ExitCode.failed, "\(name) has \(findings.count) damaged records")
        }
        print("\(name) is sound")
    }
}
