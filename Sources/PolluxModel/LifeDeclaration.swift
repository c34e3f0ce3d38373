/// What a measure or a type says about the life of points: how long they are kept, and the lengths
/// of the buckets that are kept of them for good.
public struct LifeDeclaration: Hashable, Sendable {
    /// How long points are kept.
    public enum Retention: Hashable, Sendable {
        /// For good.
        case forever
        /// At least so many nanoseconds.
        case nanoseconds(Int64)
    }

    /// How long points are kept; nil where nothing is said.
    public var retention: Retention?
    /// The lengths of rollup buckets in nanoseconds, ascending, each a multiple of the one before;
    /// empty for none, nil where nothing is said.
    public var rollups: [Int64]?

    /// Nothing said.
    public init() {}

    /// Whether nothing is said.
    public var isEmpty: Bool { retention == nil && rollups == nil }

    /// What this one says, and where it says nothing what another one does.
    public func completed(by other: LifeDeclaration) -> LifeDeclaration {
        var result = self
        result.retention = retention ?? other.retention
        result.rollups = rollups ?? other.rollups
        return result
    }

    /// The shortest time that points can be kept and the shortest bucket: a second.
    public static let shortest: Int64 = 1_000_000_000
    /// The longest bucket: 366 days.
    public static let longestRollup: Int64 = 366 * 86_400 * 1_000_000_000
    /// How many lengths of buckets there may be.
    public static let rollupLimit = 4

    /// Why these lengths of buckets cannot be kept, or nil.
    public static func refusal(ofRollups lengths: [Int64]) -> String? {
        if lengths.count > rollupLimit { return "there may be \(rollupLimit) rollups at most" }
        for (index, length) in lengths.enumerated() {
            if length < shortest || length > longestRollup {
                return "a rollup has between 1s and 366d"
            }
            if length % shortest != 0 { return "a rollup is a whole number of seconds" }
            if index > 0, length == lengths[index - 1] { return "a rollup is there twice" }
            if index > 0, length % lengths[index - 1] != 0 {
                return "each rollup must be a multiple of the next shorter one"
            }
        }
        return nil
    }
}
