import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Cuts the spans of a question into slices (S1–S5).
struct Slicing {
    let question: Question

    /// The border to which the start of `last P`, or of the default range, moves back, before
    /// `during` keeps parts of it; nil where it does not (S4).
    ///
    /// So the first slice is whole and charts do not jitter.
    func border(of subject: Subject) throws -> Timestamp? {
        let clauses = question.query.clauses
        guard question.query.head == .read, let every = clauses.every?.form, !every.isFromStart,
            case .period(let written) = every.stride
        else { return nil }
        switch clauses.time?.form {
        case .last: break
        case nil where clauses.during == nil: break
        default: return nil
        }
        let ranges = try question.ranges(for: subject)
        guard ranges.isAsWritten, let start = try ranges.own.start(clauses, for: subject) else {
            return nil
        }
        return try grid(every, written, of: subject, from: start).start(containing: start)
    }

    /// The slices of a subject; with episodes, their parts are those of the episodes.
    func slices(
        of subject: Subject, spans: [TimeRange], present: [TimeRange],
        episodes: [EpisodeSearch.Episode]?
    ) throws -> [SliceRows.Slice] {
        let clauses = question.query.clauses
        guard clauses.every != nil else {
            if let episodes {
                return try slices(of: episodes, spans, present)
            }
            return try unsliced(subject, spans)
        }
        let wholes = try self.wholes(of: subject, spans: spans)
        guard let episodes else {
            // Their parts lie in the spans already.
            if present == spans { return wholes }
            return wholes.compactMap { whole in
                var slice = whole
                slice.parts = whole.parts.clipped(to: present)
                if slice.parts.isEmpty { return nil }
                if slice.parts != whole.parts, !slice.notes.contains("cut") {
                    slice.notes.append("cut")
                }
                return slice
            }
        }
        return wholes.filter { !$0.parts.clipped(to: present).isEmpty }.map { whole in
            var slice = whole
            let begun = episodes.map(\.span).filter { span in
                whole.whole.contains(span.start) && spans.contains { $0.contains(span.start) }
            }
            slice.parts = begun.clipped(to: present)
            return slice
        }
    }

    /// Without `every`: one slice, or one for each stay of the subject in the path.
    private func unsliced(
        _ subject: Subject, _ spans: [TimeRange]
    ) throws -> [SliceRows.Slice] {
        let stays = RangeReader.joined(subject.pieces.map(\.range))
        if question.query.clauses.grouping != nil {
            let whole = try question.commonRange() ?? hull(spans)
            return [SliceRows.Slice(whole: whole, parts: spans.clipped(to: stays))]
        }
        return stays.compactMap { stay in
            let parts = spans.clipped(to: [stay])
            return parts.isEmpty ? nil : SliceRows.Slice(whole: hull(parts), parts: parts)
        }
    }

    private func hull(_ spans: [TimeRange]) -> TimeRange {
        TimeRange(
            start: spans.first?.start ?? .distantPast, end: spans.last?.end ?? .distantPast)
    }

    /// One slice per episode; merged into one where assets are.
    private func slices(
        of episodes: [EpisodeSearch.Episode], _ spans: [TimeRange], _ present: [TimeRange]
    ) throws -> [SliceRows.Slice] {
        if question.query.clauses.grouping != nil {
            return [
                SliceRows.Slice(
                    whole: try question.commonRange() ?? hull(spans),
                    parts: episodes.map(\.span).clipped(to: present))
            ]
        }
        return episodes.compactMap { episode in
            let parts = [episode.span].clipped(to: present)
            guard let first = parts.first else { return nil }
            var notes: [String] = []
            if episode.isOpen { notes.append("open") }
            if episode.isStale { notes.append("stale") }
            if episode.beganEarlier || first.start > episode.span.start {
                notes.append("began earlier")
            }
            return SliceRows.Slice(whole: episode.span, parts: parts, notes: notes)
        }
    }

    /// What ranking goes by: everything that the rows read, over the whole range (S26).
    static func ranked(_ slices: [SliceRows.Slice]) -> SliceRows.Slice {
        SliceRows.Slice(
            whole: .always, parts: RangeReader.joined(slices.flatMap(\.parts)), role: .ranking)
    }

    // MARK: Slices of time

