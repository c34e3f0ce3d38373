public import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
public import PolluxModel
import PolluxStore

/// Models and graphs in and out; each import is one commit.
extension QueryEngine {
    /// Imports files of one format in one commit: all of it is there afterwards, or nothing.
    ///
    /// The commit holds up other writers while it lasts.
    ///
    /// - Throws: `ImportFailure` with the place in the file; failures of the store.
    public func importGraph(
        _ files: [ImportFile], as format: GraphFormat, options: ImportOptions = ImportOptions(),
        by source: String, now: Timestamp? = nil,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> ImportReport {
        let by = Provenance(recordedAt: now ?? SystemTime.now(), source: source)
        let graph = graph
        return try store.writeBlocking { transaction in
            let write = transaction.transaction
            transaction.notePlantChange()
            transaction.noteEventChange()
            do {
                switch format {
                case .dtdl:
                    return try graph.importDTDL(files, options: options, by: by, in: write)
                case .adtNDJSON:
                    return try graph.importADT(
                        files, options: options, by: by, progress: progress, in: write)
                case .assetsCSV:
                    return try graph.importAssets(files, by: by, progress: progress, in: write)
                case .relationsCSV:
                    return try graph.importRelations(files, by: by, progress: progress, in: write)
                case .twinql:
                    return try ScriptImport(graph: graph, by: by, transaction: transaction)
                        .run(files, progress: progress)
                }
            } catch let error as GraphError {
                if case .storage(let failure) = error { throw failure }
                throw error
            }
        }
    }

    /// Writes the plant of one commit in a format, line by line.
    public func exportGraph(
        as format: GraphFormat, options: ExportOptions = ExportOptions(), now: Timestamp? = nil,
        _ write: @escaping (String) throws -> Void
    ) throws -> ExportReport {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        return try graph.export(
            format, options: options, at: now ?? SystemTime.now(), in: snapshot.transaction, write)
    }
}

/// A script of statements that change the plant, as an export writes it, in one commit.
struct ScriptImport {
    let graph: Graph
    let by: Provenance
    let transaction: StoreTransaction

    /// Text is parsed in pieces of whole lines, each ending with a statement.
    private static let pieceByteCount = 64 << 10

    func run(_ files: [ImportFile], progress: (Int, Int) -> Void) throws -> ImportReport {
        var report = ImportReport()
        for file in files {
            var start = 0
            var line = 1
            while start < file.bytes.count {
                let end = ScriptImport.pieceEnd(file.bytes, from: start)
                let piece = file.bytes[start..<end]
                guard let text = String(validating: piece, as: UTF8.self) else {
                    throw ImportFailure(
                        ImportPlace(file: file.name, line: line), "the text is not UTF-8")
                }
                try run(text, of: file.name, from: line, to: &report)
                line += piece.count { $0 == 10 }
                start = end
                progress(start, file.bytes.count)
            }
        }
        return report
    }

    /// The end of the last line that ends a statement within the size of a piece, or of the first.
    private static func pieceEnd(_ bytes: [UInt8], from start: Int) -> Int {
        var end: Int?
        var last: UInt8 = 0
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 10 {
                if last == UInt8(ascii: ";") { end = position }
                if let end, position - start >= pieceByteCount { return end }
            } else if byte > 0x20 {
                last = byte
            }
        }
        return bytes.count
    }

    private func run(
        _ text: String, of file: String, from line: Int, to report: inout ImportReport
    ) throws {
        func failure(_ diagnostics: [Diagnostic]) -> any Error {
            guard let first = diagnostics.first else { return QueryError.diagnostics([]) }
            let place = first.range.start(in: text)
            return ImportFailure(
                ImportPlace(file: file, line: line + place.line - 1, column: place.column),
                first.message, suggestions: first.suggestions.compactMap(\.replacement))
        }
        let script: ScriptSyntax
        do throws(LanguageError) {
            script = try TwinQL.parse(text)
        } catch {
            throw failure(error.diagnostics)
        }
        var options = QueryOptions()
        options.source = by.source
        for statement in script.statements {
            var context = StatementContext(
                graph: graph, text: text, options: options, now: by.recordedAt, zone: .utc)
            context.units = try graph.units(in: transaction.transaction)
            do {
                guard ScriptImport.changesPlant(statement) else {
                    throw context.wrong(
                        .notAvailable,
                        "an import only changes the plant; run this with `pollux query`",
                        at: statement.range)
                }
                _ = try context.placed(at: statement.range) {
                    try PlantChange(context: context, transaction: transaction).run(statement)
                }
            } catch QueryError.diagnostics(let list) {
                throw failure(list)
            }
            report.add("statements")
        }
    }

    private static func changesPlant(_ statement: StatementSyntax) -> Bool {
        switch statement.form {
        case .create(.continuousQuery), .create(.alert): false
        case .create, .move, .relate, .unrelate, .retire, .set, .recordSample, .recordEvent: true
        case .query, .watch, .explain, .show, .describe, .drop: false
        }
    }
}
