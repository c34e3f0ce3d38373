import PolluxLanguage
import PolluxModel

/// Episodes: spans in which a condition held long enough (S17, S18).
struct EpisodeRows {
    let question: Question

    /// One episode with its true bounds.
    struct Episode {
        var start: Int64
        var end: Int64
        var isOpen = false
        var beganEarlier = false
        var isStale = false
    }

    /// One row per episode; with `every`, one per slice about the episodes that start in it.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        guard let clause = question.query.clauses.episode else {
            preconditionFailure("episodes need `when`")
        }
        guard question.query.clauses.every == nil, question.query.clauses.grouping == nil else {
            throw question.context.wrong(
                .notAvailable, "`when` with `every` or `per` is not available in this version",
                at: clause.range)
        }
        let binder = ExpressionBinder(question: question)
        let condition = try truth(clause.form.condition, binder)
        let until = try clause.form.until.map { try truth($0, binder) }
        let minimum = try clause.form.minimum.map { try length($0) } ?? 0
        let untilMinimum = try clause.form.untilMinimum.map { try length($0) } ?? 0
        let filters = try SliceFilters(question: question)
        let items = outputs.map { question.item($0) }
        var table = RowTable(items: items)
        table.showsEnd = true
        for subject in question.subjects {
            guard let range = try question.ranges.range(question.query.clauses, for: subject.asset)
            else { continue }
            // Read back far enough that an episode which began before the range shows its start.
            let reach = max(range.nanoseconds, minimum, 86_400_000_000_000)
            let wide = TimeRange(
                start: range.start.advanced(by: -reach),
                end: min(question.context.now, range.end.advanced(by: reach)))
            let evaluator = try question.columns(of: subject, in: wide)
            let episodes = EpisodeFinder(
                evaluator: evaluator, condition: condition, minimum: minimum, until: until,
                untilMinimum: untilMinimum
            ).episodes(in: wide, now: question.context.now)
            for episode in episodes {
                let span = TimeRange(
                    start: Timestamp(nanoseconds: episode.start),
                    end: Timestamp(nanoseconds: episode.end))
                guard let inside = span.intersection(range) else { continue }
                let row = self.row(
                    episode, span, inside, subject, outputs, items, evaluator, filters)
                if let row { table.rows.append(row) }
            }
        }
        return table.result(zone: question.context.zone)
    }

    private func row(
        _ episode: Episode, _ span: TimeRange, _ inside: TimeRange, _ subject: Subject,
        _ outputs: [Question.Output], _ items: [RowTable.Field], _ evaluator: Evaluator,
        _ filters: SliceFilters
    ) -> RowTable.Row? {
        let slice = SliceRows.Slice(whole: span, window: inside, notes: [])
        let totals = question.aggregates.map {
            AggregateTotals.gather(
                $0, evaluator: evaluator, filter: filters.samples, windows: [inside])
        }
        let group = SliceRows.Gathered(
            name: subject.name, asset: subject.asset, slices: [slice], totals: totals,
            perAsset: [], evaluators: [evaluator])
        let values = SliceValues(question: question, group: group, slice: 0)
        if let filter = filters.rows, values.evaluate(filter) != 1 { return nil }
        let cells = zip(outputs, items).map { output, item in
            guard output.isAggregate else {
                let column = evaluator.values(
                    output.expression, at: [inside.start.nanoseconds])
                let leaf = SampleRows(question: question).leaf(output, evaluator)
                return question.cell(column.isKnown[0] ? column.values[0] : nil, item, leaf: leaf)
            }
            return values.cell(output, item)
        }
        var notes: [String] = []
        if episode.isOpen { notes.append("open") }
        if episode.isStale { notes.append("stale") }
        if episode.beganEarlier || inside.start > span.start { notes.append("began earlier") }
        return RowTable.Row(
            key: RowKey(asset: subject.asset, name: subject.name, range: span), cells: cells,
            notes: notes)
    }

    private func truth(
        _ syntax: ExpressionSyntax, _ binder: ExpressionBinder
    ) throws -> BoundExpression {
        let bound = try binder.bind(syntax)
        guard bound.valueClass == .truth, bound.aggregates.isEmpty else {
            throw question.context.wrong(
                .conditionExpected, "`when` needs a condition such as `vibration > 5 mm/s`",
                at: syntax.range)
        }
        return bound
    }

    private func length(_ written: PeriodSyntax) throws -> Int64 {
        let period = try question.context.period(written)
        return period.approximateNanoseconds
    }
}

/// Walks a condition over time and finds its episodes.
struct EpisodeFinder {
    let evaluator: Evaluator
    let condition: BoundExpression
    let minimum: Int64
    let until: BoundExpression?
    let untilMinimum: Int64

    /// What a condition is over one interval.
    private enum Truth { case yes, no, unknown }

    /// Episodes in ascending order; unknown time neither starts nor ends one.
    func episodes(in range: TimeRange, now: Timestamp) -> [EpisodeRows.Episode] {
        let integrator = CurveIntegrator(evaluator: evaluator)
        let bounds = integrator.bounds(
            of: [condition] + (until.map { [$0] } ?? []), windows: [range])
        guard bounds.count > 1 else { return [] }
        let holds = truths(condition, bounds)
        let ends = until.map { truths($0, bounds) }
        var found: [EpisodeRows.Episode] = []
        var open: (start: Int64, isConfirmed: Bool)?
        var trueSince: Int64?
        var endingSince: Int64?
        var isStale = false
        for index in holds.indices {
            let (low, high) = (bounds[index], bounds[index + 1])
            let truth = holds[index]
            if truth == .yes { trueSince = trueSince ?? low }
            if let current = open {
                isStale = truth == .unknown
                if let since = trueSince, truth == .yes, high - since >= minimum {
                    open?.isConfirmed = true
                }
                if let end = ending(index, low, high, truth, ends, &endingSince) {
                    if open?.isConfirmed == true {
                        found.append(EpisodeRows.Episode(start: current.start, end: end))
                    }
                    open = nil
                    endingSince = nil
                } else if truth == .no, open?.isConfirmed != true {
                    // It did not last long enough to be one.
                    open = nil
                }
            } else if truth == .yes {
                open = (low, high - low >= minimum)
                endingSince = nil
                isStale = false
            }
            if truth == .no { trueSince = nil }
        }
        if let current = open, current.isConfirmed, let last = bounds.last {
            var episode = EpisodeRows.Episode(start: current.start, end: last)
            episode.isOpen = last >= now.nanoseconds
            episode.isStale = isStale
            found.append(episode)
        }
        if let first = found.first, first.start == bounds[0] { found[0].beganEarlier = true }
        return found
    }

    private func truths(_ node: BoundExpression, _ bounds: [Int64]) -> [Truth] {
        let column = evaluator.middles(node, bounds: bounds)
        return column.values.indices.map {
            column.isKnown[$0] ? (column.values[$0] == 1 ? .yes : .no) : .unknown
        }
    }

    /// Where an open episode ends inside an interval, if it does.
    private func ending(
        _ index: Int, _ low: Int64, _ high: Int64, _ truth: Truth, _ ends: [Truth]?,
        _ endingSince: inout Int64?
    ) -> Int64? {
        guard let ends else { return truth == .no ? low : nil }
        switch ends[index] {
        case .yes:
            let since = endingSince ?? low
            endingSince = since
            return high - since >= untilMinimum ? since : nil
        case .no:
            endingSince = nil
            return nil
        case .unknown: return nil
        }
    }
}
