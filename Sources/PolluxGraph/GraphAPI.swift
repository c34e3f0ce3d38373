public import PolluxKeyValue
public import PolluxModel

// MARK: Types
extension Graph {
    /// The type that a word names, exactly or, if only one fits, without case; nil when none does.
    public func type(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> TypeMatch? { fatalError("being built") }

    /// A type by its number; nil when there is none.
    public func type(
        _ id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetType? { fatalError("being built") }

    /// All types in order of number.
    public func types(in transaction: ReadTransaction) throws(GraphError) -> [AssetType] {
        fatalError("being built")
    }

    /// A type and everything that inherits from it, itself first.
    public func subtypes(
        of id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> [TypeID] { fatalError("being built") }

    /// Declares a type, or completes one that exists; repeated declarations that agree do nothing.
    @discardableResult
    public func declareType(
        _ declaration: TypeDeclaration, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> TypeID { fatalError("being built") }

    /// The type of that name, created undeclared when there is none.
    public func ensureType(
        named name: String, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> TypeID { fatalError("being built") }
}

// MARK: Measures
extension Graph {
    /// The number of a measure's name; nil when no measure has it. Exact case.
    public func measureID(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> MeasureID? { fatalError("being built") }

    /// The name of a measure.
    public func measureName(
        _ id: MeasureID, in transaction: ReadTransaction
    ) throws(GraphError) -> String? { fatalError("being built") }

    /// A measure as it stands for a type, found along inheritance; exact name first, then without
    /// case if only one fits.
    public func measure(
        named name: String, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Measure? { fatalError("being built") }

    /// A measure by number as it stands for a type.
    public func measure(
        _ id: MeasureID, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Measure? { fatalError("being built") }

    /// The measures of a type, inherited ones included, by name.
    public func measures(
        of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> [Measure] { fatalError("being built") }

    /// Declares a measure of a type.
    ///
    /// A measure that data created takes what is said. A declared one takes a missing unit and what
    /// agrees; a different kind, shape, gap or unit needs `allowsChange`, and the kind of values
    /// never changes.
    @discardableResult
    public func declareMeasure(
        _ declaration: MeasureDeclaration, of type: TypeID, allowsChange: Bool = false,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> Measure { fatalError("being built") }

    /// The measure of that name as it stands for a type, created with defaults when there is none.
    ///
    /// The definition's `valueKind` may differ from `valueKind` when the measure exists: convert, or
    /// reject the point.
    public func ensureMeasure(
        named name: String, of type: TypeID, valueKind: ValueKind, unit: String = "",
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> Measure { fatalError("being built") }
}

// MARK: Assets
extension Graph {
    /// An asset by number.
    public func asset(
        _ id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> Asset? { fatalError("being built") }

    /// The assets with a name, of a type (subtypes included) or of any, inside a container or
    /// anywhere; at most `limit`.
    public func assets(
        named name: String, type: TypeID? = nil, inside container: AssetID? = nil,
        limit: Int = 16, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetMatches { fatalError("being built") }

    /// The assets of a type (subtypes included) whose name begins with a prefix, in order of name
    /// within each type, at most `limit`.
    public func assets(
        ofType type: TypeID, prefix: String = "", limit: Int, in transaction: ReadTransaction
    ) throws(GraphError) -> [Asset] { fatalError("being built") }

    /// How people call an asset: its name, or `CNC-3/spindle` for an unnamed place.
    public func displayName(
        of id: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> String { fatalError("being built") }

    /// Creates an asset and puts it where it belongs: a part of a machine is mounted in the machine's
    /// place for its type. One that data brought along is declared and completed instead.
    @discardableResult
    public func createAsset(
        _ declaration: AssetDeclaration, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> AssetID { fatalError("being built") }

    /// Ends an asset's existence, or corrects its end.
    public func retire(
        _ id: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Sets an attribute from an instant until its next setting; nil takes it away.
    public func setAttribute(
        _ name: String, of id: AssetID, to value: Value?, from instant: Timestamp,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// The value of an attribute at an instant.
    public func attribute(
        _ name: String, of id: AssetID, at instant: Timestamp, in transaction: ReadTransaction
    ) throws(GraphError) -> Value? { fatalError("being built") }

    /// The pieces of one attribute, or of all, that overlap a range, by name and time.
    public func attributes(
        of id: AssetID, named name: String? = nil, during range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [AttributePiece] { fatalError("being built") }
}

// MARK: Relations
extension Graph {
    /// Declares a kind of relation, or completes one that exists.
    @discardableResult
    public func declareRelation(
        named name: String, from subjectType: TypeID? = nil, to objectType: TypeID? = nil,
        inverse: String = "", settings: [Attribute] = [], by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> RelationID { fatalError("being built") }

    /// The relation that a word names and whether the word is its inverse name.
    public func relation(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> (definition: RelationDefinition, isInverse: Bool)? {
        fatalError("being built")
    }

    /// All kinds of relation, containment and mounting included.
    public func relations(
        in transaction: ReadTransaction
    ) throws(GraphError) -> [RelationDefinition] { fatalError("being built") }

    /// Relates two assets over a range; overlapping spans of the same relation are joined.
    public func relate(
        _ subject: AssetID, _ relation: RelationID, _ object: AssetID, during range: TimeRange,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Ends a relation between two assets at an instant; what was recorded after it goes too.
    public func unrelate(
        _ subject: AssetID, _ relation: RelationID, _ object: AssetID, at instant: Timestamp,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Moves an asset into another from an instant until its next recorded move.
    ///
    /// A part moved to a machine is mounted in its place for the type, which is created if there is
    /// none; in a single place that ends the mount of the other item at that instant.
    public func move(
        _ id: AssetID, to target: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Takes an asset out of where it is from an instant until its next recorded move.
    public func detach(
        _ id: AssetID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Replaces the validity of a relation: the correction of a wrong entry.
    public func editLink(
        _ link: Link, to range: TimeRange, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// The relations of an asset, as subject and as object, that overlap a range, by start.
    public func links(
        of id: AssetID, during range: TimeRange, in transaction: ReadTransaction
    ) throws(GraphError) -> [Link] { fatalError("being built") }
}

// MARK: Paths
extension Graph {
    /// The assets a path meant over a range, as it was or with the plant frozen `asOf` an instant.
    ///
    /// Cost grows with the answer, not with the plant.
    public func resolve(
        _ path: GraphPath, during range: TimeRange, asOf instant: Timestamp? = nil,
        in transaction: ReadTransaction
    ) throws(GraphError) -> PathResolution { fatalError("being built") }

    /// Where to look for a measure of an asset, best first, over consecutive slices of a range.
    public func sources(
        forMeasureOf id: AssetID, during range: TimeRange, asOf instant: Timestamp? = nil,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [SourceSlice] { fatalError("being built") }

    /// What contains an asset over a range, through places, nearest first; of a type (subtypes
    /// included) when one is given.
    public func containers(
        of id: AssetID, type: TypeID? = nil, during range: TimeRange,
        asOf instant: Timestamp? = nil,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [ContainerPiece] { fatalError("being built") }
}

// MARK: Events
extension Graph {
    /// Declares what an event name means for a type.
    public func declareEvent(
        _ definition: EventDefinition, by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// What an event name means for a type, found along inheritance; nil when undeclared.
    public func eventDefinition(
        named name: String, of type: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> EventDefinition? { fatalError("being built") }

    /// The names of all events ever declared or recorded, in order.
    public func eventNames(in transaction: ReadTransaction) throws(GraphError) -> [String] {
        fatalError("being built")
    }

    /// Records an event and returns its number.
    ///
    /// The label is the text of the attribute `name`, else `label`, else `id`.
    @discardableResult
    public func record(
        event name: String, of asset: AssetID, at time: EventTime, attributes: [Attribute] = [],
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> EventID { fatalError("being built") }

    /// Ends an open event.
    public func endEvent(
        _ id: EventID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Changes when an event happened, its attributes, or both; what it was is logged.
    public func editEvent(
        _ id: EventID, time: EventTime? = nil, attributes: [Attribute]? = nil,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// Deletes an event; what it was is logged.
    public func deleteEvent(
        _ id: EventID, by provenance: Provenance, in transaction: WriteTransaction
    ) throws { fatalError("being built") }

    /// An event by number.
    public func event(
        _ id: EventID, in transaction: ReadTransaction
    ) throws(GraphError) -> Event? { fatalError("being built") }

    /// The events of an asset of one name, or of all, that overlap a range (instants inside it), by
    /// start.
    public func events(
        of asset: AssetID, named name: String? = nil, overlapping range: TimeRange,
        limit: Int = .max, in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] { fatalError("being built") }

    /// The events of all assets that begin in a range, by start.
    public func events(
        named name: String? = nil, startingIn range: TimeRange, limit: Int,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] { fatalError("being built") }

    /// The `count`-th last event of an asset that began before an instant (1 is the last).
    public func lastEvent(
        named name: String, of asset: AssetID, before instant: Timestamp, count: Int = 1,
        in transaction: ReadTransaction
    ) throws(GraphError) -> Event? { fatalError("being built") }

    /// The events of a name with a label, on any asset or on one, by start.
    public func events(
        named name: String, label: String, of asset: AssetID? = nil, limit: Int = 1000,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] { fatalError("being built") }

    /// Whose events of a name count for an asset at an instant: its own if it has any, else those of
    /// the nearest asset that contains it and has some; nil when none has.
    public func eventOwner(
        named name: String, for asset: AssetID, at instant: Timestamp,
        in transaction: ReadTransaction
    ) throws(GraphError) -> AssetID? { fatalError("being built") }
}

// MARK: Log and ingest
extension Graph {
    /// The change log of an asset, or of everything, newest first.
    public func log(
        of asset: AssetID? = nil, before number: UInt64 = .max, limit: Int,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [LogEntry] { fatalError("being built") }

    /// The asset that a message addresses, created with what contains it when absent.
    ///
    /// `levels` go from the outermost container inwards, such as line L2, machine CNC-3; levels
    /// missing from earlier messages adopt what they contain. Without `part` it is the last level.
    /// A part without a name is the machine's place for that type; with a name, the item mounted
    /// there from `instant` on (since ever when nothing else was mounted).
    public func ensureAsset(
        levels: [(type: String, name: String)], part: (type: String, name: String)? = nil,
        at instant: Timestamp, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> (asset: AssetID, isNew: Bool) { fatalError("being built") }
}
