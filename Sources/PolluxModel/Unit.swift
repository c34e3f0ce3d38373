/// A unit of measurement: a dimension, a scale to the coherent SI unit and, for temperatures that
/// are
/// points on a scale, an offset.
///
/// Symbols follow UCUM where people in plants agree with it. `g` alone is the standard
/// acceleration, as
/// vibration sensors mean it; inside a quotient and with a prefix it is the gram (`g/s`, `kg`).
public struct Unit: Hashable, Sendable {
    /// One factor of a unit: a symbol with its prefix and the power it stands in.
    public struct Factor: Hashable, Sendable {
        /// The symbol, such as `mm`.
        public var symbol: String
        /// Its exponent, never zero.
        public var power: Int
    }

    /// The factors in the order they are shown; empty for a plain number.
    public var factors: [Factor]
    /// What it measures.
    public var dimension: Dimension
    /// How many coherent SI units one of these is.
    public var scale: Double
    /// The SI value at this unit's zero; not zero for °C and °F only.
    public var offset: Double

    /// A unit from its parts.
    public init(factors: [Factor], dimension: Dimension, scale: Double, offset: Double = 0) {
        self.factors = factors
        self.dimension = dimension
        self.scale = scale
        self.offset = offset
    }

    /// The plain number one.
    public static let one = Unit(factors: [], dimension: .none, scale: 1)
    /// Percent.
    public static let percent = Unit(
        factors: [Factor(symbol: "%", power: 1)], dimension: .none, scale: 0.01)
    /// The second.
    public static let second = Unit(
        factors: [Factor(symbol: "s", power: 1)], dimension: Dimension(time: 1), scale: 1)
    /// The minute.
    public static let minute = Unit(
        factors: [Factor(symbol: "min", power: 1)], dimension: Dimension(time: 1), scale: 60)
    /// The hour.
    public static let hour = Unit(
        factors: [Factor(symbol: "h", power: 1)], dimension: Dimension(time: 1), scale: 3600)
    /// The kelvin.
    public static let kelvin = Unit(
        factors: [Factor(symbol: "K", power: 1)], dimension: Dimension(temperature: 1), scale: 1)

    /// Whether it is a plain number or a part of one.
    public var isDimensionless: Bool { dimension == .none }

    /// Whether values are points on a scale (°C, °F), so that their difference is another unit.
    public var isPoint: Bool { offset != 0 }

    /// The unit of differences of values in this unit: kelvin for points, else the unit itself.
    public var difference: Unit { isPoint ? .kelvin : self }

    /// One step of the scale, where values are points on one: the °F of °F/h, which is 5/9 K.
    public var degree: Unit {
        var unit = self
        unit.offset = 0
        return unit
    }

    /// The symbol as shown, such as `mm/s`; empty for a plain number.
    public var symbol: String {
        let above = factors.filter { $0.power > 0 }
        let below = factors.filter { $0.power < 0 }
        if above.isEmpty && below.isEmpty { return "" }
        // Alone, `g` is the acceleration: a mass that is left over is written out.
        if factors == [Factor(symbol: "g", power: 1)], dimension == Dimension(mass: 1) {
            return "gram"
        }
        var text = above.map { Unit.text($0.symbol, $0.power) }.joined(separator: "·")
        if above.isEmpty { text = "1" }
        for factor in below { text += "/" + Unit.text(factor.symbol, -factor.power) }
        return text
    }

    private static func text(_ symbol: String, _ power: Int) -> String {
        switch power {
        case 1: symbol
        case 2: symbol + "²"
        case 3: symbol + "³"
        default: symbol + "^\(power)"
        }
    }

    // MARK: Arithmetic

    /// The unit of a product.
    public func multiplied(by other: Unit) -> Unit {
        combined(with: other, power: 1)
    }

    /// The unit of a quotient.
    public func divided(by other: Unit) -> Unit {
        combined(with: other, power: -1)
    }

    /// The unit of a power with a whole exponent.
    public func raised(to power: Int) -> Unit {
        guard power != 0 else { return .one }
        let unit = degree
        var scale = 1.0
        for _ in 0..<min(127, abs(power)) { scale *= unit.scale }
        return Unit(
            factors: unit.factors.map { Factor(symbol: $0.symbol, power: $0.power * power) },
            dimension: Dimension.none.adding(unit.dimension, times: power),
            scale: power < 0 ? 1 / scale : scale)
    }

    /// The unit of a square root, or nil when an exponent is odd.
    public var squareRoot: Unit? {
        let unit = degree
        guard unit.factors.allSatisfy({ $0.power.isMultiple(of: 2) }) else { return nil }
        var dimension = unit.dimension
        for path in Unit.exponents { dimension[keyPath: path] /= 2 }
        return Unit(
            factors: unit.factors.map { Factor(symbol: $0.symbol, power: $0.power / 2) },
            dimension: dimension, scale: unit.scale.squareRoot())
    }

