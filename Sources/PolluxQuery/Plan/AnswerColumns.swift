import PolluxModel

/// Gathers the rows of an answer column by column: no object per row or cell.
struct AnswerColumns {
    /// Numbers of one item.
    struct Numbers {
        let field: RowTable.Field
        var floats: [Double] = []
        var integers: [Int64] = []
        var missing: [Bool] = []
        var hasMissing = false

        init(_ field: RowTable.Field) { self.field = field }

        /// Adds a number; nil and what is not finite is missing.
        mutating func append(_ value: Double?) {
            guard let value, value.isFinite else { return appendMissing() }
            if field.kind == .integer {
                guard let whole = Int64(exactly: value.rounded()) else { return appendMissing() }
                integers.append(whole)
            } else {
                floats.append(value)
            }
            missing.append(false)
        }

        private mutating func appendMissing() {
            if field.kind == .integer { integers.append(0) } else { floats.append(0) }
            missing.append(true)
            hasMissing = true
        }

        var column: ResultColumn {
            let values: ResultCells.Values =
                field.kind == .integer ? .integers(integers) : .floats(floats)
            return ResultColumn(
                name: field.name, kind: field.kind, unit: field.unit,
                cells: ResultCells(values, missing: hasMissing ? missing : []), curve: field.curve)
        }
    }

    /// Texts of one column, each distinct word kept once; the empty text is a missing cell.
    struct Words {
        private(set) var words: [String] = [""]
        private var numbers: [String: Int32] = [:]
        /// The word that was last meant under a hint.
        private var hints: [Int32] = []
        var indices: [Int32] = []

        mutating func append(_ word: String) {
            guard !word.isEmpty else { return indices.append(0) }
            if let last = indices.last, words[Int(last)] == word { return indices.append(last) }
            indices.append(number(of: word))
        }

        /// Adds a word that differs from the one before and is not likely to come again.
        mutating func appendNew(_ word: String) {
            guard !word.isEmpty else { return indices.append(0) }
            indices.append(Int32(words.count))
            words.append(word)
        }

        /// Adds the word that was added last.
        mutating func appendSame() { indices.append(indices.last ?? 0) }

        /// Adds a word that was likely under the same hint before: a hint is a small number, such
        /// as that of the measure whose name it is.
        mutating func append(_ word: String, hint: Int) {
            guard hint < Words.hintLimit, !word.isEmpty else { return append(word) }
            while hints.count <= hint { hints.append(0) }
            if words[Int(hints[hint])] != word { hints[hint] = number(of: word) }
            indices.append(hints[hint])
        }

        private static let hintLimit = 4096

        /// The index under which cells name a word.
        mutating func number(of word: String) -> Int32 {
            if let known = numbers[word] { return known }
            numbers[word] = Int32(words.count)
            words.append(word)
            return Int32(words.count - 1)
        }

        var cells: ResultCells {
            ResultCells(
                .texts(ResultCells.Texts(words: words, indices: indices)),
                missing: indices.contains(0) ? indices.map { $0 == 0 } : [])
        }
    }

    var starts: [Int64] = []
    var keys: [RowKey] = []
    var numbers: [Numbers]
    var names = Words()
    /// What a row is about besides its asset; filled only where it is shown.
    var measures = Words()
    var units = Words()
    var notes = Words()

    init(_ fields: [RowTable.Field]) { numbers = fields.map(Numbers.init) }

    var rowCount: Int { starts.count }

    /// Makes room for the first rows.
    mutating func reserve(_ count: Int) {
        starts.reserveCapacity(count)
        keys.reserveCapacity(count)
        names.indices.reserveCapacity(count)
        notes.indices.reserveCapacity(count)
    }

    /// The columns of rule 8: `time`, `until` where slices vary, `asset`, the items, `note`.
    func result(zone: ZoneRules, showsEnd: Bool = false, showsAsset: Bool = true) -> QueryResult {
        var columns = [
            ResultColumn(name: "time", kind: .timestamp, cells: ResultCells(.integers(starts)))
        ]
        if showsEnd {
            columns.append(
                ResultColumn(
                    name: "until", kind: .timestamp,
                    cells: ResultCells(.integers(keys.map { $0.range.end.nanoseconds }))))
        }
        if showsAsset {
            columns.append(ResultColumn(name: "asset", kind: .asset, cells: names.cells))
        }
        if !measures.indices.isEmpty {
            columns.append(ResultColumn(name: "measure", kind: .text, cells: measures.cells))
        }
        columns += numbers.map(\.column)
        if !units.indices.isEmpty {
            columns.append(ResultColumn(name: "unit", kind: .text, cells: units.cells))
        }
        columns.append(ResultColumn(name: "note", kind: .note, cells: notes.cells))
        var result = QueryResult(content: .rows, columns: columns, zone: zone)
        result.keys = keys
        result.stats.rows = rowCount
        return result
    }
}
