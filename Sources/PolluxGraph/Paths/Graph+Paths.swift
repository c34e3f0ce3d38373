public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The assets a path meant over a range, as it was or with the plant frozen `asOf` an instant.
    ///
    /// Cost grows with the answer, not with the plant.
    ///
    /// - Throws: `GraphError.tooFar` instead of meeting more assets than `assetLimit`.
    public func resolve(
        _ path: GraphPath, during range: TimeRange, asOf instant: Timestamp? = nil,
        assetLimit: Int = .max, in transaction: ReadTransaction
    ) throws(GraphError) -> PathResolution {
        let walk = try PathWalk(self, assetLimit: assetLimit, in: transaction)
        var resolution = try walk.resolve(path, during: Graph.frozen(instant) ?? range)
        if instant != nil {
            for index in resolution.pieces.indices { resolution.pieces[index].range = range }
            for index in resolution.ambiguities.indices {
                resolution.ambiguities[index].range = range
            }
        }
        return resolution
    }

    /// A path that means the assets which are first by name, as many as are wanted, of those that
    /// this one means in a range: only they need to be resolved.
    ///
    /// Returned is the same path where that cannot be said of assets alone: it has several steps,
    /// or meets places, whose items may count instead.
    public func beginning(
        of path: GraphPath, count: Int, during range: TimeRange, in transaction: ReadTransaction
    ) throws(GraphError) -> GraphPath {
        guard path.steps.count == 1, let step = path.steps.first, step.isEvery,
            let type = step.type, step.names == .any
        else { return path }
        var first: [(name: String, id: AssetID)] = []
        var isPlain = true
        for subtype in try schema(in: transaction).subtypes(of: type) where isPlain {
            try forEachAsset(ofExactType: subtype, in: transaction) {
                (asset) throws(GraphError) in
                isPlain = !asset.isPlace && !asset.name.isEmpty
                guard isPlain, asset.life.overlaps(range) else { return isPlain }
                let own = (asset.name, asset.id)
                if first.count >= count, let last = first.last, own >= last { return true }
                first.insert(own, at: first.endOfPrefix { $0 < own })
                if first.count > count { first.removeLast() }
                return true
            }
        }
        guard isPlain else { return path }
        let names = PathStep.Names.assets(first.map(\.id))
        return GraphPath(steps: [PathStep(type: type, names: names, isEvery: true)])
    }

    /// What an asset is directly in over a range, for many assets; nil where it is in nothing.
    public func nearestContainers(
        of assets: [(id: AssetID, range: TimeRange)], in transaction: ReadTransaction
    ) throws(GraphError) -> [AssetID?] {
        let walk = try PathWalk(self, in: transaction)
        var found: [AssetID?] = []
        found.reserveCapacity(assets.count)
        for (id, range) in assets {
            found.append(try walk.locations(of: id, during: range).first?.object)
        }
        return found
    }

    /// What contains an asset over a range, through places, nearest first; of a type (subtypes
    /// included) when one is given.
    public func containers(
        of id: AssetID, type: TypeID? = nil, during range: TimeRange,
        asOf instant: Timestamp? = nil,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [ContainerPiece] {
        let walk = try PathWalk(self, in: transaction)
        let wanted = type.map { Set(walk.schema.subtypes(of: $0)) }
        var pieces: [ContainerPiece] = []
        try walk.ascend(from: id, during: Graph.frozen(instant) ?? range) {
            (container, span, distance) throws(GraphError) in
            let type = try walk.asset(container).type
            if let wanted, !wanted.contains(type) { return }
            pieces.append(
                ContainerPiece(
                    asset: container, type: type, distance: distance,
                    range: instant == nil ? span : range))
        }
        return pieces
    }

    /// The shortest range at an instant, in which nothing changes.
    static func frozen(_ instant: Timestamp?) -> TimeRange? {
        guard let instant else { return nil }
        let start = min(instant, Timestamp(nanoseconds: .max - 1))
        return TimeRange(start: start, end: start.advanced(by: 1))
    }
}

extension PathWalk {
    /// Evaluates a path from its anchor inwards.
    func resolve(
        _ path: GraphPath, during range: TimeRange
    ) throws(GraphError) -> PathResolution {
        var resolution = PathResolution(pieces: [], ambiguities: [], emptySteps: [])
        guard path.links.count + 1 == path.steps.count, !range.isEmpty else { return resolution }
        let anchor = path.steps.count - 1
        var pieces = try anchorPieces(
            path.steps[anchor], index: anchor, during: range, &resolution.ambiguities)
        if pieces.isEmpty { resolution.emptySteps.append(anchor) }
        for index in path.links.indices.reversed() {
            guard !pieces.isEmpty else { break }
            pieces = try step(
                path.steps[index], index: index, link: path.links[index], from: pieces,
                &resolution.ambiguities)
            if pieces.isEmpty { resolution.emptySteps.append(index) }
        }
        resolution.pieces = try ordered(pieces)
        return resolution
    }