    /// Slices as the calendar or events cut them, with the parts inside the spans.
    private func wholes(of subject: Subject, spans: [TimeRange]) throws -> [SliceRows.Slice] {
        guard let every = question.query.clauses.every?.form else { return [] }
        let now = question.context.now
        var wholes: [TimeRange]
        // The part of each in which its event counts for the subject.
        var owned: [[TimeRange]]?
        var unbegun: Set<Timestamp> = []
        var unended: Timestamp?
        switch every.stride {
        case .event(let name):
            guard every.over == nil else {
                throw question.context.wrong(
                    .clauseDoesNotFit, "`over` makes slices of time overlap, not those of events",
                    at: every.over?.range ?? .none)
            }
            let found = try eventSlices(name, range: hull(spans), subject: subject)
            (wholes, owned) = (found.ranges, found.owned)
            (unbegun, unended) = (found.unbegun, found.unended)
        case .period(let written):
            // What slices of a length alone hold does not depend on where the first one is.
            var range = hull(spans)
            if every.over != nil || every.isFromStart {
                range.start = try question.origin(of: subject, spans)
            }
            let grid = try self.grid(every, written, of: subject, from: range.start)
            wholes = try slices(grid, range, at: written.range, of: subject)
            if let over = every.over { wholes = try longer(wholes, over, of: subject) }
        }
        if let restriction = question.context.options.restriction {
            let kept = wholes.indices.filter { wholes[$0].overlaps(restriction) }
            owned = owned.map { all in kept.map { all[$0] } }
            wholes = kept.map { wholes[$0] }
        }
        let end = hull(spans).end
        var found: [SliceRows.Slice] = []
        for (index, whole) in wholes.enumerated() {
            let own = owned?[index] ?? [whole]
            if own == [whole], spans.count == 1, whole.start >= spans[0].start,
                whole.end <= min(end, now),
                !unbegun.contains(whole.start), whole.start != unended
            {
                if !whole.isEmpty { found.append(SliceRows.Slice(whole: whole, parts: [whole])) }
                continue
            }
            let parts = own.clipped(to: spans)
            guard let first = parts.first, let last = parts.last else { continue }
            var notes: [String] = []
            let isOpen = whole.end > now || whole.start == unended
            if isOpen { notes.append("open") }
            let isCutAtEnd = last.end < whole.end && !(isOpen && last.end == end)
            if first.start > whole.start || unbegun.contains(whole.start) || isCutAtEnd
                || parts.count > 1
            {
                notes.append("cut")
            }
            found.append(SliceRows.Slice(whole: whole, parts: parts, notes: notes))
        }
        return found
    }

    /// The grid of a stride in the zone of a subject.
    func grid(
        _ every: EveryClause, _ written: PeriodSyntax, of subject: Subject, from start: Timestamp
    ) throws -> SliceGrid {
        do {
            return try SliceGrid(
                every: try question.context.period(written), zone: try question.zone(of: subject),
                from: every.isFromStart ? start : nil)
        } catch let problem as SliceGrid.Problem {
            throw strideProblem(problem, at: written.range)
        }
    }

    private func slices(
        _ grid: SliceGrid, _ range: TimeRange, at stride: SourceRange, of subject: Subject
    ) throws -> [TimeRange] {
        guard let setback = try setback(grid, of: subject) else {
            return try slices(grid, range, at: stride)
        }
        let zone = grid.zone
        let own = TimeRange(
            start: zone.adding(setback, to: range.start), end: zone.adding(setback, to: range.end))
        return try slices(grid, own, at: stride).map {
            TimeRange(
                start: zone.subtracting(setback, from: $0.start),
                end: zone.subtracting(setback, from: $0.end))
        }
    }

    private func slices(
        _ grid: SliceGrid, _ range: TimeRange, at stride: SourceRange
    ) throws -> [TimeRange] {
        let limit = min(question.context.options.rowLimit, .max - 1)
        let wholes = grid.slices(over: range, limit: limit + 1)
        guard wholes.count <= limit else {
            throw question.context.wrong(
                .rowLimit, "the range has more than \(limit) slices", at: stride,
                notes: ["ask for longer slices, or for a shorter range"])
        }
        return wholes
    }

    /// How far slices lie before those that they are compared with, where the calendar would cut
    /// the two otherwise (`compare with P ago`); nil where it cuts them alike.
    func setback(_ grid: SliceGrid, of subject: Subject) throws -> Period? {
        let ranges = try question.ranges(for: subject)
        guard grid.anchor == nil, let period = try ranges.setback(),
            let spans = try ranges.own.spans(
                question.query.clauses, for: subject, beginningAt: try border(of: subject))
        else { return nil }
        let zone = grid.zone
        let range = hull(spans)
        let wholes = grid.slices(over: range, limit: question.context.options.rowLimit)
        let borders = wholes.map(\.start) + (wholes.last.map { [$0.end] } ?? [])
        let isAlike = borders.allSatisfy { border in
            let moved = zone.subtracting(period, from: border)
            return grid.start(containing: moved) == moved
        }
        if isAlike { return nil }
        guard period.isCalendar else { return period }
        // All by the same distance on the clock, however long the months are.
        let moved = zone.subtracting(period, from: range.start)
        let day: Int64 = 86_400_000_000_000
        let distance =
            range.start.nanoseconds(since: moved)
            + Int64(zone.offsetSeconds(at: range.start) - zone.offsetSeconds(at: moved))
            * 1_000_000_000
        return Period(days: distance / day, nanoseconds: distance % day)
    }

