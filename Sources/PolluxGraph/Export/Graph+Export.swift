public import PolluxKeyValue
import PolluxModel

/// How much an export wrote.
public struct ExportCount: Hashable, Sendable {
    /// Statements written.
    public var statements = 0
    /// What the language cannot say; each is a comment in the export.
    public var omissions = 0
}

extension Graph {
    /// Writes the statements that recreate the plant of a commit, one a line, each ended by `;`.
    ///
    /// Run in order in an empty database they give types, measures, relations, assets, where each
    /// was when, attributes and events again; points are not part of it. Everything recreated is
    /// declared, by whoever runs the statements and when: who recorded it first stays in this
    /// database's change log. What cannot be said is a comment: assets that share type
    /// and name with an earlier one, text with line breaks.
    ///
    /// Cost: grows with the plant; an export holds one number an asset in memory.
    @discardableResult
    public func exportTwinQL(
        in transaction: ReadTransaction, _ write: @escaping (String) throws -> Void
    ) throws -> ExportCount {
        let export = try PlantExport(self, in: transaction, write)
        try export.run()
        return export.count
    }

    /// The same as one text, for plants of which a text can be held in memory.
    public func exportTwinQL(in transaction: ReadTransaction) throws -> String {
        var lines: [String] = []
        try exportTwinQL(in: transaction) { lines.append($0 + "\n") }
        return lines.joined()
    }
}

/// One export: what has been written, so that statements refer only to what exists by then.
final class PlantExport {
    let graph: Graph
    let transaction: ReadTransaction
    let schema: Schema
    private(set) var count = ExportCount()
    /// The assets written, and those that share type and name with one written before.
    var written = Set<AssetID>()
    var skipped = Set<AssetID>()
    /// The assets whose first stay is part of their creation.
    var isCreatedInside = Set<AssetID>()
    /// Types of single places in which messages showed items side by side.
    private(set) var sideBySide = Set<TypeID>()
    private let write: (String) throws -> Void

    init(
        _ graph: Graph, in transaction: ReadTransaction,
        _ write: @escaping (String) throws -> Void
    ) throws {
        self.graph = graph
        self.transaction = transaction
        self.write = write
        schema = try graph.schema(in: transaction)
    }

    func run() throws {
        try forEachAsset { try noteSideBySide($0) }
        try writeUnits()
        try writeTypes()
        try writeMeasures()
        try writeRelations()
        try writeEventDefinitions()
        try forEachAsset { try create($0) }
        try forEachAsset { try writeTimeline($0) }
        try forEachAsset { try writeAttributes($0) }
        try forEachAsset { try writeLinks($0) }
        try writeEvents()
        try forEachAsset { try writeRetirement($0) }
    }

    func state(_ statement: String) throws {
        count.statements += 1
        try write(statement + ";")
    }

    /// A comment in place of what cannot be said.
    func omit(_ what: String) throws {
        count.omissions += 1
        try write("-- not exported: " + what)
    }

    /// Calls `body` for each asset in order of number, without holding a cursor open meanwhile.
    private func forEachAsset(_ body: (Asset) throws -> Void) throws {
        try forEachKey(of: graph.tables.assets) { bytes in
            try bytes.withUnsafeBytes { bytes in
                var reader = GraphKeyReader(bytes, skipping: 0, table: graph.tables.assets)
                try body(try graph.existingAsset(try reader.asset(), in: transaction))
            }
        }
    }

    /// Calls `body` for the keys of a table in order, read a thousand at a time.
    func forEachKey(of table: Table, _ body: ([UInt8]) throws -> Void) throws {
        var start: [UInt8]? = []
        while let from = start {
            var keys: [[UInt8]] = []
            try graph.scan(table, prefix: [], from: from, in: transaction) {
                (key, _) throws(GraphError) in
                keys.append(Array(key))
                return keys.count < 1000
            }
            for key in keys { try body(key) }
            // The least key after the last one.
            start = keys.count == 1000 ? keys.last.map { $0 + [0] } : nil
        }
    }

    private func noteSideBySide(_ place: Asset) throws {
        guard place.isPlace, schema.isSingle(place.type), !sideBySide.contains(place.type) else {
            return
        }
        var reached = Timestamp.distantPast
        var isFirst = true
        let mounts = try graph.incoming(place.id, .mounting, during: .always, in: transaction)
        for mount in mounts.sorted(by: { $0.range.start < $1.range.start }) {
            if !isFirst, mount.range.start < reached { sideBySide.insert(place.type) }
            reached = max(reached, mount.range.end)
            isFirst = false
        }
    }

    /// Whether mounting an item in a place ends the mount of another one, when recreated.
    func isSingle(_ place: Asset) -> Bool {
        schema.isSingle(place.type) && !sideBySide.contains(place.type)
    }

    // MARK: Words

    func typeName(_ id: TypeID) -> String { schema.types[id]?.name ?? "?" }

    /// How statements name an asset, or nil when they cannot: its type and name.
    func reference(_ asset: Asset) -> String? {
        guard !asset.name.isEmpty, !skipped.contains(asset.id) else { return nil }
        return QuotedName.label(typeName(asset.type)) + " " + QuotedName.label(asset.name)
    }

    func reference(_ id: AssetID) throws -> String? {
        reference(try graph.existingAsset(id, in: transaction))
    }

    /// A value, or nil when it cannot be written.
    func literal(_ value: Value) -> String? {
        switch value {
        case .float(let number): number.isFinite ? QuotedName.value(value) : nil
        case .text(let text): text.utf8.contains(0x0A) ? nil : QuotedName.value(value)
        case .integer, .boolean: QuotedName.value(value)
        }
    }

    /// Settings or attributes after `with`; those that cannot be written become comments.
    func settings(_ attributes: [Attribute], of what: String) throws -> String {
        var parts: [String] = []
        for attribute in attributes {
            guard let value = literal(attribute.value) else {
                try omit("\(attribute.name) of \(what)")
                continue
            }
            parts.append("\(QuotedName.word(attribute.name)) = \(value)")
        }
        return parts.isEmpty ? "" : " with " + parts.joined(separator: ", ")
    }
}
