public import PolluxKeyValue
import PolluxModel

/// The bulk format of Azure Digital Twins (models, twins, relationships; one JSON value a line).
extension Graph {
    /// Imports files of twins; models may stand in them or be there already.
    ///
    /// A twin becomes an asset named by its `$dtId`, since ever unless `$pollux` says otherwise;
    /// its properties become attributes, from their `lastUpdateTime` on where one is given.
    /// Relationships that mean containment become moves, others relations.
    ///
    /// - Throws: `ImportFailure` with file, line and column.
    public func importADT(
        _ files: [ImportFile], options: ImportOptions = ImportOptions(), by provenance: Provenance,
        progress: (Int, Int) -> Void = { _, _ in }, in transaction: WriteTransaction
    ) throws -> ImportReport {
        var report = ImportReport()
        for file in files {
            let work = ADTImport(self, file.name, options, by: provenance, in: transaction)
            try work.run(file.bytes, to: &report, progress: progress)
        }
        return report
    }
}

/// One file of twins on its way into the graph.
final class ADTImport {
    let graph: Graph
    let file: String
    let options: ImportOptions
    let provenance: Provenance
    let transaction: WriteTransaction
    var line = 0
    private var bytes: [UInt8] = []
    private var assets: [String: AssetID] = [:]
    private var section: Section?
    private var models = DTDLModels()
    private var areModelsApplied = false

    private enum Section: Int { case header, models, twins, relationships }

    init(
        _ graph: Graph, _ file: String, _ options: ImportOptions, by provenance: Provenance,
        in transaction: WriteTransaction
    ) {
        self.graph = graph
        self.file = file
        self.options = options
        self.provenance = provenance
        self.transaction = transaction
    }

    func run(
        _ content: [UInt8], to report: inout ImportReport, progress: (Int, Int) -> Void
    ) throws {
        var start = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < content.count {
            let end = content[start...].firstIndex(of: 10) ?? content.count
            line += 1
            bytes = Array(content[start..<end])
            if bytes.contains(where: { $0 > 0x20 }) { try readLine(to: &report) }
            start = end + 1
            if line % 10_000 == 0 { progress(start, content.count) }
        }
        try applyModels(to: &report)
    }

    // MARK: Lines