    /// Slices that begin at the same borders and reach further (S1: their time is their start).
    private func longer(
        _ wholes: [TimeRange], _ over: PeriodSyntax, of subject: Subject
    ) throws -> [TimeRange] {
        let zone = try question.zone(of: subject)
        let length = try question.context.period(over)
        return try wholes.map { whole in
            let end = zone.adding(length, to: whole.start)
            guard end > whole.start else {
                throw question.context.wrong(
                    .badPeriod, "a slice needs a length", at: over.range)
            }
            return TimeRange(start: whole.start, end: end)
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
    struct EventSlices {
        var ranges: [TimeRange] = []
        /// For each, the parts in which its event counts for the subject.
        var owned: [[TimeRange]] = []
        var unbegun: Set<Timestamp> = []
        var unended: Timestamp?
        fileprivate var places: [TimeRange: Int] = [:]
        /// By the first event of all, the slice before it.
        fileprivate var firsts: [Timestamp: Int] = [:]
    }

    /// Intervals of an event, or from one point event to the next.
    func eventSlices(
        _ name: NameSyntax, range: TimeRange, subject: Subject
    ) throws -> EventSlices {
        question.dependencies.hasEvents = true
        let ranges = try question.ranges(for: subject)
        let counted = try ranges.counted(name, label: nil, for: subject)
        let intervals = RangeReader.distinct(counted.map(\.event)).filter { !$0.isInstant }
        guard intervals.isEmpty else {
            let open = intervals.last { $0.end == nil }?.start
            let inside = intervals.filter { ranges.span(of: $0).overlaps(range) }
            return EventSlices(
                ranges: inside.map(ranges.span(of:)),
                owned: inside.map { ranges.parts(of: $0, counted) }, unended: open)
        }
        let stays = Dictionary(grouping: counted, by: \.while)
        var slices = EventSlices()
        // Nobody's events counted then: that time begins no slice and ends none.
        for gap in range.without(RangeReader.joined(Array(stays.keys))) {
            slices.add(gap, in: gap)
            slices.unbegun.insert(gap.start)
        }
        for (stay, members) in stays.sorted(by: { $0.key.start < $1.key.start }) {
            let events = RangeReader.distinct(members.map(\.event))
            slices.add(events.map(\.start), in: stay, range, now: question.context.now)
        }
        return slices
    }
}

extension Slicing.EventSlices {
    fileprivate mutating func add(_ slice: TimeRange, in stay: TimeRange) {
        guard let own = slice.intersection(stay) else { return }
        // An asset that left and came back between two events has one slice of two parts.
        let first = unbegun.contains(slice.start) ? firsts[slice.end] : nil
        if let place = places[slice] ?? first {
            owned[place] = RangeReader.joined(owned[place] + [own])
            return
        }
        places[slice] = ranges.count
        ranges.append(slice)
        owned.append([own])
    }

    /// Adds the slices between the events of one owner for the time in which they count.
    fileprivate mutating func add(
        _ events: [Timestamp], in stay: TimeRange, _ range: TimeRange, now: Timestamp
    ) {
        guard let asked = stay.intersection(range) else { return }
        var bounds = events
        // Before the first event of all, the slice begins with the range.
        if events[0] > asked.start {
            bounds.insert(asked.start, at: 0)
            unbegun.insert(asked.start)
        }
        let firstPlace = ranges.count
        let end = max(now, range.end)
        let last = bounds[bounds.count - 1]
        if last < end { bounds.append(end) }
        if stay.end > now { unended = last }
        for (start, end) in zip(bounds, bounds.dropFirst()) {
            let slice = TimeRange(start: start, end: end)
            if slice.overlaps(asked) { add(slice, in: stay) }
        }
        if bounds[0] != events[0], ranges.count > firstPlace { firsts[events[0]] = firstPlace }
    }
}

extension TimeRange {
    /// The parts of this range outside others, which are ascending and apart.
    fileprivate func without(_ others: [TimeRange]) -> [TimeRange] {
        var parts: [TimeRange] = []
        var start = self.start
        for other in others where other.overlaps(self) {
            if start < other.start { parts.append(TimeRange(start: start, end: other.start)) }
            start = max(start, other.end)
        }
        if start < end { parts.append(TimeRange(start: start, end: end)) }
        return parts
    }
}
