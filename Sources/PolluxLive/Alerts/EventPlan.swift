import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// A stretch of time in which an alert's condition held.
struct AlertEpisode: Hashable, Sendable {
    var asset: AssetID
    var range: TimeRange
    /// Whether it goes on, or may go on unseen because its data has stopped.
    var isOpen: Bool
    /// Whether its start lies before what was looked at.
    var beganEarlier: Bool
    var attributes: [Attribute]

    var time: EventTime {
        if isOpen { return .open(from: range.start) }
        return range.isEmpty ? .instant(range.start) : .span(range)
    }
}

/// Makes the recorded events of an alert what its episodes say.
///
/// An episode that overlaps an event already recorded is that event, whoever recorded it first: so
/// doing it twice does nothing, before and after a crash.
struct EventPlan: Sendable {
    let name: String
    let source: String
    let episodes: [AlertEpisode]
    /// The assets the answer speaks of.
    let assets: Set<AssetID>
    /// The time the answer speaks of.
    let covered: TimeRange
    let graph: Graph

    enum Change: Hashable, Sendable {
        case record(AlertEpisode)
        case edit(EventID, EventTime, [Attribute], isOpen: Bool)
        case delete(EventID)
    }

    /// What has to be done, given the events that are there.
    func changes(open: [EventID], in transaction: ReadTransaction) throws -> [Change] {
        var byAsset = Dictionary(grouping: episodes, by: \.asset)
        for asset in assets where byAsset[asset] == nil { byAsset[asset] = [] }
        for id in open {
            guard let event = try graph.event(id, in: transaction) else { continue }
            if byAsset[event.asset] == nil { byAsset[event.asset] = [] }
        }
        var changes: [Change] = []
        for (asset, episodes) in byAsset.sorted(by: { $0.key < $1.key }) {
            let start = min(covered.start, episodes.map(\.range.start).min() ?? covered.start)
            let range = TimeRange(start: start, end: .distantFuture)
            var events = try graph.events(
                of: asset, named: name, overlapping: range, in: transaction
            ).filter { $0.name == name && $0.source == source }
            for episode in episodes.sorted(by: { $0.range.start < $1.range.start }) {
                let found = events.firstIndex { EventPlan.isSame($0, episode) }
                guard let found else {
                    changes.append(.record(episode))
                    continue
                }
                let event = events.remove(at: found)
                if let change = EventPlan.change(event, episode) { changes.append(change) }
            }
            // What is left of the time looked at never was; what reaches further back may have
            // been.
            for event in events where event.start >= covered.start {
                changes.append(.delete(event.id))
            }
        }
        return changes
    }

    private static func isSame(_ event: Event, _ episode: AlertEpisode) -> Bool {
        let end = event.end ?? .distantFuture
        let episodeEnd = episode.isOpen ? .distantFuture : episode.range.end
        return event.start <= episodeEnd && episode.range.start <= end
    }

    private static func change(_ event: Event, _ episode: AlertEpisode) -> Change? {
        var episode = episode
        if episode.beganEarlier, event.start < episode.range.start {
            episode.range.start = event.start
        }
        let end = episode.isOpen ? nil : episode.range.end
        // While it lasts its values change with every point; they are written when it ends.
        guard event.start != episode.range.start || event.end != end else { return nil }
        return .edit(event.id, episode.time, episode.attributes, isOpen: episode.isOpen)
    }

    /// Does it and returns the events that are open now.
    func apply(
        _ changes: [Change], open: [EventID], by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> [EventID] {
        var open = open
        for change in changes {
            switch change {
            case .record(let episode):
                let id = try graph.record(
                    event: name, of: episode.asset, at: episode.time,
                    attributes: episode.attributes, by: provenance, in: transaction)
                if episode.isOpen { open.append(id) }
            case .edit(let id, let time, let attributes, let isOpen):
                try graph.editEvent(
                    id, time: time, attributes: attributes, by: provenance, in: transaction)
                open.removeAll { $0 == id }
                if isOpen { open.append(id) }
            case .delete(let id):
                try graph.deleteEvent(id, by: provenance, in: transaction)
                open.removeAll { $0 == id }
            }
        }
        return open
    }
}
