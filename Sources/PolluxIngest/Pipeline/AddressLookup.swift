import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// Finds the asset that an address means, without making one.
struct AddressLookup {
    let graph: Graph
    let transaction: ReadTransaction

    /// The asset, or nil when there is none or more than one.
    func asset(_ address: AssetAddress) throws -> AssetID? {
        var current: AssetID?
        for level in address.levels {
            guard let found = try named(level, inside: current) else { return nil }
            current = found
        }
        for part in address.parts {
            guard let container = current else { return nil }
            let found =
                part.name.isEmpty
                ? try self.part(part, of: container) : try named(part, inside: nil)
            guard let found else { return nil }
            current = found
        }
        return current
    }

    /// The asset of that type and name inside a container or anywhere.
    func named(_ level: AssetAddress.Level, inside container: AssetID?) throws -> AssetID? {
        guard let match = try graph.type(named: level.type, in: transaction) else { return nil }
        let found = try graph.assets(
            named: level.name, type: match.type.id, inside: container, limit: 2, in: transaction
        ).assets.filter { $0.name == level.name }
        return found.count == 1 ? found[0].id : nil
    }

    /// The part of a container of that type: of that name, or the unnamed one.
    func part(_ part: AssetAddress.Level, of container: AssetID) throws -> AssetID? {
        guard let match = try graph.type(named: part.type, in: transaction) else { return nil }
        for link in try graph.links(of: container, during: .always, in: transaction)
        where link.relation == .containment && link.object == container {
            guard let asset = try graph.asset(link.subject, in: transaction) else { continue }
            if asset.type == match.type.id, asset.name == part.name { return asset.id }
        }
        return nil
    }
}
