/// Names of units in other standards, each with our symbol.
///
/// MTConnect names and DTDL terms; UN/CEFACT codes and OPC UA numbers stand in `UnitCodes`.
enum UnitNames {
    /// MTConnect name, of values or of devices (nativeUnits), to symbol.
    static let mtconnect: [String: String] = [
        "AMPERE": "A", "AMPERE_HOUR": "Ah", "BAR": "bar", "CELSIUS": "°C", "CENTIPOISE": "cP",
        "COULOMB": "C", "COUNT": "1", "COUNT/SECOND": "1/s", "CUBIC_METER": "m³",
        "CUBIC_MILLIMETER": "mm³", "CUBIC_MILLIMETER/SECOND": "mm³/s",
        "CUBIC_MILLIMETER/SECOND^2": "mm³/s²", "DECIBEL": "dB", "DEGREE": "°",
        "DEGREE/MINUTE": "°/min", "DEGREE/SECOND": "°/s", "DEGREE/SECOND^2": "°/s²",
        "FAHRENHEIT": "°F", "FARAD": "F", "FOOT": "ft", "FOOT/MINUTE": "ft/min",
        "FOOT/SECOND": "ft/s", "FOOT/SECOND^2": "ft/s²", "GALLON/MINUTE": "gal/min",
        "GRAM": "gram", "GRAM/CUBIC_METER": "g/m³", "GRAVITATIONAL_ACCELERATION": "g",
        "HENRY": "H", "HERTZ": "Hz", "HOUR": "h", "INCH": "inch", "INCH/MINUTE": "inch/min",
        "INCH/REVOLUTION": "inch/rev", "INCH/SECOND": "inch/s", "INCH/SECOND^2": "inch/s²",
        "INCH_POUND": "lbf·inch", "JOULE": "J", "KELVIN": "K", "KILOGRAM": "kg",
        "KILOPASCAL": "kPa", "KILOWATT": "kW", "KILOWATT_HOUR": "kWh", "LITER": "l",
        "LITER/MINUTE": "l/min", "LITER/SECOND": "l/s", "LUMEN": "lm", "METER": "m",
        "METER/MINUTE": "m/min", "METER/SECOND": "m/s", "METER/SECOND^2": "m/s²",
        "MICRO_RADIAN": "µrad", "MILLIGRAM": "mg", "MILLIGRAM/CUBIC_MILLIMETER": "mg/mm³",
        "MILLILITER": "ml", "MILLIMETER": "mm", "MILLIMETER/MINUTE": "mm/min",
        "MILLIMETER/REVOLUTION": "mm/rev", "MILLIMETER/SECOND": "mm/s",
        "MILLIMETER/SECOND^2": "mm/s²", "MINUTE": "min", "NEWTON": "N", "NEWTON_METER": "N·m",
        "OHM": "Ω", "PASCAL": "Pa", "PASCAL/SECOND": "Pa/s", "PASCAL_SECOND": "Pa·s",
        "PERCENT": "%", "POUND": "lb", "POUND/INCH^2": "psi", "RADIAN": "rad",
        "RADIAN/MINUTE": "rad/min", "RADIAN/SECOND": "rad/s", "RADIAN/SECOND^2": "rad/s²",
        "REVOLUTION": "rev", "REVOLUTION/MINUTE": "rpm", "REVOLUTION/SECOND": "rps",
        "REVOLUTION/SECOND^2": "rev/s²", "SECOND": "s", "SIEMENS": "S", "SIEMENS/METER": "S/m",
        "SQUARE_MILLIMETER": "mm²", "TESLA": "T", "VOLT": "V", "VOLT_AMPERE": "VA",
        "VOLT_AMPERE_REACTIVE": "var", "WATT": "W", "WATT_SECOND": "J",
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
        "inchesOfWater": "inH2O", "pound": "lbf", "ounce": "ozf", "ton": "tonf",
        "massPound": "lb", "massPoundPerHour": "lb/h", "slug": "slug", "nauticalMile": "nmi",
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
        "minuteOfArc": "arcmin", "secondOfArc": "arcsec", "acre": "ac", "hectare": "ha",
        "squareCentimetre": "cm²", "squareFoot": "ft²", "squareInch": "inch²",
        "squareKilometre": "km²", "partsPerTrillion": "ppt", "partsPerQuadrillion": "ppq",
        "voltAmpere": "VA", "kilovoltAmpere": "kVA", "megavoltAmpere": "MVA",
        "gigavoltAmpere": "GVA", "millivoltAmpere": "mVA", "voltAmpereHour": "VAh",
        "kilovoltAmpereHour": "kVAh", "megavoltAmpereHour": "MVAh", "gigavoltAmpereHour": "GVAh",
        "voltAmpereReactive": "var", "kilovoltAmpereReactive": "kvar",
        "megavoltAmpereReactive": "Mvar", "gigavoltAmpereReactive": "Gvar",
        "millivoltAmpereReactive": "mvar", "voltAmpereReactiveHour": "varh",
        "kilovoltAmpereReactiveHour": "kvarh", "megavoltAmpereReactiveHour": "Mvarh",
        "gigavoltAmpereReactiveHour": "Gvarh", "microgramPerCubicMetre": "µg/m³",
        "milligramPerCubicMetre": "mg/m³", "ampereHour": "Ah", "milliampereHour": "mAh",
        "britishThermalUnit": "Btu", "kiloBritishThermalUnit": "kBtu",
        "britishThermalUnitPerHour": "Btu/h", "kiloBritishThermalUnitPerHour": "kBtu/h",
        "milliwattHour": "mWh", "terawattHour": "TWh", "joulePerHour": "J/h",
        "joulePerSecond": "J/s", "kilojoulePerHour": "kJ/h", "kilojoulePerSecond": "kJ/s",
        "megajoulePerHour": "MJ/h", "gigajoulePerHour": "GJ/h", "tonOfRefrigeration": "TR",
        "footcandle": "fc", "gray": "Gy", "milligray": "mGy", "microgray": "µGy",
        "sievert": "Sv", "millisievert": "mSv", "microsievert": "µSv",
        "wattPerSquareMetre": "W/m²", "candelaPerSquareMetre": "cd/m²", "maxwell": "Mx",
        "gauss": "Gs", "becquerel": "Bq", "kilobecquerel": "kBq", "megabecquerel": "MBq",
        "gigabecquerel": "GBq", "cubicFoot": "ft³", "cubicInch": "inch³", "fluidOunce": "floz",
        "gallon": "gal", "cubicFootPerMinute": "ft³/min", "cubicMetrePerSecond": "m³/s",
        "gallonPerHour": "gal/h", "gallonPerMinute": "gal/min", "millilitrePerMinute": "ml/min",
        "bitPerSecond": "bit/s", "bytePerSecond": "B/s", "kibibit": "Kibit",
        "kibibitPerSecond": "Kibit/s", "kibibyte": "KiB", "kibibytePerSecond": "KiB/s",
        "mebibit": "Mibit", "mebibitPerSecond": "Mibit/s", "mebibyte": "MiB",
        "mebibytePerSecond": "MiB/s", "gibibit": "Gibit", "gibibitPerSecond": "Gibit/s",
        "gibibyte": "GiB", "gibibytePerSecond": "GiB/s", "tebibit": "Tibit",
        "tebibitPerSecond": "Tibit/s", "tebibyte": "TiB", "tebibytePerSecond": "TiB/s",
        "exbibit": "Eibit", "exbibitPerSecond": "Eibit/s", "exbibyte": "EiB",
        "exbibytePerSecond": "EiB/s", "zebibit": "Zibit", "zebibitPerSecond": "Zibit/s",
        "zebibyte": "ZiB", "zebibytePerSecond": "ZiB/s", "yobibit": "Yibit",
        "yobibitPerSecond": "Yibit/s", "yobibyte": "YiB", "yobibytePerSecond": "YiB/s",
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

    /// UCUM symbols that are not ours; annotations in braces are dropped before.
    static let ucum: [String: String] = [
        "[in_i]": "inch", "[ft_i]": "ft", "[yd_i]": "yd", "[mi_i]": "mi", "[nmi_i]": "nmi",
        "[lb_av]": "lb", "[oz_av]": "oz", "[lbf_av]": "lbf", "[psi]": "psi", "[degF]": "°F",
        "[g]": "g", "[HP]": "hp", "[gal_us]": "gal", "[kn_i]": "kn", "[ppm]": "ppm",
        "[ppb]": "ppb", "[in_i'H2O]": "inH2O", "[in_i'Hg]": "inHg", "mm[Hg]": "mmHg",
        "[Btu_IT]": "Btu", "[acr_us]": "ac", "[foz_us]": "floz", "[pH]": "1",
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
}