    private func readLine(to report: inout ImportReport) throws {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.parse(bytes)
        } catch {
            throw ImportFailure(
                ImportPlace(file: file, line: line, column: error.column), error.reason)
        }
        guard let object = value.object else {
            throw failure([], "each line is a JSON object")
        }
        if let name = object["Section"]?.text {
            let names = ["Header", "Models", "Twins", "Relationships"]
            guard let index = names.firstIndex(of: name) else {
                throw failure(
                    [.member("Section")], "there is no section `\(name)`",
                    suggestions: names.filter { $0.lowercased() == name.lowercased() })
            }
            guard index > (section?.rawValue ?? -1) else {
                throw failure(
                    [.member("Section")],
                    "the sections come in the order \(names.joined(separator: ", "))")
            }
            section = Section(rawValue: index)
            if index > 1 { try applyModels(to: &report) }
            return
        }
        switch section {
        case nil:
            throw failure(
                [], "a line before the first section", suggestions: ["{\"Section\":\"Header\"}"])
        case .header: try readHeader(object)
        case .models:
            try models.add(
                value, at: [],
                of: DTDLSource(file: file, bytes: bytes, lineOffset: line - 1),
                units: try graph.units(in: transaction))
        case .twins: try readTwin(object, to: &report)
        case .relationships: try readRelationship(object, to: &report)
        }
    }

    private func readHeader(_ object: JSONObject) throws {
        guard let version = object["fileVersion"]?.text else {
            throw failure(
                [], "the header has a fileVersion", suggestions: ["\"fileVersion\":\"1.0.0\""])
        }
        guard version.hasPrefix("1.") else {
            throw failure([.member("fileVersion")], "version \(version) is not known, 1.0.0 is")
        }
    }

    private func applyModels(to report: inout ImportReport) throws {
        guard !areModelsApplied else { return }
        areModelsApplied = true
        try graph.apply(models, options, to: &report, by: provenance, in: transaction)
    }

    func place(_ path: [JSONPlace.Step]) -> ImportPlace {
        ImportPlace(
            file: file, line: line, column: JSONPlace.find(path, in: bytes).column,
            path: JSONPlace.text(path))
    }

    func failure(
        _ path: [JSONPlace.Step], _ reason: String, suggestions: [String] = []
    ) -> ImportFailure {
        ImportFailure(place(path), reason, suggestions: suggestions)
    }

    /// Runs a body and gives the graph's refusals a place.
    func at<Result>(_ path: [JSONPlace.Step], _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as GraphError {
            if case .storage = error { throw error }
            throw failure(path, error.description)
        }
    }

    // MARK: Twins

    private func readTwin(_ object: JSONObject, to report: inout ImportReport) throws {
        guard let name = object["$dtId"]?.text, !name.isEmpty else {
            throw failure([.member("$dtId")], "a twin has a $dtId")
        }
        let path: [JSONPlace.Step] = [.member("$metadata"), .member("$model")]
        guard let text = object["$metadata"]?["$model"]?.text, let id = DTMI(text) else {
            throw failure(path, "a twin names its model, such as `dtmi:com:example:Machine;1`")
        }
        let schema = try graph.schema(in: transaction)
        guard let type = schema.typesByModel[id.unversioned] else {
            let near = schema.typesByModel.values.compactMap(\.modelID?.text).filter {
                editDistance(Array($0), Array(text)) <= max(3, text.count / 8)
            }
            throw failure(path, "there is no model `\(text)`", suggestions: near.sorted())
        }
        guard assets[name] == nil else {
            throw failure([.member("$dtId")], "the twin `\(name)` stands twice")
        }
        let life = try validity(object["$pollux"], at: [.member("$pollux")])
        let asset = try twin(name, type, from: life.start, path: [.member("$dtId")], to: &report)
        assets[name] = asset
        if life.end != .distantFuture {
            try at([.member("$pollux")]) {
                try graph.retire(asset, at: life.end, by: provenance, in: transaction)
            }
        }
        try readProperties(
            object, of: asset, type: type, from: life.start, path: [], to: &report)
    }

    private func twin(
        _ name: String, _ type: AssetType, from start: Timestamp, isPlace: Bool = false,
        container: AssetID? = nil, path: [JSONPlace.Step], to report: inout ImportReport
    ) throws -> AssetID {
        let known = try graph.assets(named: name, type: type.id, in: transaction).assets
        if let first = known.first(where: { $0.type == type.id && $0.name == name && $0.isDeclared }
        ) {
            report.add("assets known before")
            return first.id
        }
        report.add("assets")
        return try at(path) {
            try graph.createAsset(
                AssetDeclaration(
                    type: type.name, name: name, container: container, from: start,
                    isPlace: isPlace), by: provenance, in: transaction)
        }
    }

    private func readProperties(
        _ object: JSONObject, of asset: AssetID, type: AssetType, from start: Timestamp,
        path: [JSONPlace.Step], to report: inout ImportReport
    ) throws {
        let schema = try graph.schema(in: transaction)
        let line = schema.supertypes(of: type.id).compactMap { schema.types[$0] }
        let declared = line.flatMap(\.declaredAttributes).map(\.name)
        let components = line.flatMap(\.declaredComponents)
        for member in object.members where !member.name.hasPrefix("$") {
            let place = path + [.member(member.name)]
            if let component = components.first(where: { $0.name == member.name }) {
                try readComponent(
                    member.value, component, of: asset, from: start, path: place, to: &report)
                continue
            }
            let isMeasure =
                try graph.measure(named: member.name, of: type.id, in: transaction) != nil
            if isMeasure {
                report.note(
                    self.place(place),
                    "values of the measure `\(member.name)` are points: not kept"
                )
                continue
            }
            let isKnown =
                declared.contains(member.name)
                || declared.contains { member.name.hasPrefix($0 + ".") }
            guard isKnown || declared.isEmpty else {
                let near = (declared + components.map(\.name)).filter {
                    editDistance(Array($0.lowercased()), Array(member.name.lowercased())) <= 2
                }
                throw failure(
                    place, "the model of \(type.name) has no property `\(member.name)`",
                    suggestions: near)
            }
            let written = object["$metadata"]?[member.name]?["lastUpdateTime"]?.text
            let from =
                try written.map { try instant($0, at: path + [.member("$metadata")]) } ?? start
            try setAttribute(
                member.name, member.value, of: asset, from: max(from, start), path: place,
                to: &report)
        }
    }

    private func readComponent(
        _ value: JSONValue, _ component: (name: String, type: String), of asset: AssetID,
        from start: Timestamp, path: [JSONPlace.Step], to report: inout ImportReport
    ) throws {
        guard let object = value.object else {
            throw failure(path, "the component `\(component.name)` is an object")
        }
        guard let match = try graph.type(named: component.type, in: transaction) else { return }
        let holder = try graph.displayName(of: asset, in: transaction)
        let part = try twin(
            holder + "." + component.name, match.type, from: start, isPlace: true, container: asset,
            path: path, to: &report)
        try readProperties(
            object, of: part, type: match.type, from: start, path: path, to: &report)
    }

    private func setAttribute(
        _ name: String, _ value: JSONValue, of asset: AssetID, from instant: Timestamp,
        path: [JSONPlace.Step], to report: inout ImportReport
    ) throws {
        let kept: Value
        switch value {
        case .null: return
        case .boolean(let flag): kept = .boolean(flag)
        case .integer(let number): kept = .integer(number)
        case .number(let number): kept = .float(number)
        case .text(let text): kept = .text(text)
        case .object(let object):
            for member in object.members where !member.name.hasPrefix("$") {
                try setAttribute(
                    name + "." + member.name, member.value, of: asset, from: instant,
                    path: path + [.member(member.name)], to: &report)
            }
            return
        case .array:
            report.note(place(path), "the property `\(name)` is a list, which is not kept")
            return
        }
        try at(path) {
            try graph.setAttribute(
                name, of: asset, to: kept, from: instant, by: provenance, in: transaction)
        }
        report.add("attributes")
    }

    // MARK: Relationships

    private func readRelationship(_ object: JSONObject, to report: inout ImportReport) throws {
        guard let name = object["$relationshipName"]?.text else {
            throw failure([], "a relationship has a $relationshipName")
        }
        let source = try asset(object, "$dtId")
        let target = try asset(object, "$targetId")
        let range = try validity(object["$pollux"], at: [.member("$pollux")])
        for member in object.members where !member.name.hasPrefix("$") {
            report.note(
                place([.member(member.name)]),
                "the property `\(member.name)` of the relationship `\(name)` is not kept")
        }
        let path: [JSONPlace.Step] = [.member("$relationshipName")]
        if let isDown = options.contains(name) {
            let (part, container) = isDown ? (target, source) : (source, target)
            try at(path) {
                try graph.place(
                    part, in: container, during: range, by: provenance, in: transaction)
            }
            report.add("moves")
            return
        }
        try at(path) {
            let relation = try graph.ensureRelation(named: name, by: provenance, in: transaction)
            let (from, to) = relation.isInverse ? (target, source) : (source, target)
            try graph.relate(
                from, relation.id, to, during: range, by: provenance, in: transaction)
        }
        report.add("relations of assets")
    }

    private func asset(_ object: JSONObject, _ key: String) throws -> AssetID {
        guard let name = object[key]?.text else {
            throw failure([], "a relationship has a \(key)")
        }
        if let known = assets[name] { return known }
        // Identifiers are told apart by case.
        let similar = try graph.assets(named: name, in: transaction).assets
        let found = similar.filter { $0.name == name }
        guard let first = found.first, found.count == 1 else {
            let near = found.isEmpty ? similar.map(\.name) : []
            throw failure(
                [.member(key)],
                found.isEmpty ? "there is no twin `\(name)`" : "`\(name)` can mean several assets",
                suggestions: near)
        }
        assets[name] = first.id
        return first.id
    }

    // MARK: Times

    private func validity(_ value: JSONValue?, at path: [JSONPlace.Step]) throws -> TimeRange {
        guard let value else { return .always }
        let start = try value["from"]?.text.map { try instant($0, at: path + [.member("from")]) }
        let end = try value["to"]?.text.map { try instant($0, at: path + [.member("to")]) }
        let range = TimeRange(start: start ?? .distantPast, end: end ?? .distantFuture)
        guard range.start < range.end else { throw failure(path, "it ends before it begins") }
        return range
    }

    private func instant(_ text: String, at path: [JSONPlace.Step]) throws -> Timestamp {
        guard let read = Timestamp.parseRFC3339(Array(text.utf8)) else {
            throw failure(
                path, "`\(text)` is no time", suggestions: ["2026-03-02T10:15:00Z"])
        }
        return read.instant
    }
}
