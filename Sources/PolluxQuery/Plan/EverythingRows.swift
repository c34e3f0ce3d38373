import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `latest everything of machine CNC-3`, `mean everything of every machine today`: one row for each
/// measure of the assets and of everything in them.
struct EverythingRows {
    let question: Question

    /// The answer; nil when no item is an aggregate of `everything`.
    func rows() throws -> QueryResult? {
        let items = question.query.outputs.map(word)
        guard items.contains(where: { $0 != nil }),
            try question.context.graph.measureID(
                named: "everything", in: question.snapshot.transaction) == nil
        else { return nil }
        try question.refuseBrief()
        try refuseWhatDoesNotFit(items)
        if question.isLatestOnly, items.count == 1 {
            question.plan = .latest
            return try latest()
        }
        return try aggregates(items.compactMap { $0 })
    }

    private func word(_ output: OutputSyntax) -> AggregateSyntax? {
        guard case .aggregate(let words, let argument) = output.expression.form,
            words.count == 1, case .name(let name) = argument.form,
            name.text.lowercased() == "everything"
        else { return nil }
        return words[0]
    }

    private func refuseWhatDoesNotFit(_ items: [AggregateSyntax?]) throws {
        let clauses = question.query.clauses
        let context = question.context
        if let index = items.firstIndex(where: { $0 == nil }) {
            throw context.wrong(
                .notAvailable, "`everything` stands beside other aggregates of `everything` only",
                at: question.query.outputs[index].expression.range, notes: ["make two queries"])
        }
        let others: [(String, SourceRange?)] = [
            ("where", clauses.filter?.range), ("per", clauses.grouping?.range),
            ("fill", clauses.fill?.range), ("when", clauses.episode?.range),
            ("top", clauses.ranking?.range), ("compare with", clauses.compare?.range),
            ("on", clauses.on?.range), ("in", clauses.unit?.range),
            ("points", clauses.points?.range), ("over", clauses.every?.form.over?.range),
        ]
        for case (let clause, let range?) in others {
            throw context.wrong(
                .notAvailable, "`everything` does not go with `\(clause)`", at: range,
                notes: ["name the measures: `mean vibration, mean rpm of …`"])
        }
        for (item, output) in zip(items, question.query.outputs) {
            guard let item else { continue }
            switch item.word {
            case .mean, .count, .highest, .lowest, .earliest, .latest, .avg, .min, .max, .coverage:
                break
            default:
                throw context.wrong(
                    .notAvailable, "`\(item.word.text)` does not go with `everything`",
                    at: item.range, notes: ["name the measures it is meant for"])
            }
            if let unit = output.unit {
                throw context.wrong(
                    .notAvailable, "`everything` has no common unit", at: unit.range)
            }
        }
    }

    // MARK: The newest values

    private func latest() throws -> QueryResult {
        let inventory = try question.inventory()
        question.depend(on: inventory)
        let now = question.context.now
        let entries = inventory.entries
        var table = NewestRows(capacity: entries.count)
        var index = 0
        while index < entries.count {
            let first = index
            // Sources of one measure come in order of time: the one that holds now speaks.
            var chosen = index
            while index < entries.count, entries[index].subject == entries[first].subject,
                index == first || entries[index].measureName == entries[first].measureName
            {
                if !entries[chosen].source.range.contains(now) { chosen = index }
                index += 1
            }
            let subject = entries[first].subject
            guard inventory.subjects[subject].pieces.contains(where: { $0.range.end >= now }),
                let point = try newest(entries[chosen].source)
            else { continue }
            table.append(point, entries[chosen], inventory.subjects[subject], now: now)
            if index % 1024 == 0 { try question.checkLimits() }
        }
        return table.result(zone: question.context.zone)
    }

    /// The newest usable point of a source up to now.
    private func newest(_ source: PlantReader.Source) throws -> Point? {
        if let gap = source.definition.gap {
            let known = question.dependencies.largestGap ?? 0
            question.dependencies.largestGap = max(known, gap)
        }
        question.stats.series += 1
        var limit = min(source.range.end, question.context.now.advanced(by: 1))
        for _ in 0..<1000 {
            guard
                let point = try question.snapshot.newest(of: source.series, before: limit),
                point.instant >= source.range.start
            else { return nil }
            question.stats.points += 1
            if question.qualities.contains(point.quality) { return point }
            limit = point.instant
        }
        return nil
    }

    // MARK: Aggregates over time

    private func aggregates(_ words: [AggregateSyntax]) throws -> QueryResult {
        let inventory = try question.inventory()
        var needs = LaneFold.Needs()
        for word in words { needs.add(word.word) }
        var leaves: [String: Int] = [:]
        var targets = inventory.subjects.map { FoldRun.Target(subject: $0, leaves: []) }
        let countsOnly = words.allSatisfy { $0.word == .count }
        for entry in inventory.entries {
            let kind = entry.source.series.kind
            // A state has no mean; its samples are counted all the same.
            guard kind == .float || kind == .integer || countsOnly else { continue }
            let leaf = leaves[entry.measureName] ?? question.leaves.count
            if leaves[entry.measureName] == nil {
                leaves[entry.measureName] = leaf
                question.leaves.append(
                    BoundLeaf(
                        name: entry.measureName, source: .measure(entry.source.series.measure),
                        definition: entry.source.definition, unit: nil, offset: nil, scope: nil,
                        range: question.query.range))
            }
            if targets[entry.subject].sources[leaf] == nil {
                targets[entry.subject].leaves.append(leaf)
            }
            targets[entry.subject].sources[leaf, default: []].append(entry.source)
        }
        question.plan = .fold(
            FoldPlan(needs: Dictionary(uniqueKeysWithValues: leaves.values.map { ($0, needs) })))
        let run = FoldRun(
            question: question,
            needs: Dictionary(uniqueKeysWithValues: leaves.values.map { ($0, needs) }))
        guard let folded = try run.run(targets.filter { !$0.leaves.isEmpty }) else {
            throw question.context.wrong(
                .notAvailable, "`everything` needs a range that ends by now, and slices apart",
                at: question.query.range)
        }
        return try rows(words, needs, folded)
    }

