import PolluxModel
import PolluxQuery

/// An answer as aligned columns: headings with units, numbers to the right with their points under
/// each other, times as short as they can be told apart.
struct TableLayout: Sendable {
    private struct Column: Sendable {
        var heading: String
        var width: Int
        var isRight: Bool
        var texts: [String]
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
        shrink(to: options.width)
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
        appendLine(columns.map { ($0.heading, $0.width, $0.isRight) }, to: &bytes)
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
        return Column(heading: heading, width: width, isRight: column.isNumeric, texts: texts)
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

    /// Takes room from the widest columns of words until a line fits.
    private mutating func shrink(to width: Int?) {
        guard let width, !columns.isEmpty else { return }
        func total() -> Int { columns.reduce(0) { $0 + $1.width } + 2 * (columns.count - 1) }
        while total() > width {
            var widest: Int?
            for index in columns.indices where !columns[index].isRight && columns[index].width > 12
            {
                if columns[index].width > widest.map({ columns[$0].width }) ?? 0 { widest = index }
            }
            guard let widest else { return }
            columns[widest].width -= 1
        }
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

/// How many columns of a terminal a text takes.
public enum TextWidth {
    /// Columns: two for the wide characters of East Asian scripts and most pictures.
    public static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    /// The text without what would move the cursor or change colours.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? " " : scalar) }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (127..<160).contains(scalar.value)
    }

    /// The text, cut with `…` when it is wider.
    public static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var result = ""
        var used = 0
        for character in text {
            guard used + of(character) < width else { break }
            result.append(character)
            used += of(character)
        }
        return result + "…"
    }

    /// The text with its lines broken between words; a word wider than a line is left whole.
    public static func wrapped(_ text: String, to width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard of(String(line)) > width else { return String(line) }
            let indent = String(line.prefix { $0 == " " })
            var lines: [String] = []
            var current = indent
            for word in line.split(separator: " ") {
                let isFirst = current == indent
                if !isFirst, of(current) + 1 + of(String(word)) > width {
                    lines.append(current)
                    current = indent + word
                } else {
                    current += (isFirst ? "" : " ") + word
                }
            }
            return (lines + [current]).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
