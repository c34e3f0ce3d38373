/// How a tool cuts: the columns of the tool-life law.
///
/// What is not known is nil.
public struct CutCondition: Hashable, Sendable {
    /// Cutting speed V in m/min.
    public var speed: Double?
    /// Feed f in mm per revolution (per tooth where the plant counts so, as long as always).
    public var feed: Double?
    /// Depth of cut d in mm.
    public var depth: Double?
    /// The material cut, as a number: 0 the reference, 1 another (two classes a law).
    public var material: Double?

    /// A condition from its parts; values that are not finite and positive count as unknown.
    public init(
        speed: Double? = nil, feed: Double? = nil, depth: Double? = nil, material: Double? = nil
    ) {
        self.speed = CutCondition.known(speed)
        self.feed = CutCondition.known(feed)
        self.depth = CutCondition.known(depth)
        self.material = material.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func known(_ value: Double?) -> Double? {
        guard let value, value.isFinite, value > 0 else { return nil }
        return value
    }

    /// The cutting speed in m/min of a tool of a diameter in mm at a number of turns a minute.
    public static func speed(rpm: Double, diameter: Double) -> Double {
        3.141592653589793 * diameter * rpm / 1000
    }

    /// Number of columns of the law after the constant.
    static let columnCount = 4

    /// ln V, ln f, ln d and the material; nil where unknown.
    var columns: [Double?] {
        [
            speed.map(naturalLogarithm), feed.map(naturalLogarithm), depth.map(naturalLogarithm),
            material,
        ]
    }

    /// The names of the columns in messages.
    static let columnNames = ["cutting speed", "feed", "depth", "material"]
}
