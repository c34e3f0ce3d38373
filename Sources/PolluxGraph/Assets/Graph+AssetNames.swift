public import PolluxKeyValue
public import PolluxModel

/// What a lookup by name found.
public struct AssetMatches: Hashable, Sendable {
    /// Those that fit, at most as many as asked for: exact names, else the only one without case.
    public var assets: [Asset]
    /// Whether there are more.
    public var isCut: Bool
}

extension Graph {
    /// The assets with a name, of a type (subtypes included) or of any, at most `limit`.
    ///
    /// With a container, only those inside it at any time; an empty name then finds its unnamed
    /// places.
    public func assets(
        named name: String, type: TypeID? = nil, inside container: AssetID? = nil,
        limit: Int = 16, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetMatches {
        if let container, name.isEmpty {
            return try unnamedPlaces(of: container, type: type, limit: limit, in: transaction)
        }
        var exact: [Asset] = []
        var folded: [Asset] = []
        var isCut = false
        try forEachNamed(name, type: type, in: transaction) { (asset) throws(GraphError) in
            if let container,
                try !self.isInside(asset.id, container, in: transaction)
            {
                return true
            }
            if asset.name == name {
                if exact.count < limit { exact.append(asset) } else { isCut = true }
            } else if folded.count < 2 {
                folded.append(asset)
            }
            return !isCut
        }
        if !exact.isEmpty { return AssetMatches(assets: exact, isCut: isCut) }
        return AssetMatches(assets: folded.count == 1 ? folded : [], isCut: false)
    }

    private func unnamedPlaces(
        of container: AssetID, type: TypeID?, limit: Int, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetMatches {
        let schema = try schema(in: transaction)
        let holder = try namedAsset(container, in: transaction)
        let wanted = type.map { Set(schema.subtypes(of: $0)) }
        var found: [Asset] = []
        for part in schema.parts[holder.type] ?? [] where part.relation == .containment {
            if let wanted, !wanted.contains(part.part) { continue }
            let links = try incoming(
                container, .containment, subjectType: part.part, during: .always,
                in: transaction)
            for link in links {
                let asset = try existingAsset(link.subject, in: transaction)
                if asset.name.isEmpty { found.append(asset) }
            }
        }
        return AssetMatches(assets: Array(found.prefix(limit)), isCut: found.count > limit)
    }

    /// Calls `body` for each asset whose name is equal without case, until it returns false.
    func forEachNamed(
        _ name: String, type: TypeID?, in transaction: ReadTransaction,
        _ body: (Asset) throws(GraphError) -> Bool
    ) throws(GraphError) {
        let folded = GraphName.folded(name)
        var prefixes: [(Table, [UInt8])] = []
        if let type {
            for subtype in try schema(in: transaction).subtypes(of: type) {
                var key = GraphKey()
                key.add(subtype.rawValue)
                key.add(folded: folded)
                prefixes.append((tables.assetTypes, key.bytes))
            }
        } else if !name.isEmpty {
            var key = GraphKey()
            key.add(folded: folded)
            prefixes.append((tables.assetNames, key.bytes))
        }
        for (table, prefix) in prefixes {
            var goesOn = true
            try scan(table, prefix: prefix, in: transaction) { (key, _) throws(GraphError) in
                var reader = GraphKeyReader(key, skipping: prefix.count, table: table)
                let asset = try self.existingAsset(try reader.asset(), in: transaction)
                try reader.finish()
                goesOn = try body(asset)
                return goesOn
            }
            if !goesOn { return }
        }
    }

    /// The assets of a type (subtypes included) whose name begins with a prefix (without case), in
    /// order of name within each type, at most `limit`.
    public func assets(
        ofType type: TypeID, prefix: String = "", limit: Int, in transaction: ReadTransaction
    ) throws(GraphError) -> [Asset] {
        var found: [Asset] = []
        guard limit > 0 else { return found }
        for subtype in try schema(in: transaction).subtypes(of: type) {
            try forEachAsset(ofExactType: subtype, prefix: prefix, in: transaction) { asset in
                found.append(asset)
                return found.count < limit
            }
            if found.count >= limit { break }
        }
        return found
    }

    /// Calls `body` for each asset of exactly one type, in order of name, until it returns false.
    func forEachAsset(
        ofExactType type: TypeID, prefix: String = "", in transaction: ReadTransaction,
        _ body: (Asset) throws(GraphError) -> Bool
    ) throws(GraphError) {
        var key = GraphKey()
        key.add(type.rawValue)
        var start = key
        start.add(raw: GraphName.folded(prefix))
        let table = tables.assetTypes
        try scan(table, prefix: start.bytes, in: transaction) { (bytes, _) throws(GraphError) in
            var reader = GraphKeyReader(bytes, skipping: bytes.count - 4, table: table)
            return try body(try self.existingAsset(try reader.asset(), in: transaction))
        }
    }

    /// Calls `body` for each asset in order of number, until it returns false.
    public func forEachAsset(
        in transaction: ReadTransaction, _ body: (Asset) throws(GraphError) -> Bool
    ) throws(GraphError) {
        try scan(tables.assets, prefix: [], in: transaction) { (key, value) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 0, table: self.tables.assets)
            let id = try reader.asset()
            try reader.finish()
            return try body(try self.existingAsset(id, in: transaction))
        }
    }

    /// How people call an asset: its name, or `CNC-3/spindle` for an unnamed place.
    public func displayName(
        of id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> String {
        let asset = try namedAsset(id, in: transaction)
        return try displayName(of: asset, depth: 0, in: transaction)
    }

    func displayName(
        of asset: Asset, depth: Int = 0, in transaction: ReadTransaction
    ) throws(GraphError) -> String {
        if !asset.name.isEmpty { return asset.name }
        let typeName = try schema(in: transaction).types[asset.type]?.name ?? "?"
        guard depth < PathWalk.depthLimit,
            let last = try locations(of: asset.id, during: .always, in: transaction).last
        else { return typeName }
        let container = try existingAsset(last.object, in: transaction)
        return try displayName(of: container, depth: depth + 1, in: transaction) + "/" + typeName
    }
}
