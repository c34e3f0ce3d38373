public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The asset that a message addresses, created with what contains it when absent.
    ///
    /// `levels` go from the outermost container inwards, such as line L2, machine CNC-3; levels
    /// missing from earlier messages adopt what they contain. Without `part` it is the last level.
    /// A part without a name is the machine's place for that type; with a name, an item put there:
    /// since ever when the place was free, from `instant` on when it replaces another.
    ///
    /// - Throws: `ambiguous` when a level can mean several assets.
    public func ensureAsset(
        levels: [(type: String, name: String)], part: (type: String, name: String)? = nil,
        at instant: Timestamp, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> (asset: AssetID, isNew: Bool) {
        var container: Asset?
        var isNew = false
        for level in levels {
            let found = try ensureLevel(
                level, in: container, by: provenance, in: transaction)
            container = found.asset
            isNew = found.isNew
        }
        guard let part else {
            guard let container else {
                throw GraphError.refused(reason: "a message names no asset")
            }
            return (container.id, isNew)
        }
        return try ensurePart(
            part, of: container, at: instant, by: provenance, in: transaction)
    }

    private func ensureLevel(
        _ level: (type: String, name: String), in container: Asset?, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> (asset: Asset, isNew: Bool) {
        try GraphName.check(level.name)
        let type = try ensureType(named: level.type, by: provenance, in: transaction)
        var candidates: [Asset] = []
        try forEachNamed(level.name, type: type, in: transaction) { asset in
            if asset.name == level.name { candidates.append(asset) }
            return candidates.count < 10_000
        }
        if let known = try choose(candidates, in: container, level.name, in: transaction) {
            if let container, try !isInside(known.id, container.id, in: transaction) {
                try adopt(known, into: container, by: provenance, in: transaction)
            }
            return (known, false)
        }
        let created = try addAsset(
            AssetDeclaration(type: level.type, name: level.name), type: type, isDeclared: false,
            in: transaction)
        if let container {
            try putLink(
                Link(
                    relation: .containment, subject: created.id, object: container.id,
                    range: .always), in: transaction)
        }
        try appendLog(
            .create, assets: [created.id], validFrom: .distantPast,
            "create asset \(try describe(created, in: transaction))", by: provenance,
            in: transaction)
        return (created, true)
    }

    /// The candidate that a level means: inside the container, else without any, else directly in
    /// something around the container.
    private func choose(
        _ candidates: [Asset], in container: Asset?, _ name: String,
        in transaction: ReadTransaction
    ) throws(GraphError) -> Asset? {
        var orphans: [Asset] = []
        for candidate in candidates
        where try locations(of: candidate.id, during: .always, in: transaction).isEmpty {
            orphans.append(candidate)
        }
        guard let container else {
            if candidates.count <= 1 { return candidates.first }
            if orphans.count == 1 { return orphans[0] }
            throw .ambiguous(
                what: "it is in several places", name: name,
                candidates: try candidates.prefix(5).map { (asset) throws(GraphError) in
                    try self.describeWhere(asset, in: transaction)
                })
        }
        for candidate in candidates
        where try isInside(candidate.id, container.id, in: transaction) {
            return candidate
        }
        if let orphan = orphans.first(where: { $0.id != container.id }) { return orphan }
        for candidate in candidates {
            let places = try locations(of: candidate.id, during: .always, in: transaction)
            if let only = places.first, places.count == 1, only.range == .always,
                try isInside(container.id, only.object, in: transaction)
            {
                return candidate
            }
        }
        return nil
    }

    /// An asset with everything that it is in, which tells namesakes apart.
    private func describeWhere(
        _ asset: Asset, in transaction: ReadTransaction
    ) throws(GraphError) -> String {
        let text = try describe(asset, in: transaction)
        // What has no name is described by what it is in.
        guard !asset.name.isEmpty,
            let last = try locations(of: asset.id, during: .always, in: transaction).last
        else { return text }
        let container = try existingAsset(last.object, in: transaction)
        return try text + " of " + describeWhere(container, in: transaction)
    }

    /// Gives an asset the container that a later message names, for all of its time.
    private func adopt(
        _ asset: Asset, into container: Asset, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        try refuseCircle(asset, in: container, during: .always, in: transaction)
        for old in try locations(of: asset.id, during: .always, in: transaction) {
            try removeLink(old, in: transaction)
        }
        try putLink(
            Link(
                relation: .containment, subject: asset.id, object: container.id, range: .always),
            in: transaction)
        try appendLog(
            .move, assets: [asset.id, container.id], validFrom: .distantPast,
            "move \(try describe(asset, in: transaction)) to "
                + "\(try describe(container, in: transaction))", by: provenance, in: transaction)
    }

    private func ensurePart(
        _ part: (type: String, name: String), of container: Asset?, at instant: Timestamp,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> (asset: AssetID, isNew: Bool) {
        guard let container else {
            let found = try ensureLevel(part, in: nil, by: provenance, in: transaction)
            return (found.asset.id, found.isNew)
        }
        let type = try ensureType(named: part.type, by: provenance, in: transaction)
        let before = try assetCount(in: transaction)
        if part.name.isEmpty {
            let place = try ensurePlace(
                type: type, in: container, by: provenance, in: transaction)
            return (place.id, try assetCount(in: transaction) > before)
        }
        try GraphName.check(part.name)
        var known: Asset?
        var orphan: Asset?
        try forEachNamed(part.name, type: type, in: transaction) { (asset) throws(GraphError) in
            guard asset.name == part.name else { return true }
            if try self.isInside(asset.id, container.id, in: transaction) {
                known = asset
                return false
            }
            if try self.locations(of: asset.id, during: .always, in: transaction).isEmpty {
                orphan = asset
            }
            return true
        }
        if let known { return (known.id, false) }
        let item =
            try orphan
            ?? addAsset(
                AssetDeclaration(type: part.type, name: part.name), type: type, isDeclared: false,
                in: transaction)
        try settleByMessage(item, in: container, at: instant, by: provenance, in: transaction)
        try appendLog(
            orphan == nil ? .create : .move, assets: [item.id, container.id],
            validFrom: .distantPast,
            "create asset \(try describe(item, in: transaction)) of "
                + "\(try describe(container, in: transaction))", by: provenance, in: transaction)
        return (item.id, orphan == nil)
    }
}
