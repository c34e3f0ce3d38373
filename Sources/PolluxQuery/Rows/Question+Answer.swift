import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Chooses what rows are: samples, slices, latest values, episodes, events, model output.
extension Question {
    /// One item as it will be shown.
    struct Output {
        var name: String
        var expression: BoundExpression
        var isAggregate: Bool { !expression.aggregates.isEmpty }
    }

    /// Whether `until` is shown: slices of events and episodes vary, those of a period do not, and
    /// whole ranges do where a change of the plant cut some of them off.
    ///
    /// What counts are rows that are shown, however they were found.
    func showsEnd(of keys: some Collection<RowKey>) -> Bool {
        switch query.clauses.every?.form.stride {
        case .event: return true
        case .period: return false
        case nil:
            if query.clauses.episode != nil, query.clauses.grouping == nil { return true }
            let shown = keys.prefix(query.clauses.limit?.form ?? .max)
            return shown.contains { $0.range.end != shown.first?.range.end }
        }
    }

    /// Answers the question.
    func answer() throws -> QueryResult {
        var result = try rows()
        if let clause = query.clauses.compare {
            result = try ComparedRows(question: self, clause: clause).joined(result, query.outputs)
        }
        stages.end("make rows")
        let clauses = query.clauses
        if clauses.time == nil, clauses.during == nil, query.head == .read, !isLatestOnly {
            addNote("no range given: last 1h")
        }
        result.notes = result.notes + notes + pathNotes + storedNotes
        if let limit = clauses.limit { result = result.cut(to: limit.form) }
        guard result.rowCount <= context.options.rowLimit else {
            throw QueryError.runtime(
                .rowLimit,
                "the answer has \(result.rowCount) rows, more than \(context.options.rowLimit): "
                    + "ask for a shorter range, longer slices, or `limit`")
        }
        if result.rowCount == 0 {
            try refuseBrief()
            result.notes += try explainEmptiness()
        }
        result.format = clauses.format?.form.text
        result.range =
            try subjects.first.map(range) ?? ranges.range(clauses, for: nil)
        result.meaning = try meaning(in: result.range)
        dependencies.assets.formUnion(subjects.map(\.asset))
        for subject in subjects {
            for piece in subject.pieces {
                dependencies.assets.formUnion([piece.place, piece.item].compactMap { $0 })
            }
        }
        result.siteZones = try zonesOfSites()
        result.dependencies = dependencies
        let rowCount = result.stats.rows
        result.stats = stats
        result.stats.rows = rowCount
        return result
    }

    /// What must be known of measures and events that live work has stored.
    private var storedNotes: [String] {
        guard let control = engine.liveControl else { return [] }
        var notes: [String] = []
        for leaf in leaves {
            guard let note = control.remark(on: leaf.name), !notes.contains(note) else { continue }
            notes.append(note)
        }
        return notes
    }

    /// The rows as they come, before `limit`.
    func rows() throws -> QueryResult {
        switch query.head {
        case .anomalies, .remainingLife: return try headRows()
        case .forecast: return try ForecastHead(question: self).rows()
        case .read: break
        }
        if let everything = try EverythingRows(question: self).rows() { return everything }
        if let events = try EventRows(question: self).rows() { return events }
        let outputs = try query.outputs.map { try output($0) }
        boundOutputs = outputs.map(\.expression)
        stages.end("bind")
        if isLatestOnly {
            plan = .latest
            return try LatestRows(question: self).rows(outputs)
        }
        let hasAggregates = outputs.contains(where: \.isAggregate)
        let isMixed = outputs.contains { !$0.isAggregate } && hasAggregates
        let isEpisodes = query.clauses.episode != nil
        if isMixed, query.clauses.every == nil, !isEpisodes { throw mixed(outputs) }
        if hasAggregates || query.clauses.every != nil || isEpisodes {
            return try sliceRows(outputs)
        }
        try refuseComparedSamples()
        return try sampleRows(outputs)
    }

