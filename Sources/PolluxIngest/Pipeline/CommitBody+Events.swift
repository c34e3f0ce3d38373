import PolluxGraph
import PolluxModel
import PolluxStore

extension CommitBody {
    /// Records an event once: a message that is delivered again changes nothing.
    mutating func record(
        _ pending: PendingEvent, of found: FoundAsset, _ address: AssetAddress
    ) throws {
        let event = pending.event
        switch event.name {
        case "mount": try mount(pending, address)
        case "unmount": try unmount(pending, address)
        default:
            switch event.phase {
            case .instant: try recordOnce(pending, found.asset, .instant(pending.instant))
            case .until(let end):
                let range = TimeRange(start: pending.instant, end: end)
                try recordOnce(pending, found.asset, .span(range))
            case .begins: try recordOnce(pending, found.asset, .open(from: pending.instant))
            case .ends: try end(pending, found.asset)
            }
        }
    }

    private mutating func recordOnce(
        _ pending: PendingEvent, _ asset: AssetID, _ time: EventTime
    ) throws {
        let event = pending.event
        // An instant lies in the span of one nanosecond that begins with it.
        let moment = TimeRange(start: pending.instant, end: pending.instant.advanced(by: 1))
        let attributes = event.attributes
        let known = try graph.events(
            of: asset, named: event.name, overlapping: moment, in: transaction.transaction
        ).contains { $0.start == pending.instant && $0.label == event.label }
        guard !known else { return }
        try graph.record(
            event: event.name, of: asset, at: time, attributes: attributes, by: provenance,
            in: transaction.transaction)
        result.eventCount += 1
    }

    /// Ends the event of that name (and label, if given) that is open.
    private mutating func end(_ pending: PendingEvent, _ asset: AssetID) throws {
        let event = pending.event
        let moment = TimeRange(
            start: pending.instant.advanced(by: -1), end: pending.instant.advanced(by: 1))
        let candidates = try graph.events(
            of: asset, named: event.name, overlapping: moment, in: transaction.transaction
        ).filter { event.label.isEmpty || $0.label == event.label }
        if candidates.contains(where: { $0.end == pending.instant && !$0.isInstant }) { return }
        guard let open = candidates.last(where: { $0.end == nil }) else {
            let what = event.label.isEmpty ? event.name : "\(event.name) \(event.label)"
            result.refusals.append(
                Refusal(
                    origin: pending.origin,
                    reason: "no open \(what) to end at \(pending.instant)", kind: .plant))
            return
        }
        try graph.endEvent(
            open.id, at: pending.instant, by: provenance, in: transaction.transaction)
        result.eventCount += 1
    }

    private mutating func mount(_ pending: PendingEvent, _ address: AssetAddress) throws {
        guard let type = placeType(pending, address) else { return }
        let ensured = try graph.ensureAsset(
            levels: address.levels.map { ($0.type, $0.name) }, part: (type, pending.event.item),
            at: pending.instant, by: provenance, in: transaction.transaction)
        if ensured.isNew { result.newAssetCount += 1 }
        result.eventCount += 1
    }

    private mutating func unmount(_ pending: PendingEvent, _ address: AssetAddress) throws {
        guard let type = placeType(pending, address) else { return }
        let lookup = AddressLookup(graph: graph, transaction: transaction.transaction)
        let level = AssetAddress.Level(type: type, name: pending.event.item)
        guard let item = try lookup.named(level, inside: nil) else {
            result.refusals.append(
                Refusal(
                    origin: pending.origin,
                    reason: "there is no \(type) \(pending.event.item) to unmount",
                    kind: .plant))
            return
        }
        try graph.detach(
            item, at: pending.instant, by: provenance, in: transaction.transaction)
        result.eventCount += 1
    }

    /// The type of the place that a mount is about: the topic's part, or what the event says.
    private mutating func placeType(
        _ pending: PendingEvent, _ address: AssetAddress
    ) -> String? {
        if let part = address.parts.first { return part.type }
        if !pending.event.place.isEmpty { return pending.event.place }
        result.refusals.append(
            Refusal(
                origin: pending.origin,
                reason: "the topic addresses no place: publish to …/machine/spindle, or name it: "
                    + "\"place\":\"spindle\"", kind: .plant))
        return nil
    }
}
