import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore

/// Records the episodes of a model as events.
struct AnomalyRecorder {
    let name: String
    let graph: Graph
    let provenance: Provenance
    /// Whether the past is worked out again, so that events may be there already.
    let isReplay: Bool

    /// Makes the events of a step's asset in a stretch of time those that the model sees.
    ///
    /// - Returns: the event that is open now.
    func record(
        _ step: ModelStep, in range: TimeRange, _ transaction: StoreTransaction
    ) throws -> EventID? {
        let write = transaction.transaction
        let known = try step.state.event.map { ($0, try graph.event($0, in: write)) }
        // Someone may have deleted it by hand: then this episode is none.
        if let known, known.1 == nil, step.ended.isEmpty { return known.0 }
        var episodes = step.episodes
        if let known, known.1 == nil { episodes.removeFirst() }
        var events: [Event] = known?.1.map { [$0] } ?? []
        if isReplay {
            let start = max(range.start, step.before)
            let first = episodes.first.map { Timestamp(nanoseconds: $0.episode.start) } ?? start
            let looked = TimeRange(start: min(first, start), end: range.end)
            events = try graph.events(
                of: step.asset, named: name, overlapping: looked, in: write
            ).filter {
                $0.name == name && $0.source == provenance.source
                    && $0.asset == step.asset && $0.start >= looked.start && $0.start < range.end
            }
        }
        var open: EventID?
        for (episode, isOpen) in episodes {
            let start = Timestamp(nanoseconds: episode.start)
            let time = isOpen ? EventTime.open(from: start) : AnomalyRecorder.time(episode)
            let attributes = AnomalyRecorder.attributes(episode, step.state.watch.method)
            let id: EventID
            if let index = events.firstIndex(where: { $0.start == start }) {
                let event = events.remove(at: index)
                id = event.id
                // While it lasts its values change with every point; they are written at its end.
                let end = isOpen ? nil : Timestamp(nanoseconds: max(episode.start, episode.end))
                let isSame =
                    event.end == end && (isOpen && !isReplay || event.attributes == attributes)
                if !isSame {
                    transaction.noteEventChange()
                    try graph.editEvent(
                        id, time: time, attributes: attributes, by: provenance, in: write)
                }
            } else {
                transaction.noteEventChange()
                id = try graph.record(
                    event: name, of: step.asset, at: time, attributes: attributes,
                    by: provenance, in: write)
            }
            if isOpen { open = id }
        }
        for event in events where isReplay && event.start > step.before {
            transaction.noteEventChange()
            try graph.deleteEvent(event.id, by: provenance, in: write)
        }
        return open
    }

    private static func time(_ episode: AnomalyEpisode) -> EventTime {
        let start = Timestamp(nanoseconds: episode.start)
        let end = Timestamp(nanoseconds: episode.end)
        return end > start ? .span(TimeRange(start: start, end: end)) : .instant(start)
    }

    private static func attributes(
        _ episode: AnomalyEpisode, _ method: WatchMethod
    ) -> [Attribute] {
        [
            Attribute("peak", .float(episode.peak)),
            Attribute("cause", .text(episode.cause.word)),
            Attribute("alarms", .integer(Int64(episode.alarmCount))),
            Attribute("method", .text(method.version)),
        ]
    }
}
