public import PolluxKeyValue
import PolluxModel

/// Tables of assets and of relations.
extension Graph {
    /// Imports tables of assets: columns `type`, `name`, and if wanted `of` (type and name of what
    /// contains it), `from`, `to`, `place` (true for a place); every other column is an attribute,
    /// with the kind of its values behind a colon where it must not be guessed (`serial:text`).
    ///
    /// An asset that is there already takes the attributes. Rows may stand in any order.
    public func importAssets(
        _ files: [ImportFile], by provenance: Provenance,
        progress: (Int, Int) -> Void = { _, _ in }, in transaction: WriteTransaction
    ) throws -> ImportReport {
        var report = ImportReport()
        for file in files {
            var table = try ImportTable(file, needs: ["type", "name"])
            var waiting: [ImportTable.Row] = []
            while let row = try table.next() {
                if try !createAsset(row, to: &report, by: provenance, in: transaction) {
                    waiting.append(row)
                }
                if row.line % 10_000 == 0 { progress(table.offset, file.bytes.count) }
            }
            // What contains them may stand further down.
            while !waiting.isEmpty {
                let before = waiting.count
                waiting = try waiting.filter {
                    try !createAsset($0, to: &report, by: provenance, in: transaction)
                }
                guard waiting.count < before else {
                    let row = waiting[0]
                    throw row.failure("of", "there is no `\(row["of"])`")
                }
            }
        }
        return report
    }

    /// Creates the asset of a row; false when what contains it is not there yet.
    private func createAsset(
        _ row: ImportTable.Row, to report: inout ImportReport, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> Bool {
        var container: Asset?
        if !row["of"].isEmpty {
            guard let found = try row.asset("of", self, in: transaction) else { return false }
            container = found
        }
        let from = try row.instant("from") ?? .distantPast
        let attributes = try row.attributes()
        var declaration = AssetDeclaration(
            type: row["type"], name: row["name"], container: container?.id, from: from,
            attributes: attributes)
        guard !declaration.type.isEmpty else { throw row.failure("type", "an asset has a type") }
        declaration.isPlace = try row.boolean("place") ?? false
        let existing = try declared(declaration, in: transaction)
        let id: AssetID
        if let existing {
            for attribute in attributes {
                try row.placed(attribute.name) {
                    try setAttribute(
                        attribute.name, of: existing.id, to: attribute.value,
                        from: max(from, existing.life.start), by: provenance, in: transaction)
                }
            }
            report.add("assets known before")
            id = existing.id
        } else {
            id = try row.placed("name") {
                try self.createAsset(declaration, by: provenance, in: transaction)
            }
            report.add("assets")
        }
        if let end = try row.instant("to") {
            try row.placed("to") { try retire(id, at: end, by: provenance, in: transaction) }
        }
        return true
    }

    /// The declared asset that a row speaks of again.
    private func declared(
        _ declaration: AssetDeclaration, in transaction: ReadTransaction
    ) throws(GraphError) -> Asset? {
        guard !declaration.name.isEmpty,
            let type = try type(named: declaration.type, in: transaction)
        else { return nil }
        return try assets(named: declaration.name, type: type.type.id, in: transaction).assets
            .first { $0.isDeclared && $0.type == type.type.id && $0.name == declaration.name }
    }

    /// Imports tables of relations.
    ///
    /// The columns are `subject`, `relation`, `object` (type and name), `from` and `to`. The
    /// relations `part of` and `mounted in` say where assets are.
    public func importRelations(
        _ files: [ImportFile], by provenance: Provenance,
        progress: (Int, Int) -> Void = { _, _ in }, in transaction: WriteTransaction
    ) throws -> ImportReport {
        var report = ImportReport()
        for file in files {
            var table = try ImportTable(file, needs: ["subject", "relation", "object"])
            while let row = try table.next() {
                let subject = try row.needAsset("subject", self, in: transaction)
                let object = try row.needAsset("object", self, in: transaction)
                let range = TimeRange(
                    start: try row.instant("from") ?? .distantPast,
                    end: try row.instant("to") ?? .distantFuture)
                guard range.start < range.end else {
                    throw row.failure("to", "the relation ends before it begins")
                }
                try row.placed("relation") {
                    let relation = try ensureRelation(
                        named: row["relation"], by: provenance, in: transaction)
                    let (from, to) = relation.isInverse ? (object, subject) : (subject, object)
                    if relation.id == .containment || relation.id == .mounting {
                        try place(
                            from.id, in: to.id, during: range, by: provenance, in: transaction)
                        report.add("moves")
                    } else {
                        try relate(
                            from.id, relation.id, to.id, during: range, by: provenance,
                            in: transaction)
                        report.add("relations of assets")
                    }
                }
                if row.line % 10_000 == 0 { progress(table.offset, file.bytes.count) }
            }
        }
        return report
    }

    /// Puts an asset into another for a span; afterwards it is nowhere unless something says so.
    func place(
        _ part: AssetID, in container: AssetID, during range: TimeRange,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let asset = try namedAsset(part, in: transaction)
        let holder = try namedAsset(container, in: transaction)
        let start = max(range.start, asset.life.start, holder.life.start)
        guard start < range.end else {
            throw GraphError.outsideLife(
                asset: try describe(asset, in: transaction), life: asset.life, instant: range.start)
        }
        try move(part, to: container, at: start, by: provenance, in: transaction)
        guard range.end < asset.life.end else { return }
        // Only where no later move is recorded that ends the stay before.
        let after = TimeRange(start: range.end, end: range.end.advanced(by: 1))
        let stays = try locations(of: part, during: after, in: transaction)
        if stays.contains(where: { $0.range.start < range.end }) {
            try detach(part, at: range.end, by: provenance, in: transaction)
        }
    }
}

/// A table whose first row names the columns.
struct ImportTable {
    /// One row with its column names.
    struct Row {
        let file: String
        let line: Int
        let columns: [String]
        let fields: [String]
        let isQuoted: [Bool]