    private func sliceRows(_ outputs: [Output]) throws -> QueryResult {
        plan = try slicePlan(outputs)
        if case .evaluate? = plan { try refuseBrief() }
        let before = stats
        if case .fold(let fold) = plan {
            if let folded = try FoldRun(question: self, needs: fold.needs).run() {
                return try FoldRows(question: self, plan: fold, outputs: outputs).result(folded)
            }
            try refuseBrief()
            plan = .evaluate(reason: "slices overlap or reach beyond now")
            stats = before
        }
        return try SliceRows(question: self).rows(outputs)
    }

    private func sampleRows(_ outputs: [Output]) throws -> QueryResult {
        plan = samplePlan(outputs)
        if case .copy(let copy) = plan {
            return try CopyRows(question: self, plan: copy).rows(outputs)
        }
        try refuseBrief()
        return try SampleRows(question: self).rows(outputs)
    }

    private func mixed(_ outputs: [Output]) -> QueryError {
        let sample = outputs.first { !$0.isAggregate }
        let range = sample?.expression.range ?? query.range
        let text = range.text(in: context.text)
        // What the others say fits it as well, but for states, of which most words say nothing.
        let first = outputs.lazy.flatMap(\.expression.aggregates).first
        var word = first.map { aggregates[$0].word } ?? .avg
        if sample?.expression.valueClass != .number, word != .latest, word != .earliest {
            word = .mode
        }
        return context.wrong(
            .aggregateAndSample,
            "some items are one value per \(isAnyLatest(outputs) ? "asset" : "slice"), "
                + "`\(text)` is every sample",
            at: range, notes: ["write `\(word.text) \(text)`, or two queries"])
    }

    /// Whether the items with an aggregate ask for newest values, of no range.
    private func isAnyLatest(_ outputs: [Output]) -> Bool {
        query.clauses.time == nil
            && outputs.allSatisfy { output in
                output.expression.aggregates.allSatisfy { aggregates[$0].word == .latest }
            }
    }

    /// Whether all items are `latest x` and no range is given: then any age will do.
    var isLatestOnly: Bool { query.isLatestOnly }

    /// Binds one item: its expression, unit and name.
    func output(_ written: OutputSyntax) throws -> Output {
        var bound = try ExpressionBinder(question: self).bind(written.expression)
        if !bound.aggregates.isEmpty, let name = bareName(bound) {
            throw mixed(written.expression, bound, sample: name)
        }
        let unit = written.unit ?? query.clauses.unit?.form
        if let unit, bound.valueClass == .number || bound.valueClass == .duration {
            let target = try UnitRules.unit(unit, context)
            let isAsked = written.unit != nil
            let fits = bound.unit?.dimension == target.dimension || bound.unit == nil
            if isAsked || fits {
                bound = try UnitRules(context: context, question: self).converted(
                    bound, to: target, at: unit.range)
            }
        }
        return Output(
            name: written.alias?.text ?? TwinQL.print(written.expression), expression: bound)
    }

    /// `avg power / rpm`: one value per slice with every sample.
    private func mixed(
        _ written: ExpressionSyntax, _ bound: BoundExpression, sample: SourceRange
    ) -> QueryError {
        let aggregate = aggregates[bound.aggregates.first ?? 0]
        let text = context.text
        let name = sample.text(in: text)
        let words = aggregate.range.text(in: text)
        let argument = aggregate.argument.range.text(in: text)
        let all = written.range.text(in: text)
        let whole = all.replacing(words, with: argument)
        return .diagnostics([
            Diagnostic(
                .aggregateAndSample, "`\(words)` is one value per slice, `\(name)` is every sample",
                at: sample, in: text, also: [aggregate.range],
                suggestions: [
                    .init(
                        "write `\(aggregate.word.text) (\(whole))`, or "
                            + "`\(all.replacing(name, with: "\(aggregate.word.text) \(name)"))`")
                ])
        ])
    }

    /// A leaf outside every aggregate of an expression that has aggregates.
    private func bareName(_ bound: BoundExpression) -> SourceRange? {
        var found: SourceRange?
        bound.visit { if case .leaf = $0.form { found = found ?? $0.range } }
        return found
    }

