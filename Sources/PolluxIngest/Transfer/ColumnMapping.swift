public import PolluxModel

/// What the columns of a CSV file mean.
public struct ColumnMapping: Sendable {
    /// What one column holds.
    enum Role: Hashable, Sendable {
        /// The time, or a part of it where several columns make it up; nil patterns are RFC 3339.
        case time(TimePattern?)
        case asset
        /// The name of a container of a type.
        case level(String)
        /// The measure's name, with its value in another column.
        case measureName
        case value
        case quality
        case unit
        case kind
        /// Values of a measure.
        case measure(name: String, unit: String, kind: ValueKind?)
        case skip
    }

    /// Roles by column name.
    private(set) var roles: [String: Role] = [:]
    /// The asset of rows that name none.
    private(set) var asset: AssetAddress?
    /// The zone of times that name none.
    public var zone = ZoneRules.utc
    private var missing: Set<String> = []
    /// The types that contain each other, outermost first.
    let containment: [String]

    /// A mapping that goes by the names of columns alone.
    public init(containment: [String] = IngestOptions().containment) {
        self.containment = containment
    }

    /// Sets the asset of rows that name none, such as `machine:CNC-3/spindle`.
    public mutating func setAsset(_ path: String) throws(IngestError) {
        asset = try AssetPath.address(path).get()
    }

    /// Adds a text or number that stands for a value that was not measured, such as `-200`.
    public mutating func addMissing(_ text: String) { missing.insert(text) }

    /// Whether a cell says that nothing was measured.
    func isMissing(_ cell: String) -> Bool {
        guard !cell.isEmpty else { return true }
        guard !missing.isEmpty else { return false }
        if missing.contains(cell) { return true }
        guard let number = Double(cell.replacing(",", with: ".")) else { return false }
        return missing.contains { Double($0) == number }
    }

