/// Names of units in other standards, each with our symbol.
///
/// UN/CEFACT Recommendation 20 codes, MTConnect names and DTDL terms; an OPC UA UnitId is the
/// bytes of
/// the UN/CEFACT code as one big-endian number (OPC 10000-8, EUInformation).
enum UnitNames {
    /// UN/CEFACT code to symbol.
    static let cefact: [String: String] = [
        "AMP": "A", "4K": "mA", "CEL": "°C", "FAH": "°F", "KEL": "K", "2N": "dB", "DD": "°",
        "C81": "rad", "E96": "°/s", "2A": "rad/s", "HTZ": "Hz", "KHZ": "kHz", "MHZ": "MHz",
        "JOU": "J", "KJO": "kJ", "KGM": "kg", "GRM": "gram", "MGM": "mg", "TNE": "t",
        "LTR": "l", "MLT": "ml", "G51": "l/s", "L2": "l/min", "MTQ": "m³", "MQH": "m³/h",
        "MQS": "m³/s", "VLT": "V", "2Z": "mV", "KVT": "kV", "MMT": "mm", "CMT": "cm",
        "MTR": "m", "KMT": "km", "4H": "µm", "C45": "nm", "C16": "mm/s", "MTS": "m/s",
        "2X": "m/min", "H81": "mm/min", "KMH": "km/h", "M41": "mm/s²", "MSK": "m/s²",
        "K40": "g", "NEW": "N", "B47": "kN", "NU": "N·m", "B48": "kN·m", "OHM": "Ω",
        "B49": "kΩ", "PAL": "Pa", "KPA": "kPa", "MPA": "MPa", "BAR": "bar", "MBR": "mbar",
        "P1": "%", "59": "ppm", "RPM": "rpm", "RPS": "rps", "SEC": "s", "C26": "ms",
        "B98": "µs", "MIN": "min", "HUR": "h", "DAY": "d", "ANN": "a", "WTT": "W",
        "KWT": "kW", "MAW": "MW", "WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "D46": "VA",
        "KVA": "kVA", "D44": "var", "KVR": "kvar", "AMH": "Ah", "CDL": "cd", "LUM": "lm",
        "LUX": "lx", "FAR": "F", "4O": "µF", "INH": "inch", "FOT": "ft", "PS": "psi",
        "LBR": "lb", "KMQ": "kg/m³", "KGS": "kg/s", "E93": "kg/h", "C62": "1", "M43": "rev",
    ]

    /// MTConnect name to symbol.
    static let mtconnect: [String: String] = [
        "AMPERE": "A", "AMPERE_HOUR": "Ah", "CELSIUS": "°C", "COUNT": "1", "COULOMB": "C",
        "COUNT/SECOND": "1/s", "CUBIC_MILLIMETER": "mm³", "CUBIC_METER": "m³",
        "DECIBEL": "dB", "DEGREE": "°", "DEGREE/SECOND": "°/s", "DEGREE/SECOND^2": "°/s²",
        "FARAD": "F", "GRAM": "gram", "GRAM/CUBIC_METER": "g/m³", "HENRY": "H", "HERTZ": "Hz",
        "JOULE": "J", "KELVIN": "K", "KILOGRAM": "kg", "KILOWATT": "kW", "LITER": "l",
        "KILOWATT_HOUR": "kWh", "LITER/SECOND": "l/s", "LITER/MINUTE": "l/min", "LUMEN": "lm",
        "METER": "m", "METER/SECOND": "m/s", "METER/SECOND^2": "m/s²", "MICRO_RADIAN": "µrad",
        "MILLIGRAM": "mg", "MILLILITER": "ml", "MILLIMETER": "mm",
        "MILLIMETER/MINUTE": "mm/min", "MILLIMETER/REVOLUTION": "mm/rev",
        "MILLIMETER/SECOND": "mm/s", "MILLIMETER/SECOND^2": "mm/s²", "NEWTON": "N",
        "NEWTON_METER": "N·m", "OHM": "Ω", "PASCAL": "Pa", "PASCAL_SECOND": "Pa·s",
        "PERCENT": "%", "REVOLUTION/MINUTE": "rpm", "REVOLUTION/SECOND": "rps",
        "SECOND": "s", "SIEMENS": "S", "SQUARE_MILLIMETER": "mm²", "TESLA": "T", "VOLT": "V",
        "VOLT_AMPERE": "VA", "VOLT_AMPERE_REACTIVE": "var", "WATT": "W", "WATT_SECOND": "J",
    ]

