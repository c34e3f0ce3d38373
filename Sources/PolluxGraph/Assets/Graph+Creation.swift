public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Creates an asset and puts it where it belongs.
    ///
    /// A part of a machine is mounted in the machine's place for its type. An asset that data
    /// brought along is declared and completed instead.
    ///
    /// - Throws: `exists` when a declared asset has the type and name in the container, `badName`,
    ///   `outsideLife` when the container does not exist at `from`.
    @discardableResult
    public func createAsset(
        _ declaration: AssetDeclaration, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> AssetID {
        try placeNewAsset(declaration, by: provenance, in: transaction).asset
    }

    /// As `createAsset`, and tells which items the new one moved out of a single place.
    public func placeNewAsset(
        _ declaration: AssetDeclaration, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> (asset: AssetID, displaced: [AssetID]) {
        let type = try ensureType(named: declaration.type, by: provenance, in: transaction)
        let container = try declaration.container.map { id throws(GraphError) in
            try namedAsset(id, in: transaction)
        }
        if declaration.name.isEmpty {
            guard let container else {
                throw GraphError.badName(
                    name: "", reason: "only a place in something may have no name")
            }
            let place = try ensurePlace(
                type: type, in: container, by: provenance, in: transaction)
            return (place.id, [])
        }
        try GraphName.check(declaration.name)
        if let container, declaration.from != .distantPast,
            !container.life.contains(declaration.from)
        {
            throw GraphError.outsideLife(
                asset: try describe(container, in: transaction), life: container.life,
                instant: declaration.from)
        }
        let asset =
            try completed(declaration, type: type, in: transaction)
            ?? addAsset(declaration, type: type, isDeclared: true, in: transaction)
        var displaced: [AssetID] = []
        if let container {
            displaced = try settle(
                asset, in: container, from: declaration.from, by: provenance, in: transaction)
        }
        for attribute in declaration.attributes {
            _ = try putAttribute(
                attribute.name, of: asset.id, to: attribute.value, from: declaration.from,
                in: transaction)
        }
        var text = "create asset \(try describe(asset, in: transaction))"
        if let container { text += " of \(try describe(container, in: transaction))" }
        text += InstantText.from(declaration.from)
        try appendLog(
            .create, assets: [asset.id] + (container.map { [$0.id] } ?? []) + displaced,
            validFrom: declaration.from, text + QuotedName.settings(declaration.attributes),
            by: provenance, in: transaction)
        return (asset.id, displaced)
    }

    /// The asset that data brought along and this declaration means, declared; nil when there is
    /// none.
    private func completed(
        _ declaration: AssetDeclaration, type: TypeID, in transaction: WriteTransaction
    ) throws -> Asset? {
        let life = TimeRange(start: declaration.from, end: .distantFuture)
        var found: Asset?
        try forEachNamed(declaration.name, type: type, in: transaction) {
            (asset) throws(GraphError) in
            guard asset.name == declaration.name, asset.life.overlaps(life) else { return true }
            if let container = declaration.container,
                try !self.isInside(asset.id, container, in: transaction),
                try !self.locations(of: asset.id, during: .always, in: transaction).isEmpty
            {
                return true
            }
            found = asset
            return false
        }
        guard var asset = found else { return nil }
        if asset.isDeclared {
            throw GraphError.exists(
                what: try schema(in: transaction).types[asset.type]?.name ?? "asset",
                name: asset.name)
        }
        asset.isDeclared = true
        asset.isPlace = asset.isPlace || declaration.isPlace
        asset.life.start = declaration.from
        try putAsset(asset, in: transaction)
        return asset
    }

    func addAsset(
        _ declaration: AssetDeclaration, type: TypeID, isDeclared: Bool,
        in transaction: WriteTransaction
    ) throws -> Asset {
        let number = try nextNumber(.assets, in: transaction)
        let asset = Asset(
            id: AssetID(rawValue: UInt32(number)), type: type, name: declaration.name,
            life: TimeRange(start: declaration.from, end: .distantFuture),
            isPlace: declaration.isPlace, isDeclared: isDeclared)
        try putAsset(asset, isNew: true, in: transaction)
        return asset
    }

    /// Locates a created asset unless it is in the container at that instant already; tells which
    /// items lost their place.
    private func settle(
        _ asset: Asset, in container: Asset, from instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> [AssetID] {
        let during = TimeRange(start: instant, end: instant.advanced(by: 1))
        let known = try containers(of: asset.id, during: during, in: transaction)
        if known.contains(where: { $0.asset == container.id }) { return [] }
        return try setLocation(
            of: asset, in: container, at: instant, by: provenance, in: transaction
        ).displaced
    }

    /// The unnamed place for a type directly in a container, or the only one for a related type;
    /// created when there is none.
    func ensurePlace(
        type: TypeID, in container: Asset, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> Asset {
        let links = try incoming(
            container.id, .containment, subjectType: type, during: .always, in: transaction)
        for link in links {
            let asset = try existingAsset(link.subject, in: transaction)
            if asset.name.isEmpty { return asset }
        }
        var related: [Asset] = []
        let schema = try schema(in: transaction)
        for part in schema.parts[container.type] ?? []
        where part.relation == .containment && part.part != type
            && schema.isRelated(part.part, to: type)
        {
            for link in try incoming(
                container.id, .containment, subjectType: part.part, during: .always,
                in: transaction)
            {
                let asset = try existingAsset(link.subject, in: transaction)
                if asset.name.isEmpty { related.append(asset) }
            }
        }
        if related.count == 1 { return related[0] }
        return try createPlace(type: type, in: container, by: provenance, in: transaction)
    }

    /// Ends an asset's existence, or corrects its end; places in it end with it.
    ///
    /// - Throws: `outsideLife` when the instant is not after its beginning.
    public func retire(
        _ id: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let asset = try namedAsset(id, in: transaction)
        guard instant > asset.life.start else {
            throw GraphError.outsideLife(
                asset: try describe(asset, in: transaction), life: asset.life, instant: instant)
        }
        try end(asset, at: instant, depth: 0, in: transaction)
        let before =
            asset.life.end == .distantFuture ? "" : "; it was retired at \(asset.life.end)"
        try appendLog(
            .retire, assets: [id], validFrom: min(instant, asset.life.end),
            "retire \(try describe(asset, in: transaction)) at \(instant)" + before,
            by: provenance, in: transaction)
    }

    private func end(
        _ asset: Asset, at instant: Timestamp, depth: Int, in transaction: WriteTransaction
    ) throws {
        var ended = asset
        let before = asset.life.end
        ended.life.end = instant
        try putAsset(ended, in: transaction)
        guard depth < PathWalk.depthLimit else { return }
        // Unnamed places live and end with what they are places of; items do not.
        for part in try incoming(asset.id, .containment, during: .always, in: transaction) {
            let child = try existingAsset(part.subject, in: transaction)
            guard child.isPlace, child.name.isEmpty, child.life.end == before else { continue }
            try end(child, at: instant, depth: depth + 1, in: transaction)
        }
    }
}
