import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxStore

extension LiveEngine {
    /// What commits changed, with the plant's log read for what it says about them.
    ///
    /// What the log does not explain stays a change that may concern every question.
    func explained(_ dirt: Dirt, _ work: inout Work) -> Dirt {
        var dirt = dirt
        let fresh = dirt.touched.keys.filter { $0 > work.newestSeries }
        guard dirt.plant || dirt.events || !fresh.isEmpty else { return dirt }
        guard let snapshot = try? store.snapshot() else { return dirt }
        defer { snapshot.close() }
        for series in fresh {
            guard let found = try? snapshot.series(series),
                let measure = try? graph.measureName(
                    found.measure, in: snapshot.transaction)
            else { continue }
            dirt.newSeries[series] = NewSeries(asset: found.asset, measure: measure)
            work.newestSeries = max(work.newestSeries, series)
        }
        guard dirt.plant || dirt.events, let entries = logEntries(since: work.logNumber, snapshot)
        else { return dirt }
        let wasSeen = dirt.commit <= work.logCommit
        let isKnown = work.logNumber != nil
        work.logNumber = entries.first?.number ?? work.logNumber ?? 0
        work.logCommit = snapshot.id
        // Every change of the plant is logged but one: a series that is new.
        let isExplained = wasSeen || !entries.isEmpty || !fresh.isEmpty
        guard isKnown, isExplained, entries.count <= Dirt.editLimit else { return dirt }
        dirt.plant = false
        dirt.events = false
        dirt.edits = entries.map { PlantEdit($0) }
        return dirt
    }

    /// The entries of the log after a number, newest first, up to one more than are told apart.
    private func logEntries(since known: UInt64?, _ snapshot: Snapshot) -> [LogEntry]? {
        var limit = 32
        while true {
            guard let all = try? graph.log(limit: limit, in: snapshot.transaction) else {
                return nil
            }
            let entries = all.filter { $0.number > known ?? 0 }
            if entries.count < limit || limit > Dirt.editLimit { return entries }
            limit = limit * 8 > Dirt.editLimit ? Dirt.editLimit + 1 : limit * 8
        }
    }
}
