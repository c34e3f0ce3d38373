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
        return LifeRule(
            retention: retention, rollups: life.rollups ?? [],
            isStep: measure.definition.shape == .step, gap: measure.definition.gap,
            subject: "\(measure.definition.name) of \(type)"
                + (life.retention.map { ", retention \(LifeText.text($0))" } ?? ""))
    }
}