    /// How an item's column is shown.
    func item(_ output: Output) -> RowTable.Field {
        let kind: ResultColumn.Kind
        switch output.expression.valueClass {
        case .number: kind = isWhole(output.expression) ? .integer : .float
        case .text: kind = .text
        case .truth: kind = .boolean
        case .duration: kind = output.expression.unit == .second ? .duration : .float
        }
        let unit = kind == .duration ? nil : output.expression.unit?.symbol
        return RowTable.Field(
            name: output.name, kind: kind, unit: unit?.isEmpty == true ? nil : unit,
            curve: kind == .float || kind == .integer ? curve(of: output.expression) : nil)
    }

    private func isWhole(_ bound: BoundExpression) -> Bool {
        switch bound.form {
        case .leaf(let index): return leaves[index].definition.valueKind == .integer
        case .aggregate(let index):
            let aggregate = aggregates[index]
            guard isWhole(aggregate) else { return false }
            // Across assets, means lie between whole numbers.
            switch aggregate.across {
            case .avg, .mean, .median, .percentile, .stddev: return false
            default: return true
            }
        default: return false
        }
    }

    private func isWhole(_ aggregate: BoundAggregate) -> Bool {
        switch aggregate.word {
        case .count, .times: return true
        case .delta:
            guard case .leaf(let index) = aggregate.argument.form, aggregate.factor == 1
            else { return false }
            let definition = leaves[index].definition
            return definition.valueKind == .integer
                && [definition.rollover, definition.starts].allSatisfy {
                    $0.map { $0 == $0.rounded() } ?? true
                }
        default: return false
        }
    }

    /// A number as a cell of an item's column; `time` is that of the leaf's value.
    func cell(
        _ value: Double?, _ item: RowTable.Field, leaf: LeafColumn? = nil, at time: Int64? = nil
    ) -> ResultCell {
        guard let value, value.isFinite else { return .missing }
        if item.kind == .integer, let leaf, let time, let whole = leaf.whole(value, at: time) {
            return .integer(whole)
        }
        switch item.kind {
        case .float: return .float(value)
        case .integer: return Int64(exactly: value).map { .integer($0) } ?? .float(value)
        case .duration: return .duration(Int64((value * 1e9).rounded()))
        case .boolean: return .boolean(value == 1)
        case .text: return leaf?.word(value).map { .text($0) } ?? .missing
        case .timestamp, .asset, .note: return .missing
        }
    }

    /// The leaf columns of a subject over a range, in the order of the leaves.
    func columns(
        of subject: Subject, in range: TimeRange, rollups: RollupReading? = nil
    ) throws -> Evaluator {
        let reader = PlantReader(question: self)
        var bytes = 0
        let columns = try leaves.enumerated().map { index, leaf in
            let own = rollups.flatMap { reading in
                reading.needs[index].map { (needs: $0, reading: reading) }
            }
            var column = try reader.column(leaf, of: subject, in: range, rollups: own)
            if trackedLeaves.contains(index) {
                column.track = try reader.track(leaf, of: subject, in: range)
            }
            bytes += column.byteCount
            try checkMemory(adding: bytes)
            return column
        }
        return Evaluator(
            leaves: columns, definitions: leaves, now: knownEnd, start: range.start.nanoseconds)
    }
}

extension QueryResult {
    /// The first rows only.
    func cut(to limit: Int) -> QueryResult {
        guard rowCount > limit else { return self }
        var result = self
        result.columns = columns.map { column in
            var column = column
            let missing = Array(column.cells.missing.prefix(limit))
            switch column.cells.values {
            case .integers(let values):
                column.cells = ResultCells(.integers(Array(values.prefix(limit))), missing: missing)
            case .floats(let values):
                column.cells = ResultCells(.floats(Array(values.prefix(limit))), missing: missing)
            case .booleans(let values):
                column.cells = ResultCells(.booleans(Array(values.prefix(limit))), missing: missing)
            case .texts(var texts):
                texts.indices = Array(texts.indices.prefix(limit))
                column.cells = ResultCells(.texts(texts), missing: missing)
            }
            column.curve?.holes?.removeAll { $0.row >= limit }
            return column
        }
        result.keys = Array(keys.prefix(limit))
        return result
    }
}
