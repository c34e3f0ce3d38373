import PolluxModel
import PolluxQuery

/// Rows that leave together at `/query`, under one name and one set of tags.
///
/// An answer over time becomes one series for each asset or group and each of its columns, with
/// the columns `time` and `value`; every other answer is one series with the columns that it has.
struct InfluxSeries: Sendable {
    /// The measure, or what a listing is about.
    var name: String
    /// What tells the series apart, by name.
    var tags: [(name: String, value: String)] = []
    /// The names of the columns.
    var headings: [String]
    /// The cells, as many columns as headings.
    var columns: [ResultColumn]
    /// The rows of an answer over time; nil for all rows of the columns.
    var rows: [Row]?
    /// The zone in which instants are written as text.
    var zone: ZoneRules = .utc

    /// A row of an answer over time.
    struct Row: Sendable {
        /// The row of the columns.
        var index: Int32
        /// Nanoseconds behind it at which nothing is known any more; nil for the row itself.
        var holeAfter: Int64?
    }

    /// Number of rows.
    var rowCount: Int { rows?.count ?? columns.first?.count ?? 0 }

    /// A listing of texts.
    init(name: String, headings: [String], rows: [[String]]) {
        self.name = name
        self.headings = headings
        columns = headings.indices.map { index in
            ResultColumn(
                name: headings[index], kind: .text,
                cells: ResultCells(texts: rows.map { $0[index] }))
        }
    }

    /// Columns as they are.
    init(name: String, columns: [ResultColumn], zone: ZoneRules) {
        self.name = name
        self.columns = columns
        headings = columns.map(\.name)
        self.zone = zone
    }

    /// One column of one asset over time.
    private init(
        _ column: ResultColumn, over time: ResultColumn, asset: String?, rows: [Row],
        zone: ZoneRules
    ) {
        name = column.name
        headings = ["time", "value"]
        columns = [time, column]
        self.rows = rows
        self.zone = zone
        if let asset { tags.append(("asset", asset)) }
        let unit = column.kind == .duration ? "s" : column.unit
        if let unit, !unit.isEmpty { tags.append(("unit", unit)) }
    }

    /// The series of an answer.
    static func of(_ result: QueryResult) -> [InfluxSeries] {
        guard !result.columns.isEmpty, result.rowCount > 0 else { return [] }
        guard let time = result.columns.first, let values = curves(result) else {
            let name = result.content == .rows ? "rows" : "listing"
            return [InfluxSeries(name: name, columns: result.columns, zone: result.zone)]
        }
        let asset = result.columns.first { $0.kind == .asset }
        let isSampled = values.contains { $0.curve?.gap != nil }
        return groups(asset, rowCount: result.rowCount).flatMap { group in
            values.compactMap { column in
                let rows = rows(of: column, at: time, group.rows, isSampled: isSampled)
                guard !rows.isEmpty else { return nil }
                return InfluxSeries(
                    column, over: time, asset: group.name, rows: rows, zone: result.zone)
            }
        }
    }

    /// The columns that run over time, or nil when the answer is a table: rows that say until
    /// when they last, that name measures, or that are no rows of a question.
    private static func curves(_ result: QueryResult) -> [ResultColumn]? {
        guard result.content == .rows, result.columns[0].kind == .timestamp,
            result.columns[0].name == "time"
        else { return nil }
        var values: [ResultColumn] = []
        for (index, column) in result.columns.enumerated().dropFirst() {
            switch column.kind {
            case .timestamp: return nil
            case .text where column.name == "measure": return nil
            case .asset, .note: continue
            // How old the newest value is; `time` says it too.
            case .duration where column.name == "age" && index >= result.columns.count - 2:
                continue
            default: values.append(column)
            }
        }
        return values.isEmpty ? nil : values
    }

    /// The rows of each asset, in the order in which assets appear.
    private static func groups(
        _ asset: ResultColumn?, rowCount: Int
    ) -> [(name: String?, rows: [Int32])] {
        guard case .texts(let texts)? = asset?.cells.values else {
            return [(nil, (0..<rowCount).map(Int32.init))]
        }
        var order: [Int32] = []
        var rows = [[Int32]](repeating: [], count: texts.words.count)
        for row in 0..<rowCount {
            let word = Int(texts.indices[row])
            if rows[word].isEmpty { order.append(Int32(word)) }
            rows[word].append(Int32(row))
        }
        return order.map { (texts.words[Int($0)], rows[Int($0)]) }
    }

    /// The rows at which a column has something to say, and where it ends to.
    private static func rows(
        of column: ResultColumn, at time: ResultColumn, _ all: [Int32], isSampled: Bool
    ) -> [Row] {
        guard isSampled else { return all.map { Row(index: $0) } }
        guard case .integers(let instants) = time.cells.values else { return [] }
        // Among samples a missing cell is a row of another column.
        let own = all.filter { !column.cells.isMissing(Int($0)) }
        var rows: [Row] = []
        rows.reserveCapacity(own.count)
        for (index, row) in own.enumerated() {
            rows.append(Row(index: row))
            guard index + 1 < own.count else { break }
            let (instant, next) = (instants[Int(row)], instants[Int(own[index + 1])])
            guard let held = column.curve?.held(Int(row), at: instant, next: next) else { continue }
            // A hole that begins with its row is seen only where it has an instant of its own.
            let room = Timestamp(nanoseconds: next).nanoseconds(
                since: Timestamp(nanoseconds: instant))
            let after = min(max(held, 1_000_000), room / 2)
            rows.append(Row(index: row, holeAfter: after))
        }
        return rows
    }
}
