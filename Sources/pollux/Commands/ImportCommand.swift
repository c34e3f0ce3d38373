import ArgumentParser
import Foundation
import PolluxGraph
import PolluxIngest
import PolluxModel

/// `pollux import`: files into the database.
struct ImportCommand: AsyncParsableCommand {
    /// The formats that can be read: points, then models and graphs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case line
        case csv
        case ndjson
        case dtdl
        case adtNDJSON = "adt-ndjson"
        case assetsCSV = "assets-csv"
        case relationsCSV = "relations-csv"
        case twinql

        /// The format that a file's name says: line protocol unless it ends otherwise.
        init(fileNamed name: String) {
            switch URL(filePath: name).pathExtension.lowercased() {
            case "csv": self = .csv
            case "ndjson", "jsonl": self = .ndjson
            case "tq": self = .twinql
            default: self = .line
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Read files into the database.",
        discussion: """
            pollux import history.lp --data plant
            pollux import log.csv --format csv --asset machine:CNC-3/spindle \\
                --map 'ts=time' --map 'vib=measure vibration unit mm/s'
            Points are kept as far as they were read. An import that was stopped goes on where it \
            stopped (a directory) or begins again (a server); no point is ever stored twice. \
            Columns of CSV go by their names: time, asset, measure, value, kind, quality, unit, or \
            time, the names of containers such as machine, and a column for each measure, its unit \
            in brackets. Cells are separated by commas, semicolons or tabs, as the first line has \
            them; where they are not commas, 2,5 is a number.
            pollux import Werk7.csv --format csv --asset machine:CNC-3 --timezone Europe/Rome \\
                --map 'Date=time DD/MM/YYYY' --map 'Time=time hh.mm.ss' --missing=-200
            pollux import models/*.json --format dtdl --server http://127.0.0.1:8470
            pollux import plant.tq --format twinql
            Models and graphs are taken whole or not at all.
            """)

    @Argument(help: "The files, in order; - is standard input for models and graphs.")
    var files: [String]
    @Option(
        help: ArgumentHelp(
            "line, csv or ndjson; dtdl, adt-ndjson, assets-csv, relations-csv or twinql.",
            discussion: "Without it, names that end with .csv, .ndjson and .tq say it."))
    var format: Format?
    @Option(
        help: "The unit of timestamps: ns, us, ms, s or auto; ns for line, auto for the others.")
    var precision: String?
    @Option(help: "For csv: the asset of rows that name none, such as machine:CNC-3/spindle.")
    var asset: String?
    @Option(
        help: ArgumentHelp(
            "For csv: what a column means, COLUMN=ROLE; repeatable.",
            discussion:
                "Roles: time [PATTERN of YYYY MM DD hh mm ss f AP], asset, name, value, "
                + "quality, unit, kind, skip, level TYPE, "
                + "measure [NAME] [unit UNIT] [kind float|integer|boolean|text]."))
    var map: [String] = []
    @Option(help: "For csv: the zone of times that name none, such as Europe/Rome (default: UTC).")
    var timezone: String?
    @Option(help: "For csv: what stands for a value that was not measured; repeatable.")
    var missing: [String] = []
    @Option(
        help: "For twins and models: a relationship whose source contains its target; repeatable.")
    var contains: [String] = []
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let chosen = try chosenFormat()
        guard let format = GraphFormat(rawValue: chosen.rawValue) else {
            return try importPoints(PointFormat(rawValue: chosen.rawValue) ?? .line)
        }
        guard precision == nil, !hasColumnOptions else {
            throw CommandFailure(
                ExitCode.badUse,
                "--precision, --asset, --map, --timezone and --missing belong to files of points")
        }
        let connection = try target.connect(creating: true)
        defer { connection.close() }
        try GraphTransfer(connection: connection).take(files, as: format, containing: contains)
    }

    private func chosenFormat() throws -> Format {
        if let format { return format }
        let found = Set(files.map(Format.init(fileNamed:)))
        guard let first = found.first, found.count == 1 else {
            throw CommandFailure(
                ExitCode.badUse,
                "the names say several formats: import files of one format at a time, or name it "
                    + "with --format")
        }
        return first
    }

    private func importPoints(_ format: PointFormat) throws {
        guard contains.isEmpty else {
            throw CommandFailure(ExitCode.badUse, "--contains belongs to twins and models")
        }
        let word = precision ?? (format == .line ? "ns" : "auto")
        guard let precision = TimestampPrecision(parameter: word) else {
            throw CommandFailure(ExitCode.badUse, "--precision takes ns, us, ms, s or auto")
        }
        guard format == .csv || !hasColumnOptions else {
            throw CommandFailure(
                ExitCode.badUse, "--asset, --map, --timezone and --missing belong to --format csv")
        }
        var mapping = ColumnMapping()
        do {
            if let asset { try mapping.setAsset(asset) }
            for text in map { try mapping.add(text) }
            for text in missing { mapping.addMissing(text) }
        } catch {
            throw CommandFailure(ExitCode.badUse, "\(error)")
        }
        if let timezone { mapping.zone = try ImportCommand.zone(timezone) }
        let connection = try target.connect(creating: true)
        defer { connection.close() }
        Interrupt.install()
        var transfer = PointTransfer(connection: connection, format: format)
        transfer.precision = precision
        transfer.mapping = mapping
        let reading = [asset ?? "", timezone ?? ""] + map + missing.map { "missing \($0)" }
        transfer.reading = reading.joined(separator: " ")
        try transfer.take(files)
    }

    private var hasColumnOptions: Bool {
        asset != nil || !map.isEmpty || timezone != nil || !missing.isEmpty
    }

    private static func zone(_ name: String) throws -> ZoneRules {
        guard ZoneRules.isValidName(name), let bytes = Database.zoneBytes(name),
            let rules = try? ZoneRules(name: name, tzif: bytes)
        else { throw CommandFailure(ExitCode.badUse, "there is no time zone `\(name)`") }
        return rules
    }
}
