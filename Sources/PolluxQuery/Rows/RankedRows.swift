import PolluxLanguage
import PolluxModel

/// Rows of one asset or group after the other, as `top`, `points` and `limit` leave them.
///
/// Rows that no clause can keep are not stored, and those that are count as memory of the question,
/// so that an answer that is too large is refused while it grows.
struct RankedRows {
    private let question: Question
    private var ranked: [(rows: [RowTable.Row], value: Double?)] = []
    private var rowCount = 0

    init(question: Question) { self.question = question }

    /// Adds the rows of the next asset or group, and what it is ranked by.
    ///
    /// - Throws: `QueryError` when there are too many, or they need too much memory.
    mutating func append(
        _ rows: [RowTable.Row], value: Double?, to table: RowTable
    ) throws {
        let clauses = question.query.clauses
        var rows = rows
        if let count = clauses.points?.form {
            rows = RankedRows.thinned(rows, to: count, itemCount: table.items.count)
        }
        if let limit { rows = Array(rows.prefix(max(0, limit - rowCount))) }
        if clauses.ranking == nil { try question.checkRowCount(rowCount + rows.count) }
        try question.hold(rows.reduce(0) { $0 + table.byteCount(of: $1) })
        rowCount += rows.count
        ranked.append((rows, value))
    }

    /// Whether `limit` leaves no room for the rows of another asset.
    var isFull: Bool { limit.map { rowCount >= $0 } ?? false }

    /// How many rows `limit` needs: the first, where they come in their final order; else nil.
    private var limit: Int? {
        let clauses = question.query.clauses
        return clauses.ranking == nil && clauses.compare == nil ? clauses.limit?.form : nil
    }

    /// The rows that stay.
    var rows: [RowTable.Row] {
        guard let clause = question.query.clauses.ranking?.form else {
            return ranked.flatMap(\.rows)
        }
        return Ranking.kept(ranked, clause).flatMap(\.rows)
    }

    /// The rows of one asset thinned to a count, so that a chart of them looks the same.
    private static func thinned(
        _ rows: [RowTable.Row], to count: Int, itemCount: Int
    ) -> [RowTable.Row] {
        let columns = (0..<itemCount).map { item in rows.map { $0.cells[item].number } }
        let kept = CurveThinning.kept(
            times: rows.map { $0.key.range.start.nanoseconds }, columns: columns, count: count)
        return kept.enumerated().map { position, index in
            var row = rows[index]
            let next = position + 1 < kept.count ? kept[position + 1] : rows.count
            let start = row.key.range.start.nanoseconds
            // The first hole up to the next row that stays is a hole of this one.
            for item in row.held.indices {
                row.held[item] =
                    (index..<next).lazy.compactMap { other in
                        rows[other].held[item].map {
                            rows[other].key.range.start.nanoseconds.subtractingSaturated(start)
                                .addingSaturated($0)
                        }
                    }.first
            }
            return row
        }
    }
}