    private func rows(
        _ words: [AggregateSyntax], _ needs: LaneFold.Needs, _ folded: [FoldRun.Folded]
    ) throws -> QueryResult {
        var columns = AnswerColumns(
            zip(words, question.query.outputs).map { word, output in
                RowTable.Field(
                    name: output.alias?.text ?? TwinQL.print(output.expression),
                    kind: word.word == .count ? .integer : .float, unit: nil)
            })
        for own in folded {
            for leaf in own.target.leaves {
                append(own, leaf, words, needs, to: &columns)
            }
            try question.checkRowCount(columns.rowCount)
        }
        return columns.result(
            zone: question.context.zone, showsEnd: question.showsEnd(of: columns.keys))
    }

    /// The rows of one measure of one asset.
    private func append(
        _ own: FoldRun.Folded, _ leaf: Int, _ words: [AggregateSyntax], _ needs: LaneFold.Needs,
        to columns: inout AnswerColumns
    ) {
        let unit = own.target.sources[leaf]?.first?.definition.unit ?? ""
        let sums = words.map { word in
            AggregateSums(
                name: word.word.text, word: word.word, factor: 1, leaf: leaf,
                samples: needs.samples
                    ? own.samples[leaf]
                        ?? Array(repeating: SampleSums(), count: own.slices.count) : [],
                curves: needs.curve
                    ? own.curves[leaf] ?? Array(repeating: CurveSums(), count: own.slices.count)
                    : [])
        }
        for (index, slice) in own.slices.enumerated() {
            let covered = slice.covered(until: question.context.now)
            columns.starts.append(slice.whole.start.nanoseconds)
            columns.names.append(own.subject.name)
            columns.measures.append(question.leaves[leaf].name)
            columns.units.append(unit)
            columns.keys.append(
                RowKey(asset: own.subject.asset, name: own.subject.name, range: slice.whole))
            let values = sums.map { $0.value(index, covered: covered) }
            for (item, value) in values.enumerated() { columns.numbers[item].append(value) }
            columns.notes.append(
                SliceNotes(
                    slice: slice, provisionalFrom: own.provisionalFrom, covered: covered
                ).text(
                    sums, index, isTooLarge: values.contains { $0?.isFinite == false }))
        }
    }
}

/// The columns of `latest everything`: time, asset, measure, value, unit, age, note.
private struct NewestRows {
    private var starts: [Int64] = []
    private var ages: [Int64] = []
    private var keys: [RowKey] = []
    private var names = AnswerColumns.Words()
    private var measures = AnswerColumns.Words()
    private var units = AnswerColumns.Words()
    private var notes = AnswerColumns.Words()
    /// Values rarely repeat: each is a word of its own.
    private var values: [String] = []
    /// The subject of the row before.
    private var lastSubject = -1

    init(capacity: Int) {
        starts.reserveCapacity(capacity)
        ages.reserveCapacity(capacity)
        keys.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
    }

    mutating func append(
        _ point: Point, _ entry: Inventory.Entry, _ subject: Subject, now: Timestamp
    ) {
        let hint = Int(entry.source.series.measure.rawValue)
        let age = now.nanoseconds(since: point.instant)
        starts.append(point.instant.nanoseconds)
        ages.append(age)
        keys.append(
            RowKey(
                asset: subject.asset, name: subject.name,
                range: TimeRange(start: point.instant, end: point.instant)))
        if entry.subject == lastSubject {
            names.appendSame()
        } else {
            names.appendNew(subject.name)
            lastSubject = entry.subject
        }
        measures.append(entry.measureName, hint: hint)
        values.append(PlantListing.text(of: point.value))
        units.append(entry.source.definition.unit, hint: hint)
        notes.append(entry.source.definition.gap.map { age > $0 } ?? false ? "stale" : "")
    }

    func result(zone: ZoneRules) -> QueryResult {
        let texts = ResultCells.Texts(words: values, indices: Array(0..<Int32(values.count)))
        func column(_ name: String, _ kind: ResultColumn.Kind, _ cells: ResultCells) -> ResultColumn
        {
            ResultColumn(name: name, kind: kind, cells: cells)
        }
        var result = QueryResult(
            content: .rows,
            columns: [
                column("time", .timestamp, ResultCells(.integers(starts))),
                column("asset", .asset, names.cells), column("measure", .text, measures.cells),
                column("value", .text, ResultCells(.texts(texts))),
                column("unit", .text, units.cells),
                column("age", .duration, ResultCells(.integers(ages))),
                column("note", .note, notes.cells),
            ], zone: zone)
        result.keys = keys
        result.stats.rows = starts.count
        return result
    }
}
