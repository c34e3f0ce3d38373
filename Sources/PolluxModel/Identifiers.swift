/// A thing in the twin: a machine, a place on it, an item mounted there.
public struct AssetID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt32
    /// An identifier from its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A type of asset, such as `machine`.
public struct TypeID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt32
    /// An identifier from its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The name of a measure, interned: `vibration` is one measure whichever type declares it.
public struct MeasureID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt32
    /// An identifier from its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One measured property of one asset.
public struct SeriesID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt32
    /// An identifier from its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A kind of relation between assets, such as `feeds`.
public struct RelationID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt32
    /// An identifier from its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Something that happened: one recorded event.
public struct EventID: Hashable, Comparable, Sendable {
    /// The number that stands for it in keys; 0 is never assigned.
    public var rawValue: UInt64
    /// An identifier from its number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
