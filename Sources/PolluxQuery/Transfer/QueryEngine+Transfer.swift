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
        let runsLive = liveControl != nil
        var (report, live): (ImportReport, [LiveCreation]) = try store.writeBlocking {
            transaction in
            let write = transaction.transaction
            transaction.notePlantChange()
            transaction.noteEventChange()
            do {
                switch format {
                case .dtdl:
                    let report = try graph.importDTDL(
                        files, options: options, by: by, in: write)
                    return (report, [])
                case .adtNDJSON:
                    let report = try graph.importADT(
                        files, options: options, by: by, progress: progress, in: write)
                    return (report, [])
                case .assetsCSV:
                    let report = try graph.importAssets(
                        files, by: by, progress: progress, in: write)
                    return (report, [])
                case .relationsCSV:
                    let report = try graph.importRelations(
                        files, by: by, progress: progress, in: write)
                    return (report, [])
                case .twinql:
                    var script = ScriptImport(
                        graph: graph, by: by, transaction: transaction, runsLive: runsLive)
                    return (try script.run(files, progress: progress), script.live)
                }
            } catch let error as GraphError {
                if case .storage(let failure) = error { throw failure }
                throw error
            }
        }
        // These run over the plant that is there now, so they come after its commit.
        for creation in live { create(creation, by: source, &report) }
        return report
    }

    private func create(
        _ creation: LiveCreation, by source: String, _ report: inout ImportReport
    ) {
        guard let control = liveControl else { return }
        var options = QueryOptions()
        options.source = source
        do {
            switch creation.definition {
            case .alert(let alert):
                _ = try control.create(alert: alert, text: creation.text, options: options)
            case .continuousQuery(let query):
                _ = try control.create(
                    continuousQuery: query, text: creation.text, options: options)
            default: return
            }
            report.add("statements")
        } catch {
            let reason = (error as? QueryError)?.message ?? "\(error)"
            report.note(creation.place, "\(creation.name) was not created: \(reason)")
        }
    }

    /// Writes the plant of one commit in a format, line by line.
    public func exportGraph(
        as format: GraphFormat, options: ExportOptions = ExportOptions(), now: Timestamp? = nil,
        _ write: @escaping (String) throws -> Void
    ) throws -> ExportReport {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        var report = try graph.export(
            format, options: options, at: now ?? SystemTime.now(), in: snapshot.transaction, write)
        guard format == .twinql, let control = liveControl else { return report }
        for live in try control.statements(in: snapshot) {
            switch live {
            case .statement(let text):
                try write(text + ";")
                report.count += 1
            case .omitted(let what):
                try write("-- not exported: " + what)
                report.notes.append("not exported: " + what)
            }
        }
        return report
    }
}

/// An alert or a continuous query of a script.
struct LiveCreation: Sendable {
    var definition: DefinitionSyntax
    var name: String
    /// What the ranges of the tree refer to.
    var text: String
    var place: ImportPlace
}

/// A script of statements that change the plant, as an export writes it, in one commit.
///
/// Alerts and continuous queries are kept for after it.
struct ScriptImport {
    let graph: Graph
    let by: Provenance
    let transaction: StoreTransaction
    /// Whether there is something that runs alerts and continuous queries.
    let runsLive: Bool
    private(set) var live: [LiveCreation] = []

    init(graph: Graph, by: Provenance, transaction: StoreTransaction, runsLive: Bool) {
        self.graph = graph
        self.by = by
        self.transaction = transaction
        self.runsLive = runsLive
    }

    /// Text is parsed in pieces of whole lines, each ending with a statement.
    private static let pieceByteCount = 64 << 10

    mutating func run(_ files: [ImportFile], progress: (Int, Int) -> Void) throws -> ImportReport {
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

    private mutating func run(
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
            let start = statement.range.start(in: text)
            let place = ImportPlace(
                file: file, line: line + start.line - 1, column: start.column)
            if runsLive, let creation = ScriptImport.creation(statement, text, place) {
                live.append(creation)
                continue
            }
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

    private static func creation(
        _ statement: StatementSyntax, _ text: String, _ place: ImportPlace
    ) -> LiveCreation? {
        guard case .create(let definition) = statement.form else { return nil }
        let name: String
        switch definition {
        case .alert(let alert): name = "alert \(alert.name.text)"
        case .continuousQuery(let query): name = "continuous query \(query.name.text)"
        default: return nil
        }
        return LiveCreation(definition: definition, name: name, text: text, place: place)
    }

    private static func changesPlant(_ statement: StatementSyntax) -> Bool {
        switch statement.form {
        case .create(.continuousQuery), .create(.alert): false
        case .create, .move, .relate, .unrelate, .retire, .set, .recordSample, .recordEvent: true
        case .query, .watch, .explain, .show, .describe, .drop: false
        }
    }
}
