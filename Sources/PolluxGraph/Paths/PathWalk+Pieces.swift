import PolluxModel

/// From assets with ranges to pieces: places and the items in them become one.
extension PathWalk {
    /// Folds the items mounted in matched places into pieces of place and item.
    ///
    /// At the anchor an item keeps its whole life, wherever it is mounted: `every spindle` means
    /// each
    /// spindle as `spindle SP-7` does.
    func fold(
        _ matches: [AssetID: RangeSet], type: TypeID?, isAnchor: Bool
    ) throws(GraphError) -> [PathPiece] {
        if isAnchor, let plain = try plain(matches) { return plain }
        var pieces: [PathPiece] = []
        var taken: [AssetID: RangeSet] = [:]
        for (id, ranges) in matches where try asset(id).isPlace {
            var empty = ranges
            for range in ranges.ranges {
                for mount in try mounts(in: id, relatedTo: try asset(id).type, during: range) {
                    empty.remove(mount.range)
                    if isAnchor, matches[mount.subject] != nil { continue }
                    taken[mount.subject, default: RangeSet()].insert(mount.range)
                    pieces.append(
                        PathPiece(
                            subject: mount.subject, place: id, item: mount.subject,
                            range: mount.range))
                }
            }
            // An item that is itself a place for others is shown as what it is mounted in.
            if try isItem(id), !isAnchor { continue }
            for range in empty.ranges {
                pieces.append(PathPiece(subject: id, place: id, item: nil, range: range))
            }
        }
        for (id, ranges) in matches {
            let isPlace = try asset(id).isPlace
            let isMounted = try isItem(id)
            if isPlace, isAnchor || !isMounted { continue }
            var rest = ranges
            for range in taken[id]?.ranges ?? [] { rest.remove(range) }
            let item = isMounted ? id : nil
            for range in rest.ranges {
                pieces.append(PathPiece(subject: id, place: nil, item: item, range: range))
            }
        }
        return joined(pieces)
    }

    /// The pieces of assets of which none is a place, in order of number: nothing folds; nil where
    /// one is.
    private func plain(_ matches: [AssetID: RangeSet]) throws(GraphError) -> [PathPiece]? {
        var pieces: [PathPiece] = []
        pieces.reserveCapacity(matches.count)
        for (id, ranges) in matches {
            if try asset(id).isPlace { return nil }
            let item = try isItem(id) ? id : nil
            for range in ranges.ranges {
                pieces.append(PathPiece(subject: id, place: nil, item: item, range: range))
            }
        }
        return pieces.sorted { ($0.subject, $0.range.start) < ($1.subject, $1.range.start) }
    }

    /// Whether an asset is mounted somewhere at some time.
    private func isItem(_ id: AssetID) throws(GraphError) -> Bool {
        guard
            schema.parts.values.contains(where: { adjacencies in
                adjacencies.contains { $0.relation == .mounting }
            })
        else { return false }
        return try !graph.outgoing(id, .mounting, in: transaction).isEmpty
    }

    /// Takes the spans away in which several subjects fit, and reports them.
    func singled(
        _ pieces: [PathPiece], step: Int, container: AssetID?,
        _ ambiguities: inout [PathAmbiguity]
    ) -> [PathPiece] {
        guard Set(pieces.map(\.subject)).count > 1 else { return pieces }
        var bounds = Set<Timestamp>()
        for piece in pieces {
            bounds.insert(piece.range.start)
            bounds.insert(piece.range.end)
        }
        let ordered = bounds.sorted()
        var kept: [PathPiece] = []
        for (start, end) in zip(ordered, ordered.dropFirst()) {
            let span = TimeRange(start: start, end: end)
            let present = pieces.filter { $0.range.overlaps(span) }
            let subjects = Set(present.map(\.subject)).sorted()
            if subjects.count > 1 {
                if let last = ambiguities.last, last.step == step, last.container == container,
                    last.candidates == subjects, last.range.end == start
                {
                    ambiguities[ambiguities.count - 1].range.end = end
                } else {
                    ambiguities.append(
                        PathAmbiguity(
                            step: step, container: container, candidates: subjects, range: span))
                }
            } else {
                for piece in present {
                    var part = piece
                    part.range = span
                    kept.append(part)
                }
            }
        }
        return joined(kept)
    }

    /// Joins pieces of the same assets that touch or overlap.
    func joined(_ pieces: [PathPiece]) -> [PathPiece] {
        struct Key: Hashable {
            var subject: AssetID
            var place: AssetID?
            var item: AssetID?
        }
        var ranges: [Key: RangeSet] = [:]
        for piece in pieces {
            let key = Key(subject: piece.subject, place: piece.place, item: piece.item)
            ranges[key, default: RangeSet()].insert(piece.range)
        }
        var all: [PathPiece] = []
        for (key, set) in ranges {
            for range in set.ranges {
                all.append(
                    PathPiece(
                        subject: key.subject, place: key.place, item: key.item, range: range))
            }
        }
        return all.sorted {
            ($0.subject, $0.range.start, $0.place?.rawValue ?? 0)
                < ($1.subject, $1.range.start, $1.place?.rawValue ?? 0)
        }
    }

    /// Pieces in the order people read: by name of the subject, then by time; where two ways lead
    /// to
    /// one subject at the same time, the first counts.
    func ordered(_ pieces: [PathPiece]) throws(GraphError) -> [PathPiece] {
        var named: [(name: String, piece: PathPiece)] = []
        named.reserveCapacity(pieces.count)
        for piece in pieces {
            // Pieces of one asset mostly stand side by side.
            if let last = named.last, last.piece.subject == piece.subject {
                named.append((last.name, piece))
                continue
            }
            let name = try graph.displayName(of: try asset(piece.subject), in: transaction)
            named.append((name, piece))
        }
        named.sort {
            if $0.name != $1.name { return $0.name < $1.name }
            let (left, right) = ($0.piece, $1.piece)
            return (left.subject, left.range.start, left.place?.rawValue ?? 0)
                < (right.subject, right.range.start, right.place?.rawValue ?? 0)
        }
        var disjoint: [PathPiece] = []
        disjoint.reserveCapacity(named.count)
        for (_, piece) in named {
            guard let last = disjoint.last, last.subject == piece.subject,
                piece.range.start < last.range.end
            else {
                disjoint.append(piece)
                continue
            }
            if piece.range.end > last.range.end {
                var rest = piece
                rest.range = TimeRange(start: last.range.end, end: piece.range.end)
                disjoint.append(rest)
            }
        }
        return disjoint
    }
}
