import PolluxLanguage
import PolluxModel

/// `compare with S`: the same question over another span beside it, with the difference and the
/// percentage.
///
/// Rows line up by asset and by the wall-clock distance from the start of their span, slices of
/// events by their number.
struct ComparedRows {
    let question: Question
    let clause: ClauseSyntax<CompareClause>

    /// The answer with three more columns for each item; `main` are the question's own rows.
    func joined(_ main: QueryResult, _ outputs: [OutputSyntax]) throws -> QueryResult {
        let other = try otherQuestion()
        let rows = try other.rows()
        question.absorb(other)
        let mine = try slots(of: main, question)
        let theirs = try slots(of: rows, other)
        var byKey: [String: Int] = [:]
        var bySlot: [Slot: [Int]] = [:]
        for (row, slot) in theirs.enumerated() {
            byKey["\(slot) \(rows.keys[row].name)"] = row
            bySlot[slot, default: []].append(row)
        }
        let crowded = Dictionary(grouping: mine, by: { $0 }).mapValues(\.count)
        var notes = main.notes(inColumn: main.columns.last)
        var partners: [Int?] = []
        for (row, slot) in mine.enumerated() {
            if let partner = byKey["\(slot) \(main.keys[row].name)"] {
                partners.append(partner)
            } else if crowded[slot] == 1, let only = bySlot[slot], only.count == 1 {
                // Another item in the same place: it is what the place is compared with.
                partners.append(only[0])
                notes[row].append("compared with \(rows.keys[only[0]].name)")
            } else {
                partners.append(nil)
            }
            if let partner = partners[row] {
                let said = rows.notes(inColumn: rows.columns.last)[partner]
                notes[row] += said.map { "\(name): \($0)" }
            }
        }
        return result(main, rows, partners, notes)
    }

    /// What the other span is called.
    private var name: String {
        switch clause.form {
        case .ago(let period): period.range.text(in: question.context.text) + " ago"
        case .span(let span): span.range.text(in: question.context.text)
        }
    }

    private func otherQuestion() throws -> Question {
        var query = question.query
        query.clauses.ranking = nil
        query.clauses.limit = nil
        return try Question(
            query: query, text: question.context.text, options: question.context.options,
            engine: question.engine, snapshot: question.snapshot, comparison: clause.form,
            now: question.context.now)
    }

    // MARK: Which rows face each other

    /// A place in a span: wall-clock nanoseconds from its first slice, or a number.
    private typealias Slot = Int64

    private func slots(of result: QueryResult, _ question: Question) throws -> [Slot] {
        var counts: [String: Int64] = [:]
        var isTimed = false
        if case .period? = question.query.clauses.every?.form.stride { isTimed = true }
        var starts: [String: Int64] = [:]
        if isTimed {
            for subject in question.subjects {
                guard let spans = try question.spans(of: subject),
                    let start = try firstSlice(spans, of: subject, question)
                else { continue }
                let key = question.query.clauses.grouping == nil ? subject.name : ""
                starts[key] = min(starts[key] ?? .max, start)
            }
        }
        return try result.keys.map { key in
            if isTimed {
                let zone = try question.shownZone()
                let start = starts[question.query.clauses.grouping == nil ? key.name : ""]
                return local(key.range.start, zone) - (start ?? 0)
            }
            counts[key.name, default: -1] += 1
            return counts[key.name] ?? 0
        }
    }

    /// What the clock reads where the first slice of spans begins.
    private func firstSlice(
        _ spans: [TimeRange], of subject: Subject, _ question: Question
    ) throws -> Int64? {
        guard let every = question.query.clauses.every?.form,
            case .period(let written) = every.stride
        else { return nil }
        let start = try question.origin(of: subject, spans)
        let slicing = Slicing(question: question)
        let grid = try slicing.grid(every, written, of: subject, from: start)
        var first = grid.start(containing: start)
        if let setback = try slicing.setback(grid, of: subject) {
            let own = grid.start(containing: grid.zone.adding(setback, to: start))
            first = grid.zone.subtracting(setback, from: own)
        }
        return local(first, try question.shownZone())
    }

