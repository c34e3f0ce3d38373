import Foundation
import PolluxModel
import PolluxQuery
import PolluxServer

/// How answers look in the shell.
struct AnswerView {
    var format: ResultFormat = .table
    /// One line for each column of each row (`\x`).
    var isExpanded = false
    /// A column with the run of the newest values (`\spark on`).
    var hasTrend = false
    /// Rows and columns that are shown; nil for all.
    var rowLimit: Int?
    var width: Int?
    /// Whether provisional rows are dim.
    var hasColours = false

    /// The answer as text.
    func text(_ result: QueryResult) -> String {
        let form = ResultFormat(rawValue: result.format ?? "") ?? format
        var result = result
        if hasTrend, form == .table { AnswerView.addTrend(to: &result) }
        var options = ResultFormatOptions()
        options.width = width
        options.rowLimit = form == .table ? rowLimit : nil
        options.showsNotes = true
        if form == .table, isExpanded || isTooWide(result, options) { return expanded(result) }
        var text = String(decoding: form.bytes(of: result, options: options), as: UTF8.self)
        guard form == .table else { return text }
        if let rowLimit, result.rowCount > rowLimit {
            let hidden = result.rowCount - rowLimit
            let line = hidden == 1 ? "… 1 more row" : "… \(hidden) more rows"
            text = text.replacing(line + "\n", with: line + " — \\last shows all\n")
        }
        return hasColours ? dimmed(text, result) : text
    }

    /// Whether a table would run over the edge of the terminal; a whole one is for the pager, which
    /// moves sideways.
    private func isTooWide(_ result: QueryResult, _ options: ResultFormatOptions) -> Bool {
        rowLimit != nil && !ResultFormat.tableFits(result, options: options)
    }

    /// Provisional and open rows are dim, because they may still change.
    private func dimmed(_ text: String, _ result: QueryResult) -> String {
        guard let note = result.columns.last(where: { $0.kind == .note }) else { return text }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let rule = lines.firstIndex(where: { $0.hasPrefix("─") }) else { return text }
        let first = rule + 1
        for row in 0..<min(result.rowCount, rowLimit ?? .max) where first + row < lines.count {
            guard case .text(let words) = note.cell(row) else { continue }
            if words.contains("provisional") || words.contains("open") {
                lines[first + row] = [StyledText(lines[first + row], .dim)].painted(true)
            }
        }
        return lines.joined(separator: "\n")
    }

    private func expanded(_ result: QueryResult) -> String {
        let headings = result.columns.map { column in
            column.unit.map { $0.isEmpty ? column.name : "\(column.name) (\($0))" } ?? column.name
        }
        let room = headings.map(TextWidth.of).max() ?? 0
        let shown = min(result.rowCount, rowLimit ?? .max)
        var text = ""
        for row in 0..<shown {
            text += "─ row \(row + 1)\n"
            for (heading, column) in zip(headings, result.columns) {
                if column.kind == .note, column.cell(row) == .missing { continue }
                let gap = String(repeating: " ", count: room - TextWidth.of(heading))
                text += "\(heading)\(gap)  \(AnswerView.cell(column.cell(row), result.zone))\n"
            }
        }
        if result.rowCount > shown {
            text += "… \(result.rowCount - shown) more rows — \\last shows all\n"
        }
        let notes = result.notes.map { note in
            (width.map { TextWidth.wrapped(note, to: $0) } ?? note) + "\n"
        }
        return text + notes.joined()
    }

    private static func cell(_ cell: ResultCell, _ zone: ZoneRules) -> String {
        // One cell through the writer of all cells, so that it reads the same everywhere.
        var result = QueryResult(content: .listing, zone: zone)
        switch cell {
        case .missing: return "–"
        case .text(let text): return TextWidth.printable(text)
        case .timestamp(let instant):
            result.columns = [column(.timestamp, .integers([instant.nanoseconds]))]
        case .duration(let length): result.columns = [column(.duration, .integers([length]))]
        case .float(let value): result.columns = [column(.float, .floats([value]))]
        case .integer(let value): result.columns = [column(.integer, .integers([value]))]
        case .boolean(let flag): return "\(flag)"
        }
        let text = String(decoding: ResultFormat.csv.bytes(of: result), as: UTF8.self)
        return String(text.split(separator: "\n").last ?? "")
    }

    private static func column(
        _ kind: ResultColumn.Kind, _ values: ResultCells.Values
    ) -> ResultColumn {
        ResultColumn(name: "x", kind: kind, cells: ResultCells(values))
    }

    // MARK: Trend

    /// How many values a trend shows.
    private static let trendLength = 16
    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// Adds a column with the run of the first column of numbers up to each row, per asset.
    static func addTrend(to result: inout QueryResult) {
        guard let times = result.columns.first(where: { $0.kind == .timestamp }),
            let numbers = result.columns.first(where: { $0.kind == .float || $0.kind == .integer })
        else { return }
        let asset = result.columns.first { $0.kind == .asset }
        var lows: [String: (low: Double, high: Double)] = [:]
        var rows: [(name: String, value: Double?)] = []
        for row in 0..<result.rowCount {
            var name = ""
            if let asset, case .text(let text) = asset.cell(row) { name = text }
            let value = number(numbers.cell(row))
            rows.append((name, value))
            guard let value else { continue }
            let known = lows[name] ?? (value, value)
            lows[name] = (min(known.low, value), max(known.high, value))
        }
        var runs: [String: [Character]] = [:]
        var ends: [String: (row: Int, time: Int64)] = [:]
        let texts = rows.enumerated().map { index, row -> String? in
            let bounds = lows[row.name] ?? (0, 0)
            var run = runs[row.name] ?? []
            // Among samples an empty cell is a row of another column, and holes lie between rows.
            if row.value != nil || numbers.curve?.gap == nil {
                if case .timestamp(let instant) = times.cell(index) {
                    let time = instant.nanoseconds
                    if let last = ends[row.name],
                        numbers.curve?.held(last.row, at: last.time, next: time) != nil
                    {
                        run.append(" ")
                    }
                    ends[row.name] = (index, time)
                }
                run.append(bar(row.value, bounds.low, bounds.high))
            }
            runs[row.name] = run.suffix(trendLength)
            return String(run.suffix(trendLength))
        }
        let place = result.columns.firstIndex { $0.kind == .note } ?? result.columns.count
        result.columns.insert(
            ResultColumn(name: "trend", kind: .text, cells: ResultCells(texts: texts)), at: place)
    }

    private static func bar(_ value: Double?, _ low: Double, _ high: Double) -> Character {
        guard let value, value.isFinite else { return " " }
        guard high > low else { return bars[3] }
        return bars[min(7, max(0, Int((value - low) / (high - low) * 7.999)))]
    }

    private static func number(_ cell: ResultCell) -> Double? {
        switch cell {
        case .float(let value) where value.isFinite: value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}
