import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxStore

/// Where a continuous query writes: a measure of the assets it answers about.
struct MeasureSink: Sendable {
    let name: String
    let kind: ValueKind
    let unit: String

    /// The series of an asset, made when there is none, and how values become its values.
    struct Target {
        var series: SeriesID
        var kind: ValueKind
        var conversion: Unit.Conversion

        /// A value as the series holds it; nil when it cannot.
        func value(_ value: Value) -> Value? {
            switch (kind, value) {
            case (.float, _): return value.number.map { .float(conversion($0)) }
            case (.integer, .integer) where conversion.isIdentity: return value
            case (.integer, _):
                let number = value.number.map { conversion($0).rounded() }
                return number.flatMap { Int64(exactly: $0) }.map { .integer($0) }
            case (.boolean, .boolean), (.text, .text): return value
            case (.boolean, _), (.text, _): return nil
            }
        }
    }

    /// Finds or makes the measure and the series.
    func target(
        _ asset: AssetID, graph: Graph, by provenance: Provenance,
        in transaction: StoreTransaction
    ) throws -> Target {
        let write = transaction.transaction
        guard let type = try graph.asset(asset, in: write)?.type else {
            throw LiveError.notStorable("asset \(asset.rawValue) is not there any more")
        }
        let isNew = try graph.measure(named: name, of: type, in: write) == nil
        let measure = try graph.ensureMeasure(
            named: name, of: type, valueKind: kind, unit: unit, by: provenance, in: write)
        if isNew { transaction.notePlantChange() }
        let series = try transaction.ensureSeries(
            asset: asset, measure: measure.id, kind: measure.definition.valueKind, group: asset)
        return Target(
            series: series, kind: measure.definition.valueKind,
            conversion: try conversion(
                to: measure.definition.unit, units: try graph.units(in: write)))
    }

    func conversion(to other: String, units: UnitCatalog) throws -> Unit.Conversion {
        guard !unit.isEmpty, !other.isEmpty, unit != other else { return .identity }
        guard let from = units.unit(unit), let to = units.unit(other),
            let conversion = from.conversion(to: to)
        else {
            throw LiveError.notStorable(
                "\(name) is in \(other), and the query gives \(unit): write into another measure")
        }
        return conversion
    }
}

extension QueryResult {
    /// The only column that is an item.
    var itemColumn: ResultColumn? {
        columns.first { column in
            switch column.kind {
            case .float, .integer, .boolean, .text, .duration: true
            case .timestamp, .asset, .note: false
            }
        }
    }
}

extension ResultColumn {
    /// What a series of its values holds; durations are stored in seconds.
    var storedKind: ValueKind {
        switch kind {
        case .integer: .integer
        case .boolean: .boolean
        case .text, .asset, .note: .text
        case .float, .duration, .timestamp: .float
        }
    }

    var storedUnit: String { kind == .duration ? "s" : unit ?? "" }

    /// A cell as a value, nil when it is missing.
    func value(_ row: Int) -> Value? {
        switch cell(row) {
        case .missing, .timestamp: nil
        case .duration(let nanoseconds): .float(Double(nanoseconds) / 1e9)
        case .float(let number): .float(number)
        case .integer(let number): .integer(number)
        case .boolean(let flag): .boolean(flag)
        case .text(let text): .text(text)
        }
    }
}
