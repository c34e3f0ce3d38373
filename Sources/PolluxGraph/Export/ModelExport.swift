public import PolluxKeyValue
public import PolluxModel

/// What an export is told besides the format.
public struct ExportOptions: Hashable, Sendable {
    /// Whether to write what only Pollux understands: when things held (`$pollux`), and units that
    /// DTDL does not have (`polluxUnit`).
    public var keepsHistory: Bool

    /// Options.
    public init(keepsHistory: Bool = false) {
        self.keepsHistory = keepsHistory
    }
}

/// What an export wrote, and what it could not say.
public struct ExportReport: Hashable, Sendable {
    /// Things written: statements, interfaces, twins, rows.
    public var count = 0
    /// What was left out or written in another form.
    public var notes: [String] = []

    /// An empty report.
    public init() {}

    mutating func note(_ text: String) {
        if notes.count < 1000, !notes.contains(text) { notes.append(text) }
    }
}

extension Graph {
    /// Writes the plant in a format, line by line.
    ///
    /// Cost: grows with the plant; at most one number an asset is held in memory.
    public func export(
        _ format: GraphFormat, options: ExportOptions = ExportOptions(), at now: Timestamp,
        in transaction: ReadTransaction, _ write: @escaping (String) throws -> Void
    ) throws -> ExportReport {
        switch format {
        case .twinql:
            let count = try exportTwinQL(in: transaction, write)
            var report = ExportReport()
            report.count = count.statements
            if count.omissions > 0 {
                report.note("\(count.omissions) things cannot be said: see the comments")
            }
            return report
        case .dtdl:
            var models = try ModelExport(self, options, in: transaction)
            let interfaces = try models.interfaces()
            for (index, interface) in interfaces.enumerated() {
                let isLast = index + 1 == interfaces.count
                try write((index == 0 ? "[" : "") + "\(interface)" + (isLast ? "]" : ","))
            }
            return models.report
        case .adtNDJSON:
            let export = try TwinExport(self, options, at: now, in: transaction, write)
            try export.run()
            return export.report
        case .assetsCSV, .relationsCSV:
            let export = try TableExport(self, at: now, in: transaction, write)
            try format == .assetsCSV ? export.writeAssets() : export.writeRelations()
            return export.report
        }
    }
}

/// Types as Interfaces of DTDL version 3.
struct ModelExport {
    let graph: Graph
    let options: ExportOptions
    let transaction: ReadTransaction
    let schema: Schema
    var report = ExportReport()
    /// The attributes that assets of each type have had, with the kind of their values.
    let attributes: [TypeID: [String: ValueKind]]
    private var hasNearestUnit = false

    init(_ graph: Graph, _ options: ExportOptions, in transaction: ReadTransaction) throws {
        self.graph = graph
        self.options = options
        self.transaction = transaction
        schema = try graph.schema(in: transaction)
        attributes = try graph.attributeKinds(in: transaction)
    }

    /// The identifier of a type's Interface: the one it was imported under, else one made from its
    /// name.
    static func id(of type: AssetType) -> String {
        type.modelID?.text ?? "dtmi:pollux:\(DTMI.name(from: type.name));1"
    }

    /// All Interfaces, the base of all first.
    mutating func interfaces() throws -> [JSONValue] {
        let context = JSONValue.array(
            ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"].map { .text($0) })
        var found = [Self.object([("@context", context)] + base())]
        for type in schema.types.values.sorted(by: { $0.id < $1.id }) {
            found.append(Self.object([("@context", context)] + (try interface(of: type))))
        }
        report.count = found.count
        return found
    }

    static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(JSONObject(members: members.map { .init(name: $0.0, value: $0.1) }))
    }

