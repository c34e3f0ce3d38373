public import ArgumentParser
public import PolluxGraph

extension GraphFormat: ExpressibleByArgument {}

/// `pollux export`: the plant into a file.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the plant into a file or to standard output.",
        discussion: """
            pollux export --format twinql > plant.tq
            pollux export --format adt-ndjson -o twins.ndjson
            The format twinql recreates the whole plant with its history; the others write it as it
            is now, and what of it they can say. `pollux import` reads all of them.
            """)

    @Option(help: "twinql, dtdl, adt-ndjson, assets-csv or relations-csv.")
    var format: GraphFormat

    @Flag(help: "Also write what only Pollux reads: when things held, and units DTDL lacks.")
    var history = false

    @Option(name: [.customShort("o"), .long], help: "The file; without it, standard output.")
    var output: String?

    @OptionGroup var target: TargetOptions

    func run() throws {
        let connection = try target.connect()
        defer { connection.close() }
        try GraphTransfer(connection: connection).give(format, keepsHistory: history, to: output)
    }
}
