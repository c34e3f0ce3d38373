/// The semantic types of DTDL's quantitative types and the units that each may have.
public enum DTDLUnits {
    /// A semantic type and one of its terms, which stand for a unit of ours.
    public struct Term: Hashable, Sendable {
        /// The semantic type, such as `Velocity`.
        public var semanticType: String
        /// The unit's term, such as `metrePerSecond`.
        public var term: String
        /// How values of our unit become values in the term's unit.
        public var conversion: Unit.Conversion
    }

    /// Semantic type to its units, the coherent one first.
    static let units: [String: [String]] = {
        var units: [String: [String]] = [:]
        for (types, terms) in table {
            for type in types.split(separator: " ") {
                units[String(type)] = terms.split(separator: " ").map(String.init)
            }
        }
        return units
    }()

    private static let table: [(types: String, terms: String)] = [
        ("Acceleration", "metrePerSecondSquared centimetrePerSecondSquared gForce"),
        ("Angle Latitude Longitude", "radian degreeOfArc minuteOfArc secondOfArc turn"),
        ("AngularAcceleration", "radianPerSecondSquared"),
        (
            "AngularVelocity",
            "radianPerSecond degreePerSecond revolutionPerMinute revolutionPerSecond"
        ),
        (
            "ApparentEnergy",
            "voltAmpereHour kilovoltAmpereHour megavoltAmpereHour gigavoltAmpereHour"
        ),
        (
            "ApparentPower",
            "voltAmpere millivoltAmpere kilovoltAmpere megavoltAmpere gigavoltAmpere"
        ),
        (
            "Area",
            "squareMetre squareCentimetre squareMillimetre squareKilometre hectare acre squareFoot "
                + "squareInch"
        ),
        ("Capacitance", "farad millifarad microfarad nanofarad picofarad"),
        (
            "Concentration RelativeDensity RelativeHumidity",
            "unity percent partsPerMillion partsPerBillion partsPerTrillion partsPerQuadrillion"
        ),
        ("Current", "ampere kiloampere milliampere microampere"),
        ("DataRate", "bitPerSecond bytePerSecond " + binary("PerSecond")),
        ("DataSize", "bit byte " + binary("")),
        (
            "Density Humidity",
            "kilogramPerCubicMetre gramPerCubicMetre milligramPerCubicMetre microgramPerCubicMetre"
        ),
        (
            "Length Distance",
            "metre millimetre micrometre nanometre centimetre kilometre inch foot mile "
                + "nauticalMile astronomicalUnit"
        ),
        ("ElectricCharge", "coulomb ampereHour milliampereHour"),
        (
            "Energy",
            "joule kilojoule megajoule gigajoule wattHour milliwattHour kilowattHour "
                + "megawattHour gigawattHour terawattHour electronvolt megaelectronvolt "
                + "britishThermalUnit kiloBritishThermalUnit"
        ),
        (
            "Power EnergyRate Luminosity",
            "watt microwatt milliwatt kilowatt megawatt gigawatt horsepower joulePerSecond "
                + "kilojoulePerSecond joulePerHour kilojoulePerHour megajoulePerHour "
                + "gigajoulePerHour kilowattHourPerYear britishThermalUnitPerHour "
                + "kiloBritishThermalUnitPerHour tonOfRefrigeration"
        ),
        ("Force Thrust", "newton pound ounce ton"),
        ("Frequency", "hertz millihertz kilohertz megahertz gigahertz"),
        ("Illuminance", "lux footcandle"), ("Inductance", "henry millihenry microhenry"),
        (
            "IonizingRadiationDose", "gray milligray microgray sievert millisievert microsievert"
        ),
        ("Irradiance", "wattPerSquareMetre"), ("Luminance", "candelaPerSquareMetre"),
        ("LuminousFlux", "lumen"), ("LuminousIntensity", "candela"),
        ("MagneticFlux", "weber maxwell"), ("MagneticInduction", "tesla gauss"),
        ("Mass", "kilogram gram milligram microgram tonne massPound slug"),
        (
            "MassFlowRate",
            "kilogramPerSecond gramPerSecond gramPerHour kilogramPerHour massPoundPerHour"
        ),
        (
            "Pressure",
            "pascal hectopascal kilopascal decapascal bar millibar poundPerSquareInch "
                + "millimetresOfMercury inchesOfMercury inchesOfWater"
        ),
        ("Radioactivity", "becquerel kilobecquerel megabecquerel gigabecquerel"),
        (
            "ReactiveEnergy",
            "voltAmpereReactiveHour kilovoltAmpereReactiveHour megavoltAmpereReactiveHour "
                + "gigavoltAmpereReactiveHour"
        ),
        (
            "ReactivePower",
            "voltAmpereReactive millivoltAmpereReactive kilovoltAmpereReactive "
                + "megavoltAmpereReactive gigavoltAmpereReactive"
        ),
        ("Resistance", "ohm milliohm kiloohm megaohm"), ("SoundPressure", "decibel bel"),
        ("Temperature", "kelvin degreeCelsius degreeFahrenheit"),
        (
            "TimeSpan", "second nanosecond microsecond millisecond minute hour day year"
        ),
        ("Torque", "newtonMetre"),
        (
            "Velocity",
            "metrePerSecond centimetrePerSecond kilometrePerSecond metrePerHour "
                + "kilometrePerHour milePerHour milePerSecond knot"
        ),
        ("Voltage", "volt microvolt millivolt kilovolt megavolt"),
        (
            "Volume",
            "cubicMetre cubicCentimetre litre millilitre cubicFoot cubicInch gallon fluidOunce"
        ),
        (
            "VolumeFlowRate",
            "cubicMetrePerSecond cubicMetrePerMinute cubicMetrePerHour litrePerSecond "
                + "litrePerMinute litrePerHour millilitrePerSecond millilitrePerMinute "
                + "millilitrePerHour cubicFootPerMinute gallonPerMinute gallonPerHour"
        ),
    ]

