/// What the values of a measure mean.
public enum MeasureKind: UInt8, Sendable, CaseIterable {
    /// A level that goes up and down: temperature, power.
    case gauge = 1
    /// A count that only grows, apart from resets: parts.
    case counter = 2
    /// A state held until the next: running, idle.
    case state = 3
    /// An amount per point, such as energy per cycle; its sum has a meaning.
    case amount = 4
}

/// How a curve runs between two points.
public enum MeasureShape: UInt8, Sendable, CaseIterable {
    /// A value holds until the next point or the gap.
    case step = 1
    /// Neighbours no further apart than the gap are joined by a straight line.
    case linear = 2
}

/// How a measure of a type is declared: its kind, shape, gap, unit and limits.
public struct MeasureDefinition: Hashable, Sendable {
    /// The measure's name.
    public var name: String
    /// What its values mean.
    public var kind: MeasureKind
    /// How its curve runs between points.
    public var shape: MeasureShape
    /// The longest time a point is trusted, in nanoseconds; nil means until the next one.
    public var gap: Int64?
    /// The unit as declared, such as `mm/s`; empty when none is known.
    public var unit: String
    /// The kind of its values.
    public var valueKind: ValueKind
    /// The value at which a counter rolls over to zero; nil when it does not.
    public var rollover: Double?
    /// The value a counter starts from; nil when its first point adds nothing.
    public var starts: Double?
    /// The value that must not be passed, in the unit; nil when none is declared.
    public var limit: Double?
    /// Whether a person declared it; what data declared by arriving may be overridden.
    public var isDeclared: Bool
    /// How long points are kept and what is kept of them for longer, as far as the measure itself
    /// says it; what it leaves open is said by its type.
    public var life = LifeDeclaration()

    /// A definition with the defaults for a kind of value: linear with a 15-minute gap for floats,
    /// step for the rest, and no gap for booleans and text.
    public init(name: String, valueKind: ValueKind) {
        self.name = name
        self.valueKind = valueKind
        kind = valueKind == .boolean || valueKind == .text ? .state : .gauge
        shape = valueKind == .float ? .linear : .step
        gap = valueKind == .boolean || valueKind == .text ? nil : MeasureDefinition.defaultGap
        unit = ""
        isDeclared = false
    }

    /// The gap of measures that declare none: 15 minutes in nanoseconds.
    public static let defaultGap: Int64 = 900_000_000_000
}
