/// UN/CEFACT Recommendation 20 codes, each with our symbol, and the OPC UA numbers made of them.
enum UnitCodes {
    /// Code to symbol; where several codes mean one unit, the first in `preferred` is written.
    static let symbols: [String: String] = [
        "MTR": "m", "DMT": "dm", "CMT": "cm", "MMT": "mm", "4H": "µm", "C45": "nm", "KMT": "km",
        "KTM": "km", "INH": "inch", "FOT": "ft", "YRD": "yd", "SMI": "mi", "NMI": "nmi",
        "A12": "au", "MTK": "m²", "CMK": "cm²", "DMK": "dm²", "MMK": "mm²", "KMK": "km²",
        "HAR": "ha", "INK": "inch²", "FTK": "ft²", "ACR": "ac", "MTQ": "m³", "CMQ": "cm³",
        "DMQ": "dm³", "MMQ": "mm³", "LTR": "l", "MLT": "ml", "CLT": "cl", "DLT": "dl",
        "HLT": "hl", "4G": "µl", "INQ": "inch³", "FTQ": "ft³", "GLL": "gal", "OZA": "floz",
        "SEC": "s", "C26": "ms", "B98": "µs", "C47": "ns", "MIN": "min", "HUR": "h", "DAY": "d",
        "WEE": "wk", "ANN": "a", "DD": "°", "D61": "arcmin", "D62": "arcsec", "A91": "gon",
        "C81": "rad", "C25": "mrad", "B97": "µrad", "M44": "rev", "E96": "°/s", "M45": "°/s²",
        "2A": "rad/s", "2B": "rad/s²", "RPM": "rpm", "M46": "rpm", "RPS": "rps", "HTZ": "Hz",
        "KHZ": "kHz", "MHZ": "MHz", "A86": "GHz", "C97": "1/s", "C94": "1/min", "H10": "1/h",
        "C16": "mm/s", "2M": "cm/s", "MTS": "m/s", "2X": "m/min", "H81": "mm/min", "H67": "mm/h",
        "M60": "m/h", "KMH": "km/h", "M62": "km/s", "KNT": "kn", "HM": "mph", "M58": "mi/s",
        "FS": "ft/s", "FR": "ft/min", "IU": "inch/s", "M63": "inch/min", "M41": "mm/s²",
        "M39": "cm/s²", "MSK": "m/s²", "K40": "g", "A73": "ft/s²", "IV": "inch/s²", "C92": "1/m",
        "KGM": "kg", "GRM": "gram", "MGM": "mg", "MC": "µg", "TNE": "t", "DTN": "dt",
        "LBR": "lb", "ONZ": "oz", "F13": "slug", "KMQ": "kg/m³", "23": "g/cm³", "A93": "g/m³",
        "GL": "g/l", "M1": "mg/l", "GP": "mg/m³", "GQ": "µg/m³", "B34": "kg/dm³", "B35": "kg/l",
        "D41": "t/m³", "KL": "kg/m", "GM": "g/m²", "28": "kg/m²", "KGS": "kg/s", "F31": "kg/min",
        "E93": "kg/h", "F30": "kg/d", "F29": "g/s", "F28": "g/min", "F27": "g/h", "4M": "mg/h",
        "E18": "t/h", "4U": "lb/h", "K78": "lb/min", "G51": "l/s", "L2": "l/min", "E32": "l/h",
        "LD": "l/d", "40": "ml/s", "41": "ml/min", "G55": "ml/h", "MQS": "m³/s", "G53": "m³/min",
        "MQH": "m³/h", "G52": "m³/d", "2J": "cm³/s", "2L": "ft³/min", "2K": "ft³/h",
        "G2": "gal/min", "G50": "gal/h", "NEW": "N", "B47": "kN", "B73": "MN", "C20": "mN",
        "B92": "µN", "B37": "kgf", "B51": "kgf", "C78": "lbf", "L40": "ozf", "NU": "N·m",
        "B48": "kN·m", "B74": "MN·m", "D83": "mN·m", "J72": "cN·m", "F88": "N·cm", "4P": "N/m",
        "F47": "N/mm", "M92": "lbf·ft", "F21": "lbf·inch", "C57": "N·s", "PAL": "Pa",
        "KPA": "kPa", "MPA": "MPa", "A89": "GPa", "A97": "hPa", "H75": "daPa", "74": "mPa",
        "B96": "µPa", "BAR": "bar", "MBR": "mbar", "HBA": "hbar", "ATM": "atm", "UA": "Torr",
        "PS": "psi", "HN": "mmHg", "F79": "inHg", "F78": "inH2O", "C55": "N/m²", "C56": "N/mm²",
        "E01": "N/cm²", "C65": "Pa·s", "C24": "mPa·s", "C7": "cP", "S4": "m²/s",
        "C17": "mm²/s", "91": "St", "4C": "cSt", "JOU": "J", "KJO": "kJ", "3B": "MJ", "GV": "GJ",
        "D30": "TJ", "C15": "mJ", "WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "GWH": "GWh",
        "D32": "TWh", "A53": "eV", "BTU": "Btu", "D35": "cal", "K53": "kcal", "J55": "J",
        "WTT": "W", "KWT": "kW", "MAW": "MW", "A90": "GW", "C31": "mW", "D80": "µW", "N12": "PS",
        "HJ": "PS", "BHP": "hp", "2I": "Btu/h", "D54": "W/m²", "D53": "W/m/K", "D55": "W/m²/K",
        "JE": "J/K", "J2": "J/kg", "B42": "kJ/kg", "B11": "J/kg/K", "D46": "VA", "KVA": "kVA",
        "MVA": "MVA", "D44": "var", "KVR": "kvar", "KVH": "kVAh", "K3": "kvarh", "KEL": "K",
        "CEL": "°C", "FAH": "°F", "F12": "K/s", "F11": "K/min", "F10": "K/h", "AMP": "A",
        "4K": "mA", "B84": "µA", "B22": "kA", "C39": "nA", "AMH": "Ah", "E09": "mAh",
        "TAH": "kAh", "COU": "C", "D86": "mC", "B86": "µC", "VLT": "V", "2Z": "mV", "D82": "µV",
        "KVT": "kV", "B78": "MV", "D50": "V/m", "FAR": "F", "C10": "mF", "4O": "µF", "C41": "nF",
        "4T": "pF", "OHM": "Ω", "B49": "kΩ", "B75": "MΩ", "E45": "mΩ", "B94": "µΩ", "SIE": "S",
        "C27": "mS", "B99": "µS", "D10": "S/m", "H61": "mS/cm", "G42": "µS/cm", "81": "H",
        "C14": "mH", "B90": "µH", "D33": "T", "C29": "mT", "WEB": "Wb", "CDL": "cd", "LUM": "lm",
        "LUX": "lx", "A24": "cd/m²", "2N": "dB", "M72": "bel", "C34": "mol", "C18": "mmol",
        "C36": "mol/m³", "C38": "mol/l", "P1": "%", "NX": "‰", "59": "ppm", "61": "ppb",
        "C62": "1", "H87": "1", "EA": "1", "A99": "bit", "AD": "B", "2P": "kB", "4L": "MB",
        "E34": "GB", "E35": "TB", "BQL": "Bq", "A95": "Gy", "D13": "Sv", "C28": "mSv",
    ]

    /// The codes to write for units that have several.
    private static let preferred: [String: String] = [
        "1": "C62", "km": "KMT", "rpm": "RPM", "kgf": "B37", "PS": "N12", "J": "JOU",
    ]

    /// The code of a symbol, or nil.
    static func code(ofSymbol symbol: String) -> String? {
        preferred[symbol] ?? bySymbol[symbol]
    }

    private static let bySymbol: [String: String] = {
        var codes: [String: String] = [:]
        for (code, symbol) in symbols { codes[symbol] = min(codes[symbol] ?? code, code) }
        return codes
    }()

    /// The code that an OPC UA UnitId packs as big-endian bytes (OPC 10000-8, EUInformation), or
    /// nil when it packs none.
    static func code(ofUnitID number: Int32) -> String? {
        guard number > 0 else { return nil }
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> Int32($0)) }
        let letters = bytes.drop { $0 == 0 }
        guard letters.count > 1, letters.allSatisfy(isCodeCharacter) else { return nil }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The OPC UA UnitId of a code.
    static func unitID(ofCode code: String) -> Int32 {
        code.utf8.reduce(0) { $0 << 8 | Int32($1) }
    }

    private static func isCodeCharacter(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte)
    }
}
