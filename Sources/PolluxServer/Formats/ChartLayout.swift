import PolluxModel
import PolluxQuery

/// An answer drawn with braille dots: one chart for each asset and column of numbers, with axes.
///
/// Told apart by place and not by colour, so that it reads the same everywhere.
struct ChartLayout: Sendable {
    private let result: QueryResult
    private let width: Int
    private let height: Int

    /// The most charts of one answer.
    private static let chartCount = 8
    private static let usualWidth = 100

    init(_ result: QueryResult, options: ResultFormatOptions) {
        self.result = result
        width = max(24, min(options.width ?? ChartLayout.usualWidth, 200))
        height = options.width.map { $0 < 60 } ?? false ? 6 : 10
    }

    /// One line to draw.
    struct Curve {
        var title: String
        /// Whether values hold up to the next one.
        var isStep = false
        var points: [Point]
    }

    /// A value to draw.
    struct Point {
        var time: Int64
        var value: Double
        /// Up to when the value is known, where a hole follows; else the next one is joined to it.
        var end: Int64?
    }

    /// The charts as text, or what there is to draw nothing of.
    func text() -> String {
        let curves = self.curves()
        guard !curves.isEmpty else {
            let why = result.rowCount == 0 ? "0 rows" : "there is no column of numbers over time"
            return "nothing to draw: \(why)\n"
                + result.notes.map { $0 + "\n" }.joined()
        }
        var text = curves.prefix(ChartLayout.chartCount).map(draw).joined(separator: "\n")
        if curves.count > ChartLayout.chartCount {
            text += "… \(curves.count - ChartLayout.chartCount) more curves: ask for fewer assets\n"
        }
        return text + result.notes.map { $0 + "\n" }.joined()
    }

    /// The curves of an answer with a time column, by asset and column, in the order of the rows.
    func curves() -> [Curve] {
        guard let time = result.columns.first(where: { $0.kind == .timestamp }) else { return [] }
        let asset = result.columns.first { $0.kind == .asset }
        let numbers = result.columns.filter { $0.kind == .float || $0.kind == .integer }
        var names: [String] = []
        var rows: [String: [Int]] = [:]
        for row in 0..<result.rowCount {
            var name = ""
            if let asset, case .text(let text) = asset.cell(row) { name = text }
            if rows[name] == nil { names.append(name) }
            rows[name, default: []].append(row)
        }
        return names.flatMap { name in
            numbers.compactMap { column in
                let points = ChartLayout.points(of: column, time, rows[name] ?? [])
                guard !points.isEmpty else { return nil }
                let heading = CellText.heading(column)
                return Curve(
                    title: name.isEmpty ? heading : "\(name) · \(heading)",
                    isStep: column.curve?.shape == .step, points: points)
            }
        }
    }

    private static func points(
        of column: ResultColumn, _ time: ResultColumn, _ rows: [Int]
    ) -> [Point] {
        var points: [Point] = []
        var last: Int?
        for row in rows {
            guard case .timestamp(let instant) = time.cell(row) else { continue }
            guard let value = number(column.cell(row)) else {
                // Among samples it is a row of another column.
                if column.curve?.gap == nil, let end = points.indices.last {
                    points[end].end = points[end].end ?? points[end].time
                }
                continue
            }
            if let last {
                points[points.count - 1].hold(column.curve, last, next: instant.nanoseconds)
            }
            points.append(Point(time: instant.nanoseconds, value: value))
            last = row
        }
        if let last { points[points.count - 1].hold(column.curve, last, next: nil) }
        return points
    }

