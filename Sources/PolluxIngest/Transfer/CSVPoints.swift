import PolluxModel

/// Turns rows of CSV into lines of line protocol.
struct CSVPoints: Sendable {
    private let mapping: ColumnMapping
    private let precision: TimestampPrecision
    /// How the file is written.
    var dialect = CSVDialect()
    private var sign = DecimalSign()
    private var clock: LocalClock
    /// Whether rows must be shown before they are taken: clocks showed some times twice.
    var needsOrder = false
    private var roles: [ColumnMapping.Role] = []
    /// The keys of lines, by the asset's path and the unit.
    private var keys: [String: [UInt8]] = [:]

    init(mapping: ColumnMapping, precision: TimestampPrecision) {
        self.mapping = mapping
        self.precision = precision
        clock = LocalClock(zone: mapping.zone)
    }

    /// Whether the first row was taken.
    var hasHeader: Bool { !roles.isEmpty }

    /// Takes the first row.
    mutating func takeHeader(_ cells: [String]) throws(IngestError) {
        roles = try mapping.roles(of: cells.map(PointCell.trimmed))
        needsOrder = mapping.zone != .utc
    }

    /// Shows a row that is not taken yet, for the order in which rows come.
    mutating func order(_ cells: [String]) {
        guard cells.count == roles.count, let row = try? row(cells),
            case .civil(let civil)? = try? reading(of: row)
        else { return }
        clock.count(civil, row: row.name)
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
        let row = try row(cells)
        let time = try time(of: row)
        if !row.measure.isEmpty || roles.contains(.value) {
            guard !row.measure.isEmpty else { throw .unreadable(reason: "the measure is empty") }
            try append(row, row.measure, row.value, row.unit, row.kind, time, line, &lines)
        }
        for (role, cell) in zip(roles, cells) {
            // An empty cell says that nothing was measured.
            guard case .measure(let name, let unit, let kind) = role,
                !mapping.isMissing(PointCell.trimmed(cell))
            else { continue }
            try append(row, name, cell, unit, kind, time, line, &lines)
        }
    }

    /// What a row says beside the values of columns.
    private func row(_ cells: [String]) throws(IngestError) -> Row {
        var row = Row()
        for (role, cell) in zip(roles, cells) {
            switch role {
            case .time(let pattern): row.times.append((PointCell.trimmed(cell), pattern))
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
        return row
    }

    private mutating func append(
        _ row: Row, _ measure: String, _ cell: String, _ unit: String, _ kind: ValueKind?,
        _ time: Timestamp, _ line: Int, _ lines: inout PointLines
    ) throws(IngestError) {
        var cell = kind == .text ? cell : PointCell.trimmed(cell)
        if dialect.separator != UInt8(ascii: ","), kind == nil || kind == .float {
            cell = try sign.pointed(cell)
        }
        let value = try PointCell.value(cell, kind)
        try PointText.check(AssetAddress(), measure)
        let key = try key(of: row, measure, unit: unit)
        LineText.append(
            key: key, field: PointText.escaped(measure) + [UInt8(ascii: "=")], value: value,
            quality: row.quality, time: time.nanoseconds, hasKind: kind != nil, to: &lines.bytes)
        lines.origins.append(line)
    }

    private mutating func time(of row: Row) throws(IngestError) -> Timestamp {
        switch try reading(of: row) {
        case .instant(let instant): instant
        case .civil(let civil):
            try clock.instant(
                of: civil, written: row.times.map(\.cell).joined(separator: " "), row: row.name)
        }
    }

    private func reading(of row: Row) throws(IngestError) -> PointCell.Time {
        let text = row.times.map(\.cell).joined(separator: " ")
        if row.times.contains(where: { $0.pattern != nil }) {
            var reading = TimePattern.Reading()
            for (cell, pattern) in row.times {
                guard let pattern, reading.take(cell, pattern) else {
                    throw .unreadable(reason: "`\(cell)` is not written as the mapping says")
                }
            }
            guard let found = reading.civil else {
                throw .unreadable(reason: "there is no time `\(text)`")
            }
            return .civil(found)
        }
        return try PointCell.reading(text, precision)
    }

    private mutating func key(
        of row: Row, _ measure: String, unit: String
    ) throws(IngestError) -> [UInt8] {
        let name = "\(unit)\u{0}\(PointText.needsPath(measure))\u{0}\(row.name)"
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
        try PointText.check(address, unit)
        let key = PointText.key(address, measure, unit: unit, mapping.containment)
        if keys.count > 100_000 { keys.removeAll() }
        keys[name] = key
        return key
    }

    private struct Row {
        var times: [(cell: String, pattern: TimePattern?)] = []
        var path = ""
        var levels: [(String, String)] = []
        var measure = ""
        var value = ""
        var unit = ""
        var kind: ValueKind?
        var quality = Quality.good

        /// What tells the asset of the row from others of the file.
        var name: String {
            let levels = levels.map { "\($0.0)\u{0}\($0.1)" }.joined(separator: "\u{0}")
            return "\(path)\u{0}\(measure)\u{0}\(levels)"
        }
    }
}
