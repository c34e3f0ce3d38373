import PolluxKeyValue
import PolluxModel

/// What a change to the past may mean, and what it must not.
extension Graph {
    /// Whether an asset was created in a container: the first place it is recorded in is the one
    /// that a move to the container means, from its beginning on.
    func isCreated(
        _ asset: Asset, in container: Asset, in transaction: ReadTransaction
    ) throws(GraphError) -> Bool {
        guard asset.id != container.id,
            let first = try locations(of: asset.id, during: .always, in: transaction).first,
            first.range.start <= asset.life.start, first.range.end > asset.life.start
        else { return false }
        switch try target(for: asset, in: container, in: transaction) {
        case .contain: return first.object == container.id
        case .mount(let place): return first.object == place.id
        case .newPlace: return false
        }
    }

    /// Lets an asset exist from an earlier instant; what was said at its creation holds from then.
    func beginEarlier(
        _ asset: inout Asset, at instant: Timestamp, in transaction: WriteTransaction
    ) throws {
        let created = asset.life.start
        asset.life.start = instant
        try putAsset(asset, in: transaction)
        var first: [(from: [UInt8], to: [UInt8], record: [UInt8])] = []
        let prefix = GraphKey(asset.id)
        try scan(tables.attributes, prefix: prefix.bytes, in: transaction) {
            (key, value) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 4, table: self.tables.attributes)
            let word = try reader.uint32()
            if try reader.instant() == created {
                first.append((Array(key), prefix.with(word).with(instant).bytes, Array(value)))
            }
            try reader.finish()
            return true
        }
        for attribute in first {
            try transaction.remove(tables.attributes, attribute.from)
            try transaction.put(tables.attributes, attribute.to, attribute.record)
        }
    }

    /// Makes sure that a corrected mount takes a single place from nobody.
    ///
    /// Mounts that data showed side by side may stay so.
    func refuseSecondMount(
        _ link: Link, during range: TimeRange, in transaction: ReadTransaction
    ) throws(GraphError) {
        let place = try existingAsset(link.object, in: transaction)
        guard link.relation == .mounting, try schema(in: transaction).isSingle(place.type) else {
            return
        }
        for other in try incoming(place.id, .mounting, during: range, in: transaction)
        where other.subject != link.subject && !other.range.overlaps(link.range) {
            let item = try existingAsset(other.subject, in: transaction)
            throw .conflict(
                what: "place", name: try displayName(of: place, in: transaction),
                reason: "\(try describe(item, in: transaction)) is mounted there from "
                    + "\(other.range.start) to \(other.range.end)")
        }
    }
}