    private func local(_ instant: Timestamp, _ zone: ZoneRules) -> Int64 {
        instant.nanoseconds.addingSaturated(Int64(zone.offsetSeconds(at: instant)) * 1_000_000_000)
    }

    // MARK: Columns

    private func result(
        _ main: QueryResult, _ other: QueryResult, _ partners: [Int?], _ notes: [[String]]
    ) -> QueryResult {
        var result = main
        result.columns = []
        for (index, column) in main.columns.enumerated() {
            switch column.kind {
            case .note:
                result.columns.append(
                    ResultColumn(
                        name: column.name, kind: .note,
                        cells: ResultCells(
                            texts: notes.map { $0.isEmpty ? nil : $0.joined(separator: ", ") })))
            case .timestamp, .asset: result.columns.append(column)
            default:
                result.columns.append(column)
                result.columns += compared(
                    column, other.itemColumn(main, index), partners)
            }
        }
        return result
    }

    private func compared(
        _ column: ResultColumn, _ other: ResultColumn?, _ partners: [Int?]
    ) -> [ResultColumn] {
        let theirs = partners.map { partner -> ResultCell in
            partner.flatMap { other?.cell($0) } ?? .missing
        }
        var columns = [
            ResultColumn(
                name: "\(column.name) (\(name))", kind: column.kind, unit: column.unit,
                cells: RowTable.cells(theirs, kind: column.kind))
        ]
        guard column.kind == .float || column.kind == .integer || column.kind == .duration else {
            return columns
        }
        let unit = column.unit.flatMap { Unit.parse($0) }
        let isPoint = unit?.isPoint == true
        var differences: [ResultCell] = []
        var shares: [ResultCell] = []
        for (row, cell) in theirs.enumerated() {
            guard let first = column.cell(row).number, let second = cell.number else {
                differences.append(.missing)
                shares.append(.missing)
                continue
            }
            switch (column.kind, column.cell(row).whole, cell.whole) {
            case (.integer, let mine?, let yours?):
                differences.append(.integer(mine.subtractingSaturated(yours)))
            case (.duration, let mine?, let yours?):
                differences.append(.duration(mine.subtractingSaturated(yours)))
            default: differences.append(.float((first - second) * (isPoint ? unit?.scale ?? 1 : 1)))
            }
            // A share of a temperature on a scale with an offset says nothing.
            shares.append(
                isPoint || second == 0 ? .missing : .float((first - second) / abs(second) * 100))
        }
        columns.append(
            ResultColumn(
                name: "\(column.name) difference", kind: column.kind,
                unit: isPoint ? "K" : column.unit,
                cells: RowTable.cells(differences, kind: column.kind)))
        columns.append(
            ResultColumn(
                name: "\(column.name) difference %", kind: .float, unit: "%",
                cells: RowTable.cells(shares, kind: .float)))
        return columns
    }
}

extension QueryResult {
    /// The notes of each row, apart.
    fileprivate func notes(inColumn column: ResultColumn?) -> [[String]] {
        (0..<rowCount).map { row in
            guard let column, column.kind == .note, case .text(let text) = column.cell(row),
                !text.isEmpty
            else { return [] }
            return [text]
        }
    }

    /// The column of the same item, which another answer may have at another place.
    fileprivate func itemColumn(_ main: QueryResult, _ index: Int) -> ResultColumn? {
        let isItem: (ResultColumn) -> Bool = {
            $0.kind != .timestamp && $0.kind != .asset && $0.kind != .note
        }
        let number = main.columns[..<index].filter(isItem).count
        let items = columns.filter(isItem)
        return items.indices.contains(number) ? items[number] : nil
    }
}

extension Question {
    /// Takes over what another question read and had to say.
    func absorb(_ other: Question) {
        stats.points += other.stats.points
        stats.series += other.stats.series
        stats.batches += other.stats.batches
        dependencies.series.formUnion(other.dependencies.series)
        dependencies.measures.formUnion(other.dependencies.measures)
        dependencies.hasEvents = dependencies.hasEvents || other.dependencies.hasEvents
        if let gap = other.dependencies.largestGap {
            dependencies.largestGap = max(dependencies.largestGap ?? 0, gap)
        }
        for note in other.notes { addNote(note) }
    }
}
