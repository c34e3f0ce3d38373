import PolluxKeyValue
import PolluxModel

/// Assets and relations as tables, in the form that `importAssets` and `importRelations` read.
final class TableExport {
    let graph: Graph
    let now: TimeRange
    let transaction: ReadTransaction
    let schema: Schema
    private(set) var report = ExportReport()
    private let write: (String) throws -> Void
    /// Where an asset of a name is met first: a second one of a type cannot be named.
    private var named: [String: AssetID] = [:]

    init(
        _ graph: Graph, at now: Timestamp, in transaction: ReadTransaction,
        _ write: @escaping (String) throws -> Void
    ) throws {
        self.graph = graph
        self.now = Graph.frozen(now) ?? .always
        self.transaction = transaction
        self.write = write
        schema = try graph.schema(in: transaction)
    }

    private func row(_ fields: [String]) throws {
        try write(fields.map(CSVReader.field).joined(separator: ","))
    }

    private func typeName(_ id: TypeID) -> String { schema.types[id]?.name ?? "?" }

    private func reference(_ asset: Asset) -> String { typeName(asset.type) + " " + asset.name }

    /// Whether rows can name an asset, which its type and name must tell from all others.
    private func isNamed(_ asset: Asset) -> Bool {
        guard !asset.name.isEmpty else { return false }
        let key = reference(asset)
        let first = named[key] ?? asset.id
        named[key] = first
        return first == asset.id
    }

    private func text(_ instant: Timestamp) -> String {
        instant == .distantPast || instant == .distantFuture ? "" : "\(instant)"
    }

    // MARK: Assets

    /// One row an asset with its attributes as they are now; where it has been is in the relations.
    func writeAssets() throws {
        var columns: [String: Set<ValueKind>] = [:]
        for (_, kinds) in try graph.attributeKinds(in: transaction) {
            for (name, kind) in kinds { columns[name, default: []].insert(kind) }
        }
        var attributes: [(name: String, kind: ValueKind)] = []
        for (name, kinds) in columns.sorted(by: { $0.key < $1.key }) {
            attributes += kinds.sorted { $0.rawValue < $1.rawValue }.map { (name, $0) }
        }
        try row(
            ["type", "name", "of", "from", "to", "place"]
                + attributes.map { "\($0.name):\($0.kind)" })
        try graph.forEachAssetSlowly(in: transaction) { asset in
            try writeAsset(asset, attributes)
        }
    }

    private func writeAsset(
        _ asset: Asset, _ attributes: [(name: String, kind: ValueKind)]
    ) throws {
        guard asset.name.isEmpty || isNamed(asset) else {
            report.note("another \(reference(asset)) is left out: a row is known by type and name")
            return
        }
        let first = try graph.locations(of: asset.id, during: .always, in: transaction).first
        var container: Asset?
        if let first, first.range.start <= asset.life.start {
            container = try graph.existingAsset(first.object, in: transaction)
            if let place = container, place.name.isEmpty,
                let above = try graph.locations(of: place.id, during: .always, in: transaction)
                    .first
            {
                container = try graph.existingAsset(above.object, in: transaction)
            }
        }
        if asset.name.isEmpty, container?.name.isEmpty ?? true { return }
        let pieces = try graph.attributes(of: asset.id, during: .always, in: transaction)
        var values: [String: Value] = [:]
        for piece in pieces {
            if values[piece.name] != nil {
                report.note("only the last value of an attribute is in the table")
            }
            values[piece.name] = piece.value
        }
        var fields = [
            typeName(asset.type), asset.name, container.map(reference) ?? "",
            text(asset.life.start), asset.name.isEmpty ? "" : text(asset.life.end),
            asset.isPlace && !asset.name.isEmpty && first?.relation != .mounting ? "true" : "",
        ]
        for column in attributes {
            fields.append(values[column.name].flatMap { field($0, column.kind) } ?? "")
        }
        try row(fields)
        report.count += 1
    }

    /// A value in the column of its kind; in that of another one nothing.
    private func field(_ value: Value, _ kind: ValueKind) -> String? {
        switch (value, kind) {
        case (.text(let text), .text): text
        case (.text, _): nil
        case (.integer(let number), .float): "\(number)"
        case (_, .text): QuotedName.value(value)
        default: value.kind == kind ? QuotedName.value(value) : nil
        }
    }

    // MARK: Relations

    /// One row a span of a relation; stays and typed relations, in order of assets and time.
    func writeRelations() throws {
        try row(["subject", "relation", "object", "from", "to"])
        try graph.forEachAssetSlowly(in: transaction) { asset in
            guard isNamed(asset) else { return }
            for relation in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue })
            {
                for stored in try graph.outgoing(asset.id, relation.id, in: transaction) {
                    try writeRelation(stored.link, relation, of: asset)
                }
            }
        }
    }

    private func writeRelation(
        _ link: Link, _ relation: RelationDefinition, of asset: Asset
    ) throws {
        var object = try graph.existingAsset(link.object, in: transaction)
        if object.name.isEmpty,
            let above = try graph.locations(of: object.id, during: .always, in: transaction).first
        {
            object = try graph.existingAsset(above.object, in: transaction)
        }
        guard !object.name.isEmpty else {
            report.note("a relation to a place without a name is left out")
            return
        }
        try row([
            reference(asset), relation.name, reference(object), text(link.range.start),
            text(link.range.end),
        ])
        report.count += 1
    }
}
