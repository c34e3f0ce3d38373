import PolluxGraph
import PolluxLanguage
import PolluxModel

/// One row per asset (or group) and slice: aggregates, or the curve read on an even grid.
struct SliceRows {
    let question: Question

    /// A slice of the range: what it covers, what is read, what must be said about it.
    struct Slice {
        /// The whole slice; its start is the row's time.
        var whole: TimeRange
        /// The part inside the range.
        var window: TimeRange
        var notes: [String]
    }

    /// What a group has gathered: totals by aggregate and slice, merged or one per asset.
    struct Gathered {
        var name: String
        var asset: AssetID?
        var slices: [Slice]
        var totals: [[AggregateTotals]]
        /// Values per asset, for aggregates across assets.
        var perAsset: [[[Double]]]
        var evaluators: [Evaluator]
    }

    /// Rows by asset or group, and slice.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        let clauses = question.query.clauses
        let filters = try SliceFilters(question: question)
        let items = outputs.map { question.item($0) }
        var table = RowTable(items: items)
        table.showsEnd = isEventSliced
        var groups: [Gathered] = []
        for subject in question.subjects {
            guard let range = try question.ranges.range(clauses, for: subject.asset) else {
                question.addNote("\(subject.name) has no such event yet")
                continue
            }
            // Where the path did not mean the asset there is no row, not an empty one.
            let slices = try self.slices(of: range, for: subject).filter { slice in
                subject.pieces.contains { $0.range.overlaps(slice.window) }
            }
            guard let first = slices.first, let last = slices.last else { continue }
            // What became true is seen from the instant before.
            let lead: Int64 = question.aggregates.contains { $0.word == .times } ? -1 : 0
            let read = TimeRange(
                start: first.window.start.advanced(by: lead), end: last.window.end)
            let evaluator = try question.columns(of: subject, in: read)
            if let condition = filters.assets, !evaluator.isEverTrue(condition, in: read) {
                continue
            }
            try gather(
                subject, slices, evaluator, filter: filters.samples, range: read, into: &groups)
        }
        for group in groups.map(SliceRows.inOrder) {
            append(group, outputs, items, filters.rows, to: &table)
        }
        rank(&table, groups)
        if case .overall? = clauses.grouping?.form { table.showsAsset = false }
        return table.result(zone: question.context.zone)
    }

    // MARK: Slices

    private var isEventSliced: Bool {
        if case .event? = question.query.clauses.every?.form.stride { return true }
        return false
    }

    /// The slices of a range for a subject (S1–S5).
    func slices(of range: TimeRange, for subject: Subject) throws -> [Slice] {
        let now = question.context.now
        guard let every = question.query.clauses.every?.form else {
            return [Slice(whole: range, window: range, notes: [])]
        }
        var range = range
        var wholes: [TimeRange]
        var unbegun: Timestamp?
        var unended: Timestamp?
        switch every.stride {
        case .event(let name):
            let found = try eventSlices(name, range: range, subject: subject)
            (wholes, unbegun, unended) = (found.ranges, found.unbegun, found.unended)
        case .period(let written):
            let period = try question.context.period(written)
            let grid: SliceGrid
            do {
                grid = try SliceGrid(
                    every: period, zone: question.context.zone,
                    from: every.isFromStart ? range.start : nil)
            } catch {
                throw strideProblem(error, at: written.range)
            }
            if case .last? = question.query.clauses.time?.form, !every.isFromStart {
                // The first slice is whole, so that charts do not jitter (S4).
                range.start = grid.start(containing: range.start)
            } else if question.query.clauses.time == nil, question.query.clauses.during == nil {
                range.start = grid.start(containing: range.start)
            }
            wholes = grid.slices(over: range, limit: question.context.options.rowLimit + 1)
            guard wholes.count <= question.context.options.rowLimit else {
                throw QueryError.runtime(
                    .rowLimit,
                    "the range has more than \(question.context.options.rowLimit) slices")
            }
        }
        if let restriction = question.context.options.restriction {
            wholes = wholes.filter { $0.overlaps(restriction) }
        }
        return wholes.compactMap { whole in
            guard let window = whole.intersection(range) else { return nil }
            var notes: [String] = []
            let isOpen = whole.end > now || whole.start == unended
            if isOpen { notes.append("open") }
            if window.start > whole.start || whole.start == unbegun
                || (window.end < whole.end && !isOpen)
            {
                notes.append("cut")
            }
            return Slice(whole: whole, window: window, notes: notes)
        }
    }

    private func strideProblem(_ problem: SliceGrid.Problem, at range: SourceRange) -> QueryError {
        switch problem {
        case .empty:
            question.context.wrong(.badPeriod, "a slice needs a length", at: range)
        case .longerThanDay:
            question.context.wrong(
                .strideTooLong, "slices above a day are counted in days: write `2d`", at: range)
        case .mixed:
            question.context.wrong(
                .badPeriod, "a slice is hours, days or months, not a mixture", at: range)
        }
    }

    /// Slices from events, and the starts of those that no event begins or ends.
    private struct EventSlices {
        var ranges: [TimeRange]
        var unbegun: Timestamp?
        var unended: Timestamp?
    }

    /// Intervals of an event, or from one point event to the next.
    private func eventSlices(
        _ name: NameSyntax, range: TimeRange, subject: Subject
    ) throws -> EventSlices {
        question.dependencies.hasEvents = true
        let events = try question.ranges.events(name, label: nil, for: subject.asset)
        let intervals = events.filter { !$0.isInstant }.map(\.range)
        guard intervals.isEmpty else {
            return EventSlices(ranges: intervals.filter { $0.overlaps(range) })
        }
        // Before the first event of all, the slice begins with the range.
        var bounds = [min(range.start, events.first?.start ?? range.start)]
        bounds += events.map(\.start).filter { $0 > bounds[0] }
        let last = bounds[bounds.count - 1]
        let end = max(question.context.now, range.end)
        var slices = zip(bounds, bounds.dropFirst()).map { TimeRange(start: $0, end: $1) }
        if last < end { slices.append(TimeRange(start: last, end: end)) }
        return EventSlices(
            ranges: slices.filter { $0.overlaps(range) },
            unbegun: events.first?.start == bounds[0] ? nil : bounds[0], unended: last)
    }

    // MARK: Gathering

    private func gather(
        _ subject: Subject, _ slices: [Slice], _ evaluator: Evaluator,
        filter: BoundExpression?, range: TimeRange, into groups: inout [Gathered]
    ) throws {
        let windows = slices.map(\.window)
        var totals = question.aggregates.map { aggregate in
            AggregateTotals.gather(
                aggregate, evaluator: evaluator, filter: filter, windows: windows)
        }
        let label = try GroupLabels(question: question).label(of: subject, in: range)
        let values = question.aggregates.indices.map { index in
            totals[index].indices.map { slice in
                totals[index][slice].value(of: question.aggregates[index], window: windows[slice])
            }
        }
        guard let label else {
            groups.append(
                Gathered(
                    name: subject.name, asset: subject.asset, slices: slices, totals: totals,
                    perAsset: [], evaluators: [evaluator]))
            return
        }
        let perAsset = values.map { $0.map { $0.map { [$0] } ?? [] } }
        guard let index = groups.firstIndex(where: { $0.name == label && $0.asset == nil }) else {
            groups.append(
                Gathered(
                    name: label, asset: nil, slices: slices, totals: totals, perAsset: perAsset,
                    evaluators: [evaluator]))
            return
        }
        groups[index].evaluators.append(evaluator)
        for (slice, own) in slices.enumerated() {
            let known = groups[index].slices.firstIndex { $0.whole == own.whole }
            for aggregate in totals.indices {
                if let known {
                    totals[aggregate][slice].merge(groups[index].totals[aggregate][known])
                    groups[index].totals[aggregate][known] = totals[aggregate][slice]
                    groups[index].perAsset[aggregate][known] += perAsset[aggregate][slice]
                } else {
                    groups[index].totals[aggregate].append(totals[aggregate][slice])
                    groups[index].perAsset[aggregate].append(perAsset[aggregate][slice])
                }
            }
            if known == nil { groups[index].slices.append(own) }
        }
    }

    /// Slices of a group in time order; assets of a group may bring different ones.
    private static func inOrder(_ group: Gathered) -> Gathered {
        let order = group.slices.indices.sorted {
            group.slices[$0].whole.start < group.slices[$1].whole.start
        }
        var sorted = group
        sorted.slices = order.map { group.slices[$0] }
        sorted.totals = group.totals.map { totals in order.map { totals[$0] } }
        sorted.perAsset = group.perAsset.map { values in order.map { values[$0] } }
        return sorted
    }

    // MARK: Rows

    private func append(
        _ group: Gathered, _ outputs: [Question.Output], _ items: [RowTable.Field],
        _ filter: BoundExpression?, to table: inout RowTable
    ) {
        let starts = group.slices.map { $0.window.start.nanoseconds }
        let single = group.evaluators.count == 1 ? group.evaluators.first : nil
        let curves = outputs.map { output in
            output.isAggregate ? nil : single?.values(output.expression, at: starts)
        }
        var held: [ResultCell] = Array(repeating: .missing, count: outputs.count)
        for (index, slice) in group.slices.enumerated() {
            let row = SliceValues(question: question, group: group, slice: index)
            if let filter, row.evaluate(filter) != 1 { continue }
            var notes = slice.notes
            var cells: [ResultCell] = []
            for (item, output) in outputs.enumerated() {
                if let column = curves[item] {
                    let leaf = SampleRows(question: question).leaf(output, group.evaluators[0])
                    cells.append(
                        question.cell(
                            column.isKnown[index] ? column.values[index] : nil, items[item],
                            leaf: leaf))
                } else {
                    cells.append(row.cell(output, items[item]))
                }
            }
            notes += row.notes(outputs)
            fill(&cells, &held, &notes)
            table.rows.append(
                RowTable.Row(
                    key: RowKey(asset: group.asset, name: group.name, range: slice.whole),
                    cells: cells, notes: notes))
        }
    }

    /// Writes empty cells as `fill` says; never changes an aggregate (S15).
    private func fill(
        _ cells: inout [ResultCell], _ held: inout [ResultCell], _ notes: inout [String]
    ) {
        guard let filling = question.query.clauses.fill?.form.filling else { return }
        for index in cells.indices {
            guard cells[index] == .missing else {
                held[index] = cells[index]
                continue
            }
            switch filling {
            case .hold: cells[index] = held[index]
            case .value(let literal):
                if let value = try? question.context.value(literal).value {
                    cells[index] = value.number.map { .float($0) } ?? .missing
                }
            case .none, .linear: continue
            }
            if cells[index] != .missing, !notes.contains("filled") {
                notes.removeAll { $0 == "known 0 %" }
                notes.append("filled")
            }
        }
    }

    /// Keeps the assets or groups with the greatest or least value of the first item.
    private func rank(_ table: inout RowTable, _ groups: [Gathered]) {
        guard let ranking = question.query.clauses.ranking?.form else { return }
        var best: [String: Double] = [:]
        for row in table.rows {
            guard let value = row.cells.first?.number else { continue }
            let known = best[row.key.name]
            best[row.key.name] =
                known.map { ranking.isTop ? max($0, value) : min($0, value) } ?? value
        }
        let order = best.sorted {
            ($0.value, $1.key) > ($1.value, $0.key)
        }.map(\.key)
        let kept = (ranking.isTop ? order : order.reversed()).prefix(ranking.count)
        var rows: [RowTable.Row] = []
        for name in kept { rows += table.rows.filter { $0.key.name == name } }
        table.rows = rows
    }
}
