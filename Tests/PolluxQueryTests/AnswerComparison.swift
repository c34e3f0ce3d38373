import PolluxModel
import PolluxQuery

/// An answer beside the rows that a script expects.
struct AnswerComparison {
    private let result: QueryResult
    private let day: String

    /// - Parameter day: the day of clock times in the script.
    init(_ result: QueryResult, day: String) {
        self.result = result
        self.day = day
    }

    /// The rows as text, one a line, for messages.
    var text: String {
        let head = result.columns.map { column in
            column.unit.map { "\(column.name) [\($0)]" } ?? column.name
        }
        let rows = (0..<result.rowCount).map { row in
            result.columns.map { shown($0.cell(row)) }
        }
        return ([head] + rows).map { "    " + $0.joined(separator: " | ") }
            .joined(separator: "\n")
            + result.notes.map { "\n    note: \($0)" }.joined()
    }

    /// What differs, or nil where the answer is as expected.
    func difference(_ expected: [[String]]) throws -> String? {
        var reasons: [String] = []
        if expected.count != result.rowCount {
            reasons.append("\(expected.count) rows expected, \(result.rowCount) given")
        }
        for (row, cells) in expected.enumerated() where row < result.rowCount {
            if cells.count > result.columns.count {
                reasons.append(
                    "row \(row + 1): \(cells.count) cells, \(result.columns.count) given")
            }
            for (index, column) in result.columns.enumerated() {
                let wanted = index < cells.count ? cells[index] : "–"
                let cell = column.cell(row)
                if try !fits(cell, wanted) {
                    reasons.append(
                        "row \(row + 1), \(column.name): expected \(wanted), got \(shown(cell))")
                }
            }
        }
        guard !reasons.isEmpty else { return nil }
        return reasons.map { "  " + $0 }.joined(separator: "\n") + "\n  answer:\n" + text
    }

    private func fits(_ cell: ResultCell, _ wanted: String) throws -> Bool {
        if wanted == "*" { return true }
        switch cell {
        case .missing: return wanted == "–" || wanted.isEmpty
        case .timestamp(let time):
            return wanted == "–" ? false : try time == instant(wanted, day: day)
        case .duration(let nanoseconds):
            return Period.parse(wanted)
                == Period(nanoseconds: nanoseconds)
                || (nanoseconds == 0 && ["0s", "0"].contains(wanted))
        case .float(let value): return number(value, wanted)
        case .integer(let value):
            return Int64(wanted).map { $0 == value } ?? number(Double(value), wanted)
        case .boolean(let flag): return wanted == (flag ? "true" : "false")
        case .text(let text): return text == wanted
        }
    }

    /// Equal to 1e-9 of its size, beyond the digits that are written; whole numbers that a double
    /// may not hold are equal or not.
    private func number(_ value: Double, _ wanted: String) -> Bool {
        if let whole = Int64(wanted), whole.magnitude >= 1 << 53 {
            return Int64(exactly: value) == whole
        }
        guard let other = Double(wanted) else { return false }
        var slack = max(abs(other), 1e-300) * 1e-9
        let fraction = wanted.split(separator: ".").dropFirst().first?.count ?? 0
        if fraction >= 6 {
            var digit = 0.5
            for _ in 0..<fraction { digit /= 10 }
            slack = max(slack, digit)
        }
        return abs(value - other) <= slack
    }

    private func shown(_ cell: ResultCell) -> String {
        switch cell {
        case .missing: "–"
        case .timestamp(let time): time.description
        case .duration(let nanoseconds): Period(nanoseconds: nanoseconds).description
        case .float(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .boolean(let flag): "\(flag)"
        case .text(let text): text
        }
    }
}