    // Key paths are not Sendable in general; these are made anew where they are used.
    private static var exponents: [WritableKeyPath<Dimension, Int8>] {
        [
            \.length, \.mass, \.time, \.current, \.temperature, \.amount, \.luminosity, \.angle,
            \.level, \.information,
        ]
    }

    private func combined(with other: Unit, power: Int) -> Unit {
        let left = degree
        let right = other.degree
        var factors = left.factors
        for factor in right.factors {
            if let index = factors.firstIndex(where: { $0.symbol == factor.symbol }) {
                factors[index].power += factor.power * power
            } else {
                factors.append(Factor(symbol: factor.symbol, power: factor.power * power))
            }
        }
        factors.removeAll { $0.power == 0 }
        let unit = Unit(
            factors: factors, dimension: left.dimension.adding(right.dimension, times: power),
            scale: power > 0 ? left.scale * right.scale : left.scale / right.scale)
        return unit.withKnownName
    }

    /// Products that have a name of their own in plants: kW·h is kWh.
    private var withKnownName: Unit {
        guard factors.count == 2, factors.allSatisfy({ $0.power == 1 }) else { return self }
        let names = factors.map(\.symbol)
        guard let hour = names.firstIndex(of: "h") else { return self }
        let other = names[1 - hour]
        guard
            ["W", "kW", "MW", "GW", "mW", "A", "mA", "kA", "VA", "kVA", "var", "kvar"]
                .contains(other)
        else { return self }
        return Unit(
            factors: [Factor(symbol: other + "h", power: 1)], dimension: dimension, scale: scale)
    }

    // MARK: Conversion

    /// How values of one unit become values of another: `(value * factor + shift) / divisor`.
    ///
    /// Where the ratio of two units is one of small whole numbers, these are factor and divisor:
    /// what a value is in another unit is then rounded once, and 32 °F are 0 °C.
    public struct Conversion: Hashable, Sendable {
        /// The factor.
        public var factor: Double
        /// What is added after multiplying.
        public var shift: Double
        /// What is divided by in the end.
        public var divisor: Double
        /// Nothing changes.
        public static let identity = Conversion(factor: 1, shift: 0, divisor: 1)
        /// Whether nothing changes.
        public var isIdentity: Bool { factor == 1 && shift == 0 && divisor == 1 }
        /// How much a step of one becomes.
        public var slope: Double { factor / divisor }

        /// The converted value.
        @inlinable
        public func callAsFunction(_ value: Double) -> Double {
            (value * factor + shift) / divisor
        }
    }

    /// How values in this unit become values in `target`, or nil when they measure different
    /// things.
    ///
    /// Besides equal dimensions, two habits of plants are met: a frequency and a speed of rotation
    /// convert at one cycle a revolution (`Hz`, `rpm`), and a torque times a speed of rotation is a
    /// power, the angle in radians.
    public func conversion(to target: Unit) -> Conversion? {
        if self == target { return .identity }
        var angleFactor = 1.0
        if dimension != target.dimension {
            guard let factor = factorOfAngle(to: target) else { return nil }
            angleFactor = factor
        }
        let (factor, divisor) = Unit.ratio(scale * angleFactor, target.scale)
        if offset == 0 && target.offset == 0 {
            return Conversion(factor: factor, shift: 0, divisor: divisor)
        }
        // Offsets are decimal in most scales: drop what binary division adds far behind.
        let shift = (offset - target.offset) / target.scale * divisor
        let decimal = (shift * 100).rounded() / 100
        return Conversion(
            factor: factor, shift: abs(decimal - shift) < 1e-9 ? decimal : shift, divisor: divisor)
    }

    /// The ratio of two scales as one of whole numbers up to 1000, where it is one, or to one.
    private static func ratio(_ above: Double, _ below: Double) -> (Double, Double) {
        let (ratio, inverse) = (above / below, below / above)
        for divisor in 1...1000 {
            if let factor = whole(ratio * Double(divisor)) { return (factor, Double(divisor)) }
            if let factor = whole(inverse * Double(divisor)) { return (Double(divisor), factor) }
        }
        return (ratio, 1)
    }

    /// The whole number that a ratio is but for its rounding.
    private static func whole(_ ratio: Double) -> Double? {
        let rounded = ratio.rounded()
        guard rounded != 0, abs(ratio - rounded) <= rounded.magnitude * 4e-16 else { return nil }
        return rounded
    }

    private func factorOfAngle(to target: Unit) -> Double? {
        var mine = dimension
        var other = target.dimension
        let turns = Int(mine.angle) - Int(other.angle)
        mine.angle = 0
        other.angle = 0
        guard mine == other, abs(turns) == 1 else { return nil }
        if mine == Dimension(time: -1) {
            let cycle = 2 * Double.pi
            return turns > 0 ? 1 / cycle : cycle
        }
        return mine.mass != 0 ? 1 : nil
    }

    /// Whether values of both units can be compared and added.
    public func isComparable(with other: Unit) -> Bool {
        conversion(to: other) != nil
    }
}
