import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxStore

/// The plant as schema browsers of Influx see it.
///
/// A type is a measurement, its measures are the fields. Tags are what places an asset: the types
/// of what contains it now and its own type are the keys, the names of those assets the values. So
/// a variable can hold the machines of a line, and a question can name the machine.
struct InfluxSchema {
    let graph: Graph
    let snapshot: Snapshot
    let now: Timestamp

    /// The answer to a statement.
    func answer(_ statement: InfluxStatement) throws -> InfluxAnswer {
        switch statement {
        case .createDatabase: InfluxAnswer()
        case .showDatabases: list("databases", ["name"], [["pollux"]])
        case .showRetentionPolicies: policies()
        case .showMeasurements(let filter): try measurements(filter)
        case .showTagKeys(let filter): try tagKeys(filter)
        case .showTagValues(let filter): try tagValues(filter)
        case .showFieldKeys(let filter): try fieldKeys(filter)
        }
    }

    private func list(
        _ name: String, _ headings: [String], _ rows: some Collection<[String]>,
        limit: Int? = nil
    ) -> InfluxAnswer {
        let shown = Array(rows.prefix(limit ?? .max))
        guard !shown.isEmpty else { return InfluxAnswer() }
        return InfluxAnswer(series: [InfluxSeries(name: name, headings: headings, rows: shown)])
    }

    private func policies() -> InfluxAnswer {
        let columns = [
            ResultColumn(name: "name", kind: .text, cells: ResultCells(texts: ["autogen"])),
            ResultColumn(name: "duration", kind: .text, cells: ResultCells(texts: ["0s"])),
            ResultColumn(
                name: "shardGroupDuration", kind: .text, cells: ResultCells(texts: ["168h0m0s"])),
            ResultColumn(name: "replicaN", kind: .integer, cells: ResultCells(.integers([1]))),
            ResultColumn(name: "default", kind: .boolean, cells: ResultCells(.booleans([true]))),
        ]
        return InfluxAnswer(series: [InfluxSeries(name: "", columns: columns, zone: .utc)])
    }

    private func types(_ pattern: InfluxPattern?) throws -> [AssetType] {
        try graph.types(in: snapshot.transaction)
            .filter { pattern?.fits($0.name) ?? true }
            .sorted { $0.name < $1.name }
    }

    private func measurements(_ filter: InfluxFilter) throws -> InfluxAnswer {
        list(
            "measurements", ["name"], try types(filter.measurement).map { [$0.name] },
            limit: filter.limit)
    }

    private func fieldKeys(_ filter: InfluxFilter) throws -> InfluxAnswer {
        let series = try types(filter.type).compactMap { type -> InfluxSeries? in
            let measures = try graph.measures(of: type.id, in: snapshot.transaction)
            let rows = measures.map { measure in
                let kind =
                    switch measure.definition.valueKind {
                    case .float: "float"
                    case .integer: "integer"
                    case .boolean: "boolean"
                    case .text: "string"
                    }
                return [measure.definition.name, kind]
            }
            guard !rows.isEmpty else { return nil }
            return InfluxSeries(
                name: type.name, headings: ["fieldKey", "fieldType"],
                rows: Array(rows.prefix(filter.limit ?? .max)))
        }
        return InfluxAnswer(series: series)
    }

    private func tagKeys(_ filter: InfluxFilter) throws -> InfluxAnswer {
        var keys: Set<String> = []
        try forEachPlacement(filter) { chain in
            for step in chain { keys.insert(step.key) }
        }
        return list(
            filter.type?.only ?? "assets", ["tagKey"], keys.sorted().map { [$0] },
            limit: filter.limit)
    }

    private func tagValues(_ filter: InfluxFilter) throws -> InfluxAnswer {
        var values: Set<[String]> = []
        try forEachPlacement(filter) { chain in
            for step in chain where filter.keys?.fits(step.key) ?? true {
                values.insert([step.key, step.value])
            }
        }
        return list(
            filter.type?.only ?? "assets", ["key", "value"],
            values.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }, limit: filter.limit)
    }

    // MARK: What places an asset

    private struct Step {
        var key: String
        var value: String
    }

    /// Calls `body` with each asset that fits and lives now, and what contains it.
    ///
    /// Both as types and names; places without a name are left out.
    private func forEachPlacement(
        _ filter: InfluxFilter, _ body: ([Step]) -> Void
    ) throws {
        let transaction = snapshot.transaction
        let names = try Dictionary(
            uniqueKeysWithValues: graph.types(in: transaction).map { ($0.id, $0.name) })
        let instant = TimeRange(start: now, end: now.advanced(by: 1))
        var known: [AssetID: String] = [:]
        try graph.forEachAsset(in: transaction) { (asset) throws(GraphError) in
            let type = names[asset.type] ?? ""
            guard filter.type?.fits(type) ?? true, asset.life.overlaps(instant) else {
                return true
            }
            var chain = [Step(key: type, value: asset.name)]
            for piece in try graph.containers(of: asset.id, during: instant, in: transaction) {
                if known[piece.asset] == nil {
                    known[piece.asset] = try graph.asset(piece.asset, in: transaction)?.name
                }
                chain.append(
                    Step(key: names[piece.type] ?? "", value: known[piece.asset] ?? ""))
            }
            chain.removeAll { $0.value.isEmpty }
            let fits = filter.conditions.allSatisfy { condition in
                chain.contains {
                    $0.key == condition.key && condition.pattern.fits($0.value)
                } != condition.isNegated
            }
            if fits { body(chain) }
            return true
        }
    }
}
