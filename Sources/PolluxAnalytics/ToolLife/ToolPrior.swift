/// What textbooks say about a tool material before the plant has closed a tool.
///
/// Unverified: the constants vary by a factor of two between books and grades. They only start a
/// law, with a standard deviation of 0.5 in ln life, and give way to the plant's own history.
public struct ToolPrior: Hashable, Sendable {
    /// The tool material's name.
    public var name: String
    /// Taylor's exponent n in V·Tⁿ = C.
    public var exponent: Double
    /// Taylor's constant C: the speed in m/min at which the tool lives one minute, in steel.
    public var constant: Double
    /// The exponent of feed in ln T (negative: more feed, less life).
    public var feedExponent: Double
    /// The exponent of depth of cut in ln T.
    public var depthExponent: Double

    /// High-speed steel.
    public static let highSpeedSteel = ToolPrior(
        name: "hss", exponent: 0.125, constant: 70, feedExponent: -0.6 / 0.15,
        depthExponent: -1)
    /// Uncoated carbide.
    public static let carbide = ToolPrior(
        name: "carbide", exponent: 0.25, constant: 500, feedExponent: -0.4 / 0.25,
        depthExponent: -0.15 / 0.25)
    /// Coated carbide.
    public static let coatedCarbide = ToolPrior(
        name: "coated-carbide", exponent: 0.25, constant: 700, feedExponent: -0.4 / 0.25,
        depthExponent: -0.15 / 0.25)
    /// Ceramic.
    public static let ceramic = ToolPrior(
        name: "ceramic", exponent: 0.6, constant: 3000, feedExponent: -0.3 / 0.6,
        depthExponent: -0.1 / 0.6)

    /// Feed in mm/rev at which the constants hold.
    static let referenceFeed = 0.25
    /// Depth in mm at which the constants hold.
    static let referenceDepth = 1.5

    /// The prior of a tool material by the name plants give it; nil when it is not known.
    public static func named(_ name: String) -> ToolPrior? {
        let all = [highSpeedSteel, carbide, coatedCarbide, ceramic]
        let lowered = name.lowercased()
        return all.first { $0.name == lowered }
    }

    /// The exponents of the law's columns (speed, feed, depth; none for material).
    var exponents: [Double] { [-1 / exponent, feedExponent, depthExponent, 0] }

    /// ln T at speed 1 m/min, feed 1 mm/rev, depth 1 mm.
    var constantTerm: Double {
        naturalLogarithm(constant) / exponent
            - feedExponent * naturalLogarithm(ToolPrior.referenceFeed)
            - depthExponent * naturalLogarithm(ToolPrior.referenceDepth)
    }
}
