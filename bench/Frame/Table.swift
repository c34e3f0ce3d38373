/// A table for people and for `git diff`: markdown with aligned columns.
public struct Table {
    private let heads: [String]
    private var rows: [[String]] = []

    /// A table with these heads; the first column is text, the others numbers.
    public init(_ heads: [String]) {
        self.heads = heads
    }

    /// Adds a row; missing cells at its end stay empty.
    public mutating func add(_ row: [String]) {
        rows.append(row + [String](repeating: "", count: max(0, heads.count - row.count)))
    }

    /// Whether no row was added.
    public var isEmpty: Bool { rows.isEmpty }

    /// The table as markdown.
    public var markdown: String {
        let all = [heads] + rows
        let widths = heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        func line(_ row: [String]) -> String {
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
                return column == 0 ? cell + space : space + cell
            }
            return "| " + cells.joined(separator: " | ") + " |\n"
        }
        let rule = widths.enumerated().map { column, width in
            let dashes = String(repeating: "-", count: max(3, width))
            return column == 0 ? dashes : String(dashes.dropLast()) + ":"
        }
        return line(heads) + "| " + rule.joined(separator: " | ") + " |\n"
            + rows.map(line).joined()
    }
}

/// A number with so many decimals.
public func text(_ value: Double, _ decimals: Int = 3) -> String {
    guard value.isFinite else { return "–" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (abs(value) * scale).rounded()
    let whole = Int(rounded / scale)
    let sign = value < 0 && rounded > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let fraction = String(Int(rounded) - whole * Int(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
