import PolluxGraph
import PolluxModel
import PolluxStore

/// What a message says changed: alarms that begin and end, tools that come and go.
///
/// Sources repeat themselves, so everything here changes nothing when it is told again.
extension CommitBody {
    /// Ends what an episode's change ends and begins what it begins.
    mutating func settle(_ pending: PendingEpisode, of found: FoundAsset) throws {
        let episode = pending.episode
        let instant = pending.instant
        let reader = transaction.transaction
        let moment = TimeRange(start: instant, end: instant.advanced(by: 1))
        let around = try graph.events(
            of: found.asset, named: episode.name, overlapping: moment, in: reader
        ).filter { event in
            episode.scope.map { event.attributes.contains($0) } ?? true
        }
        let attributes = CommitBody.attributes(of: episode)
        if !episode.label.isEmpty {
            // The same since earlier, or told before: also when it has ended since.
            let isKnown = around.contains { event in
                event.label == episode.label && (event.start == instant || event.end == nil)
                    && CommitBody.level(event.attributes) == CommitBody.level(attributes)
            }
            if isKnown { return }
        }
        for event in around
        where event.end == nil
            && (episode.endingLabel.isEmpty || event.label == episode.endingLabel)
        {
            try graph.endEvent(
                event.id, at: max(instant, event.start.advanced(by: 1)), by: provenance,
                in: reader)
            result.eventCount += 1
        }
        guard !episode.label.isEmpty else { return }
        try graph.record(
            event: episode.name, of: found.asset, at: .open(from: instant), attributes: attributes,
            by: provenance, in: reader)
        result.eventCount += 1
    }

    private static func attributes(of episode: DecodedEpisode) -> [Attribute] {
        [Attribute("name", .text(episode.label))] + (episode.scope.map { [$0] } ?? [])
            + episode.attributes
    }

    private static func level(_ attributes: [Attribute]) -> Value? {
        attributes.first { $0.name == "level" }?.value
    }

    /// Mounts an item where a message says it is, or takes it out.
    mutating func put(_ pending: PendingPlacement, of machine: FoundAsset) throws {
        let placement = pending.placement
        let reader = transaction.transaction
        let holder = try asset(for: placement.holder, at: pending.instant)
        let place = try AddressLookup(graph: graph, transaction: reader)
            .part(.init(type: placement.type, name: ""), of: holder.asset)
        let mounts = try place.map { try self.mounts(in: $0) } ?? []
        let current = mounts.last { $0.range.contains(pending.instant) }?.subject
        guard placement.isIn, !placement.item.isEmpty else {
            guard let current else { return }
            if !placement.item.isEmpty {
                let item = try asset(for: address(of: placement), at: pending.instant)
                guard item.asset == current else { return }
            }
            try graph.detach(current, at: pending.instant, by: provenance, in: reader)
            result.eventCount += 1
            return
        }
        let item = try asset(for: address(of: placement), at: pending.instant)
        guard item.asset != current else { return }
        let isFirst = try mounts.isEmpty && wasNowhere(item.asset)
        // Of the first one nobody says since when it is there.
        try graph.move(
            item.asset, to: holder.asset, at: isFirst ? .distantPast : pending.instant,
            by: provenance, in: reader)
        result.eventCount += 1
        if !isFirst { try recordChange(pending, from: current, of: machine) }
    }

    private func address(of placement: DecodedPlacement) -> AssetAddress {
        AssetAddress(levels: [.init(type: placement.type, name: placement.item)])
    }

    private func mounts(in place: AssetID) throws -> [Link] {
        try graph.links(of: place, during: .always, in: transaction.transaction)
            .filter { $0.relation == .mounting && $0.object == place }
            .sorted { $0.range.start < $1.range.start }
    }

    private func wasNowhere(_ item: AssetID) throws -> Bool {
        try !graph.links(of: item, during: .always, in: transaction.transaction).contains {
            $0.subject == item && ($0.relation == .mounting || $0.relation == .containment)
        }
    }

    private mutating func recordChange(
        _ pending: PendingPlacement, from previous: AssetID?, of machine: FoundAsset
    ) throws {
        let reader = transaction.transaction
        let name = pending.placement.type + "-change"
        var attributes = [Attribute(pending.placement.type, .text(pending.placement.item))]
        if let previous, let asset = try graph.asset(previous, in: reader) {
            attributes.append(Attribute("previous", .text(asset.name)))
        }
        let moment = TimeRange(start: pending.instant, end: pending.instant.advanced(by: 1))
        let isKnown = try graph.events(
            of: machine.asset, named: name, overlapping: moment, in: reader
        ).contains { $0.start == pending.instant }
        guard !isKnown else { return }
        try graph.record(
            event: name, of: machine.asset, at: .instant(pending.instant), attributes: attributes,
            by: provenance, in: reader)
        result.eventCount += 1
    }
}