    /// The pieces of the outermost step: assets by name, by number or by type, over their lives.
    private func anchorPieces(
        _ step: PathStep, index: Int, during range: TimeRange,
        _ ambiguities: inout [PathAmbiguity]
    ) throws(GraphError) -> [PathPiece] {
        var pieces: [PathPiece] = []
        for group in try namedGroups(step) {
            var matches: [AssetID: RangeSet] = [:]
            for asset in group {
                try remember(asset)
                if let lived = asset.life.intersection(range) {
                    matches[asset.id] = RangeSet(lived)
                }
            }
            var folded = try fold(matches, type: step.type, isAnchor: true)
            if !step.isEvery, !step.names.isNumbered {
                folded = singled(folded, step: index, container: nil, &ambiguities)
            }
            pieces += folded
        }
        return pieces
    }

    /// The candidates of an unanchored step: one group for each name given, else one in all.
    private func namedGroups(_ step: PathStep) throws(GraphError) -> [[Asset]] {
        switch step.names {
        case .assets(let ids):
            var group: [Asset] = []
            for id in ids { group.append(try graph.namedAsset(id, in: transaction)) }
            return [group]
        case .named(let names):
            var groups: [[Asset]] = []
            for name in names { groups.append(try candidates(name, type: step.type)) }
            return groups
        case .any, .like:
            var pattern: NamePattern?
            if case .like(let text) = step.names { pattern = NamePattern(text) }
            var group: [Asset] = []
            // The index is in order of names without case, the pattern checks the case.
            for type in step.type.map({ schema.subtypes(of: $0) })
                ?? Array(schema.types.keys).sorted()
            {
                try graph.forEachAsset(
                    ofExactType: type, prefix: pattern?.prefix ?? "", in: transaction
                ) { (asset) throws(GraphError) in
                    try remember(asset)
                    if pattern?.fits(asset.name) ?? true { group.append(asset) }
                    return true
                }
            }
            return [group]
        }
    }

    /// The assets of a name: exact, else those equal without case when they share one spelling.
    func candidates(_ name: String, type: TypeID?) throws(GraphError) -> [Asset] {
        var exact: [Asset] = []
        var folded: [Asset] = []
        try graph.forEachNamed(name, type: type, in: transaction) { (asset) throws(GraphError) in
            try remember(asset)
            if asset.name == name { exact.append(asset) } else { folded.append(asset) }
            return true
        }
        if !exact.isEmpty { return exact }
        return Set(folded.map(\.name)).count == 1 ? folded : []
    }

    /// The pieces of a step seen from each piece of the step after it.
    private func step(
        _ step: PathStep, index: Int, link: PathLink, from outer: [PathPiece],
        _ ambiguities: inout [PathAmbiguity]
    ) throws(GraphError) -> [PathPiece] {
        var pieces: [PathPiece] = []
        // Pieces of one container are one question: `exactly one` holds for each container.
        for container in try ordered(outer) {
            let all = try matches(step, link: link, from: container)
            var groups = [all]
            if case .named(let names) = step.names {
                groups = []
                for name in names {
                    var group: [AssetID: RangeSet] = [:]
                    for (id, ranges) in all where try fits(try asset(id).name, name, among: all) {
                        group[id] = ranges
                    }
                    groups.append(group)
                }
            }
            for group in groups {
                var folded = try fold(group, type: step.type, isAnchor: false)
                if !step.isEvery, !step.names.isNumbered {
                    folded = singled(
                        folded, step: index, container: container.subject, &ambiguities)
                }
                pieces += folded
            }
        }
        return joined(pieces)
    }

    private func fits(
        _ name: String, _ wanted: String, among all: [AssetID: RangeSet]
    ) throws(GraphError) -> Bool {
        if name == wanted { return true }
        guard name.lowercased() == wanted.lowercased() else { return false }
        for id in all.keys where try asset(id).name == wanted { return false }
        return true
    }

