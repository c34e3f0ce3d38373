/// What MTConnect's words are called here: measures for types of signals, types of parts for
/// components, and the units that values have when no probe says so.
enum MTConnectNames {
    /// `ROTARY_VELOCITY` and `RotaryVelocity` as `rotary-velocity`; prefixes stay off.
    static func kebab(_ word: String) -> String {
        let word = word.split(separator: ":").last.map(String.init) ?? word
        var name = ""
        var wasLower = false
        for character in word {
            if character == "_" || character == " " {
                name.append("-")
                wasLower = false
            } else {
                if wasLower, character.isUppercase { name.append("-") }
                name.append(contentsOf: character.lowercased())
                wasLower = character.isLowercase || character.isNumber
            }
        }
        return name
    }

    /// `RotaryVelocityTimeSeries` as `ROTARY_VELOCITY`.
    static func type(ofElement name: String) -> String {
        var name = name
        for suffix in ["TimeSeries", "DataSet", "Table", "Discrete"]
        where name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count {
            name.removeLast(suffix.count)
        }
        return kebab(name).uppercased().replacing("-", with: "_")
    }

    /// The measure of a type and subtype: what others of this plant call it, else MTConnect's word.
    static func measure(type: String, subType: String) -> String {
        let plain =
            switch type {
            case "ROTARY_VELOCITY", "SPINDLE_SPEED": "rpm"
            case "PART_COUNT": "parts"
            default: kebab(type)
            }
        switch subType {
        case "", "ACTUAL", "ALL": return plain
        default: return plain + "-" + kebab(subType)
        }
    }

    /// Units that the standard gives to values of a type.
    private static let units: [String: String] = [
        "ACCELERATION": "MILLIMETER/SECOND^2", "ACCUMULATED_TIME": "SECOND", "AMPERAGE": "AMPERE",
        "ANGLE": "DEGREE", "ANGULAR_ACCELERATION": "DEGREE/SECOND^2",
        "ANGULAR_VELOCITY": "DEGREE/SECOND", "AXIS_FEEDRATE": "MILLIMETER/SECOND",
        "AXIS_FEEDRATE_OVERRIDE": "PERCENT", "CONCENTRATION": "PERCENT",
        "CUTTING_SPEED": "MILLIMETER/SECOND", "DISPLACEMENT": "MILLIMETER",
        "ELECTRICAL_ENERGY": "WATT_SECOND", "EQUIPMENT_TIMER": "SECOND", "FILL_LEVEL": "PERCENT",
        "FLOW": "LITER/SECOND", "FREQUENCY": "HERTZ", "HUMIDITY_RELATIVE": "PERCENT",
        "LENGTH": "MILLIMETER", "LINEAR_FORCE": "NEWTON", "LOAD": "PERCENT", "MASS": "KILOGRAM",
        "PATH_FEEDRATE": "MILLIMETER/SECOND", "PATH_FEEDRATE_OVERRIDE": "PERCENT",
        "PATH_POSITION": "MILLIMETER", "POSITION": "MILLIMETER", "POWER_FACTOR": "PERCENT",
        "PRESSURE": "PASCAL", "PROCESS_TIMER": "SECOND", "RESISTANCE": "OHM",
        "ROTARY_VELOCITY": "REVOLUTION/MINUTE", "ROTARY_VELOCITY_OVERRIDE": "PERCENT",
        "SOUND_LEVEL": "DECIBEL", "SPINDLE_SPEED": "REVOLUTION/MINUTE", "STRAIN": "PERCENT",
        "TEMPERATURE": "CELSIUS", "TORQUE": "NEWTON_METER", "VELOCITY": "MILLIMETER/SECOND",
        "VOLTAGE": "VOLT", "VOLUME_FLUID": "MILLILITER", "WATTAGE": "WATT",
    ]

    /// Events that are numbers.
    private static let numbers: Set<String> = [
        "AXIS_FEEDRATE_OVERRIDE", "BLOCK_COUNT", "LINE_NUMBER", "PART_COUNT",
        "PATH_FEEDRATE_OVERRIDE", "ROTARY_VELOCITY_OVERRIDE", "TOOL_OFFSET",
        "TRANSFER_COUNT", "UNLOAD_COUNT", "LOAD_COUNT", "CYCLE_COUNT",
    ]

    /// The unit of a type's values; empty when the standard has none.
    static func unit(ofType type: String) -> String { units[type] ?? "" }

    /// Whether an event's value is a number.
    static func isNumber(_ type: String) -> Bool { numbers.contains(type) }

    /// The unit that each number of a value has: `MILLIMETER_3D` are three of `MILLIMETER`.
    static func single(_ units: String) -> String {
        units.hasSuffix("_3D") ? String(units.dropLast(3)) : units
    }
}
