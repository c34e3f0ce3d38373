import ArgumentParser
import Foundation
import PolluxGraph
import PolluxIngest
import PolluxModel

/// `pollux export`: the database into files.
struct ExportCommand: ParsableCommand {
    /// The formats that can be written: points, then models and graphs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case line
        case csv
        case ndjson
        case twinql
        case dtdl
        case adtNDJSON = "adt-ndjson"
        case assetsCSV = "assets-csv"
        case relationsCSV = "relations-csv"
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write points or the plant to a file or to standard output.",
        discussion: """
            pollux export --format csv -o plant.csv
            pollux export --format ndjson --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z
            Every series with every quality, as of one commit.
            pollux export --format twinql > plant.tq
            pollux export --format adt-ndjson -o twins.ndjson
            The format twinql recreates the whole plant with its history, its alerts and continuous
            queries; the others write it as it is now, and what of it they can say. `pollux import`
            reads all formats back.
            """)

    @Option(
        help: "line, csv or ndjson; twinql, dtdl, adt-ndjson, assets-csv or relations-csv.")
    var format = Format.csv
    @Flag(help: "Also write what only Pollux reads: when things held, and units DTDL lacks.")
    var history = false
    @Option(help: "The first instant, such as 2026-03-02T12:00:00Z; without it, everything.")
    var from: String?
    @Option(help: "The instant before which the export ends.") var to: String?
    @Option(name: [.customShort("o"), .long], help: "The file; without it, standard output.")
    var output: String?
    @OptionGroup var target: TargetOptions

    func run() throws {
        let start = try instant(from, "--from") ?? .distantPast
        let end = try instant(to, "--to") ?? .distantFuture
        guard start < end else {
            throw CommandFailure(ExitCode.badUse, "--from must lie before --to")
        }
        let connection = try target.connect()
        defer { connection.close() }
        if let format = GraphFormat(rawValue: format.rawValue) {
            guard from == nil, to == nil else {
                throw CommandFailure(ExitCode.badUse, "--from and --to belong to points")
            }
            return try GraphTransfer(connection: connection).give(
                format, keepsHistory: history, to: output)
        }
        guard !history else {
            throw CommandFailure(ExitCode.badUse, "--history belongs to models and graphs")
        }
        Interrupt.install()
        try PointTransfer(
            connection: connection, format: PointFormat(rawValue: format.rawValue) ?? .csv
        ).give(TimeRange(start: start, end: end), to: output)
    }

    private func instant(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let instant = Connection.instant(text) else {
            throw CommandFailure(
                ExitCode.badUse, "\(option) takes a time such as 2026-03-02T12:00:00Z, not \(text)")
        }
        return instant
    }
}