        /// The field of a column, empty when there is none.
        subscript(column: String) -> String {
            columns.firstIndex(of: column).map { fields[$0] } ?? ""
        }

        func failure(
            _ column: String, _ reason: String, suggestions: [String] = []
        ) -> ImportFailure {
            ImportFailure(
                ImportPlace(file: file, line: line, path: "column \(column)"), reason,
                suggestions: suggestions)
        }

        /// Runs a body and gives the graph's refusals a place.
        func placed<Result>(_ column: String, _ body: () throws -> Result) throws -> Result {
            do {
                return try body()
            } catch let error as GraphError {
                if case .storage = error { throw error }
                throw failure(column, error.description)
            }
        }

        func instant(_ column: String) throws -> Timestamp? {
            let text = self[column]
            guard !text.isEmpty else { return nil }
            guard let read = Timestamp.parseRFC3339(Array(text.utf8)) else {
                throw failure(
                    column, "`\(text)` is no time", suggestions: ["2026-03-02T10:15:00Z"])
            }
            return read.instant
        }

        func boolean(_ column: String) throws -> Bool? {
            switch self[column].lowercased() {
            case "": nil
            case "true", "yes", "1": true
            case "false", "no", "0": false
            default: throw failure(column, "`\(self[column])` is neither true nor false")
            }
        }

        /// The asset that a column names by type and name, or by its name alone; nil when there is
        /// none.
        func asset(
            _ column: String, _ graph: Graph, in transaction: ReadTransaction
        ) throws -> Asset? {
            let text = self[column]
            var found = try graph.assets(named: text, in: transaction).assets
            // The type is the longest beginning that is one: types may hold blanks.
            for (index, character) in text.enumerated().reversed() where character == " " {
                guard found.isEmpty else { break }
                let word = String(text.prefix(index))
                let name = String(text.dropFirst(index + 1))
                guard let type = try graph.type(named: word, in: transaction) else { continue }
                found = try graph.assets(named: name, type: type.type.id, in: transaction).assets
            }
            guard found.count <= 1 else {
                throw failure(
                    column, "`\(text)` can mean \(found.count) assets: write its type before it")
            }
            return found.first
        }

