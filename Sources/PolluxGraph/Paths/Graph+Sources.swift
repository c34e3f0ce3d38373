public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Where to look for a measure of an asset, best first, over consecutive slices of a range.
    ///
    /// The order: the asset itself; the place it is mounted in; the item mounted in it, if exactly
    /// one; then its containers upwards, each place followed by the item mounted in it.
    public func sources(
        forMeasureOf id: AssetID, during range: TimeRange, asOf instant: Timestamp? = nil,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [SourceSlice] {
        guard !range.isEmpty else { return [] }
        let walk = try PathWalk(self, in: transaction)
        _ = try namedAsset(id, in: transaction)
        let window = Graph.frozen(instant) ?? range
        var slices = try walk.sources(of: id, during: window)
        if instant != nil {
            slices = slices.prefix(1).map { SourceSlice(range: range, candidates: $0.candidates) }
        }
        return slices
    }
}

extension PathWalk {
    /// An asset that may have the measure, how good it is, and when.
    private struct Source {
        var rank: Int
        var asset: AssetID
        var range: TimeRange
    }

    func sources(of id: AssetID, during range: TimeRange) throws(GraphError) -> [SourceSlice] {
        var all = [Source(rank: 0, asset: id, range: range)]
        for location in try locations(of: id, during: range) where location.relation == .mounting {
            all.append(Source(rank: 1, asset: location.object, range: location.range))
        }
        for mount in try soleMounts(in: id, during: range) {
            all.append(Source(rank: 2, asset: mount.subject, range: mount.range))
        }
        var containers: [Source] = []
        try ascend(from: id, during: range) { (container, span, distance) throws(GraphError) in
            containers.append(Source(rank: 2 * distance + 1, asset: container, range: span))
        }
        for container in containers {
            all.append(container)
            for mount in try soleMounts(in: container.asset, during: container.range) {
                all.append(
                    Source(rank: container.rank + 1, asset: mount.subject, range: mount.range))
            }
        }
        return sliced(all, during: range)
    }

    /// The mounts in a place over the spans in which it holds exactly one item.
    private func soleMounts(
        in place: AssetID, during range: TimeRange
    ) throws(GraphError) -> [Link] {
        let all = try mounts(in: place, during: range)
        var sole: [Link] = []
        for mount in all {
            var alone = RangeSet(mount.range)
            for other in all where other.subject != mount.subject { alone.remove(other.range) }
            for span in alone.ranges {
                var part = mount
                part.range = span
                sole.append(part)
            }
        }
        return sole
    }

    private func sliced(_ sources: [Source], during range: TimeRange) -> [SourceSlice] {
        let ranked = sources.sorted { ($0.rank, $0.asset) < ($1.rank, $1.asset) }
        var bounds: Set<Timestamp> = [range.start, range.end]
        for source in sources {
            bounds.insert(source.range.start)
            bounds.insert(source.range.end)
        }
        let ordered = bounds.sorted()
        var slices: [SourceSlice] = []
        for (start, end) in zip(ordered, ordered.dropFirst()) {
            let span = TimeRange(start: start, end: end)
            var candidates: [AssetID] = []
            for source in ranked
            where source.range.overlaps(span) && !candidates.contains(source.asset) {
                candidates.append(source.asset)
            }
            if let last = slices.last, last.candidates == candidates {
                slices[slices.count - 1].range.end = end
            } else {
                slices.append(SourceSlice(range: span, candidates: candidates))
            }
        }
        return slices
    }
}
