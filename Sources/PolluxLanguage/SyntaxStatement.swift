/// A text of statements separated by `;`.
public struct ScriptSyntax: Hashable, Sendable {
    /// The statements in order; empty ones are left out.
    public var statements: [StatementSyntax]

    /// A script.
    public init(_ statements: [StatementSyntax]) {
        self.statements = statements
    }
}

/// One statement.
public struct StatementSyntax: Hashable, Sendable {
    /// What was written.
    public enum Form: Hashable, Sendable {
        /// A question.
        case query(QuerySyntax)
        /// `watch …`.
        case watch(QuerySyntax)
        /// `explain …`.
        case explain(QuerySyntax)
        /// `show …`: assets or a system type.
        case show(PathSyntax, ClausesSyntax)
        /// `describe …`.
        case describe(PathSyntax, asOf: MomentSyntax?)
        /// `create …`.
        case create(DefinitionSyntax)
        /// `drop alert …`, `drop continuous query …`.
        case drop(DroppedKind, NameSyntax)
        /// `move … to … at …`.
        case move(AssetSyntax, to: AssetSyntax, at: MomentSyntax?)
        /// `relate … that … … from … to …`.
        case relate(RelateSyntax)
        /// `unrelate … that … … at …`.
        case unrelate(UnrelateSyntax)
        /// `retire … at …`.
        case retire(AssetSyntax, at: MomentSyntax?)
        /// `set … of … = … from …`.
        case set(SetSyntax)
        /// `record measure of … = …`.
        case recordSample(SampleSyntax)
        /// `record event … of …`.
        case recordEvent(HappeningSyntax)
    }

    /// What was written.
    public var form: Form
    /// Where it stands, without its `;`.
    @Overlooked public var range: SourceRange

    /// A statement.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}

/// What `drop` removes.
public enum DroppedKind: Hashable, Sendable {
    /// An alert.
    case alert
    /// A continuous query.
    case continuousQuery
}

/// `relate pump P-7 that feeds machine CNC-3 from 2026-01-01`.
public struct RelateSyntax: Hashable, Sendable {
    /// The asset the relation starts from.
    public var subject: AssetSyntax
    /// The relation.
    public var relation: NameSyntax
    /// The asset it leads to.
    public var object: AssetSyntax
    /// Since when; nil: now.
    public var from: MomentSyntax?
    /// Until when; nil: for good.
    public var to: MomentSyntax?

    /// A new relation.
    public init(
        subject: AssetSyntax, relation: NameSyntax, object: AssetSyntax,
        from: MomentSyntax? = nil, to: MomentSyntax? = nil
    ) {
        self.subject = subject
        self.relation = relation
        self.object = object
        self.from = from
        self.to = to
    }
}

/// `unrelate pump P-7 that feeds machine CNC-3 at 2026-02-01`.
public struct UnrelateSyntax: Hashable, Sendable {
    /// The asset the relation starts from.
    public var subject: AssetSyntax
    /// The relation.
    public var relation: NameSyntax
    /// The asset it leads to.
    public var object: AssetSyntax
    /// When it ends; nil: now.
    public var at: MomentSyntax?

    /// The end of a relation.
    public init(
        subject: AssetSyntax, relation: NameSyntax, object: AssetSyntax, at: MomentSyntax? = nil
    ) {
        self.subject = subject
        self.relation = relation
        self.object = object
        self.at = at
    }
}

/// `set model of machine CNC-3 = "VMC-850X" from 2026-02-01`.
public struct SetSyntax: Hashable, Sendable {
    /// The attribute.
    public var attribute: NameSyntax
    /// Whose it is.
    public var asset: AssetSyntax
    /// Its value.
    public var value: LiteralSyntax
    /// Since when; nil: now.
    public var from: MomentSyntax?

    /// A change of an attribute.
    public init(
        attribute: NameSyntax, asset: AssetSyntax, value: LiteralSyntax, from: MomentSyntax? = nil
    ) {
        self.attribute = attribute
        self.asset = asset
        self.value = value
        self.from = from
    }
}

/// `record vibration of spindle SP-7 = 2.5 mm/s at 10:00 with …`.
public struct SampleSyntax: Hashable, Sendable {
    /// The measure.
    public var measure: NameSyntax
    /// Whose it is.
    public var asset: AssetSyntax
    /// The value.
    public var value: LiteralSyntax
    /// When; nil: now.
    public var at: MomentSyntax?
    /// Further particulars.
    public var settings: [SettingSyntax]

    /// A sample.
    public init(
        measure: NameSyntax, asset: AssetSyntax, value: LiteralSyntax, at: MomentSyntax? = nil,
        settings: [SettingSyntax] = []
    ) {
        self.measure = measure
        self.asset = asset
        self.value = value
        self.at = at
        self.settings = settings
    }
}

/// `record event tool-change of machine CNC-3 at 10:40 with tool = "T12"`.
public struct HappeningSyntax: Hashable, Sendable {
    /// When it happened.
    public enum When: Hashable, Sendable {
        /// At an instant.
        case at(MomentSyntax)
        /// From an instant on; the end is not known yet.
        case from(MomentSyntax)
        /// Over a stretch.
        case between(MomentSyntax, MomentSyntax)
    }

    /// The event.
    public var event: NameSyntax
    /// To whom it happened.
    public var asset: AssetSyntax
    /// When it happened.
    public var when: When
    /// Its attributes.
    public var settings: [SettingSyntax]

    /// An event.
    public init(
        event: NameSyntax, asset: AssetSyntax, when: When, settings: [SettingSyntax] = []
    ) {
        self.event = event
        self.asset = asset
        self.when = when
        self.settings = settings
    }
}
