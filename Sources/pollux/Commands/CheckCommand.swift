import ArgumentParser
import PolluxKeyValue

/// `pollux check`: verifies every invariant without writing.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Verify every page, record and invariant, read-only; a server may have the directory.",
        discussion: "pollux check --data plant")

    @OptionGroup var target: DirectoryOptions

    func run() throws {
        try CheckCommand.check(target.directory)
    }

    /// Prints what was read and fails when something is wrong.
    static func check(_ directory: String) throws {
        try reporting { try RecordsOnDisk.requireDatabase(in: directory) }
        // Records are read through a memory map, which needs pages that are sound.
        let pages = try reporting { try PageCheck.findings(inDirectory: directory) }
        try report(pages.map(\.description), "pages", in: directory)
        let records = try reporting { try RecordsOnDisk(directory: directory) }
        let (findings, counts, pointCount) = try reporting { try records.check() }
        for (table, count) in counts { print("\(table): \(count) records") }
        print("points: \(pointCount)")
        try report(findings, "records", in: directory)
        print("\(directory) is sound")
    }

    private static func report(_ findings: [String], _ things: String, in directory: String) throws
    {
        guard !findings.isEmpty else { return }
        for finding in findings { print("damaged: \(finding)") }
        throw CommandFailure(
            ExitCode.failed,
            "\(directory) has \(findings.count) damaged \(things): restore a snapshot")
    }
}
