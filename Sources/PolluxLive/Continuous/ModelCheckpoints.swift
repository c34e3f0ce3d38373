import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// The models of a continuous query as they were, to go on from when the past is corrected.
///
/// The newer, the denser: what comes an hour late is at most about half an hour of points away from
/// a checkpoint, what comes a week late at most half a week.
struct ModelCheckpoints {
    let name: String
    let tables: LiveTables

    /// How far back corrections are followed.
    static let reach: Int64 = 7 * 86_400_000_000_000
    /// The shortest time between two checkpoints.
    static let interval: Int64 = 600_000_000_000

    private func key(_ asset: AssetID, _ position: Timestamp) -> [UInt8] {
        KeyBytes().with(name).with(asset.rawValue).with(position).bytes
    }

    /// The positions of an asset's checkpoints, ascending.
    func positions(of asset: AssetID, in transaction: ReadTransaction) throws -> [Timestamp] {
        var found: [Timestamp] = []
        let prefix = LiveTables.key(model: name, asset)
        try transaction.forEach(tables.checkpoints, prefix: prefix) { key, _ in
            guard key.count == prefix.count + 8 else { return true }
            let folded = key.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self)
            found.append(
                Timestamp(
                    nanoseconds: Int64(bitPattern: UInt64(bigEndian: folded) ^ (1 << 63))))
            return true
        }
        return found
    }

    /// The model of an asset at a checkpoint.
    func state(
        of asset: AssetID, at position: Timestamp, in transaction: ReadTransaction
    ) throws -> ModelState? {
        try transaction.value(tables.checkpoints, key(asset, position)).map {
            try ModelState(decoding: $0, name: name)
        }
    }

    /// Adds checkpoints, in order of time, and takes away those that have become superfluous.
    func add(
        _ states: [ModelState], of asset: AssetID, in transaction: WriteTransaction
    ) throws {
        guard !states.isEmpty else { return }
        var kept = try positions(of: asset, in: transaction)
        for state in states {
            try transaction.put(tables.checkpoints, key(asset, state.position), state.encode())
            kept.removeAll { $0 >= state.position }
            kept.append(state.position)
            for drop in ModelCheckpoints.superfluous(kept) {
                try transaction.remove(tables.checkpoints, key(asset, drop))
                kept.removeAll { $0 == drop }
            }
        }
    }

    /// Takes away the checkpoints of an asset after an instant.
    func remove(
        of asset: AssetID, after instant: Timestamp, in transaction: WriteTransaction
    ) throws {
        for position in try positions(of: asset, in: transaction) where position > instant {
            try transaction.remove(tables.checkpoints, key(asset, position))
        }
    }

    /// Those of ascending positions that others stand for.
    static func superfluous(_ positions: [Timestamp]) -> [Timestamp] {
        guard let newest = positions.last else { return [] }
        var kept = positions
        var dropped: [Timestamp] = []
        while kept.count > 1, newest.nanoseconds(since: kept[1]) >= reach {
            dropped.append(kept.removeFirst())
        }
        var index = 1
        while index + 1 < kept.count {
            let allowed = max(interval, newest.nanoseconds(since: kept[index + 1]) / 2)
            if kept[index + 1].nanoseconds(since: kept[index - 1]) <= allowed {
                dropped.append(kept.remove(at: index))
            } else {
                index += 1
            }
        }
        return dropped
    }
}
