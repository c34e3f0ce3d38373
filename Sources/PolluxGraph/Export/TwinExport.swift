import PolluxKeyValue
import PolluxModel

/// The plant as it is at an instant in the bulk format of Azure Digital Twins.
final class TwinExport {
    let graph: Graph
    let options: ExportOptions
    let now: TimeRange
    let transaction: ReadTransaction
    let schema: Schema
    private(set) var report = ExportReport()
    private let write: (String) throws -> Void
    private var attributes: [TypeID: [String: ValueKind]] = [:]
    private var names: [String: AssetID] = [:]
    private var relationshipCount = 0

    init(
        _ graph: Graph, _ options: ExportOptions, at now: Timestamp,
        in transaction: ReadTransaction,
        _ write: @escaping (String) throws -> Void
    ) throws {
        self.graph = graph
        self.options = options
        self.now = Graph.frozen(now) ?? .always
        self.transaction = transaction
        self.write = write
        schema = try graph.schema(in: transaction)
    }

    func run() throws {
        try section("Header")
        try line([("fileVersion", .text("1.0.0")), ("author", .text("pollux"))])
        try section("Models")
        var models = try ModelExport(graph, options, in: transaction)
        attributes = models.attributes
        let interfaces = try models.interfaces()
        for interface in interfaces { try write("\(interface)") }
        for note in models.report.notes { report.note(note) }
        if interfaces.count > 10_000 {
            report.note("\(interfaces.count) models: the service takes at most 10,000 in a job")
        }
        try section("Twins")
        try graph.forEachAssetSlowly(in: transaction) { try writeTwin($0) }
        if report.count > 2_000_000 {
            report.note("\(report.count) twins: the service takes at most 2,000,000 in a job")
        }
        try section("Relationships")
        try graph.forEachAssetSlowly(in: transaction) { try writeRelationships($0) }
        if relationshipCount > 10_000_000 {
            report.note(
                "\(relationshipCount) relationships: the service takes at most 10,000,000 in a job")
        }
    }

    private func section(_ name: String) throws { try line([("Section", .text(name))]) }

    private func line(_ members: [(String, JSONValue)]) throws {
        try write(
            "\(ModelExport.object(members))"
        )
    }

    /// Whether an asset is written: named, and alive at the instant or history is asked for.
    private func isWritten(_ asset: Asset) -> Bool {
        guard !asset.name.isEmpty, names[asset.name] == asset.id || names[asset.name] == nil else {
            return false
        }
        return options.keepsHistory || asset.life.overlaps(now)
    }

    private func validity(_ range: TimeRange) -> JSONValue {
        func text(_ instant: Timestamp, _ isOpen: Bool) -> JSONValue {
            isOpen ? .null : .text("\(instant)")
        }
        return .object(
            JSONObject(members: [
                .init(name: "from", value: text(range.start, range.start == .distantPast)),
                .init(name: "to", value: text(range.end, range.end == .distantFuture)),
            ]))
    }

    // MARK: Twins

    private func writeTwin(_ asset: Asset) throws {
        if asset.name.isEmpty {
            let pieces = try graph.attributes(of: asset.id, during: now, in: transaction)
            if !pieces.isEmpty {
                report.note("the attributes of places without a name are left out")
            }
            return
        }
        guard isWritten(asset) else {
            if names[asset.name] != nil {
                report.note("a second asset is called \(asset.name): a $dtId stands for one twin")
            }
            return
        }
        names[asset.name] = asset.id
        guard let type = schema.types[asset.type] else { return }
        if asset.name.utf8.count > 128 {
            report.note("\(asset.name.prefix(40))… is longer than the 128 characters of a $dtId")
        }
        let (metadata, properties) = try self.properties(of: asset, type)
        var members: [(String, JSONValue)] = [
            ("$dtId", .text(asset.name)), ("$metadata", .object(JSONObject(members: metadata))),
        ]
        if options.keepsHistory, asset.life != .always {
            members.append(("$pollux", validity(asset.life)))
        }
        members += properties
        let bytes = members.reduce(0) { $0 + $1.0.utf8.count + "\($1.1)".utf8.count + 6 }
        if bytes > 32_768 {
            report.note("the twin \(asset.name) is larger than the service's 32 KB")
        }
        try line(members)
        report.count += 1
    }

