public import PolluxModel

/// A type of asset: its names, its parent and its settings.
public struct AssetType: Hashable, Sendable {
    /// Its number.
    public var id: TypeID
    /// The singular name, such as `machine`.
    public var name: String
    /// The plural name, which alone means `every`; empty when none was free.
    public var plural: String
    /// The types it inherits measures, events and settings from, the most important first.
    public var parents: [TypeID]
    /// Whether a person declared it; types that data brought along are not.
    public var isDeclared: Bool
    /// Settings by name, such as `single` or `level`, in the order given.
    public var settings: [Attribute]
}

/// A named value: a setting of a type, an attribute of an asset or of an event.
public struct Attribute: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: Value

    /// A named value.
    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

/// What a word for a type was found to mean.
public struct TypeMatch: Hashable, Sendable {
    /// The type.
    public var type: AssetType
    /// Whether the word is its plural, which means `every`.
    public var isPlural: Bool
}

/// What `create type` says; nil leaves the default or what was there.
public struct TypeDeclaration: Hashable, Sendable {
    /// The singular name.
    public var name: String
    /// The plural; nil means the name with an s, when that is free.
    public var plural: String?
    /// The names of the types to inherit from; where two say different things, the first counts.
    public var extends: [String]
    /// Settings: `single` (one item in a place at a time, default true) and `level` (contains
    /// assets side by side, like a line) have a meaning here, others are kept for their readers.
    public var settings: [Attribute]
    /// How long points of its measures are kept, and which rollups of them.
    public var life = LifeDeclaration()

    /// A declaration.
    public init(
        name: String, plural: String? = nil, extends: [String] = [], settings: [Attribute] = []
    ) {
        self.name = name
        self.plural = plural
        self.extends = extends
        self.settings = settings
    }
}

/// Who makes a change and when it is recorded; every change is logged with it.
public struct Provenance: Hashable, Sendable {
    /// When the change is recorded, not when it becomes valid.
    public var recordedAt: Timestamp
    /// Who: a user, a source of messages, an import.
    public var source: String

    /// A provenance.
    public init(recordedAt: Timestamp, source: String) {
        self.recordedAt = recordedAt
        self.source = source
    }
}
