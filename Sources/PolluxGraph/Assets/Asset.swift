public import PolluxModel

/// A thing in the twin: a machine, a place on it, an item mounted there.
public struct Asset: Hashable, Sendable {
    /// Its number.
    public var id: AssetID
    /// Its type.
    public var type: TypeID
    /// Its name; empty for an unnamed place such as the spindle of CNC-3.
    public var name: String
    /// From creation to retirement; since ever when data brought it along.
    public var life: TimeRange
    /// Whether it is a place, where items are mounted.
    public var isPlace: Bool
    /// Whether a person declared it; assets that data brought along are not.
    public var isDeclared: Bool
}

/// What `create asset` says.
public struct AssetDeclaration: Hashable, Sendable {
    /// The type's name; an unknown type is created.
    public var type: String
    /// The name; empty makes an unnamed place, which needs a container.
    public var name: String
    /// What it is a part of.
    public var container: AssetID?
    /// When it begins to exist.
    public var from: Timestamp
    /// Whether it is a place of its own rather than an item to mount in the container's place.
    public var isPlace: Bool
    /// Its first attributes.
    public var attributes: [Attribute]

    /// A declaration.
    public init(
        type: String, name: String, container: AssetID? = nil, from: Timestamp = .distantPast,
        isPlace: Bool = false, attributes: [Attribute] = []
    ) {
        self.type = type
        self.name = name
        self.container = container
        self.from = from
        self.isPlace = isPlace
        self.attributes = attributes
    }
}

/// One value of an attribute and when it holds.
public struct AttributePiece: Hashable, Sendable {
    /// The attribute's name.
    public var name: String
    /// The value; nil where it was taken away.
    public var value: Value?
    /// When it holds.
    public var range: TimeRange
}

/// A kind of relation, such as `feeds`.
public struct RelationDefinition: Hashable, Sendable {
    /// Its number.
    public var id: RelationID
    /// The name from subject to object: `pump P-7 that feeds machine CNC-3`.
    public var name: String
    /// The name from object to subject, such as `fed by`; empty when there is none.
    public var inverse: String
    /// The type of its subjects; nil when any.
    public var subjectType: TypeID?
    /// The type of its objects; nil when any.
    public var objectType: TypeID?
    /// Whether a person declared it.
    public var isDeclared: Bool
    /// Settings by name.
    public var settings: [Attribute]
}

extension RelationID {
    /// Being a part of: machine CNC-3 is part of line L2.
    public static let containment = RelationID(rawValue: 1)
    /// Being mounted in: spindle SP-7 is mounted in the spindle place of CNC-3.
    public static let mounting = RelationID(rawValue: 2)
}

/// A relation between two assets over a span of time.
public struct Link: Hashable, Sendable {
    /// The kind of relation.
    public var relation: RelationID
    /// The asset it starts from: the part, the item, the one that feeds.
    public var subject: AssetID
    /// The asset it leads to: the container, the place, the one that is fed.
    public var object: AssetID
    /// When it holds.
    public var range: TimeRange
}
