/// What `create` declares.
public enum DefinitionSyntax: Hashable, Sendable {
    /// `type spindle plural spindles with …`.
    case type(TypeDefinitionSyntax)
    /// `unit pallet = 48`.
    case unit(UnitDefinitionSyntax)
    /// `measure vibration of spindle in mm/s with kind = gauge`.
    case measure(MeasureDefinitionSyntax)
    /// `event tool-change of machine with …`.
    case event(EventDefinitionSyntax)
    /// `relation feeds from pump to machine inverse [fed by] with …`.
    case relation(RelationDefinitionSyntax)
    /// `asset machine CNC-3 of line L2 from 2024-05-01 with model = "VMC-850"`.
    case asset(AssetDefinitionSyntax)
    /// `continuous query … as … into …`.
    case continuousQuery(ContinuousQuerySyntax)
    /// `alert … with … as …`.
    case alert(AlertSyntax)
}

/// One `name = value` behind `with`.
public struct SettingSyntax: Hashable, Sendable {
    /// The right side.
    public enum Value: Hashable, Sendable {
        /// A value.
        case literal(LiteralSyntax)
        /// A bare word, such as `gauge`.
        case name(NameSyntax)
    }

    /// The left side.
    public var name: NameSyntax
    /// The right side.
    public var value: Value
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A setting.
    public init(name: NameSyntax, value: Value, range: SourceRange = .none) {
        self.name = name
        self.value = value
        self.range = range
    }
}

/// A type of asset.
public struct TypeDefinitionSyntax: Hashable, Sendable {
    /// Its name.
    public var name: NameSyntax
    /// Its plural, if written.
    public var plural: NameSyntax?
    /// Particulars.
    public var settings: [SettingSyntax]

    /// A type.
    public init(name: NameSyntax, plural: NameSyntax? = nil, settings: [SettingSyntax] = []) {
        self.name = name
        self.plural = plural
        self.settings = settings
    }
}

/// A unit of the plant's own.
public struct UnitDefinitionSyntax: Hashable, Sendable {
    /// How it is written.
    public var symbol: UnitSyntax
    /// What one of it is.
    public var value: LiteralSyntax

    /// A unit.
    public init(symbol: UnitSyntax, value: LiteralSyntax) {
        self.symbol = symbol
        self.value = value
    }
}

/// A measure of a type.
public struct MeasureDefinitionSyntax: Hashable, Sendable {
    /// Its name.
    public var name: NameSyntax
    /// Whose measure it is.
    public var type: NameSyntax
    /// Its unit, if written.
    public var unit: UnitSyntax?
    /// `kind`, `shape`, `gap`, `rollover` and so on.
    public var settings: [SettingSyntax]

    /// A measure.
    public init(
        name: NameSyntax, type: NameSyntax, unit: UnitSyntax? = nil, settings: [SettingSyntax] = []
    ) {
        self.name = name
        self.type = type
        self.unit = unit
        self.settings = settings
    }
}

/// An event of a type.
public struct EventDefinitionSyntax: Hashable, Sendable {
    /// Its name.
    public var name: NameSyntax
    /// To what it happens.
    public var type: NameSyntax
    /// Particulars.
    public var settings: [SettingSyntax]

    /// An event.
    public init(name: NameSyntax, type: NameSyntax, settings: [SettingSyntax] = []) {
        self.name = name
        self.type = type
        self.settings = settings
    }
}

/// A relation between two types.
public struct RelationDefinitionSyntax: Hashable, Sendable {
    /// Its name.
    public var name: NameSyntax
    /// Where it starts; nil: at any asset.
    public var from: NameSyntax?
    /// Where it leads; nil: to any asset.
    public var to: NameSyntax?
    /// Its name when read backwards, if written.
    public var inverse: NameSyntax?
    /// Particulars.
    public var settings: [SettingSyntax]

    /// A relation.
    public init(
        name: NameSyntax, from: NameSyntax?, to: NameSyntax?, inverse: NameSyntax? = nil,
        settings: [SettingSyntax] = []
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.inverse = inverse
        self.settings = settings
    }
}

/// A new asset.
public struct AssetDefinitionSyntax: Hashable, Sendable {
    /// Its type and name.
    public var asset: AssetSyntax
    /// What contains it.
    public var container: AssetSyntax?
    /// Since when; nil: now.
    public var from: MomentSyntax?
    /// Its attributes.
    public var settings: [SettingSyntax]

    /// An asset.
    public init(
        asset: AssetSyntax, container: AssetSyntax? = nil, from: MomentSyntax? = nil,
        settings: [SettingSyntax] = []
    ) {
        self.asset = asset
        self.container = container
        self.from = from
        self.settings = settings
    }
}

/// A query that stores its rows as a measure.
public struct ContinuousQuerySyntax: Hashable, Sendable {
    /// Its name.
    public var name: NameSyntax
    /// The query.
    public var query: QuerySyntax
    /// The measure it writes.
    public var into: NameSyntax

    /// A continuous query.
    public init(name: NameSyntax, query: QuerySyntax, into: NameSyntax) {
        self.name = name
        self.query = query
        self.into = into
    }
}

/// A query whose episodes become events.
public struct AlertSyntax: Hashable, Sendable {
    /// Its name, also that of the events.
    public var name: NameSyntax
    /// `severity` and so on.
    public var settings: [SettingSyntax]
    /// The query; it always has an `episode`.
    public var query: QuerySyntax

    /// An alert.
    public init(name: NameSyntax, settings: [SettingSyntax] = [], query: QuerySyntax) {
        self.name = name
        self.settings = settings
        self.query = query
    }
}