    /// The assets that a link leads to from a piece, filtered by the step.
    private func matches(
        _ step: PathStep, link: PathLink, from piece: PathPiece
    ) throws(GraphError) -> [AssetID: RangeSet] {
        var found: [AssetID: RangeSet] = [:]
        let bodies = Set([piece.subject, piece.place, piece.item].compactMap { $0 })
        let types = step.type.map { schema.subtypes(of: $0) }
        switch link {
        case .of:
            if case .named(let names) = step.names,
                try climb(names, step.type, to: bodies, during: piece.range, into: &found)
            {
                break
            }
            for body in bodies {
                try descend(from: body, during: piece.range, to: types, into: &found)
            }
            for body in bodies { found[body] = nil }
        case .above:
            for body in bodies {
                try ascend(from: body, during: piece.range) {
                    (container, range, _) throws(GraphError) in
                    if let types, !types.contains(try self.asset(container).type) { return }
                    if bodies.contains(container) { return }
                    found[container, default: RangeSet()].insert(range)
                }
            }
        case .that(let relation, let isInverse):
            for body in bodies {
                try follow(
                    relation, isInverse: isInverse, from: body, types: types,
                    during: piece.range, into: &found)
            }
        }
        return try filtered(found, by: step.names)
    }

    /// Asks the few assets of a name whether they are inside, instead of walking down.
    ///
    /// Tells whether it did: with many of one name, walking down is cheaper.
    private func climb(
        _ names: [String], _ type: TypeID?, to bodies: Set<AssetID>, during range: TimeRange,
        into found: inout [AssetID: RangeSet]
    ) throws(GraphError) -> Bool {
        var named: [Asset] = []
        for name in names {
            try graph.forEachNamed(name, type: type, in: transaction) { asset in
                named.append(asset)
                return named.count <= 64
            }
        }
        guard named.count <= 64 else { return false }
        for asset in named {
            try remember(asset)
            guard let lived = asset.life.intersection(range) else { continue }
            try ascend(from: asset.id, during: lived) { (container, span, _) throws(GraphError) in
                if bodies.contains(container), !bodies.contains(asset.id) {
                    found[asset.id, default: RangeSet()].insert(span)
                }
            }
            // What stands in the place of an item belongs to the item for that time.
            try climbThroughItems(asset, to: bodies, during: lived, into: &found)
        }
        return true
    }

    private func climbThroughItems(
        _ asset: Asset, to bodies: Set<AssetID>, during range: TimeRange,
        into found: inout [AssetID: RangeSet]
    ) throws(GraphError) {
        for body in bodies where body != asset.id {
            for mount in try locations(of: body, during: range) where mount.relation == .mounting {
                var path: [(AssetID, TimeRange, RelationID)] = []
                try ascendByLink(from: asset.id, during: mount.range, into: &path)
                for (container, span, relation) in path
                where container == mount.object && relation == .containment {
                    found[asset.id, default: RangeSet()].insert(span)
                }
            }
        }
    }

    /// Like `ascend`, with the relation by which the last level was reached.
    private func ascendByLink(
        from id: AssetID, during range: TimeRange, depth: Int = 0,
        into path: inout [(AssetID, TimeRange, RelationID)]
    ) throws(GraphError) {
        guard depth < PathWalk.depthLimit else { return }
        for link in try locations(of: id, during: range) {
            path.append((link.object, link.range, link.relation))
            try ascendByLink(from: link.object, during: link.range, depth: depth + 1, into: &path)
        }
    }

    private func follow(
        _ relation: RelationID, isInverse: Bool, from body: AssetID, types: [TypeID]?,
        during range: TimeRange, into found: inout [AssetID: RangeSet]
    ) throws(GraphError) {
        let links =
            isInverse
            ? try graph.outgoing(body, relation, during: range, in: transaction).map(\.link)
            : try graph.incoming(body, relation, during: range, in: transaction)
        for link in links {
            let other = try asset(isInverse ? link.object : link.subject)
            if let types, !types.contains(other.type) { continue }
            guard let shared = link.range.intersection(range)?.intersection(other.life) else {
                continue
            }
            found[other.id, default: RangeSet()].insert(shared)
        }
    }

    private func filtered(
        _ found: [AssetID: RangeSet], by names: PathStep.Names
    ) throws(GraphError) -> [AssetID: RangeSet] {
        switch names {
        case .any: return found
        case .assets(let ids): return found.filter { ids.contains($0.key) }
        case .like(let text):
            let pattern = NamePattern(text)
            return try kept(found) { pattern.fits($0) }
        case .named(let wanted):
            let folded = Set(wanted.map { $0.lowercased() })
            return try kept(found) { folded.contains($0.lowercased()) }
        }
    }

    private func kept(
        _ found: [AssetID: RangeSet], _ isWanted: (String) -> Bool
    ) throws(GraphError) -> [AssetID: RangeSet] {
        var kept: [AssetID: RangeSet] = [:]
        for (id, ranges) in found where isWanted(try asset(id).name) { kept[id] = ranges }
        return kept
    }
}

extension PathStep.Names {
    /// Whether the assets are given by number, so that nothing can be ambiguous.
    var isNumbered: Bool {
        if case .assets = self { return true }
        return false
    }
}
