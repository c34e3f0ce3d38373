/// What buckets hold beyond times, counts and the sums of numbers (storage-format/life.md §3).
public struct RollupContents: OptionSet, Hashable, Sendable {
    /// The raw value: bits of the flags of a mark.
    public let rawValue: UInt8

    /// A set from its raw value.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The values of a state: how long each held, and the changes between them.
    public static let states = RollupContents(rawValue: 4)
    /// How much a counter rose, and its falls.
    public static let counter = RollupContents(rawValue: 8)
    /// How the values of numbers are spread, for percentiles.
    public static let sketch = RollupContents(rawValue: 16)

    static let all: RollupContents = [.states, .counter, .sketch]
}
