extension Unit {
    /// Finds a unit by how it is written: a symbol such as `mm/s`, `°C` or `N·m`, a UN/CEFACT code,
    /// an OPC UA UnitId, an MTConnect name, a DTDL term or a UCUM symbol; nil when it is none.
    ///
    /// A symbol wins over a code spelled alike; where a field is known to hold a code or a number,
    /// `named(cefact:)` and `named(opcUA:)` are exact. In symbols, products are written with `·`,
    /// `*` or `.`, quotients with `/` from left to right, powers with `²`, `³`, a digit or `^` and
    /// a number.
    public static func parse(_ text: String) -> Unit? {
        UnitCatalog.standard.unit(text)
    }

    /// The unit of a UN/CEFACT Recommendation 20 code such as `C16`.
    public static func named(cefact code: String) -> Unit? {
        UnitCodes.symbols[code].flatMap { symbolic($0, [:]) }
    }

    /// The unit of an OPC UA UnitId such as 4403510 (EUInformation in the UN/CEFACT namespace).
    public static func named(opcUA unitID: Int32) -> Unit? {
        UnitCodes.code(ofUnitID: unitID).flatMap { named(cefact: $0) }
    }

    /// The UN/CEFACT code of this unit, or nil when the list has none.
    public var cefactCode: String? {
        UnitCodes.code(ofSymbol: factors.isEmpty ? "1" : symbol)
    }

    /// The OPC UA UnitId of this unit, or nil when the list has none.
    public var opcUAUnitID: Int32? { cefactCode.map(UnitCodes.unitID(ofCode:)) }

    /// Finds a unit under the names of other standards.
    static func foreign(_ name: String) -> Unit? {
        if let symbol = UnitCodes.symbols[name] ?? UnitNames.mtconnect[name] {
            return symbolic(symbol, [:])
        }
        if let symbol = UnitNames.symbol(ofTerm: name) ?? UnitNames.ucum[name] {
            return symbolic(symbol, [:])
        }
        if let number = Int32(name) { return named(opcUA: number) }
        return nil
    }

    /// Reads a unit symbol; `declared` holds the units that a plant added.
    static func symbolic(_ written: String, _ declared: [String: Unit]) -> Unit? {
        guard let text = withoutAnnotations(written.trimmingBlanks) else { return nil }
        if text.isEmpty || text == "1" { return .one }
        guard text.utf8.count <= 64 else { return nil }
        if let unit = atom(text, isAlone: true, declared) { return unit }
        var result = Unit.one
        var factors: [(symbol: Substring, power: Int, isBelow: Bool)] = []
        var isBelow = text.first == "/"
        var current = isBelow ? text.index(after: text.startIndex) : text.startIndex
        for index in text[current...].indices + [text.endIndex] {
            let isEnd = index == text.endIndex
            guard isEnd || "·*./".contains(text[index]) else { continue }
            guard let (symbol, power) = powered(text[current..<index]) else { return nil }
            factors.append((symbol, power, isBelow))
            if isEnd { break }
            isBelow = text[index] == "/"
            current = text.index(after: index)
        }
        let isAlone = factors.count == 1 && factors[0].power == 1 && !factors[0].isBelow
        for factor in factors {
            guard let unit = atom(String(factor.symbol), isAlone: isAlone, declared) else {
                return nil
            }
            let powered = factor.power == 1 ? unit : unit.raised(to: factor.power)
            result = factor.isBelow ? result.divided(by: powered) : result.multiplied(by: powered)
        }
        return result
    }

    /// UCUM's `{…}` says what is counted: `{rev}/min` is `1/min`; nil when a brace is not closed.
    private static func withoutAnnotations(_ text: String) -> String? {
        guard text.contains("{") else { return text }
        var kept = ""
        var isInside = false
        for character in text {
            if character == "{" {
                guard !isInside else { return nil }
                isInside = true
                // A count stands for itself where nothing else does.
                if kept.isEmpty || kept.last == "/" || kept.last == "." { kept.append("1") }
            } else if character == "}" {
                guard isInside else { return nil }
                isInside = false
            } else if !isInside {
                kept.append(character)
            }
        }
        return isInside ? nil : kept
    }

