import ArgumentParser
import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore

/// `pollux inspect`: any record as named fields.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print what is stored as named fields, read-only.",
        discussion: "pollux inspect columns --format json --data plant",
        subcommands: [Columns.self, Chunk.self, Journal.self])

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    struct Columns: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Per asset and measure: values, bytes with every header counted, modes.",
            discussion: "pollux inspect columns --format json")
        @Option(help: "table or json.") var format = Format.table
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            let database = try target.openForReading()
            let (reports, names) = try reporting { try Columns.read(database) }
            if format == .json {
                let columns: [[String: Any]] = reports.indices.map { index in
                    let report = reports[index]
                    return [
                        "asset": names[index].asset, "measure": names[index].measure,
                        "values": report.valueCount, "bytes": report.byteCount,
                        "modes": Dictionary(
                            report.modes.map { ($0.name, $0.valueCount) }, uniquingKeysWith: +),
                    ]
                }
                let bytes = try reporting {
                    try JSONSerialization.data(
                        withJSONObject: ["columns": columns],
                        options: [.sortedKeys, .withoutEscapingSlashes])
                }
                Terminal.write(bytes + Data("\n".utf8))
                return
            }
            for (report, name) in zip(reports, names) {
                let each = Double(report.byteCount) / Double(max(1, report.valueCount))
                let modes = report.modes.map { "\($0.name) \($0.valueCount)" }
                print(
                    "\(name.asset) \(name.measure): \(report.valueCount) values, "
                        + "\(report.byteCount) bytes, \((each * 1000).rounded() / 1000) each"
                        + (modes.isEmpty ? "" : " (\(modes.joined(separator: ", ")))"))
            }
        }

        private static func read(
            _ database: RecordsOnDisk
        ) throws -> ([ColumnReport], [(asset: String, measure: String)]) {
            let reports = try Inspection(environment: database.environment).columns()
            let names = try database.environment.read { transaction in
                try reports.map { report in
                    (
                        try database.graph.displayName(of: report.asset, in: transaction),
                        try database.graph.measureName(report.measure, in: transaction)
                            ?? "measure \(report.measure.rawValue)"
                    )
                }
            }
            return (reports, names)
        }
    }

    struct Chunk: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The fields of one chunk; without a name, the names of all chunks.",
            discussion: "pollux inspect chunk")
        @Argument(help: "The chunk's name.") var name: String?
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            let database = try target.openForReading()
            let inspection = try Inspection(environment: database.environment)
            guard let name else {
                for name in try reporting({ try inspection.chunkNames(group: nil) }) { print(name) }
                return
            }
            InspectCommand.show(try reporting { try inspection.chunk(name) })
        }
    }

    struct Journal: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The fields of one journal record; without a number, all numbers.",
            discussion: "pollux inspect journal 17")
        @Argument(help: "The record's sequence number.") var sequence: UInt64?
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            let database = try target.openForReading()
            let inspection = try Inspection(environment: database.environment)
            guard let sequence else {
                for number in try reporting({ try inspection.journalSequences() }) { print(number) }
                return
            }
            InspectCommand.show(try reporting { try inspection.journal(sequence) })
        }
    }

    static func show(_ fields: [RecordField]) {
        for field in fields {
            print(String(repeating: "  ", count: field.depth) + "\(field.name): \(field.value)")
        }
    }
}
