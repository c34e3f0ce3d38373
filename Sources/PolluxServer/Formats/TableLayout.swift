import PolluxModel
import PolluxQuery

/// An answer as aligned columns: headings with units, numbers to the right with their points under
/// each other, times as short as they can be told apart.
struct TableLayout: Sendable {
    private struct Column: Sendable {
        var heading: String
        var width: Int
        var isRight: Bool
        var isTime: Bool
        var texts: [String]

        /// The least width at which no cell is cut.
        var cellWidth: Int { texts.reduce(1) { max($0, TextWidth.of($1)) } }
    }

    /// Rows that are shown.
    let shownRowCount: Int
    private var columns: [Column] = []
    private let hiddenRowCount: Int
    private let notes: [String]
    private let sentence: String?
    private let isExplained: Bool
    private let lineWidth: Int?

    /// Lays out the rows that will be shown.
    init(_ result: QueryResult, options: ResultFormatOptions) {
        shownRowCount = min(result.rowCount, options.rowLimit ?? .max)
        hiddenRowCount = result.rowCount - shownRowCount
        notes = options.showsNotes ? result.notes : []
        lineWidth = options.width
        sentence = result.columns.isEmpty ? nil : TableLayout.count(result.rowCount)
        // An answer without rows that says why needs no headings over nothing.
        isExplained = result.rowCount == 0 && notes.contains { $0.hasPrefix("0 rows: ") }
        for column in result.columns {
            // A column in which nothing is said takes no room.
            if column.kind == .note, (0..<shownRowCount).allSatisfy({ isBlank(column, $0) }) {
                continue
            }
            columns.append(TableLayout.column(column, of: result, rowCount: shownRowCount))
        }
        if let width = options.width { fit(to: width) }
    }

    /// Whether no line is longer than the width that was asked for.
    var fits: Bool { lineWidth.map { lineLength <= $0 } ?? true }

    private var lineLength: Int {
        columns.reduce(0) { $0 + $1.width } + 2 * max(0, columns.count - 1)
    }

    private func isBlank(_ column: ResultColumn, _ row: Int) -> Bool {
        switch column.cell(row) {
        case .missing: true
        case .text(let text): text.isEmpty
        default: false
        }
    }

    /// Appends the headings and the rule under them.
    func header(to bytes: inout [UInt8]) {
        guard !columns.isEmpty, !isExplained else { return }
        let headings = columns.map { column in
            let lines = TextWidth.wrapped(column.heading, to: column.width)
            return lines.split(separator: "\n").map(String.init)
        }
        let height = headings.map(\.count).max() ?? 1
        for line in 0..<height {
            let cells = zip(columns, headings).map { column, lines in
                // What has fewer lines stands right above its cells.
                let index = line - (height - lines.count)
                return (index < 0 ? "" : lines[index], column.width, column.isRight)
            }
            appendLine(cells, to: &bytes)
        }
        appendLine(
            columns.map { (String(repeating: "─", count: $0.width), $0.width, false) }, to: &bytes)
    }

    /// Appends one row.
    func row(_ row: Int, to bytes: inout [UInt8]) {
        appendLine(columns.map { ($0.texts[row], $0.width, $0.isRight) }, to: &bytes)
    }

    /// Appends how many rows there are and the notes.
    func footer(to bytes: inout [UInt8]) {
        if hiddenRowCount > 0 {
            bytes.append(contentsOf: "… \(TableLayout.count(hiddenRowCount, more: true))\n".utf8)
        } else if let sentence, shownRowCount != 1, !isExplained {
            bytes.append(contentsOf: "\(sentence)\n".utf8)
        }
        for note in notes {
            let text = lineWidth.map { TextWidth.wrapped(note, to: $0) } ?? note
            bytes.append(contentsOf: "\(text)\n".utf8)
        }
    }

    private static func count(_ count: Int, more: Bool = false) -> String {
        "\(count) \(more ? "more " : "")\(count == 1 ? "row" : "rows")"
    }

    private static func column(
        _ column: ResultColumn, of result: QueryResult, rowCount: Int
    ) -> Column {
        var texts: [String]
        switch column.kind {
        case .timestamp: texts = times(column, zone: result.zone, rowCount: rowCount)
        case .float: texts = numbers(column, rowCount: rowCount)
        case .duration:
            texts = (0..<rowCount).map { row in
                guard case .duration(let length) = column.cell(row) else { return "–" }
                return CellText.readableDuration(length)
            }
        default:
            // A listing has texts that do not apply; in rows a missing one is not known.
            let missing = result.content == .rows && column.kind != .note ? "–" : ""
            texts = (0..<rowCount).map { row in
                let cell = column.cell(row)
                if cell == .missing { return missing }
                var bytes: [UInt8] = []
                CellText.append(cell, zone: result.zone, time: .rfc3339, to: &bytes)
                return TextWidth.printable(String(decoding: bytes, as: UTF8.self))
            }
        }
        let heading = TextWidth.printable(CellText.heading(column))
        let width = texts.reduce(TextWidth.of(heading)) { max($0, TextWidth.of($1)) }
        return Column(
            heading: heading, width: width, isRight: column.isNumeric,
            isTime: column.kind == .timestamp, texts: texts)
    }