        func needAsset(
            _ column: String, _ graph: Graph, in transaction: ReadTransaction
        ) throws -> Asset {
            guard let found = try asset(column, graph, in: transaction) else {
                throw failure(
                    column, "there is no `\(self[column])`; write type and name: `line L2`")
            }
            return found
        }

        private static let ownColumns: Set<String> = ["type", "name", "of", "from", "to", "place"]

        /// The columns that are attributes; an empty field that is not quoted says nothing.
        func attributes() throws -> [Attribute] {
            var found: [Attribute] = []
            for (index, column) in columns.enumerated() where !Row.ownColumns.contains(column) {
                if fields[index].isEmpty, !isQuoted[index] { continue }
                let parts = column.split(separator: ":", maxSplits: 1).map(String.init)
                let value = try self.value(
                    fields[index], kind: parts.count > 1 ? parts[1] : "", column)
                found.append(Attribute(parts[0], value))
            }
            return found
        }

        private func value(_ text: String, kind: String, _ column: String) throws -> Value {
            switch kind {
            case "text": return .text(text)
            case "float":
                if let number = Double(text), number.isFinite { return .float(number) }
            case "integer":
                if let number = Int64(text) { return .integer(number) }
            case "boolean":
                if text == "true" || text == "false" { return .boolean(text == "true") }
            case "":
                if let number = Int64(text) { return .integer(number) }
                if let number = Double(text), number.isFinite { return .float(number) }
                return text == "true" || text == "false" ? .boolean(text == "true") : .text(text)
            default:
                throw failure(
                    column, "`\(kind)` is no kind of value",
                    suggestions: ["text", "float", "integer", "boolean"])
            }
            throw failure(column, "`\(text)` is not of the kind \(kind)")
        }
    }

    private let file: String
    private var reader: CSVReader
    private let columns: [String]

    /// How much of the file has been read, in bytes.
    var offset: Int { reader.offset }

    init(_ file: ImportFile, needs needed: [String]) throws {
        self.file = file.name
        var reader = CSVReader(file.bytes)
        guard
            let header = try ImportTable.placed(
                file.name, { () throws(CSVReader.Fault) in try reader.next() })
        else {
            throw ImportFailure(
                ImportPlace(file: file.name, line: 1),
                "the file is empty; its first line names the columns: "
                    + needed.joined(separator: ",")
            )
        }
        self.reader = reader
        columns = header.fields
        func failure(_ reason: String) -> ImportFailure {
            ImportFailure(ImportPlace(file: file.name, line: header.line), reason)
        }
        for column in needed where !columns.contains(column) {
            throw failure("the column `\(column)` is missing; the first line names the columns")
        }
        guard Set(columns).count == columns.count, !columns.contains("") else {
            throw failure("each column has a name of its own")
        }
    }

    mutating func next() throws -> Row? {
        guard
            let row = try ImportTable.placed(
                file, { () throws(CSVReader.Fault) in try reader.next() })
        else { return nil }
        guard row.fields.count == columns.count else {
            throw ImportFailure(
                ImportPlace(file: file, line: row.line),
                "the line has \(row.fields.count) fields, the first line names \(columns.count)")
        }
        return Row(
            file: file, line: row.line, columns: columns, fields: row.fields, isQuoted: row.isQuoted
        )
    }

    private static func placed<Result>(
        _ file: String, _ body: () throws(CSVReader.Fault) -> Result
    ) throws -> Result {
        do throws(CSVReader.Fault) {
            return try body()
        } catch {
            throw ImportFailure(ImportPlace(file: file, line: error.line), error.reason)
        }
    }
}
