/// The symbols that units are written with.
enum UnitSymbols {
    /// A symbol: what it measures, its scale, and whether prefixes go before it.
    struct Symbol: Sendable {
        var symbol: String
        var dimension: Dimension
        var scale: Double
        var offset: Double
        var takesPrefix: Bool
    }

    /// All symbols by how they are written.
    static let table: [String: Symbol] = {
        var table: [String: Symbol] = [:]
        for entry in metric { table[entry.symbol] = entry }
        for entry in plain { table[entry.symbol] = entry }
        for (alias, symbol) in aliases { table[alias] = table[symbol] }
        return table
    }()

    /// Prefixes from the longest to the shortest.
    static let prefixes: [(symbol: String, scale: Double)] = [
        ("da", 1e1), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("h", 1e2),
        ("d", 1e-1), ("c", 1e-2), ("m", 1e-3), ("µ", 1e-6), ("μ", 1e-6), ("u", 1e-6), ("n", 1e-9),
        ("p", 1e-12), ("f", 1e-15),
    ]

    /// Prefixes of information, powers of 1024.
    static let binaryPrefixes: [(symbol: String, scale: Double)] = [
        "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi",
    ].enumerated().map { ($1, Double(sign: .plus, exponent: 10 * ($0 + 1), significand: 1)) }

    private static func prefixed(_ symbol: String, _ scale: Double, _ dimension: Dimension)
        -> Symbol
    {
        Symbol(symbol: symbol, dimension: dimension, scale: scale, offset: 0, takesPrefix: true)
    }

    private static func fixed(
        _ symbol: String, _ scale: Double, _ dimension: Dimension = .none, offset: Double = 0
    ) -> Symbol {
        Symbol(
            symbol: symbol, dimension: dimension, scale: scale, offset: offset, takesPrefix: false)
    }

    private static func only(_ path: WritableKeyPath<Dimension, Int8>) -> Dimension {
        var dimension = Dimension.none
        dimension[keyPath: path] = 1
        return dimension
    }

    private static let force = Dimension(length: 1, mass: 1, time: -2)
    private static let pressure = Dimension(length: -1, mass: 1, time: -2)
    private static let energy = Dimension(length: 2, mass: 1, time: -2)
    private static let power = Dimension(length: 2, mass: 1, time: -3)
    private static let voltage = Dimension(length: 2, mass: 1, time: -3, current: -1)

    private static let metric: [Symbol] = [
        prefixed("m", 1, Dimension(length: 1)), prefixed("s", 1, Dimension(time: 1)),
        prefixed("gram", 1e-3, Dimension(mass: 1)), prefixed("A", 1, Dimension(current: 1)),
        prefixed("K", 1, Dimension(temperature: 1)), prefixed("mol", 1, only(\.amount)),
        prefixed("cd", 1, only(\.luminosity)), prefixed("rad", 1, Dimension(angle: 1)),
        prefixed("Hz", 1, Dimension(time: -1)), prefixed("N", 1, force),
        prefixed("Pa", 1, pressure), prefixed("J", 1, energy), prefixed("W", 1, power),
        prefixed("VA", 1, power), prefixed("var", 1, power), prefixed("V", 1, voltage),
        prefixed("C", 1, Dimension(time: 1, current: 1)),
        prefixed("F", 1, Dimension(length: -2, mass: -1, time: 4, current: 2)),
        prefixed("Ω", 1, Dimension(length: 2, mass: 1, time: -3, current: -2)),
        prefixed("S", 1, Dimension(length: -2, mass: -1, time: 3, current: 2)),
        prefixed("Wb", 1, Dimension(length: 2, mass: 1, time: -2, current: -1)),
        prefixed("T", 1, Dimension(mass: 1, time: -2, current: -1)),
        prefixed("H", 1, Dimension(length: 2, mass: 1, time: -2, current: -2)),
        prefixed("lm", 1, only(\.luminosity)),
        prefixed("lx", 1, only(\.luminosity).adding(Dimension(length: 1), times: -2)),
        prefixed("l", 1e-3, Dimension(length: 3)), prefixed("L", 1e-3, Dimension(length: 3)),
        prefixed("t", 1000, Dimension(mass: 1)), prefixed("bar", 1e5, pressure),
        prefixed("eV", 1.602176634e-19, energy), prefixed("Wh", 3600, energy),
        prefixed("VAh", 3600, energy), prefixed("varh", 3600, energy),
        prefixed("Ah", 3600, Dimension(time: 1, current: 1)), prefixed("cal", 4.184, energy),
        prefixed("B", 8, only(\.information)), prefixed("bit", 1, only(\.information)),
        prefixed("Bd", 1, Dimension(time: -1)), prefixed("Btu", 1055.05585262, energy),
        prefixed("St", 1e-4, Dimension(length: 2, time: -1)),
        prefixed("Bq", 1, Dimension(time: -1)),
        prefixed("Gy", 1, Dimension(length: 2, time: -2)),
        prefixed("Sv", 1, Dimension(length: 2, time: -2)),
    ]

