import PolluxKeyValue
import PolluxModel

/// One walk along a path: the transaction, the schema and the assets it has read.
///
/// Used by one thread for one question.
final class PathWalk {
    /// Levels of containment a walk follows; deeper ones mean a damaged graph.
    static let depthLimit = 64

    let graph: Graph
    let transaction: ReadTransaction
    let schema: Schema
    private var known: [AssetID: Asset] = [:]
    private let assetLimit: Int

    init(
        _ graph: Graph, assetLimit: Int = .max, in transaction: ReadTransaction
    ) throws(GraphError) {
        self.graph = graph
        self.assetLimit = assetLimit
        self.transaction = transaction
        schema = try graph.schema(in: transaction)
    }

    func asset(_ id: AssetID) throws(GraphError) -> Asset {
        if let asset = known[id] { return asset }
        let asset = try graph.existingAsset(id, in: transaction)
        try remember(asset)
        return asset
    }

    func remember(_ asset: Asset) throws(GraphError) {
        known[asset.id] = asset
        guard known.count <= assetLimit else { throw .tooFar(limit: assetLimit) }
    }

    /// Where an asset is, clipped to a range and to the life of what it is in.
    func locations(of id: AssetID, during range: TimeRange) throws(GraphError) -> [Link] {
        var found: [Link] = []
        for link in try graph.locations(of: id, during: range, in: transaction) {
            guard
                let shared = link.range.intersection(range)?
                    .intersection(try asset(link.object).life)
            else { continue }
            var clipped = link
            clipped.range = shared
            found.append(clipped)
        }
        return found
    }

    /// What is directly in an asset by a relation, of one type, clipped to a range and to lives.
    func parts(
        of id: AssetID, _ relation: RelationID, type: TypeID, during range: TimeRange
    ) throws(GraphError) -> [Link] {
        var found: [Link] = []
        let links = try graph.incoming(
            id, relation, subjectType: type, during: range, in: transaction)
        for link in links {
            guard
                let shared = link.range.intersection(range)?
                    .intersection(try asset(link.subject).life)
            else { continue }
            var clipped = link
            clipped.range = shared
            found.append(clipped)
        }
        return found
    }

    /// The items mounted in a place, of any type or related to one, by start.
    func mounts(
        in place: AssetID, relatedTo type: TypeID? = nil, during range: TimeRange
    ) throws(GraphError) -> [Link] {
        var found: [Link] = []
        for part in schema.parts[try asset(place).type] ?? [] where part.relation == .mounting {
            if let type, !schema.isRelated(part.part, to: type) { continue }
            found += try parts(of: place, .mounting, type: part.part, during: range)
        }
        return found.sorted { ($0.range.start, $0.subject) < ($1.range.start, $1.subject) }
    }

    /// Everything of some types inside an asset, any number of levels down, with when.
    func descend(
        from id: AssetID, during range: TimeRange, to targets: [TypeID]?,
        into found: inout [AssetID: RangeSet]
    ) throws(GraphError) {
        let reaching = targets.map { schema.typesReaching($0) }
        let wanted = targets.map { Set($0) }
        try descend(
            from: id, during: range, wanted: wanted, reaching: reaching, depth: 0, into: &found)
        // What is in the place belongs to the item mounted there for that time.
        for location in try locations(of: id, during: range) where location.relation == .mounting {
            try descend(
                from: location.object, during: location.range, wanted: wanted, reaching: reaching,
                isPlaceOfItem: true, depth: 0, into: &found)
        }
        found[id] = nil
    }

    private func descend(
        from id: AssetID, during range: TimeRange, wanted: Set<TypeID>?, reaching: Set<TypeID>?,
        isPlaceOfItem: Bool = false, depth: Int, into found: inout [AssetID: RangeSet]
    ) throws(GraphError) {
        guard depth < PathWalk.depthLimit else {
            throw .corrupt(
                table: graph.tables.links.name, record: "of asset \(id.rawValue)",
                reason: "containment is deeper than \(PathWalk.depthLimit) levels")
        }
        for part in schema.parts[try asset(id).type] ?? [] {
            if isPlaceOfItem, part.relation == .mounting { continue }
            if let reaching, !reaching.contains(part.part) { continue }
            for link in try parts(of: id, part.relation, type: part.part, during: range) {
                if wanted?.contains(part.part) ?? true {
                    found[link.subject, default: RangeSet()].insert(link.range)
                }
                try descend(
                    from: link.subject, during: link.range, wanted: wanted, reaching: reaching,
                    depth: depth + 1, into: &found)
            }
        }
    }

    /// Calls `body` for each container of an asset, level by level upwards, with when.
    func ascend(
        from id: AssetID, during range: TimeRange,
        _ body: (AssetID, TimeRange, _ distance: Int) throws(GraphError) -> Void
    ) throws(GraphError) {
        var level = [(id, range)]
        var distance = 1
        while !level.isEmpty {
            guard distance <= PathWalk.depthLimit else {
                throw .corrupt(
                    table: graph.tables.links.name, record: "of asset \(id.rawValue)",
                    reason: "containment is deeper than \(PathWalk.depthLimit) levels")
            }
            var above: [(AssetID, TimeRange)] = []
            for (lower, span) in level {
                for link in try locations(of: lower, during: span) {
                    try body(link.object, link.range, distance)
                    above.append((link.object, link.range))
                }
            }
            level = above
            distance += 1
        }
    }
}