    private static func number(_ cell: ResultCell) -> Double? {
        switch cell {
        case .float(let value) where value.isFinite: value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    private func draw(_ curve: Curve) -> String {
        let values = curve.points.map(\.value)
        let low = values.min() ?? 0
        let high = values.max() ?? 0
        let span = high > low ? high - low : 1
        let labels = [high, low + (high - low) / 2, low].map { ChartLayout.label($0, span: span) }
        let margin = labels.map(\.count).max() ?? 0
        var canvas = BrailleCanvas(columns: width - margin - 3, rows: height)
        let start = curve.points.map(\.time).min() ?? 0
        let end = curve.points.map { max($0.time, $0.end ?? $0.time) }.max() ?? 0
        let length = max(1, Double(end) - Double(start))
        func across(_ time: Int64) -> Int {
            Int((Double(time) - Double(start)) / length * Double(canvas.width - 1))
        }
        var last: (x: Int, y: Int)?
        for point in curve.points {
            let x = across(point.time)
            let y = Int(((high - point.value) / span * Double(canvas.height - 1)).rounded())
            if let last, curve.isStep {
                canvas.line(from: last, to: (x, last.y))
                canvas.line(from: (x, last.y), to: (x, y))
            } else if let last {
                canvas.line(from: last, to: (x, y))
            } else {
                canvas.dot(x, y)
            }
            last = (x, y)
            guard let end = point.end else { continue }
            canvas.line(from: (x, y), to: (across(max(end, point.time)), y))
            last = nil
        }
        let blank = String(repeating: " ", count: margin)
        var text = TextWidth.cut(TextWidth.printable(curve.title), to: width) + "\n"
        for (row, line) in canvas.lines.enumerated() {
            let label =
                row == 0
                ? labels[0] : row == height / 2 ? labels[1] : row == height - 1 ? labels[2] : ""
            let room = String(blank.dropLast(label.count))
            text += "\(room)\(label) \(label.isEmpty ? "│" : "┤") \(line)".trimmedEnd + "\n"
        }
        return text + timeAxis(start, end, margin: margin, columns: width - margin - 3)
    }

    private func timeAxis(_ start: Int64, _ end: Int64, margin: Int, columns: Int) -> String {
        func shown(_ time: Int64) -> String {
            let instant = Timestamp(
                nanoseconds: floorDivide(time, 1_000_000_000).quotient * 1_000_000_000)
            return instant.formatted(offsetSeconds: result.zone.offsetSeconds(at: instant))
        }
        let blank = String(repeating: " ", count: margin + 1)
        let axis = blank + "└" + String(repeating: "─", count: columns + 1) + "\n"
        let (left, right) = (shown(start), shown(end))
        guard left.count + right.count + 2 <= columns else {
            return axis + blank + "  \(left)\n" + blank + "  \(right)\n"
        }
        let gap = String(repeating: " ", count: columns - left.count - right.count)
        return axis + blank + "  \(left)\(gap)\(right)\n"
    }

    /// A number with the digits that the span makes worth showing.
    private static func label(_ value: Double, span: Double) -> String {
        var decimals = 0
        var size = span
        while size < 100, decimals < 6 {
            size *= 10
            decimals += 1
        }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        var bytes: [UInt8] = []
        guard value.magnitude < 1e12 else {
            NumberText.append(value, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        CellText.appendDecimal(Int64((value * scale).rounded()), decimals: decimals, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ChartLayout.Point {
    /// Notes how far the value is known, where the curve ends before the next value.
    fileprivate mutating func hold(_ curve: ResultCurve?, _ row: Int, next: Int64?) {
        guard end == nil, let held = curve?.held(row, at: time, next: next) else { return }
        end = time + held
    }
}

/// Dots of which eight, two across and four down, make one character.
struct BrailleCanvas: Sendable {
    private let columns: Int
    private let rows: Int
    private var cells: [UInt8]

    init(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        cells = [UInt8](repeating: 0, count: self.columns * self.rows)
    }

    /// Dots across.
    var width: Int { columns * 2 }
    /// Dots down.
    var height: Int { rows * 4 }

    /// Sets a dot; places outside are left out.
    mutating func dot(_ x: Int, _ y: Int) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        // The dots of a braille character are numbered down the left, then the right; the lowest
        // row was added later.
        let left: [UInt8] = [0x01, 0x02, 0x04, 0x40]
        let right: [UInt8] = [0x08, 0x10, 0x20, 0x80]
        cells[y / 4 * columns + x / 2] |= (x % 2 == 0 ? left : right)[y % 4]
    }

    /// Sets the dots of a straight line.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int)) {
        let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
        for step in 0...steps {
            dot(
                start.x + (end.x - start.x) * step / steps,
                start.y + (end.y - start.y) * step / steps)
        }
    }

    /// The canvas as text, a blank where no dot is set.
    var lines: [String] {
        (0..<rows).map { row in
            String(
                String.UnicodeScalarView(
                    cells[(row * columns)..<((row + 1) * columns)].map { dots in
                        dots == 0 ? " " : Unicode.Scalar(0x2800 + UInt32(dots)) ?? " "
                    }))
        }
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
