import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore

/// Tells the store how long points are kept, from the declarations of types and measures.
struct PlantLifeRules: LifeRules {
    let graph: Graph

    func lives(
        in transaction: ReadTransaction
    ) throws -> (shortestRetention: Int64?, hasRollups: Bool) {
        try graph.lives(in: transaction)
    }

    func rule(for series: SeriesDescription, in transaction: ReadTransaction) throws -> LifeRule? {
        guard let asset = try graph.asset(series.asset, in: transaction),
            let (measure, life) = try graph.measureWithLife(
                series.measure, of: asset.type, in: transaction), !life.isEmpty
        else { return nil }
        var retention: Int64?
        if case .nanoseconds(let length)? = life.retention { retention = length }
        let type = try graph.type(asset.type, in: transaction)?.name ?? "?"
        var definition = measure.definition
        definition.valueKind = series.kind
        return LifeRule(
            retention: retention, rollups: life.rollups ?? [], isStep: definition.isStep,
            gap: definition.gap, contents: PlantLifeRules.contents(definition),
            subject: "\(measure.definition.name) of \(type)"
                + (life.retention.map { ", retention \(LifeText.text($0))" } ?? ""))
    }

    /// What rollups of a measure hold beyond the sums of numbers.
    private static func contents(_ definition: MeasureDefinition) -> RollupContents {
        if definition.isState { return .states }
        return definition.kind == .counter ? .counter : .sketch
    }
}

extension MeasureDefinition {
    /// Whether values hold until the next; texts and truth values always do.
    var isStep: Bool { shape == .step || valueKind == .text || valueKind == .boolean }

    /// Whether it is one of a few values at a time, held until the next.
    var isState: Bool {
        valueKind == .text || valueKind == .boolean || (kind == .state && shape == .step)
    }
}