    /// Splits a power off a factor: `s²`, `s^-1`, `m3`.
    private static func powered(_ text: Substring) -> (symbol: Substring, power: Int)? {
        guard !text.isEmpty else { return nil }
        if text == "1" { return (text, 1) }
        if let caret = text.firstIndex(of: "^") {
            guard let power = Int(text[text.index(after: caret)...]), (-9...9).contains(power),
                power != 0
            else { return nil }
            return (text[..<caret], power)
        }
        guard let last = text.last else { return nil }
        let head = text.dropLast()
        switch last {
        case "²": return (head, 2)
        case "³": return (head, 3)
        case "1", "2", "3", "4":
            guard !head.isEmpty, let power = last.wholeNumberValue else { return nil }
            if head.last == "-" { return (head.dropLast(), -power) }
            return head.last?.isNumber == true ? nil : (head, power)
        default: return (text, 1)
        }
    }

    private static func atom(
        _ text: String, isAlone: Bool, _ declared: [String: Unit]
    ) -> Unit? {
        if text == "1" { return .one }
        if text == "g" && !isAlone { return gram("g", 1e-3) }
        if text == "Nm" { return symbolic("N·m", [:]) }
        if let known = UnitSymbols.table[text] {
            if known.symbol == "1" { return .one }
            return unit(known, symbol: known.symbol, scale: 1)
        }
        for (prefix, scale) in UnitSymbols.prefixes where text.hasPrefix(prefix) {
            let rest = String(text.dropFirst(prefix.count))
            let shown = prefix == "u" || prefix == "μ" ? "µ" : prefix
            if rest == "g" { return gram(shown + "g", scale * 1e-3) }
            guard let known = UnitSymbols.table[rest], known.takesPrefix else { continue }
            return unit(known, symbol: shown + known.symbol, scale: scale)
        }
        for (prefix, scale) in UnitSymbols.binaryPrefixes
        where text == prefix + "B" || text == prefix + "bit" {
            guard let known = UnitSymbols.table[String(text.dropFirst(2))] else { continue }
            return unit(known, symbol: text, scale: scale)
        }
        return declared[text]
    }

    private static func gram(_ symbol: String, _ scale: Double) -> Unit {
        Unit(
            factors: [Factor(symbol: symbol, power: 1)], dimension: Dimension(mass: 1),
            scale: symbol == "kg" ? 1 : scale)
    }

    private static func unit(_ known: UnitSymbols.Symbol, symbol: String, scale: Double) -> Unit {
        Unit(
            factors: [Factor(symbol: symbol, power: 1)], dimension: known.dimension,
            scale: known.scale * scale, offset: known.offset)
    }

    // MARK: Suggestions

    /// Symbols of the same dimension as this unit, the usual ones first: for completion and hints.
    public var siblings: [String] {
        Unit.usualSymbols.filter { Unit.parse($0)?.dimension == dimension }
    }

    /// The units that people in plants use, by what they measure.
    public static let usualSymbols: [String] = [
        "mm/s", "m/s", "m/min", "mm/min", "km/h", "mm/rev", "g", "m/s²", "mm/s²", "rpm", "Hz",
        "kHz", "1/min", "1/h", "1/s", "°", "rad", "rev", "°/s", "rad/s", "°C", "°F", "K", "K/min",
        "kW", "W", "MW", "VA", "kVA", "var", "kWh", "Wh", "MWh", "J", "kJ", "MJ", "A", "mA", "V",
        "mV", "kV", "Ω", "Ah", "N", "kN", "N·m", "kN·m", "bar", "mbar", "Pa", "kPa", "MPa", "psi",
        "mm", "µm", "nm", "cm", "m", "km", "inch", "ft", "s", "ms", "µs", "min", "h", "d", "kg",
        "gram", "mg", "t", "kg/h", "kg/s", "g/s", "kg/m³", "l", "ml", "m³", "l/min", "l/h", "l/s",
        "m³/h", "%", "‰", "ppm", "ppb", "dB", "lx", "lm", "cd", "mol", "bit", "B", "kB", "MB",
        "hp", "lb", "mph",
    ]
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
public func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var before: [Int] = []
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let replaced = previous[column] + (character == other ? 0 : 1)
            var best = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                best = min(best, before[column - 1] + 1)
            }
            current.append(best)
        }
        before = previous
        previous = current
    }
    return previous[right.count]
}

extension String {
    var trimmingBlanks: String {
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(head[...last])
    }
}
