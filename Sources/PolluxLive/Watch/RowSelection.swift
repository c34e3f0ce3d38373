import PolluxModel
import PolluxQuery

extension QueryResult {
    /// The same answer with only some of its rows.
    func selecting(_ rows: [Int]) -> QueryResult {
        var copy = self
        copy.columns = columns.map { column in
            var column = column
            column.cells = column.cells.selecting(rows)
            return column
        }
        copy.keys = rows.map { keys[$0] }
        return copy
    }

    /// A number that changes when any cell of a row does.
    func fingerprint(_ row: Int) -> Int {
        var hasher = Hasher()
        for column in columns {
            // What is open or provisional is said by the state; passing time alone changes nothing.
            if column.kind == .note { continue }
            hasher.combine(column.cell(row))
        }
        return hasher.finalize()
    }

    /// The note of a row, or an empty text.
    func note(_ row: Int) -> String {
        guard let column = columns.last(where: { $0.kind == .note }) else { return "" }
        if case .text(let text) = column.cell(row) { return text }
        return ""
    }
}

extension ResultCells {
    func selecting(_ rows: [Int]) -> ResultCells {
        let kept = missing.isEmpty ? [] : rows.map { missing[$0] }
        switch values {
        case .integers(let all): return ResultCells(.integers(rows.map { all[$0] }), missing: kept)
        case .floats(let all): return ResultCells(.floats(rows.map { all[$0] }), missing: kept)
        case .booleans(let all): return ResultCells(.booleans(rows.map { all[$0] }), missing: kept)
        case .texts(var texts):
            texts.indices = rows.map { texts.indices[$0] }
            return ResultCells(.texts(texts), missing: kept)
        }
    }
}
