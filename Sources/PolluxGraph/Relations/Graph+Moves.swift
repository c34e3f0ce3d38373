public import PolluxKeyValue
public import PolluxModel

/// Where assets are: one timeline an asset, of containment and mounting together.
extension Graph {
    /// Moves an asset into another from an instant until its next recorded move.
    ///
    /// A part moved to a machine is mounted in its place for the type, which is created if there is
    /// none; in a single place that ends the mount of the other item at that instant. Moving an
    /// asset to where it was created, but earlier, corrects when that was: it exists from then on.
    ///
    /// - Returns: The items that lost their place to it.
    /// - Throws: `outsideLife` when either does not exist then, `containsItself`, `ambiguous` when
    ///   the target has several places for the type.
    @discardableResult
    public func move(
        _ id: AssetID, to target: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> [AssetID] {
        var asset = try namedAsset(id, in: transaction)
        let container = try namedAsset(target, in: transaction)
        let created = asset.life.start
        if instant < created, container.life.contains(instant),
            try isCreated(asset, in: container, in: transaction)
        {
            try beginEarlier(&asset, at: instant, in: transaction)
        }
        for one in [asset, container] where !one.life.contains(instant) {
            throw GraphError.outsideLife(
                asset: try describe(one, in: transaction), life: one.life, instant: instant)
        }
        let change = try setLocation(
            of: asset, in: container, at: instant, by: provenance, in: transaction)
        let text =
            "move \(try describe(asset, in: transaction)) to "
            + (try describe(container, in: transaction))
            + (instant == .distantPast ? "" : " at \(instant)")
            + (asset.life.start == created ? "" : "; it was created at \(created)")
        try appendLog(
            .move, assets: [id, target] + change.displaced, validFrom: instant,
            until: change.until, text, by: provenance, in: transaction)
        return change.displaced
    }

    /// Takes an asset out of where it is from an instant until its next recorded move.
    public func detach(
        _ id: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let asset = try namedAsset(id, in: transaction)
        try cutLocation(of: id, at: instant, in: transaction)
        try appendLog(
            .move, assets: [id], validFrom: instant,
            "detach \(try describe(asset, in: transaction)) at \(instant)", by: provenance,
            in: transaction)
    }

    /// Replaces the validity of a relation: the correction of a wrong entry.
    ///
    /// An empty range removes it.
    ///
    /// - Throws: `unknown` when there is no such link, `conflict` when the asset would be in two
    ///   places at once.
    public func editLink(
        _ link: Link, to range: TimeRange, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let known = try outgoing(link.subject, link.relation, in: transaction)
        guard let old = known.first(where: { $0.link == link }) else {
            throw GraphError.unknown(what: "relation", name: "from \(link.range.start)")
        }
        let subject = try existingAsset(link.subject, in: transaction)
        let object = try existingAsset(link.object, in: transaction)
        try removeLink(old.link, in: transaction)
        if link.relation == .containment || link.relation == .mounting, !range.isEmpty {
            let others = try locations(of: link.subject, during: range, in: transaction)
            if let other = others.first {
                throw GraphError.conflict(
                    what: "asset", name: try displayName(of: subject, in: transaction),
                    reason: "it is elsewhere from \(other.range.start) to \(other.range.end)")
            }
            try refuseCircle(subject, in: object, during: range, in: transaction)
            try refuseSecondMount(link, during: range, in: transaction)
        }
        var changed = link
        changed.range = range
        try putLink(changed, in: transaction)
        let name = try schema(in: transaction).relations[link.relation]?.name ?? "?"
        let text =
            "\(try describe(subject, in: transaction)) \(name) "
            + "\(try describe(object, in: transaction)): "
            + "from \(range.start) to \(range.end); "
            + "it was from \(link.range.start) to \(link.range.end)"
        try appendLog(
            .edit, assets: [link.subject, link.object],
            validFrom: min(link.range.start, range.start), until: max(link.range.end, range.end),
            text, by: provenance, in: transaction)
    }

    /// What a move changed besides the asset itself.
    struct LocationChange {
        /// The instant from which everything is where it was before.
        var until: Timestamp
        /// The items that lost their place.
        var displaced: [AssetID]
    }

    /// Puts an asset into a container, by the rules of places, without a line in the log.
    @discardableResult
    func setLocation(
        of asset: Asset, in container: Asset, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> LocationChange {
        guard asset.id != container.id else {
            let name = try displayName(of: asset, in: transaction)
            throw GraphError.containsItself(asset: name, target: name)
        }
        switch try target(for: asset, in: container, in: transaction) {
        case .contain:
            return try place(
                asset, .containment, in: container, at: instant, isSingle: false, in: transaction)
        case .mount(let place):
            return try mount(asset, in: place, at: instant, in: transaction)
        case .newPlace:
            let place = try createPlace(
                type: asset.type, in: container, by: provenance, in: transaction)
            return try mount(asset, in: place, at: instant, in: transaction)
        }
    }

    private func mount(
        _ item: Asset, in place: Asset, at instant: Timestamp, in transaction: WriteTransaction
    ) throws -> LocationChange {
        var holder = place
        if !holder.isPlace {
            holder.isPlace = true
            try putAsset(holder, in: transaction)
        }
        let isSingle = try schema(in: transaction).isSingle(place.type)
        return try self.place(
            item, .mounting, in: holder, at: instant, isSingle: isSingle, in: transaction)
    }

    /// Where a part goes in a container.
    enum LocationTarget {
        /// Side by side with the others.
        case contain
        /// Into this place.
        case mount(Asset)
        /// Into a place that is still to be created.
        case newPlace
    }

    /// Decides by types: levels and places are contained, parts of a machine are mounted.
    func target(
        for asset: Asset, in container: Asset, in transaction: ReadTransaction
    ) throws(GraphError) -> LocationTarget {
        let schema = try schema(in: transaction)
        // A place is where it is as a part; so is a machine in a line.
        if asset.isPlace || schema.isLevel(asset.type) {
            let isPlaceOfKind =
                container.isPlace && schema.isRelated(container.type, to: asset.type)
            if asset.name.isEmpty || !isPlaceOfKind { return .contain }
        }
        if schema.isRelated(container.type, to: asset.type) { return .mount(container) }
        let places = try places(for: asset.type, in: container, in: transaction)
        if places.count > 1 {
            let typeName = schema.types[asset.type]?.name ?? "?"
            var names: [String] = []
            for place in places { names.append(try displayName(of: place, in: transaction)) }
            throw .ambiguous(
                what: "places for a \(typeName)",
                name: try displayName(of: container, in: transaction), candidates: names)
        }
        if let place = places.first { return .mount(place) }
        return schema.isGrouping(container.type) ? .contain : .newPlace
    }

    /// The places for a type directly in a container: the unnamed one if there is one, else all;
    /// those of the very type before those of related types.
    private func places(
        for type: TypeID, in container: Asset, in transaction: ReadTransaction
    ) throws(GraphError) -> [Asset] {
        let schema = try schema(in: transaction)
        var related: [Asset] = []
        for part in schema.parts[container.type] ?? []
        where part.relation == .containment && schema.isRelated(part.part, to: type) {
            let links = try incoming(
                container.id, .containment, subjectType: part.part, during: .always,
                in: transaction)
            for link in links where link.range.end == .distantFuture {
                let asset = try existingAsset(link.subject, in: transaction)
                if asset.isPlace, asset.life.end == .distantFuture { related.append(asset) }
            }
        }
        let same = related.filter { $0.type == type }
        let best = same.isEmpty ? related : same
        let unnamed = best.filter { $0.name.isEmpty }
        return unnamed.isEmpty ? best : Array(unnamed.prefix(1))
    }

    /// Creates the unnamed place for a type in a container; it is there since ever.
    func createPlace(
        type: TypeID, in container: Asset, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> Asset {
        let number = try nextNumber(.assets, in: transaction)
        let place = Asset(
            id: AssetID(rawValue: UInt32(number)), type: type, name: "", life: .always,
            isPlace: true, isDeclared: false)
        try putAsset(place, isNew: true, in: transaction)
        try putLink(
            Link(
                relation: .containment, subject: place.id, object: container.id, range: .always),
            in: transaction)
        try appendLog(
            .create, assets: [place.id, container.id], validFrom: .distantPast,
            "place \(try describe(place, in: transaction))", by: provenance, in: transaction)
        return place
    }

    /// Writes the location of an asset from an instant until its next one; in a single place also
    /// until the next mount of another item, whose predecessor is cut at the instant.
    private func place(
        _ asset: Asset, _ relation: RelationID, in holder: Asset, at instant: Timestamp,
        isSingle: Bool, in transaction: WriteTransaction
    ) throws -> LocationChange {
        var end = try cutLocation(of: asset.id, at: instant, in: transaction)
        var change = LocationChange(until: end, displaced: [])
        if isSingle {
            let after = TimeRange(start: instant, end: .distantFuture)
            for other in try incoming(holder.id, relation, during: after, in: transaction)
            where other.subject != asset.id {
                if other.range.start > instant {
                    end = min(end, other.range.start)
                } else {
                    try shorten(other, to: instant, in: transaction)
                    change.displaced.append(other.subject)
                    change.until = max(change.until, other.range.end)
                }
            }
        }
        var range = TimeRange(start: instant, end: end)
        try refuseCircle(asset, in: holder, during: range, in: transaction)
        // Stays in the same place that follow one another are one stay.
        for neighbour in try outgoing(asset.id, relation, in: transaction)
        where neighbour.link.object == holder.id
            && (neighbour.link.range.end == range.start || neighbour.link.range.start == range.end)
        {
            try removeLink(neighbour.link, in: transaction)
            range.start = min(range.start, neighbour.link.range.start)
            range.end = max(range.end, neighbour.link.range.end)
        }
        try putLink(
            Link(relation: relation, subject: asset.id, object: holder.id, range: range),
            in: transaction)
        return change
    }

    /// Ends the location that holds at an instant and returns when the next one begins.
    @discardableResult
    func cutLocation(
        of id: AssetID, at instant: Timestamp, in transaction: WriteTransaction
    ) throws -> Timestamp {
        var next = Timestamp.distantFuture
        let after = TimeRange(start: instant, end: .distantFuture)
        for link in try locations(of: id, during: after, in: transaction) {
            if link.range.start > instant {
                next = min(next, link.range.start)
            } else {
                try shorten(link, to: instant, in: transaction)
            }
        }
        return next
    }

    private func shorten(
        _ link: Link, to end: Timestamp, in transaction: WriteTransaction
    ) throws {
        try removeLink(link, in: transaction)
        var shortened = link
        shortened.range = TimeRange(start: link.range.start, end: max(link.range.start, end))
        try putLink(shortened, in: transaction)
    }

    /// Makes sure that the holder is at no instant of a range inside the asset.
    func refuseCircle(
        _ asset: Asset, in holder: Asset, during range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) {
        var open: [(AssetID, TimeRange, Int)] = [(holder.id, range, 0)]
        while let (id, span, depth) = open.popLast() {
            if id == asset.id || depth >= PathWalk.depthLimit {
                throw .containsItself(
                    asset: try describe(asset, in: transaction),
                    target: try describe(holder, in: transaction))
            }
            for link in try locations(of: id, during: span, in: transaction) {
                guard let shared = link.range.intersection(span) else { continue }
                open.append((link.object, shared, depth + 1))
            }
        }
    }
}
