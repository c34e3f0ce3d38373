import PolluxKeyValue
import PolluxModel
import Synchronization

/// The kinds of entries in the schema table.
enum SchemaKind: UInt8 {
    case counter = 1
    case type = 2
    case relation = 3
    case adjacency = 4
    case measure = 5
    case event = 6
    case unit = 7

    func key(_ fields: UInt32...) -> [UInt8] {
        var key = GraphKey(rawValue)
        for field in fields { key.add(field) }
        return key.bytes
    }
}

/// Types and relations of one commit, in memory: there are few, and every question needs them.
final class Schema: Sendable {
    /// What a type can hold directly, and by which relation.
    struct Adjacency: Hashable {
        var relation: RelationID
        var part: TypeID
    }

    let stamp: UInt64
    let types: [TypeID: AssetType]
    let relations: [RelationID: RelationDefinition]
    let parts: [TypeID: [Adjacency]]
    /// The units that can be written, the declared ones included.
    let units: UnitCatalog
    /// The types that were imported from models, by identifier without version.
    let typesByModel: [String: AssetType]
    private let children: [TypeID: [TypeID]]
    private let typeWords: [String: TypeMatch]
    private let foldedTypeWords: [String: [TypeMatch]]
    private let reaching = Mutex<[[TypeID]: Set<TypeID>]>([:])

    init(
        stamp: UInt64, types: [TypeID: AssetType], relations: [RelationID: RelationDefinition],
        adjacencies: [(TypeID, Adjacency)], units: UnitCatalog
    ) {
        self.units = units
        var models: [String: AssetType] = [:]
        for type in types.values {
            if let id = type.modelID { models[id.unversioned] = type }
        }
        typesByModel = models
        self.stamp = stamp
        self.types = types
        self.relations = relations
        var parts: [TypeID: [Adjacency]] = [:]
        for (container, adjacency) in adjacencies {
            parts[container, default: []].append(adjacency)
        }
        self.parts = parts
        var children: [TypeID: [TypeID]] = [:]
        var words: [String: TypeMatch] = [:]
        let ordered = types.values.sorted { $0.id < $1.id }
        for type in ordered {
            for parent in type.parents { children[parent, default: []].append(type.id) }
            if !type.plural.isEmpty { words[type.plural] = TypeMatch(type: type, isPlural: true) }
        }
        // A singular outranks a plural of the same spelling.
        for type in ordered { words[type.name] = TypeMatch(type: type, isPlural: false) }
        self.children = children
        typeWords = words
        var folded: [String: [TypeMatch]] = [:]
        for (word, match) in words { folded[word.lowercased(), default: []].append(match) }
        foldedTypeWords = folded
    }

    /// The type that a word names: exactly, else without case if only one type fits.
    func match(_ word: String) -> TypeMatch? {
        if let exact = typeWords[word] { return exact }
        guard let fitting = foldedTypeWords[word.lowercased()], fitting.count == 1 else {
            return nil
        }
        return fitting.first
    }

    /// A type and all that inherit from it, itself first.
    func subtypes(of id: TypeID) -> [TypeID] {
        var all = [id]
        var seen: Set<TypeID> = [id]
        var index = 0
        while index < all.count {
            for child in children[all[index]] ?? [] where seen.insert(child).inserted {
                all.append(child)
            }
            index += 1
        }
        return all
    }

    /// A type and what it inherits from, level by level, nearest first.
    func supertypes(of id: TypeID) -> [TypeID] {
        var all = [id]
        var index = 0
        while index < all.count {
            for parent in types[all[index]]?.parents ?? [] where !all.contains(parent) {
                all.append(parent)
            }
            index += 1
        }
        return all
    }

    /// Whether one type is the other or one of its subtypes.
    func isRelated(_ type: TypeID, to other: TypeID) -> Bool {
        supertypes(of: type).contains(other) || supertypes(of: other).contains(type)
    }

    /// A setting of a type, found along inheritance.
    func setting(_ name: String, of id: TypeID) -> Value? {
        for type in supertypes(of: id) {
            if let found = types[type]?.settings.first(where: { $0.name == name }) {
                return found.value
            }
        }
        return nil
    }

    /// Whether a place for the type holds one item at a time.
    func isSingle(_ id: TypeID) -> Bool { setting("single", of: id) != .boolean(false) }

    /// Whether assets of the type stand side by side in what contains them: the built-in levels and
    /// types declared with `level`.
    func isLevel(_ id: TypeID) -> Bool {
        if setting("level", of: id) == .boolean(true) { return true }
        return supertypes(of: id).contains { $0.rawValue <= BuiltInType.machine.id.rawValue }
    }

    /// Whether the type contains assets side by side, without places: levels above the machine, and
    /// types that have been given levels as parts.
    func isGrouping(_ id: TypeID) -> Bool {
        let chain = supertypes(of: id)
        if chain.contains(BuiltInType.machine.id) { return false }
        if isLevel(id) { return true }
        return (parts[id] ?? []).contains { isLevel($0.part) }
    }

    /// The types from which a part of one of the targets can be reached, the targets included.
    func typesReaching(_ targets: [TypeID]) -> Set<TypeID> {
        if let known = reaching.withLock({ $0[targets] }) { return known }
        var containersOf: [TypeID: [TypeID]] = [:]
        for (container, adjacencies) in parts {
            for adjacency in adjacencies {
                containersOf[adjacency.part, default: []].append(container)
            }
        }
        var found = Set(targets)
        var open = targets
        while let type = open.popLast() {
            for container in containersOf[type] ?? [] where found.insert(container).inserted {
                open.append(container)
            }
        }
        reaching.withLock { known in
            if known.count > 256 { known.removeAll() }
            known[targets] = found
        }
        return found
    }
}

/// The schemas a process holds and the highest stamp it has given out, aborted changes included:
/// a stamp never stands for two contents.
struct SchemaCache {
    var schemas: [Schema] = []
    var highestStamp: UInt64 = 0
}
