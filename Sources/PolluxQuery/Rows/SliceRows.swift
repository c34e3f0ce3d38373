import PolluxGraph
import PolluxLanguage
import PolluxModel

/// One row per asset (or group) and slice: aggregates, or the curve read on an even grid.
///
/// With `when`, slices read the episodes that begin in them; without `every` each episode is a row.
struct SliceRows {
    let question: Question
    /// Whether what was gathered keeps the samples, for items that are curves.
    var keepsSamples = true

    /// A slice of the range: what it covers, what is read of it, what must be said about it.
    struct Slice {
        /// The whole slice; its start is the row's time.
        var whole: TimeRange
        /// What is read: inside the range, while the path meant the asset; ascending and apart.
        var parts: [TimeRange]
        var notes: [String] = []
        var role = Role.row

        /// What it is there for.
        enum Role { case row, ranking }

        /// What is said of the slice of any asset of a group is said of that of the group.
        mutating func addNotes(_ others: [String]) {
            for note in others where !notes.contains(note) { notes.append(note) }
        }

        /// How much time is read up to now, in nanoseconds.
        func covered(until now: Timestamp) -> Int64 {
            parts.reduce(0) { $0 + max(0, min($1.end, now).nanoseconds(since: $1.start)) }
        }

        /// From the first instant that is read to the last; empty where nothing is.
        var window: TimeRange {
            guard let first = parts.first, let last = parts.last else {
                return TimeRange(start: whole.start, end: whole.start)
            }
            return TimeRange(start: first.start, end: last.end)
        }
    }

