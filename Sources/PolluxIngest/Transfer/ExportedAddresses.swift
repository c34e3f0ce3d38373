import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// Addresses under which assets are found again, also in a database that holds nothing else.
///
/// They name what has contained the asset for all of its time. Where it was mounted meanwhile
/// belongs to the plant, not to its points; but an asset that shares type and name with others is
/// named within something that none of the others was ever in.
struct ExportedAddresses {
    private struct Name: Hashable {
        var type: TypeID
        var text: String
    }

    private let graph: Graph
    private let transaction: ReadTransaction
    /// For names that several assets share: how many of these were ever in each container.
    private var holders: [Name: [AssetID: Int]] = [:]

    init(graph: Graph, transaction: ReadTransaction) {
        self.graph = graph
        self.transaction = transaction
    }

    /// The address of an asset, and whether it means this asset and no other.
    mutating func address(of id: AssetID) throws -> (address: AssetAddress, isExact: Bool) {
        var path: [(asset: Asset, level: AssetAddress.Level)] = []
        var next: AssetID? = id
        while let current = next, !path.contains(where: { $0.asset.id == current }) {
            guard let asset = try graph.asset(current, in: transaction),
                let type = try graph.type(asset.type, in: transaction)
            else { break }
            path.append((asset, AssetAddress.Level(type: type.name, name: asset.name)))
            next = try container(of: asset)
            if next == nil { next = try distinction(of: asset) }
        }
        path.reverse()
        let levels = path.prefix { !$0.asset.name.isEmpty }
        var isExact = true
        for (index, level) in levels.enumerated() {
            guard let counts = try counts(of: level.asset) else { continue }
            isExact = isExact && index > 0 && counts[levels[index - 1].asset.id] == 1
        }
        let parts = path.dropFirst(levels.count)
        return (AssetAddress(levels: levels.map(\.level), parts: parts.map(\.level)), isExact)
    }

    /// What an asset belongs to for all of its time; for an unnamed place, which cannot be named
    /// otherwise, at any time.
    private func container(of asset: Asset) throws -> AssetID? {
        let stays = try stays(of: asset.id)
        guard !asset.name.isEmpty else { return stays.last?.object }
        guard stays.count == 1, stays[0].range == .always, stays[0].relation == .containment,
            let container = try graph.asset(stays[0].object, in: transaction)
        else { return nil }
        return container.type == asset.type ? nil : container.id
    }

    /// The nearest named asset around one that shares its name, which never held another of these.
    private mutating func distinction(of asset: Asset) throws -> AssetID? {
        guard let counts = try counts(of: asset) else { return nil }
        return try around(asset.id).first {
            try counts[$0] == 1 && graph.asset($0, in: transaction)?.name.isEmpty == false
        }
    }

    /// How many of the assets that share its type and name were ever in what; nil when it is alone.
    private mutating func counts(of asset: Asset) throws -> [AssetID: Int]? {
        func namesakes(_ limit: Int) throws -> [Asset] {
            try graph.assets(named: asset.name, type: asset.type, limit: limit, in: transaction)
                .assets.filter { $0.name == asset.name }
        }
        let name = Name(type: asset.type, text: asset.name)
        if let known = holders[name] { return known }
        guard !asset.name.isEmpty, try namesakes(2).count > 1 else { return nil }
        var counts: [AssetID: Int] = [:]
        for other in try namesakes(.max) {
            for holder in try around(other.id) { counts[holder, default: 0] += 1 }
        }
        holders[name] = counts
        return counts
    }

    /// Everything that an asset was ever in, the nearest first.
    private func around(_ id: AssetID) throws -> [AssetID] {
        var found = [id]
        var index = 0
        while index < found.count {
            for stay in try stays(of: found[index]) where !found.contains(stay.object) {
                found.append(stay.object)
            }
            index += 1
        }
        return Array(found.dropFirst())
    }

    private func stays(of id: AssetID) throws -> [Link] {
        try graph.locations(of: id, during: .always, in: transaction)
    }
}
