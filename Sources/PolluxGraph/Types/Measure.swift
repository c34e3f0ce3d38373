public import PolluxModel

/// A measure as it stands for a type.
public struct Measure: Hashable, Sendable {
    /// The number of its name.
    public var id: MeasureID
    /// The type that declares it: the one asked for, or one it inherits from.
    public var type: TypeID
    /// Kind, shape, gap, unit and limits.
    public var definition: MeasureDefinition
}

/// What `create measure` says; nil leaves the default or what was there.
public struct MeasureDeclaration: Hashable, Sendable {
    /// How long a point is trusted.
    public enum Gap: Hashable, Sendable {
        /// Until the next point.
        case none
        /// At most this many nanoseconds.
        case nanoseconds(Int64)
    }

    /// The measure's name.
    public var name: String
    /// The unit, such as `mm/s`.
    public var unit: String?
    /// What its values mean.
    public var kind: MeasureKind?
    /// How its curve runs between points.
    public var shape: MeasureShape?
    /// The longest time a point is trusted.
    public var gap: Gap?
    /// The kind of its values.
    public var valueKind: ValueKind?
    /// The value at which a counter rolls over.
    public var rollover: Double?
    /// The value a counter starts from.
    public var starts: Double?
    /// The value that must not be passed.
    public var limit: Double?
    /// How long points are kept, and which rollups of them.
    public var life = LifeDeclaration()

    /// A declaration that says nothing but the name.
    public init(name: String) { self.name = name }
}