    /// The attributes of an asset, and the metadata that says since when each holds.
    private func properties(
        of asset: Asset, _ type: AssetType
    ) throws -> (metadata: [JSONObject.Member], properties: [(String, JSONValue)]) {
        var metadata = [JSONObject.Member(name: "$model", value: .text(ModelExport.id(of: type)))]
        var properties: [(String, JSONValue)] = []
        let during = options.keepsHistory ? TimeRange.always : now
        var latest: [String: AttributePiece] = [:]
        for piece in try graph.attributes(of: asset.id, during: during, in: transaction) {
            if latest[piece.name] != nil {
                report.note(
                    "only the last value of an attribute is written, \(piece.name) had others")
            }
            latest[piece.name] = piece
        }
        for (name, piece) in latest.sorted(by: { $0.key < $1.key }) {
            guard let value = piece.value.flatMap({ json($0, name, asset.type) }) else { continue }
            let written = DTMI.name(from: name)
            properties.append((written, value))
            let whole = try graph.attributes(
                of: asset.id, named: name, during: .always, in: transaction
            ).last { $0.range.end >= piece.range.end }
            if let start = whole?.range.start, start != .distantPast {
                metadata.append(
                    JSONObject.Member(
                        name: written,
                        value: .object(
                            JSONObject(members: [
                                .init(name: "lastUpdateTime", value: .text("\(start)"))
                            ]))))
            }
        }
        return (metadata, properties)
    }

    private func json(_ value: Value, _ name: String, _ type: TypeID) -> JSONValue? {
        // The kind that the model says, so that one asset's 7 does not meet another's 7.5.
        let kind = attributes[type]?[name] ?? value.kind
        if kind == .text, value.kind != .text { return .text(QuotedName.value(value)) }
        return switch value {
        case .float(let number): number.isFinite ? .number(number) : nil
        case .integer(let number): .integer(number)
        case .boolean(let flag): .boolean(flag)
        case .text(let text): .text(text)
        }
    }

    // MARK: Relationships

    private func writeRelationships(_ asset: Asset) throws {
        guard !asset.name.isEmpty, names[asset.name] == asset.id else { return }
        let during = options.keepsHistory ? asset.life : now
        for relation in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            for stored in try graph.outgoing(asset.id, relation.id, during: during, in: transaction)
            {
                try writeRelationship(stored.link, relation, of: asset, during: during)
            }
        }
    }

    private func writeRelationship(
        _ link: Link, _ relation: RelationDefinition, of asset: Asset, during: TimeRange
    ) throws {
        var target = try graph.existingAsset(link.object, in: transaction)
        if target.name.isEmpty {
            // An item is in the machine, in whose place it is mounted.
            guard
                let above = try graph.locations(of: target.id, during: during, in: transaction)
                    .first
            else { return }
            target = try graph.existingAsset(above.object, in: transaction)
        }
        guard !target.name.isEmpty, names[target.name] == target.id else {
            report.note("a \(relation.name) of \(asset.name) leads to something that is left out")
            return
        }
        let name: String
        switch relation.id {
        case .containment: name = "partOf"
        case .mounting: name = "mountedIn"
        default: name = DTMI.name(from: relation.name)
        }
        relationshipCount += 1
        var members: [(String, JSONValue)] = [
            ("$dtId", .text(asset.name)), ("$relationshipId", .text("r\(relationshipCount)")),
            ("$targetId", .text(target.name)), ("$relationshipName", .text(name)),
        ]
        if options.keepsHistory { members.append(("$pollux", validity(link.range))) }
        try line(members)
    }
}

extension Graph {
    /// Calls `body` for each asset in order of number, holding no cursor open meanwhile.
    func forEachAssetSlowly(
        in transaction: ReadTransaction, _ body: (Asset) throws -> Void
    ) throws {
        var next: UInt32 = 1
        while true {
            var page: [Asset] = []
            try scan(
                tables.assets, prefix: [], from: GraphKey(AssetID(rawValue: next)).bytes,
                in: transaction
            ) {
                (key, _) throws(GraphError) in
                var reader = GraphKeyReader(key, skipping: 0, table: self.tables.assets)
                page.append(try self.existingAsset(try reader.asset(), in: transaction))
                return page.count < 1000
            }
            for asset in page { try body(asset) }
            guard page.count == 1000, let last = page.last, last.id.rawValue < .max else { return }
            next = last.id.rawValue + 1
        }
    }
}
