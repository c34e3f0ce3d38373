/// What is known of some neighbouring points of one series without decoding them.
///
/// Only good points enter the values. When `goodCount` is less than `count` the curve between the
/// points is not what the integrals say; a caller that needs it reads the points.
public struct ColumnStatistics: Hashable, Sendable {
    /// Number of points, marks and doubtful ones included.
    public var count = 0
    /// Number of points of quality good.
    public var goodCount = 0
    /// The instant of the first point.
    public var firstTime: Int64 = 0
    /// The instant of the last point.
    public var lastTime: Int64 = 0
    /// The least good value.
    public var minimum = 0.0
    /// The greatest good value.
    public var maximum = 0.0
    /// The sum of the good values, added in order of time.
    public var sum = 0.0
    /// The first good value.
    public var first = 0.0
    /// The last good value.
    public var last = 0.0
    /// The area under the points from first to last when each value holds until the next, in value
    /// times seconds; nil for a block inside a chunk.
    public var stepIntegral: Double?
    /// The same area when neighbours are joined by a straight line.
    public var linearIntegral: Double?
    /// The longest time between neighbours, in nanoseconds; nil for a block inside a chunk.
    public var longestGap: Int64?

    /// Statistics of nothing.
    public init() {}
}
