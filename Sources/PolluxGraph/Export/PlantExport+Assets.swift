import PolluxKeyValue
import PolluxModel

/// Assets and where they were when, as statements.
extension PlantExport {
    /// One stay of an asset as a move says it.
    private struct Stay {
        var link: Link
        var holder: Asset
        /// What the statement names: the holder, or what contains it when it has no name.
        var target: Asset
        /// When it holds, within the lives of all of them.
        var range: TimeRange
        /// The earliest end of the lives.
        var lifeEnd: Timestamp
    }

    private func stays(of asset: Asset) throws -> [Stay] {
        var found: [Stay] = []
        for link in try graph.locations(of: asset.id, during: .always, in: transaction) {
            let holder = try graph.existingAsset(link.object, in: transaction)
            var lives = [asset.life, holder.life]
            var target = holder
            if holder.name.isEmpty {
                guard let container = try container(of: holder) else { continue }
                target = container
                lives.append(container.life)
            }
            guard reference(target) != nil else {
                try omit("where \(asset.name) was from \(link.range.start)")
                continue
            }
            var range: TimeRange? = link.range
            for life in lives { range = range?.intersection(life) }
            guard let range else { continue }
            found.append(
                Stay(
                    link: link, holder: holder, target: target, range: range,
                    lifeEnd: lives.map(\.end).min() ?? asset.life.end))
        }
        return found
    }

    private func container(of place: Asset) throws -> Asset? {
        let locations = try graph.locations(of: place.id, during: .always, in: transaction)
        guard let first = locations.first else { return nil }
        return try graph.existingAsset(first.object, in: transaction)
    }

    /// Creates an asset after what it is created in.
    func create(_ asset: Asset) throws {
        var chain: [Asset] = []
        var met = Set<AssetID>()
        var next: Asset? = asset
        while let one = next, !written.contains(one.id), !skipped.contains(one.id),
            met.insert(one.id).inserted, chain.count < PathWalk.depthLimit
        {
            chain.append(one)
            let first = try graph.locations(of: one.id, during: .always, in: transaction).first
            next = try first.map { try graph.existingAsset($0.object, in: transaction) }
        }
        for one in chain.reversed() { try writeCreation(one) }
    }

    private func writeCreation(_ asset: Asset) throws {
        if asset.name.isEmpty {
            try writePlace(asset)
            return
        }
        let namesakes = try graph.assets(
            named: asset.name, type: asset.type, limit: 64, in: transaction)
        if namesakes.isCut || namesakes.assets.contains(where: { written.contains($0.id) }) {
            skipped.insert(asset.id)
            try omit("another \(typeName(asset.type)) \(asset.name), number \(asset.id.rawValue)")
            return
        }
        guard let name = reference(asset) else { return }
        var text = "create asset \(name)"
        let first = try stays(of: asset).first
        if let first, first.range.start == asset.life.start, written.contains(first.target.id),
            let target = reference(first.target)
        {
            text += " of \(target)"
            isCreatedInside.insert(asset.id)
        }
        text += InstantText.from(asset.life.start)
        var attributes = try firstAttributes(of: asset)
        if asset.isPlace, first?.link.relation != .mounting {
            attributes.append(Attribute("place", .boolean(true)))
        }
        try state(text + (try settings(attributes, of: name)))
        written.insert(asset.id)
    }

    /// An unnamed place, so that it is there also while nothing is mounted in it.
    private func writePlace(_ place: Asset) throws {
        guard let container = try container(of: place), let name = reference(container),
            written.contains(container.id)
        else {
            skipped.insert(place.id)
            try omit("a place for a \(typeName(place.type)) in something without a name")
            return
        }
        try state("create asset \(QuotedName.label(typeName(place.type))) \"\" of \(name)")
        written.insert(place.id)
    }

    /// Moves, and the ends of stays that no other statement ends.
    func writeTimeline(_ asset: Asset) throws {
        guard let name = reference(asset) else { return }
        let stays = try stays(of: asset)
        for (index, stay) in stays.enumerated() {
            guard let target = reference(stay.target) else { continue }
            if index > 0 || !isCreatedInside.contains(asset.id) {
                try state("move \(name) to \(target) at \(stay.range.start)")
            }
            let next = index + 1 < stays.count ? stays[index + 1] : nil
            let end = stay.link.range.end
            guard end < stay.lifeEnd, end != next?.range.start,
                try !isReplaced(asset, after: stay, isWritten: next?.holder.id == stay.holder.id)
            else { continue }
            let word = schema.relations[stay.link.relation]?.name ?? "?"
            try state("unrelate \(name) that \(QuotedName.word(word)) \(target) at \(end)")
        }
    }

    /// Whether another item was mounted when a stay ended, which ends it when recreated; only one
    /// already written counts where the next stay in the same place would join this one.
    private func isReplaced(
        _ asset: Asset, after stay: Stay, isWritten: Bool
    ) throws -> Bool {
        guard stay.link.relation == .mounting, isSingle(stay.holder) else { return false }
        let after = TimeRange(start: stay.link.range.end, end: .distantFuture)
        let mounts = try graph.incoming(
            stay.holder.id, .mounting, during: after, in: transaction)
        for mount in mounts where mount.range.start == after.start && mount.subject != asset.id {
            let other = try graph.existingAsset(mount.subject, in: transaction)
            guard reference(other) != nil, other.life.contains(after.start) else { continue }
            if !isWritten || other.id < asset.id { return true }
            let first = try graph.locations(of: other.id, during: .always, in: transaction).first
            return isCreatedInside.contains(other.id) && first?.range.start == after.start
        }
        return false
    }

    func writeRetirement(_ asset: Asset) throws {
        guard asset.life.end != .distantFuture, let name = reference(asset) else { return }
        try state("retire \(name) at \(asset.life.end)")
    }
}
