import PolluxModel

/// Rows on their way into a result: keys, cells by column, a note per row.
struct RowTable {
    struct Row {
        var key: RowKey
        var cells: [ResultCell]
        var notes: [String]
        /// How long the value of each item is known before a hole, in nanoseconds; nil where there
        /// is none, and empty where nobody asks.
        var held: [Int64?] = []
    }

    /// What a column of items holds.
    struct Field {
        var name: String
        var kind: ResultColumn.Kind
        var unit: String?
        var curve: ResultCurve?
    }

    var items: [Field]
    var rows: [Row] = []
    /// Whether slices vary, so that `until` is shown.
    var showsEnd = false
    /// Whether rows are about assets (and not about everything at once).
    var showsAsset = true

    init(items: [Field]) { self.items = items }

    /// Bytes that a row takes, and the cells of the result that it becomes, about.
    func byteCount(of row: Row) -> Int {
        let cells = MemoryLayout<ResultCell>.stride + 10
        let notes = row.notes.isEmpty ? 0 : 96 + 16 * row.notes.count
        return MemoryLayout<Row>.stride + MemoryLayout<RowKey>.stride + 64
            + items.count * cells + notes
    }

    /// The columns of rule 8: `time`, `until` where slices vary, `asset`, the items, `note`.
    func result(zone: ZoneRules) -> QueryResult {
        var columns = [
            ResultColumn(
                name: "time", kind: .timestamp,
                cells: ResultCells(.integers(rows.map { $0.key.range.start.nanoseconds })))
        ]
        if showsEnd {
            columns.append(
                ResultColumn(
                    name: "until", kind: .timestamp,
                    cells: ResultCells(.integers(rows.map { $0.key.range.end.nanoseconds }))))
        }
        if showsAsset {
            columns.append(
                ResultColumn(
                    name: "asset", kind: .asset, cells: ResultCells(texts: rows.map(\.key.name))))
        }
        for (index, item) in items.enumerated() {
            columns.append(
                ResultColumn(
                    name: item.name, kind: item.kind, unit: item.unit,
                    cells: RowTable.cells(rows.map { $0.cells[index] }, kind: item.kind),
                    curve: curve(index)))
        }
        columns.append(
            ResultColumn(
                name: "note", kind: .note,
                cells: ResultCells(
                    texts: rows.map { $0.notes.isEmpty ? nil : $0.notes.joined(separator: ", ") })))
        var result = QueryResult(content: .rows, columns: columns, zone: zone)
        result.keys = rows.map(\.key)
        result.stats.rows = rows.count
        return result
    }

    static func cells(_ cells: [ResultCell], kind: ResultColumn.Kind) -> ResultCells {
        let missing = cells.map { $0 == .missing }
        switch kind {
        case .float:
            return ResultCells(.floats(cells.map { $0.number ?? 0 }), missing: missing)
        case .integer, .timestamp, .duration:
            return ResultCells(.integers(cells.map { $0.whole ?? 0 }), missing: missing)
        case .boolean:
            return ResultCells(.booleans(cells.map { $0 == .boolean(true) }), missing: missing)
        case .asset, .text, .note:
            return ResultCells(
                texts: cells.map { cell in
                    if case .text(let text) = cell { return text }
                    return nil
                })
        }
    }
}

extension ResultCell {
    /// The cell as a number, where it is one.
    var number: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value), .duration(let value): Double(value)
        case .boolean(let flag): flag ? 1 : 0
        case .timestamp, .text, .missing: nil
        }
    }

    /// The cell as a whole number, where it is one.
    var whole: Int64? {
        switch self {
        case .integer(let value), .duration(let value): value
        case .timestamp(let instant): instant.nanoseconds
        case .float(let value): Int64(exactly: value.rounded())
        case .boolean, .text, .missing: nil
        }
    }
}