    private static let plain: [Symbol] = [
        fixed("1", 1), fixed("%", 1e-2), fixed("‰", 1e-3), fixed("ppm", 1e-6), fixed("ppb", 1e-9),
        fixed("min", 60, Dimension(time: 1)), fixed("h", 3600, Dimension(time: 1)),
        fixed("d", 86_400, Dimension(time: 1)), fixed("wk", 604_800, Dimension(time: 1)),
        fixed("a", 31_557_600, Dimension(time: 1)),
        fixed("°C", 1, Dimension(temperature: 1), offset: 273.15),
        fixed("°F", 5.0 / 9, Dimension(temperature: 1), offset: 459.67 * 5 / 9),
        fixed("°", Double.pi / 180, Dimension(angle: 1)),
        fixed("rev", 2 * Double.pi, Dimension(angle: 1)),
        fixed("rpm", Double.pi / 30, Dimension(time: -1, angle: 1)),
        fixed("rps", 2 * Double.pi, Dimension(time: -1, angle: 1)),
        fixed("g", 9.80665, Dimension(length: 1, time: -2)),
        fixed("inch", 0.0254, Dimension(length: 1)), fixed("ft", 0.3048, Dimension(length: 1)),
        fixed("yd", 0.9144, Dimension(length: 1)), fixed("mi", 1609.344, Dimension(length: 1)),
        fixed("nmi", 1852, Dimension(length: 1)),
        fixed("au", 149_597_870_700, Dimension(length: 1)),
        fixed("mph", 0.44704, Dimension(length: 1, time: -1)),
        fixed("kn", 1852.0 / 3600, Dimension(length: 1, time: -1)),
        fixed("lb", 0.45359237, Dimension(mass: 1)),
        fixed("oz", 0.028349523125, Dimension(mass: 1)),
        fixed("lbf", 4.4482216152605, force), fixed("ozf", 0.27801385095378, force),
        fixed("kgf", 9.80665, force), fixed("tonf", 8896.443230521, force),
        fixed("psi", 6894.757293168, pressure), fixed("atm", 101_325, pressure),
        fixed("mmHg", 133.322387415, pressure), fixed("inHg", 3386.38815789, pressure),
        fixed("inH2O", 249.08891, pressure), fixed("hp", 745.69987158227, power),
        fixed("PS", 735.49875, power),
        fixed("gal", 3.785411784e-3, Dimension(length: 3)),
        fixed("dB", 0.1, only(\.level)), fixed("bel", 1, only(\.level)),
        fixed("cP", 1e-3, Dimension(length: -1, mass: 1, time: -1)),
        fixed("ha", 10_000, Dimension(length: 2)),
        fixed("ac", 4046.8564224, Dimension(length: 2)), fixed("ppt", 1e-12), fixed("ppq", 1e-15),
        fixed("arcmin", Double.pi / 10_800, Dimension(angle: 1)),
        fixed("arcsec", Double.pi / 648_000, Dimension(angle: 1)),
        fixed("gon", Double.pi / 200, Dimension(angle: 1)),
        fixed("slug", 14.593902937206, Dimension(mass: 1)), fixed("dt", 100, Dimension(mass: 1)),
        fixed("Torr", 101_325.0 / 760, pressure), fixed("TR", 3516.8528420667, power),
        fixed("floz", 29.5735295625e-6, Dimension(length: 3)),
        fixed("fc", 10.763910416709722, only(\.luminosity).adding(Dimension(length: 1), times: -2)),
        fixed("Mx", 1e-8, Dimension(length: 2, mass: 1, time: -2, current: -1)),
        fixed("Gs", 1e-4, Dimension(mass: 1, time: -2, current: -1)),
    ]

    /// Other ways to write a symbol; the table shows the second form.
    private static let aliases: [String: String] = [
        "degC": "°C", "℃": "°C", "Cel": "°C", "degF": "°F", "℉": "°F", "deg": "°",
        "Ohm": "Ω", "ohm": "Ω", "sec": "s", "hr": "h", "hour": "h", "hours": "h",
        "minute": "min", "minutes": "min", "RPM": "rpm", "r/min": "rpm", "gn": "g", "g0": "g",
        "dBA": "dB", "in_i": "inch", "percent": "%", "pct": "%", "count": "1", "pcs": "1",
        "liter": "l", "litre": "l", "Nm": "N·m",
    ]
}