    /// DTDL quantitative types, those that are no plain composition of words.
    static let dtdl: [String: String] = [
        "gForce": "g", "degreeOfArc": "°", "turn": "rev", "degreePerSecond": "°/s",
        "radianPerSecond": "rad/s", "radianPerSecondSquared": "rad/s²",
        "revolutionPerMinute": "rpm", "revolutionPerSecond": "rps",
        "degreeCelsius": "°C", "degreeFahrenheit": "°F", "percent": "%", "unity": "1",
        "partsPerMillion": "ppm", "partsPerBillion": "ppb", "bel": "bel", "decibel": "dB",
        "knot": "kn", "milePerHour": "mph", "milePerSecond": "mi/s", "horsepower": "hp",
        "poundPerSquareInch": "psi", "millimetresOfMercury": "mmHg", "inchesOfMercury": "inHg",
        "inchesOfWater": "inH2O", "pound": "lb", "ounce": "oz", "nauticalMile": "nmi",
        "astronomicalUnit": "au", "centimetrePerSecondSquared": "cm/s²",
        "metrePerSecondSquared": "m/s²", "newtonMetre": "N·m", "gramPerSecond": "g/s",
        "gramPerHour": "g/h", "kilogramPerHour": "kg/h", "kilogramPerSecond": "kg/s",
        "gramPerCubicMetre": "g/m³", "kilogramPerCubicMetre": "kg/m³",
        "litrePerMinute": "l/min", "litrePerHour": "l/h", "litrePerSecond": "l/s",
        "millilitrePerSecond": "ml/s", "millilitrePerHour": "ml/h",
        "cubicMetrePerHour": "m³/h", "cubicMetrePerMinute": "m³/min",
        "centimetrePerSecond": "cm/s", "metrePerSecond": "m/s", "metrePerHour": "m/h",
        "kilometrePerHour": "km/h", "kilometrePerSecond": "km/s", "wattHour": "Wh",
        "kilowattHour": "kWh", "megawattHour": "MWh", "gigawattHour": "GWh",
        "kilowattHourPerYear": "kWh/a", "year": "a", "tonne": "t", "cubicMetre": "m³",
        "squareMetre": "m²", "squareMillimetre": "mm²", "cubicCentimetre": "cm³",
    ]

    /// DTDL base words; a prefix word may stand before them (`kilowatt`, `micrometre`).
    static let words: [String: String] = [
        "metre": "m", "inch": "inch", "foot": "ft", "mile": "mi", "second": "s", "minute": "min",
        "hour": "h", "day": "d", "gram": "gram", "newton": "N", "pascal": "Pa", "bar": "bar",
        "joule": "J", "watt": "W", "volt": "V", "ampere": "A", "ohm": "Ω", "hertz": "Hz",
        "kelvin": "K", "radian": "rad", "litre": "l", "farad": "F", "henry": "H",
        "coulomb": "C", "tesla": "T", "weber": "Wb", "lumen": "lm", "lux": "lx",
        "candela": "cd", "bit": "bit", "byte": "B", "electronvolt": "eV",
    ]

    /// Prefix words.
    static let prefixWords: [(word: String, symbol: String)] = [
        ("nano", "n"), ("micro", "µ"), ("milli", "m"), ("centi", "c"), ("deci", "d"),
        ("deca", "da"), ("hecto", "h"), ("kilo", "k"), ("mega", "M"), ("giga", "G"), ("tera", "T"),
    ]

    /// The symbol that a DTDL term stands for, or nil.
    static func symbol(ofTerm term: String) -> String? {
        if let symbol = dtdl[term] ?? words[term] { return symbol }
        for (word, prefix) in prefixWords where term.hasPrefix(word) {
            guard let symbol = words[String(term.dropFirst(word.count))] else { continue }
            return symbol == "gram" ? prefix + "g" : prefix + symbol
        }
        return nil
    }

    /// The UN/CEFACT code that an OPC UA UnitId packs, or nil when it packs none.
    static func code(ofUnitID text: String) -> String? {
        guard let number = UInt32(text), number >= 0x3000 else { return nil }
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
        let letters = bytes.drop { $0 == 0 }
        guard letters.allSatisfy({ $0 >= 48 && $0 <= 90 }) else { return nil }
        return String(decoding: letters, as: UTF8.self)
    }
}
