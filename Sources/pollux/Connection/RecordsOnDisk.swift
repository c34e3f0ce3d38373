import Foundation
import PolluxGraph
import PolluxIngest
import PolluxKeyValue
import PolluxLive
import PolluxStore

/// The records of a data directory or snapshot as of now: nothing is written, replayed or locked,
/// so a server may have it.
struct RecordsOnDisk {
    let environment: Environment
    let graph: Graph

    init(directory: String) throws {
        try RecordsOnDisk.requireDatabase(in: directory)
        var options = Environment.Options()
        options.isReadOnly = true
        options.isExclusive = false
        environment = try Environment(directory: directory, options: options)
        graph = try Graph(environment: environment)
    }

    /// Refuses a directory without a database.
    static func requireDatabase(in directory: String) throws {
        guard FileManager.default.fileExists(atPath: directory + "/data.mdb") else {
            throw CommandFailure(
                ExitCode.failed, "there is no database in \(directory): name another with --data")
        }
    }

    /// Everything that is wrong, a line each, and how many records of which table were read.
    func check() throws -> (findings: [String], counts: [(table: String, count: Int)], UInt64) {
        let report = try Inspection(environment: environment).check()
        let plant = try environment.read { try graph.check(in: $0) }
        let live = try LiveCheck(environment, graph: graph)
        let ingest = try IngestCheck(environment)
        return (
            report.findings.map(\.description)
                + plant.findings.map { "\($0.record): \($0.problem)" }
                + live.findings.map { "\($0.record): \($0.problem)" }
                + ingest.findings.map { "\($0.record): \($0.problem)" },
            report.recordCounts + plant.entryCounts + live.recordCounts + ingest.recordCounts,
            report.pointCount
        )
    }
}
