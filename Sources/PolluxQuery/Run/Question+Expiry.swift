import PolluxGraph
import PolluxModel
import PolluxStore

extension Question {
    /// Says in a note when points of a source in a range have gone by retention.
    func noteExpiry(_ source: PlantReader.Source, in range: TimeRange) throws {
        guard let expired = try expiry(of: source), range.start < expired else { return }
        try noteExpiry(source, expired)
    }

    /// Says so, too, when what a range begins with has gone: no point before it is found, and there
    /// were some.
    func noteExpiry(
        _ source: PlantReader.Source, before range: TimeRange, found point: Point?
    ) throws {
        guard point == nil,
            source.definition.shape == .step || source.range.start < range.start,
            let expired = try expiry(of: source)
        else { return }
        try noteExpiry(source, expired)
    }

    /// The instant before which points of a source have gone by retention; nil where none have.
    func expiry(of source: PlantReader.Source) throws -> Timestamp? {
        guard try snapshot.hasExpiries else { return nil }
        return try snapshot.expiry(of: source.series.id)?.expired
    }

    private func noteExpiry(_ source: PlantReader.Source, _ expired: Timestamp) throws {
        let transaction = snapshot.transaction
        let asset = try context.graph.displayName(of: source.series.asset, in: transaction)
        let measure = try context.graph.measureName(source.series.measure, in: transaction) ?? "?"
        addNote(
            "\(measure) of \(asset) is no longer kept before \(context.shown(expired)) (retention)")
    }
}
