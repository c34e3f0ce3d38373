import ArgumentParser
import Foundation
import PolluxGraph
import PolluxIngest

/// `pollux import`: files into the database.
struct ImportCommand: AsyncParsableCommand {
    /// The formats that can be read: points, then models and graphs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case line
        case dtdl
        case adtNDJSON = "adt-ndjson"
        case assetsCSV = "assets-csv"
        case relationsCSV = "relations-csv"
        case twinql
    }

    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Read files into the database.",
        discussion: """
            pollux import history.lp --data plant
            pollux import models/*.json --format dtdl --server http://127.0.0.1:8470
            pollux import plant.tq --format twinql
            Points are kept as far as they were read; models and graphs whole or not at all.
            """)

    @Argument(help: "The files, in order; - is standard input for models and graphs.")
    var files: [String]

    @Option(help: "line, dtdl, adt-ndjson, assets-csv, relations-csv or twinql.")
    var format = Format.line

    @Option(help: "For line: the unit of the timestamps: ns, us, ms or s.")
    var precision = "ns"

    @Option(
        help: "For twins and models: a relationship whose source contains its target; repeatable.")
    var contains: [String] = []

    @OptionGroup var target: TargetOptions

    func run() async throws {
        guard let precision = TimestampPrecision(parameter: precision) else {
            throw CommandFailure(ExitCode.badUse, "--precision takes ns, us, ms or s")
        }
        let connection = try target.connect(creating: true)
        defer { connection.close() }
        if let format = GraphFormat(rawValue: format.rawValue) {
            try GraphTransfer(connection: connection).take(files, as: format, containing: contains)
            return
        }
        try await LineTransfer(
            connection: connection, precision: precision, written: self.precision
        ).take(files)
    }
}