    /// Containment and the relations of any asset.
    private func base() -> [(String, JSONValue)] {
        var contents = ["partOf", "mountedIn"].map { relationship($0, target: nil, isSingle: true) }
        for relation in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue })
        where relation.id.rawValue > 2 && relation.subjectType == nil {
            contents.append(self.relationship(of: relation))
        }
        return [
            ("@id", .text(DTDLModels.baseID + ";1")), ("@type", .text("Interface")),
            ("displayName", .text("asset")), ("contents", .array(contents)),
        ]
    }

    private func relationship(of relation: RelationDefinition) -> JSONValue {
        let target = relation.objectType.flatMap { schema.types[$0] }
        let isSingle = relation.settings.contains(Attribute("single", .boolean(true)))
        return relationship(
            DTMI.name(from: relation.name), target: target.map(ModelExport.id), isSingle: isSingle)
    }

    private func relationship(_ name: String, target: String?, isSingle: Bool) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("@type", .text("Relationship")), ("name", .text(name)),
        ]
        if let target { members.append(("target", .text(target))) }
        if isSingle { members.append(("maxMultiplicity", .integer(1))) }
        return Self.object(members)
    }

    private mutating func interface(of type: AssetType) throws -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("@id", .text(ModelExport.id(of: type))), ("@type", .text("Interface")),
        ]
        for (key, setting) in [("displayName", "display-name"), ("description", "description")] {
            let text = type.settings.first { $0.name == setting }?.value.text
            if let text { members.append((key, .text(text))) }
        }
        let parents = type.parents.compactMap { schema.types[$0] }.map(ModelExport.id)
        members.append(
            (
                "extends",
                .array((parents.isEmpty ? [DTDLModels.baseID + ";1"] : parents).map { .text($0) })
            ))
        var contents: [JSONValue] = []
        var taken: Set<String> = ["partOf", "mountedIn"]
        for measure in try graph.measures(of: type.id, in: transaction)
        where measure.type == type.id {
            contents.append(telemetry(measure.definition, of: type, &taken))
        }
        contents += properties(of: type, &taken)
        for relation in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue })
        where relation.subjectType == type.id
            && taken.insert(DTMI.name(from: relation.name)).inserted
        {
            contents.append(relationship(of: relation))
        }
        for component in type.declaredComponents {
            guard let part = schema.match(component.type)?.type,
                taken.insert(component.name).inserted
            else { continue }
            contents.append(
                Self.object([
                    ("@type", .text("Component")), ("name", .text(component.name)),
                    ("schema", .text(ModelExport.id(of: part))),
                ]))
        }
        members.append(("contents", .array(contents)))
        return members
    }

    private mutating func telemetry(
        _ definition: MeasureDefinition, of type: AssetType, _ taken: inout Set<String>
    ) -> JSONValue {
        let name = free(DTMI.name(from: definition.name), definition.name, &taken)
        let kinds: [ValueKind: String] = [
            .float: "double", .integer: "long", .boolean: "boolean", .text: "string",
        ]
        var types = ["Telemetry"]
        var tail: [(String, JSONValue)] = []
        if !definition.unit.isEmpty, let unit = schema.units.unit(definition.unit) {
            if let term = DTDLUnits.term(for: unit) {
                types.append(term.semanticType)
                tail.append(("unit", .text(term.term)))
                if !term.conversion.isIdentity {
                    tail.append(("comment", .text("measured in \(unit.symbol)")))
                    report.note(
                        "\(definition.name) of \(type.name) is in \(unit.symbol), which DTDL "
                            + "does not have: written as \(term.term), 1 \(unit.symbol) = "
                            + "\(term.conversion(1)) of it")
                }
            } else {
                tail.append(("comment", .text("measured in \(unit.symbol)")))
                report.note(
                    "\(definition.name) of \(type.name) is in \(unit.symbol), and DTDL has no "
                        + "unit of that dimension: written without a unit")
            }
            if options.keepsHistory { tail.append(("polluxUnit", .text(unit.symbol))) }
        }
        let kind: JSONValue =
            types.count == 1 ? .text(types[0]) : .array(types.map { .text($0) })
        return Self.object(
            [
                ("@type", kind), ("name", .text(name)),
                ("schema", .text(kinds[definition.valueKind] ?? "string")),
            ] + tail)
    }

    /// A name of DTDL's form that the Interface does not have yet.
    private mutating func free(
        _ name: String, _ original: String, _ taken: inout Set<String>
    ) -> String {
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)_x\(number)"
            number += 1
        }
        if candidate != original { report.note("\(original) is written as \(candidate)") }
        return candidate
    }

    /// A schema of version 3 for one that a model said; those of version 4 become the nearest.
    private static func schema(_ word: String) -> String {
        guard let kind = DTDLSchema.kinds[word] else { return "string" }
        guard DTDLSchema.fourth.contains(word) else { return word }
        switch kind {
        case .float: return "double"
        case .integer: return "long"
        case .boolean: return "boolean"
        case .text: return "string"
        }
    }

    private mutating func properties(
        of type: AssetType, _ taken: inout Set<String>
    ) -> [JSONValue] {
        var found: [JSONValue] = []
        var kinds = attributes[type.id] ?? [:]
        for (name, meaning) in type.declaredAttributes {
            kinds[name] = nil
            guard taken.insert(name).inserted else { continue }
            let words = meaning.split(separator: " ").map(String.init)
            var members: [(String, JSONValue)] = [
                ("@type", .text("Property")), ("name", .text(name)),
            ]
            members.append(("schema", .text(Self.schema(words.first ?? ""))))
            if words.contains("writable") { members.append(("writable", .boolean(true))) }
            found.append(Self.object(members))
        }
        for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) {
            // An attribute of a component's field, or one that an ancestor declares.
            let isInherited = schema.supertypes(of: type.id).contains { ancestor in
                schema.types[ancestor]?.declaredAttributes.contains { $0.name == name } ?? false
            }
            if isInherited { continue }
            let schemas: [ValueKind: String] = [
                .float: "double", .integer: "long", .boolean: "boolean", .text: "string",
            ]
            found.append(
                Self.object([
                    ("@type", .text("Property")),
                    ("name", .text(free(DTMI.name(from: name), name, &taken))),
                    ("schema", .text(schemas[kind] ?? "string")), ("writable", .boolean(true)),
                ]))
        }
        return found
    }
}

extension Graph {
    /// The attributes that assets of each type have had, with the kind of their values; whole
    /// numbers and others together are floats, other mixtures text.
    func attributeKinds(
        in transaction: ReadTransaction
    ) throws(GraphError) -> [TypeID: [String: ValueKind]] {
        var kinds: [TypeID: [UInt32: ValueKind]] = [:]
        var last: (id: AssetID, type: TypeID)?
        try scan(tables.attributes, prefix: [], in: transaction) {
            (key, bytes) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 0, table: self.tables.attributes)
            let id = try reader.asset()
            let word = try reader.uint32()
            guard let kind = try self.readAttribute(bytes, asset: id)?.kind else { return true }
            if last?.id != id {
                last = (id, try self.existingAsset(id, in: transaction).type)
            }
            guard let type = last?.type else { return true }
            let known = kinds[type]?[word] ?? kind
            let isNumber = [known, kind].allSatisfy { $0 == .float || $0 == .integer }
            kinds[type, default: [:]][word] = known == kind ? kind : isNumber ? .float : .text
            return true
        }
        var named: [TypeID: [String: ValueKind]] = [:]
        for (type, words) in kinds {
            for (word, kind) in words {
                guard let name = try wordName(.attribute, word, in: transaction) else { continue }
                named[type, default: [:]][name] = kind
            }
        }
        return named
    }
}
