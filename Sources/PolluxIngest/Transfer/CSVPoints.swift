import PolluxModel

/// Turns rows of CSV into lines of line protocol.
struct CSVPoints: Sendable {
    private let mapping: ColumnMapping
    private let precision: TimestampPrecision
    private var roles: [ColumnMapping.Role] = []
    /// The keys of lines, by the asset's path and the unit.
    private var keys: [String: [UInt8]] = [:]

    init(mapping: ColumnMapping, precision: TimestampPrecision) {
        self.mapping = mapping
        self.precision = precision
    }

    /// Whether the first row was taken.
    var hasHeader: Bool { !roles.isEmpty }

    /// Takes the first row.
    mutating func takeHeader(_ cells: [String]) throws(IngestError) {
        roles = try mapping.roles(of: cells)
    }

    /// Takes a row.
    mutating func take(_ cells: [String], line: Int, into lines: inout PointLines) {
        guard cells.count == roles.count else {
            lines.problems.append(
                (line, "\(cells.count) cells under \(roles.count) columns"))
            return
        }
        do throws(IngestError) {
            let first = lines.bytes.count
            let origins = lines.origins.count
            do throws(IngestError) {
                try append(cells, line, &lines)
            } catch {
                // A row is stored whole or not at all.
                lines.bytes.removeSubrange(first...)
                lines.origins.removeSubrange(origins...)
                throw error
            }
        } catch {
            lines.problems.append((line, error.description))
        }
    }

    private mutating func append(
        _ cells: [String], _ line: Int, _ lines: inout PointLines
    ) throws(IngestError) {
        var row = Row()
        for (role, cell) in zip(roles, cells) {
            switch role {
            case .time: row.time = try PointCell.time(cell, precision)
            case .asset: row.path = cell
            case .level(let type): row.levels.append((type, cell))
            case .measureName: row.measure = cell
            case .value: row.value = cell
            case .quality:
                guard cell.isEmpty || Quality(text: cell) != nil else {
                    throw .unreadable(
                        reason: "the quality `\(cell)` is not good, uncertain, bad or end")
                }
                row.quality = Quality(text: cell) ?? .good
            case .unit: row.unit = cell
            case .kind:
                row.kind = ValueKind(text: cell)
                guard cell.isEmpty || row.kind != nil else {
                    throw .unreadable(
                        reason: "the kind `\(cell)` is not float, integer, boolean or text")
                }
            case .measure, .skip: break
            }
        }
        guard let time = row.time else { return }
        if !row.measure.isEmpty || roles.contains(.value) {
            guard !row.measure.isEmpty else { throw .unreadable(reason: "the measure is empty") }
            try append(row, row.measure, row.value, row.unit, row.kind, time, line, &lines)
        }
        for (role, cell) in zip(roles, cells) {
            // An empty cell says that nothing was measured.
            guard case .measure(let name, let unit, let kind) = role,
                !cell.isEmpty, cell.lowercased() != "nan"
            else { continue }
            try append(row, name, cell, unit, kind, time, line, &lines)
        }
    }

    private mutating func append(
        _ row: Row, _ measure: String, _ cell: String, _ unit: String, _ kind: ValueKind?,
        _ time: Timestamp, _ line: Int, _ lines: inout PointLines
    ) throws(IngestError) {
        let value = try PointCell.value(cell, kind)
        let key = try key(of: row, unit: unit)
        LineText.append(
            key: key, field: PointText.escaped(measure) + [UInt8(ascii: "=")], value: value,
            quality: row.quality, time: time.nanoseconds, to: &lines.bytes)
        lines.origins.append(line)
    }

    private mutating func key(of row: Row, unit: String) throws(IngestError) -> [UInt8] {
        let levels = row.levels.map { "\($0.0)\u{0}\($0.1)" }.joined(separator: "\u{0}")
        let name = "\(row.path)\u{0}\(unit)\u{0}\(levels)"
        if let known = keys[name] { return known }
        var address: AssetAddress
        if !row.path.isEmpty {
            address = try AssetPath.address(row.path).get()
        } else if row.levels.contains(where: { !$0.1.isEmpty }) {
            address = AssetAddress()
            for type in mapping.containment {
                for level in row.levels where level.0 == type && !level.1.isEmpty {
                    address.levels.append(.init(type: level.0, name: level.1))
                }
            }
            for level in row.levels
            where !mapping.containment.contains(level.0) && !level.1.isEmpty {
                address.levels.append(.init(type: level.0, name: level.1))
            }
        } else if let asset = mapping.asset {
            address = asset
        } else {
            throw .unreadable(reason: "the row names no asset")
        }
        let key = PointText.key(address, unit: unit, mapping.containment)
        if keys.count > 100_000 { keys.removeAll() }
        keys[name] = key
        return key
    }

    private struct Row {
        var time: Timestamp?
        var path = ""
        var levels: [(String, String)] = []
        var measure = ""
        var value = ""
        var unit = ""
        var kind: ValueKind?
        var quality = Quality.good
    }
}

/// The cells of files of points.
enum PointCell {
    /// An instant: RFC 3339, `2026-03-02 12:00:00` in UTC, or a number.
    static func time(
        _ cell: String, _ precision: TimestampPrecision
    ) throws(IngestError) -> Timestamp {
        if let number = Int64(cell), let instant = precision.instant(number) { return instant }
        if let number = Double(cell), let instant = precision.instant(fractional: number) {
            return instant
        }
        var bytes = Array(cell.utf8)
        if bytes.count > 10, bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
        guard let instant = Timestamp.parseRFC3339(bytes)?.instant else {
            throw .unreadable(
                reason: "`\(cell)` is no time: write 2026-03-02T12:00:00Z or a number")
        }
        return instant
    }

    /// A value of a kind; without one a number is a float, `true` and `false` are booleans and the
    /// rest is text.
    static func value(_ cell: String, _ kind: ValueKind?) throws(IngestError) -> Value {
        func fail(_ what: String) -> IngestError { .unreadable(reason: "`\(cell)` is no \(what)") }
        switch kind {
        case .float:
            guard let number = float(cell) else { throw fail("float") }
            return .float(number)
        case .integer:
            guard let number = Int64(cell) else { throw fail("integer") }
            return .integer(number)
        case .boolean:
            guard let flag = boolean(cell) else { throw fail("boolean") }
            return .boolean(flag)
        case .text: return .text(cell)
        case nil:
            if let flag = boolean(cell) { return .boolean(flag) }
            if let number = float(cell), number.isFinite { return .float(number) }
            return .text(cell)
        }
    }

    private static func boolean(_ cell: String) -> Bool? {
        switch cell {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    private static func float(_ cell: String) -> Double? {
        guard cell.hasPrefix("0x") else { return Double(cell) }
        guard cell.utf8.count == 18 else { return nil }
        return UInt64(cell.dropFirst(2), radix: 16).map(Double.init(bitPattern:))
    }
}
