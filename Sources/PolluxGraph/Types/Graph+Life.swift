public import PolluxKeyValue
public import PolluxModel

/// How long points are kept, and which rollups of them, by type and measure.
extension AssetType {
    private static let retention = "pollux.retention"
    private static let rollup = "pollux.rollup"

    /// What the type says about the points of its measures.
    public var life: LifeDeclaration {
        get {
            var life = LifeDeclaration()
            for setting in settings {
                guard case .integer(let length) = setting.value, length >= 0 else { continue }
                switch setting.name {
                case AssetType.retention:
                    life.retention = length == .max ? .forever : .nanoseconds(length)
                case AssetType.rollup:
                    // The length 0 says that there are none.
                    life.rollups = (life.rollups ?? []) + (length == 0 ? [] : [length])
                default: continue
                }
            }
            if let rollups = life.rollups, LifeDeclaration.refusal(ofRollups: rollups) != nil {
                life.rollups = nil
            }
            return life
        }
        set {
            settings = otherSettings
            switch newValue.retention {
            case nil: break
            case .forever: settings.append(Attribute(AssetType.retention, .integer(.max)))
            case .nanoseconds(let length):
                settings.append(Attribute(AssetType.retention, .integer(length)))
            }
            guard let rollups = newValue.rollups else { return }
            for length in rollups.isEmpty ? [0] : rollups {
                settings.append(Attribute(AssetType.rollup, .integer(length)))
            }
        }
    }

    /// The settings apart from the life of points.
    public var otherSettings: [Attribute] {
        settings.filter { $0.name != AssetType.retention && $0.name != AssetType.rollup }
    }
}

extension Graph {
    /// A measure as it stands for a type, with what is said about the life of its points: by the
    /// measure, else by the type, else by what the type inherits from, the nearest first.
    public func measureWithLife(
        _ id: MeasureID, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> (measure: Measure, life: LifeDeclaration)? {
        let schema = try schema(in: transaction)
        var found: Measure?
        var life = LifeDeclaration()
        for ancestor in schema.supertypes(of: type) {
            if let measure = try ownMeasure(id, of: ancestor, in: transaction) {
                found = found ?? measure
                life = life.completed(by: measure.definition.life)
            }
            if let type = schema.types[ancestor] { life = life.completed(by: type.life) }
        }
        return found.map { ($0, life) }
    }

    /// The shortest time that any points are kept, nil when all are kept for good, and whether
    /// there are rollups of any.
    public func lives(
        in transaction: ReadTransaction
    ) throws(GraphError) -> (shortestRetention: Int64?, hasRollups: Bool) {
        var shortest: Int64?
        var hasRollups = false
        func add(_ life: LifeDeclaration) {
            if case .nanoseconds(let length)? = life.retention {
                shortest = min(shortest ?? .max, length)
            }
            if life.rollups?.isEmpty == false { hasRollups = true }
        }
        for type in try schema(in: transaction).types.values { add(type.life) }
        try forEachMeasure(in: transaction) { add($0.life) }
        return (shortest, hasRollups)
    }
}
