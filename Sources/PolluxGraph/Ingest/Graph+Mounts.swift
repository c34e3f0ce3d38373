import PolluxKeyValue
import PolluxModel

/// Mounts that messages imply: a message names the item but not when it was put in.
extension Graph {
    /// The time within which items that messages first show stand side by side: ten minutes.
    ///
    /// The axes of a machine appear together; an item that appears later replaces the one before.
    static let sameTimeNanoseconds: Int64 = 600_000_000_000

    /// Locates a named part that a message shows in a container.
    func settleByMessage(
        _ item: Asset, in container: Asset, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let place: Asset
        switch try target(for: item, in: container, in: transaction) {
        case .contain:
            try putLink(
                Link(
                    relation: .containment, subject: item.id, object: container.id,
                    range: .always), in: transaction)
            return
        case .mount(let found): place = found
        case .newPlace:
            place = try createPlace(
                type: item.type, in: container, by: provenance, in: transaction)
        }
        var mounts: [StoredLink] = []
        for link in try incoming(place.id, .mounting, during: .always, in: transaction) {
            mounts += try outgoing(link.subject, .mounting, in: transaction)
                .filter { $0.link == link }
        }
        if mounts.contains(where: { $0.firstSeen == nil }),
            try schema(in: transaction).isSingle(place.type)
        {
            // A person keeps this place's book: the message is one more mount in it.
            try setLocation(of: item, in: container, at: instant, by: provenance, in: transaction)
            return
        }
        let new = Link(
            relation: .mounting, subject: item.id, object: place.id, range: .always)
        mounts.append(StoredLink(link: new, firstSeen: instant))
        try rewrite(
            mounts, isSingle: try schema(in: transaction).isSingle(place.type), new: new,
            in: transaction)
    }

    /// Spreads the items of a place over time by when messages first showed them.
    private func rewrite(
        _ mounts: [StoredLink], isSingle: Bool, new: Link, in transaction: WriteTransaction
    ) throws {
        let ordered = mounts.sorted {
            ($0.firstSeen ?? .distantPast, $0.link.subject)
                < ($1.firstSeen ?? .distantPast, $1.link.subject)
        }
        let seen = ordered.map { $0.firstSeen ?? .distantPast }
        let isSideBySide = zip(seen, seen.dropFirst()).contains { first, second in
            second.nanoseconds(since: first) <= Graph.sameTimeNanoseconds
        }
        for stored in ordered where stored.link != new {
            try removeLink(stored.link, in: transaction)
        }
        for (index, stored) in ordered.enumerated() {
            var link = stored.link
            link.range = .always
            if isSingle, !isSideBySide {
                if index > 0 { link.range.start = seen[index] }
                if index + 1 < seen.count { link.range.end = seen[index + 1] }
            }
            try putLink(link, firstSeen: stored.firstSeen, in: transaction)
        }
    }
}