    private static func binary(_ suffix: String) -> String {
        ["kibi", "mebi", "gibi", "tebi", "exbi", "zebi", "yobi"].flatMap { prefix in
            ["bit", "byte"].map { prefix + $0 + suffix }
        }.joined(separator: " ")
    }

    /// Whether a word is a semantic type.
    public static func isSemanticType(_ word: String) -> Bool { units[word] != nil }

    /// The terms that a semantic type may have, the coherent one first; empty when it is none.
    public static func terms(of semanticType: String) -> [String] { units[semanticType] ?? [] }

    /// The semantic type and term for a unit: an exact term where there is one, else the nearest of
    /// the same dimension; nil when DTDL has nothing of that dimension.
    ///
    /// The first semantic type of the table counts where several fit, so a power is `Power`; plain
    /// numbers have no semantic type unless they are a part of one, such as percent.
    public static func term(for unit: Unit) -> Term? {
        var nearest: (distance: Double, term: Term)?
        for (types, terms) in table {
            guard let type = types.split(separator: " ").first.map(String.init) else { continue }
            for term in terms.split(separator: " ").map(String.init) {
                guard let other = Unit.parse(term), other.dimension == unit.dimension,
                    other.isPoint == unit.isPoint || unit.dimension == Unit.kelvin.dimension,
                    let conversion = unit.conversion(to: other)
                else { continue }
                // A count of things is no concentration.
                if unit.isDimensionless, unit.factors.isEmpty { continue }
                // Powers of ten keep the digits of the values.
                let exponent = Unit.decimalExponent(unit.scale / other.scale)
                let distance =
                    unit.symbol == other.symbol
                    ? -1 : abs(exponent) + (exponent == exponent.rounded() ? 0 : 10)
                if nearest.map({ distance < $0.distance }) ?? true {
                    nearest = (
                        distance, Term(semanticType: type, term: term, conversion: conversion)
                    )
                }
            }
        }
        return nearest?.term
    }
}

extension Unit {
    /// The decimal logarithm of a ratio, exact for powers of ten; other ratios give a fraction.
    static func decimalExponent(_ ratio: Double) -> Double {
        guard ratio > 0, ratio.isFinite else { return 100.5 }
        var exponent = 0.0
        var rest = ratio
        while rest >= 9.999999999 {
            rest /= 10
            exponent += 1
        }
        while rest < 0.9999999999 {
            rest *= 10
            exponent -= 1
        }
        return abs(rest - 1) < 1e-9 ? exponent : exponent + 0.5
    }
}
