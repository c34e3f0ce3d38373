/// What a unit measures: the exponents of the base quantities.
///
/// Plane angle and logarithmic level are base quantities of their own, so that `rpm` and `Hz`, or a
/// level in decibel and a plain ratio, are not taken for each other by accident.
public struct Dimension: Hashable, Sendable {
    /// Exponent of length (metre).
    public var length: Int8 = 0
    /// Exponent of mass (kilogram).
    public var mass: Int8 = 0
    /// Exponent of time (second).
    public var time: Int8 = 0
    /// Exponent of electric current (ampere).
    public var current: Int8 = 0
    /// Exponent of temperature (kelvin).
    public var temperature: Int8 = 0
    /// Exponent of amount of substance (mole).
    public var amount: Int8 = 0
    /// Exponent of luminous intensity (candela).
    public var luminosity: Int8 = 0
    /// Exponent of plane angle (radian).
    public var angle: Int8 = 0
    /// Exponent of logarithmic level (bel).
    public var level: Int8 = 0
    /// Exponent of information (bit).
    public var information: Int8 = 0

    /// No dimension: a plain number.
    public init() {}

    /// A dimension from the exponents that mechanics and electricity use.
    public init(
        length: Int8 = 0, mass: Int8 = 0, time: Int8 = 0, current: Int8 = 0,
        temperature: Int8 = 0, angle: Int8 = 0
    ) {
        self.length = length
        self.mass = mass
        self.time = time
        self.current = current
        self.temperature = temperature
        self.angle = angle
    }

    /// A plain number.
    public static let none = Dimension()

    /// The dimension of a product of powers: each exponent plus `power` times that of `other`;
    /// saturates, as exponents come from text.
    public func adding(_ other: Dimension, times power: Int) -> Dimension {
        func sum(_ left: Int8, _ right: Int8) -> Int8 {
            Int8(clamping: Int(left) + Int(right) * max(-127, min(127, power)))
        }
        var result = Dimension()
        result.length = sum(length, other.length)
        result.mass = sum(mass, other.mass)
        result.time = sum(time, other.time)
        result.current = sum(current, other.current)
        result.temperature = sum(temperature, other.temperature)
        result.amount = sum(amount, other.amount)
        result.luminosity = sum(luminosity, other.luminosity)
        result.angle = sum(angle, other.angle)
        result.level = sum(level, other.level)
        result.information = sum(information, other.information)
        return result
    }
}
