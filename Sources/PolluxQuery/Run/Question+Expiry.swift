import PolluxGraph
import PolluxModel
import PolluxStore

extension Question {
    /// Says in a note when points of a source in a range have gone by retention.
    func noteExpiry(_ source: PlantReader.Source, in range: TimeRange) throws {
        guard try snapshot.hasExpiries,
            let expired = try snapshot.expiry(of: source.series.id)?.expired,
            range.start < expired
        else { return }
        let transaction = snapshot.transaction
        let asset = try context.graph.displayName(of: source.series.asset, in: transaction)
        let measure = try context.graph.measureName(source.series.measure, in: transaction) ?? "?"
        addNote(
            "\(measure) of \(asset) is no longer kept before \(context.shown(expired)) (retention)")
    }
}