    /// Rows by asset or group, and slice.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        try question.refuseMergedSamples(outputs)
        let filters = try SliceFilters(question: question)
        let ranking = try Ranking(question: question, outputs: outputs)
        let demand = RollupDemand(question: question, outputs: outputs, filters: filters)
        let reading = try Reading(
            question: question, filters: filters, isRanked: ranking != nil, demand: demand)
        var table = RowTable(items: outputs.map { question.item($0) })
        let filling = try Filling(question: question, items: table.items)
        let gathering = SliceRows(
            question: question, keepsSamples: !outputs.allSatisfy(\.isAggregate))
        var groups = GatheredGroups()
        var ranked = RankedRows(question: question)
        func finish(_ group: Gathered) throws {
            var rows = self.rows(group, outputs, table.items, filters.rows)
            if let filling {
                let before = try filling.lead(of: group, outputs, filters, demand)
                filling.fill(&rows.rows, curves: rows.held, before: before)
            }
            try ranked.append(rows.rows, value: ranking?.value(of: group), to: table)
        }
        for subject in question.subjects where !ranked.isFull {
            try question.checkLimits()
            guard let (slices, evaluator) = try reading.read(subject) else { continue }
            try gathering.gather(
                subject, slices, evaluator, filter: filters.samples, into: &groups)
            guard question.query.clauses.grouping == nil else { continue }
            for group in groups.taken(from: question) { try finish(group) }
        }
        for group in groups.all.sorted(by: { $0.name < $1.name }) {
            try question.checkLimits()
            try finish(group.inOrder)
        }
        table.rows = ranked.rows
        table.showsEnd = question.showsEnd(of: table.rows.lazy.map(\.key))
        if case .overall? = question.query.clauses.grouping?.form { table.showsAsset = false }
        return table.result(zone: try question.shownZone())
    }

    /// Reads one asset after the other: its slices, and what they need to know.
    private struct Reading {
        let question: Question
        let filters: SliceFilters
        let isRanked: Bool
        let demand: RollupDemand
        let episodes: EpisodeSearch?
        let slicing: Slicing

        init(
            question: Question, filters: SliceFilters, isRanked: Bool, demand: RollupDemand
        ) throws {
            self.question = question
            self.filters = filters
            self.isRanked = isRanked
            self.demand = demand
            episodes = try question.query.clauses.episode.map {
                try EpisodeSearch(question: question, clause: $0.form)
            }
            slicing = Slicing(question: question)
        }

        /// The slices of an asset and its columns; nil where it has nothing to say.
        func read(_ subject: Subject) throws -> (slices: [Slice], evaluator: Evaluator)? {
            guard let spans = try question.spans(of: subject) else {
                question.addNote(question.absentEvent(of: subject))
                return nil
            }
            let present = subject.present(in: spans)
            guard !present.isEmpty else { return nil }
            let found = try episodes.map { try $0.episodes(of: subject, in: present) }
            var slices = try slicing.slices(
                of: subject, spans: spans, present: present, episodes: found?.episodes)
            guard let read = SliceRows.hull(slices) else { return nil }
            if isRanked { slices.append(Slicing.ranked(slices)) }
            let evaluator =
                try found?.evaluator
                ?? question.columns(
                    of: subject, in: lead(read, from: spans.first?.start),
                    rollups: demand.reading(question, subject, slices))
            if let condition = filters.assets, !evaluator.isEverTrue(condition, in: read) {
                return nil
            }
            return (slices, evaluator)
        }

        /// What became true is seen from the instant before the range.
        private func lead(_ read: TimeRange, from start: Timestamp?) -> TimeRange {
            guard question.aggregates.contains(where: { $0.word == .times }) else { return read }
            let first = min(read.start, start ?? read.start)
            return TimeRange(start: first.advanced(by: -1), end: read.end)
        }
    }

    private static func hull(_ slices: [Slice]) -> TimeRange? {
        let read = slices.filter { !$0.parts.isEmpty }.map(\.window)
        guard let start = read.map(\.start).min(), let end = read.map(\.end).max() else {
            return slices.first?.window
        }
        return TimeRange(start: start, end: end)
    }

    // MARK: Gathering

    /// Adds what a subject has in each slice to its group, or makes it one of its own.
    func gather(
        _ subject: Subject, _ slices: [Slice], _ evaluator: Evaluator, filter: BoundExpression?,
        into groups: inout GatheredGroups
    ) throws {
        let kept = keepsSamples ? evaluator : evaluator.withoutSamples
        guard question.query.clauses.grouping != nil, let range = SliceRows.hull(slices) else {
            try question.checkMemory(adding: byteCount(slices))
            let totals = try self.totals(of: subject, slices, evaluator, filter)
            let own = Gathered(
                name: subject.name, asset: subject.asset, slices: slices, totals: totals,
                perAsset: [], evaluators: [kept], subjects: [subject])
            try groups.append(own, holding: byteCount(slices) + kept.byteCount, of: question)
            return
        }
        for group in try GroupLabels(question: question).groups(of: subject, in: range) {
            let own = slices.compactMap { slice -> Slice? in
                var slice = slice
                guard !slice.parts.isEmpty else { return slice }
                slice.parts = slice.parts.clipped(to: group.ranges)
                return slice.parts.isEmpty ? nil : slice
            }
            guard own.contains(where: { !$0.parts.isEmpty }) else { continue }
            try question.checkMemory(adding: byteCount(own))
            let totals = try self.totals(of: subject, own, evaluator, filter)
            let member = Gathered(
                name: group.label, asset: nil, slices: own, totals: totals,
                perAsset: perAsset(own, totals), evaluators: [kept], subjects: [subject])
            try groups.merge(
                member, holding: keptBytes(evaluator), perSlice: byteCount(ofSlices: 1),
                of: question)
        }
    }

    /// Bytes that totals of slices take, about.
    private func byteCount(_ slices: [Slice]) -> Int { byteCount(ofSlices: slices.count) }

    private func byteCount(ofSlices count: Int) -> Int {
        let totals = MemoryLayout<AggregateTotals>.stride + 64
        return count * (MemoryLayout<Slice>.stride + 64 + question.aggregates.count * totals)
    }

    /// Bytes of a subject's samples that its group goes on to hold.
    private func keptBytes(_ evaluator: Evaluator) -> Int {
        let values = question.aggregates.reduce(0) { sum, aggregate in
            switch aggregate.word {
            case .median, .percentile: break
            default: return sum
            }
            return sum + 8 * (evaluator.leaves.map(\.sampleTimes.count).max() ?? 0)
        }
        return values + (keepsSamples ? evaluator.byteCount : 0)
    }

    private func totals(
        of subject: Subject, _ slices: [Slice], _ evaluator: Evaluator, _ filter: BoundExpression?
    ) throws -> [[AggregateTotals]] {
        let atoms = SliceAtoms(slices.map(\.parts))
        return try question.aggregates.map { aggregate in
            let found = AggregateTotals.gather(
                aggregate, of: subject, evaluator: evaluator, filter: filter,
                windows: atoms.windows)
            let empty = AggregateTotals.empty(aggregate, evaluator: evaluator)
            return try atoms.merged(found, pause: question.checkLimits).map { $0 ?? empty }
        }
    }

    private func perAsset(_ slices: [Slice], _ totals: [[AggregateTotals]]) -> [[[Double]]] {
        guard question.aggregates.contains(where: { $0.across != nil }) else { return [] }
        return question.aggregates.indices.map { index in
            slices.indices.map { slice in
                totals[index][slice].value(of: question.aggregates[index]).map { [$0] } ?? []
            }
        }
    }

    // MARK: Rows

    /// The rows of a group, and for items that are curves the samples that `fill hold` carries.
    private func rows(
        _ group: Gathered, _ outputs: [Question.Output], _ items: [RowTable.Field],
        _ filter: BoundExpression?
    ) -> (rows: [RowTable.Row], held: [HeldSamples?]) {
        let single = group.evaluators.count == 1 ? group.evaluators.first : nil
        let starts = group.slices.map { $0.window.start.nanoseconds }
        let order = starts.indices.sorted { starts[$0] < starts[$1] }
        var rank = Array(repeating: 0, count: order.count)
        for (position, index) in order.enumerated() { rank[index] = position }
        let ascending = order.map { starts[$0] }
        let curves = outputs.map { output in
            output.isAggregate ? nil : single?.values(output.expression, at: ascending)
        }
        var rows: [RowTable.Row] = []
        for (index, slice) in group.slices.enumerated() where slice.role == .row {
            let row = SliceValues(question: question, group: group, slice: index)
            if let filter, row.evaluate(filter) != 1 { continue }
            var cells: [ResultCell] = []
            for (item, output) in outputs.enumerated() {
                guard let column = curves[item] else {
                    cells.append(row.cell(output, items[item]))
                    continue
                }
                let leaf = SampleRows(question: question).leaf(output, group.evaluators[0])
                let value =
                    column.isKnown[rank[index]] && !slice.parts.isEmpty
                    ? column.values[rank[index]] : nil
                cells.append(
                    question.cell(value, items[item], leaf: leaf, at: starts[index]))
            }
            rows.append(
                RowTable.Row(
                    key: RowKey(asset: group.asset, name: group.name, range: slice.whole),
                    cells: cells,
                    notes: slice.notes + row.notes(outputs)
                        + row.notes(onMissing: cells, outputs, curves: single)))
        }
        let held = zip(outputs, items).map { output, item in
            output.isAggregate
                ? nil
                : single.flatMap {
                    HeldSamples(question: question, output: output, item: item, evaluator: $0)
                }
        }
        return (rows, held)
    }
}

extension Subject {
    /// The parts of spans in which the path meant the subject, ascending and apart.
    func present(in spans: [TimeRange]) -> [TimeRange] {
        spans.clipped(to: RangeReader.joined(pieces.map(\.range)))
    }

    /// When the path began to mean the subject that it means at an instant; nil where it always
    /// did, or does not.
    func coming(before instant: Timestamp) -> Timestamp? {
        let stay = RangeReader.joined(pieces.map(\.range)).first { $0.contains(instant) }
        return stay.flatMap { $0.start == .distantPast ? nil : $0.start }
    }

    /// When the path begins to mean the subject, ascending.
    var comings: [Int64] {
        RangeReader.joined(pieces.map(\.range)).map(\.start.nanoseconds)
    }
}

extension [TimeRange] {
    /// The parts of these ranges inside others; both ascending and apart.
    func clipped(to others: [TimeRange]) -> [TimeRange] {
        var result: [TimeRange] = []
        var next = 0
        for range in self {
            while next < others.count, others[next].end <= range.start { next += 1 }
            var index = next
            while index < others.count, others[index].start < range.end {
                if let part = range.intersection(others[index]) { result.append(part) }
                index += 1
            }
        }
        return result
    }
}
