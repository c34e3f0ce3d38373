import PolluxGraph
import PolluxLanguage
import PolluxModel

extension Question {
    /// The plan of the question as lines: canonical text, pieces, range, series, then actual
    /// numbers.
    func explanation() throws -> QueryResult {
        var lines: [(String, String)] = [("query", TwinQL.print(query))]
        let clauses = query.clauses
        for subject in subjects.prefix(50) {
            let range = try ranges.range(clauses, for: subject.asset)
            if let range {
                lines.append(("range of \(subject.name)", "\(range.start) to \(range.end)"))
            }
            for piece in subject.pieces where range.map({ piece.range.overlaps($0) }) ?? true {
                let end = piece.range.end == .distantFuture ? "now on" : "\(piece.range.end)"
                let start = piece.range.start == .distantPast ? "ever" : "\(piece.range.start)"
                lines.append(("piece", "\(subject.name) from \(start) to \(end)"))
            }
        }
        let result = try answer()
        for leaf in leaves {
            let unit = leaf.unit?.symbol ?? "no unit"
            lines.append(
                (
                    "measure",
                    "\(leaf.name) in \(unit), \(leaf.definition.kind), \(leaf.definition.shape), "
                        + "gap \(PlantListing.gapText(leaf.definition.gap))"
                ))
        }
        for note in result.notes { lines.append(("note", note)) }
        lines.append(("series read", "\(result.stats.series)"))
        lines.append(("points read", "\(result.stats.points)"))
        lines.append(("batches read", "\(result.stats.batches)"))
        lines.append(("rows", "\(result.rowCount)"))
        return QueryResult(
            content: .plan,
            columns: [
                ResultColumn(
                    name: "step", kind: .text, cells: ResultCells(texts: lines.map(\.0))),
                ResultColumn(
                    name: "detail", kind: .text, cells: ResultCells(texts: lines.map(\.1))),
            ], zone: context.zone)
    }
}