    /// Instants as `2026-03-02 10:15:00+01:00`, with as many fraction digits as the finest needs.
    private static func times(
        _ column: ResultColumn, zone: ZoneRules, rowCount: Int
    ) -> [String] {
        let instants = (0..<rowCount).map { row -> Timestamp? in
            if case .timestamp(let instant) = column.cell(row) { instant } else { nil }
        }
        var digits = 0
        for instant in instants {
            let rest = floorDivide(instant?.nanoseconds ?? 0, 1_000_000_000).remainder
            let needed = rest == 0 ? 0 : rest % 1_000_000 == 0 ? 3 : rest % 1000 == 0 ? 6 : 9
            digits = max(digits, needed)
        }
        return instants.map { instant in
            guard let instant else { return "–" }
            let offset = zone.offsetSeconds(at: instant)
            let second = floorDivide(instant.nanoseconds, 1_000_000_000)
            var text = Timestamp(seconds: second.quotient).formatted(offsetSeconds: offset)
            let zoneText = text.dropFirst(19)
            var fraction = ""
            if digits > 0 {
                let all = String(second.remainder + 1_000_000_000).dropFirst()
                fraction = "." + all.prefix(digits)
            }
            text = text.prefix(19) + fraction + zoneText
            return text.replacing("T", with: " ", maxReplacements: 1)
        }
    }

    /// Numbers with at most nine significant digits and their points under each other.
    private static func numbers(_ column: ResultColumn, rowCount: Int) -> [String] {
        let texts = (0..<rowCount).map { row -> String in
            guard case .float(let value) = column.cell(row), value.isFinite else { return "–" }
            return readable(value)
        }
        let decimals = texts.map { text -> Int in
            guard let point = text.firstIndex(of: "."), !text.contains("e") else { return 0 }
            return text.distance(from: point, to: text.endIndex)
        }
        let most = decimals.max() ?? 0
        guard most > 0 else { return texts }
        return zip(texts, decimals).map { text, count in
            text + String(repeating: " ", count: text.contains("e") ? 0 : most - count)
        }
    }

    private static func readable(_ value: Double) -> String {
        var bytes: [UInt8] = []
        NumberText.append(value, to: &bytes)
        let digitCount = bytes.count { (48...57).contains($0) }
        if digitCount > 9, value.magnitude < 1e9, value.magnitude >= 1e-4 {
            var size = 1.0
            var decimals = 8
            while size * 10 <= value.magnitude, decimals > 0 {
                size *= 10
                decimals -= 1
            }
            var scale = 1.0
            for _ in 0..<decimals { scale *= 10 }
            bytes = []
            CellText.appendDecimal(
                Int64((value * scale).rounded()), decimals: decimals, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Makes lines shorter until one fits: instants without what all of them share, headings in
    /// several lines, and last less room for the widest columns of words.
    private mutating func fit(to width: Int) {
        if lineLength > width {
            for index in columns.indices where columns[index].isTime { shareDate(index) }
        }
        if lineLength > width {
            for index in columns.indices {
                let words = columns[index].heading.split(separator: " ").map(String.init)
                let longest = words.map(TextWidth.of).max() ?? 0
                columns[index].width = max(longest, columns[index].cellWidth)
            }
        }
        while lineLength > width {
            var widest: Int?
            for index in columns.indices {
                let column = columns[index]
                guard !column.isRight, !column.isTime, column.width > 12 else { continue }
                if column.width > widest.map({ columns[$0].width }) ?? 0 { widest = index }
            }
            guard let widest else { return }
            columns[widest].width -= 1
        }
    }

    /// Moves the date and the zone that all instants of a column have from its cells to its
    /// heading; the year alone where the dates differ.
    private mutating func shareDate(_ index: Int) {
        let texts = columns[index].texts.filter { $0 != "–" }
        guard let first = texts.first else { return }
        let zone = String(first.dropFirst(19).drop { $0 == "." || $0.isNumber })
        guard texts.allSatisfy({ $0.hasSuffix(zone) && $0.dropFirst(10).first == " " }) else {
            return
        }
        let shared = [11, 5].first { length in
            texts.allSatisfy { $0.prefix(length) == first.prefix(length) }
        }
        let dropped = shared ?? 0
        for row in columns[index].texts.indices where columns[index].texts[row] != "–" {
            columns[index].texts[row] = String(
                columns[index].texts[row].dropFirst(dropped).dropLast(zone.count))
        }
        let date = first.prefix(max(0, dropped - 1))
        columns[index].heading += (date.isEmpty ? "" : " \(date)") + " \(zone)"
        columns[index].width = max(
            TextWidth.of(columns[index].heading), columns[index].cellWidth)
    }

    private func appendLine(
        _ cells: [(text: String, width: Int, isRight: Bool)], to bytes: inout [UInt8]
    ) {
        var line = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { line += "  " }
            let text = TextWidth.cut(cell.text, to: cell.width)
            let room = String(repeating: " ", count: max(0, cell.width - TextWidth.of(text)))
            line += cell.isRight ? room + text : text + room
        }
        while line.last == " " { line.removeLast() }
        bytes.append(contentsOf: line.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }
}