    /// Adds what one column means: `COLUMN=time [PATTERN]`, `asset`, `name`, `value`, `quality`,
    /// `unit`, `kind`, `skip`, `level TYPE`, or `measure [NAME] [unit UNIT] [kind KIND]`.
    ///
    /// - Throws: `IngestError.unreadable` naming what is wrong.
    public mutating func add(_ text: String) throws(IngestError) {
        func fail(_ reason: String) -> IngestError {
            .unreadable(
                reason: "the mapping `\(text)` \(reason); write COLUMN=ROLE, such as ts=time, "
                    + "id=level machine, or temp=measure temperature unit °C kind float")
        }
        guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
            throw fail("has no =")
        }
        let column = String(text[..<equals])
        var words = text[text.index(after: equals)...].split(separator: " ").map(String.init)[...]
        guard let role = words.popFirst() else { throw fail("names no role") }
        guard roles[column] == nil else { throw fail("gives the column a second role") }
        let simple: [String: Role] = [
            "asset": .asset, "name": .measureName, "value": .value,
            "quality": .quality, "unit": .unit, "kind": .kind, "skip": .skip,
        ]
        if let known = simple[role] {
            guard words.isEmpty else { throw fail("has a word too many after \(role)") }
            roles[column] = known
        } else if role == "time" {
            let pattern = words.joined(separator: " ")
            roles[column] = .time(pattern.isEmpty ? nil : try TimePattern(pattern))
        } else if role == "level" {
            guard words.count == 1, let type = words.first else {
                throw fail("needs one type after level")
            }
            roles[column] = .level(type)
        } else if role == "measure" {
            roles[column] = try measure(column, words, fail)
        } else {
            throw fail("has the unknown role \(role)")
        }
    }

    private func measure(
        _ column: String, _ words: ArraySlice<String>, _ fail: (String) -> IngestError
    ) throws(IngestError) -> Role {
        var words = words
        var name = column
        var unit = ""
        var kind: ValueKind?
        if let first = words.first, first != "unit", first != "kind" {
            name = first
            words.removeFirst()
        }
        while let word = words.popFirst() {
            guard let value = words.popFirst() else { throw fail("needs a value after \(word)") }
            switch word {
            case "unit": unit = value
            case "kind":
                guard let known = ValueKind(text: value) else {
                    throw fail("has the unknown kind \(value): float, integer, boolean, text")
                }
                kind = known
            default: throw fail("has the unknown word \(word)")
            }
        }
        return .measure(name: name, unit: unit, kind: kind)
    }

    /// What the columns of a header mean.
    ///
    /// - Throws: `IngestError.unreadable` when time, asset or values are missing.
    func roles(of header: [String]) throws(IngestError) -> [Role] {
        for column in roles.keys where !header.contains(column) {
            throw .unreadable(
                reason: "there is no column \(column); there are \(header.joined(separator: ", "))")
        }
        let folded = header.map { $0.lowercased() }
        let isLong = folded.contains("value") || roles.values.contains(.value)
        let hasMappedTime = roles.values.contains { if case .time = $0 { true } else { false } }
        var result: [Role] = []
        for (index, column) in header.enumerated() {
            if let role = roles[column] {
                result.append(role)
                continue
            }
            if column.isEmpty {
                // A column without a name: numbers of rows, or a separator at the end of each line.
                result.append(.skip)
                continue
            }
            switch folded[index] {
            case "time", "timestamp", "ts", "date", "datetime":
                guard !hasMappedTime else {
                    throw .unreadable(
                        reason: "the column \(column) may be a time, and another is mapped as one: "
                            + "say --map '\(column)=time' or --map '\(column)=skip'")
                }
                result.append(.time(nil))
            case "asset": result.append(.asset)
            case "measure" where isLong: result.append(.measureName)
            case "value" where isLong: result.append(.value)
            case "quality" where isLong: result.append(.quality)
            case "unit" where isLong: result.append(.unit)
            case "kind" where isLong: result.append(.kind)
            case let name where containment.contains(name): result.append(.level(name))
            default:
                if isLong {
                    throw .unreadable(
                        reason: "the column \(column) means nothing here: say --map "
                            + "'\(column)=skip' to leave it out")
                }
                result.append(ColumnMapping.measure(column))
            }
        }
        try check(result)
        try ColumnMapping.checkOnce(header, result)
        return result
    }

    /// Refuses columns of which all but the last one would be lost.
    private static func checkOnce(
        _ header: [String], _ roles: [Role]
    ) throws(IngestError) {
        var known: [Role: String] = [:]
        for (column, role) in zip(header, roles) {
            let meaning: Role
            switch role {
            case .time, .skip: continue
            case .measure(let name, _, _): meaning = .measure(name: name, unit: "", kind: nil)
            default: meaning = role
            }
            guard let other = known.updateValue(column, forKey: meaning) else { continue }
            throw .unreadable(
                reason: column == other
                    ? "two columns are called \(column): give one of them another name"
                    : "the columns \(other) and \(column) mean the same: say --map "
                        + "'\(column)=skip', or --map '\(column)=measure NAME'")
        }
    }

    /// A column of values; a unit may stand behind its name, as in `vibration [mm/s]`.
    private static func measure(_ column: String) -> Role {
        for (opening, closing) in [("[", "]"), ("(", ")")] where column.hasSuffix(closing) {
            guard let start = column.lastIndex(of: Character(opening)) else { continue }
            let name = column[..<start].split(separator: " ").joined(separator: " ")
            let unit = String(column[column.index(after: start)...].dropLast())
            // What stands in parentheses may be anything: in `CO(GT)` it is part of the name.
            let isUnit =
                opening == "[" || (column[..<start].last == " " && Unit.parse(unit) != nil)
            if !name.isEmpty, isUnit { return .measure(name: name, unit: unit, kind: nil) }
        }
        return .measure(name: column, unit: "", kind: nil)
    }

    private func check(_ roles: [Role]) throws(IngestError) {
        func count(_ isMeant: (Role) -> Bool) -> Int { roles.count(where: isMeant) }
        let patterns = roles.compactMap { if case .time(let pattern) = $0 { pattern } else { nil } }
        let times = count { if case .time = $0 { true } else { false } }
        guard times > 0 else {
            throw .unreadable(
                reason: "one column must be the time; say --map 'COLUMN=time'")
        }
        guard patterns.isEmpty || patterns.count == times else {
            throw .unreadable(
                reason: "the columns of the time need a pattern each, or none; say "
                    + "--map 'Date=time DD/MM/YYYY' --map 'Time=time hh:mm:ss'")
        }
        let parts = patterns.flatMap(\.parts)
        for (part, name) in [(TimePattern.Part.month, "M"), (.day, "D")]
        where !patterns.isEmpty && !parts.contains(part) {
            throw .unreadable(reason: "the patterns of the time lack \(name)")
        }
        guard patterns.isEmpty || parts.contains(.year) || parts.contains(.yearOfCentury) else {
            throw .unreadable(reason: "the patterns of the time lack YYYY")
        }
        let hasLevel = roles.contains { if case .level = $0 { true } else { false } }
        guard hasLevel || asset != nil || roles.contains(.asset) else {
            throw .unreadable(
                reason: "nothing says which asset the rows are of; say --asset machine:CNC-3, or "
                    + "--map 'COLUMN=asset', or --map 'COLUMN=level machine'")
        }
        let values = count { $0 == .value }
        let names = count { $0 == .measureName }
        let measures = count { if case .measure = $0 { true } else { false } }
        guard values == names, values < 2, values == 1 || measures > 0 else {
            throw .unreadable(
                reason: "a file has either one column of names and one of values, or one column "
                    + "for each measure")
        }
    }
}
