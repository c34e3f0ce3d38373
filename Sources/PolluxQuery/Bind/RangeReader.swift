import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Turns the clauses about time into instants; what depends on events is asked per subject.
struct RangeReader {
    var context: StatementContext
    let snapshot: Snapshot
    /// Another span in the place of the one written, for `compare with`.
    var replacement: CompareClause?
    /// The instant at which the plant is frozen: then it also says whose events count.
    var asOf: Timestamp?
    /// Whether a range may begin in the future, as only a forecast's may.
    var reachesFuture = false

    /// Whether the range is the written one, maybe moved back by a period.
    var isAsWritten: Bool {
        if case .span? = replacement { return false }
        return true
    }

    /// With `compare with P ago`, the reader of the range that this one's lies before.
    var own: RangeReader {
        var own = self
        own.replacement = nil
        return own
    }

    /// With `compare with P ago`, how far back that is.
    func setback() throws -> Period? {
        guard case .ago(let period)? = replacement else { return nil }
        return try context.period(period)
    }

    /// The hull of the spans of a question for one subject; nil when an event it refers to has not
    /// happened there.
    func range(_ clauses: ClausesSyntax, for subject: Subject?) throws -> TimeRange? {
        guard let spans = try spans(clauses, for: subject), let first = spans.first,
            let last = spans.last
        else { return nil }
        return TimeRange(start: first.start, end: last.end)
    }

    /// The spans of a question for one subject, ascending and apart: one, unless `during` leaves
    /// several; nil when an event they refer to has not happened there.
    ///
    /// - Parameter border: where the range begins instead, if that is earlier; what is set back is
    ///   set back from there.
    func spans(
        _ clauses: ClausesSyntax, for subject: Subject?, beginningAt border: Timestamp? = nil
    ) throws -> [TimeRange]? {
        switch replacement {
        case nil: return try written(clauses, for: subject, border)
        case .ago(let period):
            let length = try context.period(period)
            return try written(clauses, for: subject, border)?.map {
                TimeRange(
                    start: context.zone.subtracting(length, from: $0.start),
                    end: context.zone.subtracting(length, from: $0.end))
            }
        case .span(let other):
            let spans = RangeReader.joined(try span(other, for: subject))
            return spans.isEmpty ? nil : spans
        }
    }

    /// Where the range of the clauses begins, whatever `during` keeps of it; nil without one, or
    /// when an event that it refers to has not happened.
    func start(_ clauses: ClausesSyntax, for subject: Subject?) throws -> Timestamp? {
        guard isAsWritten, let start = try outer(clauses, for: subject)??.start else { return nil }
        guard case .ago(let period)? = replacement else { return start }
        return context.zone.subtracting(try context.period(period), from: start)
    }

    private func written(
        _ clauses: ClausesSyntax, for subject: Subject?, _ border: Timestamp?
    ) throws -> [TimeRange]? {
        let outer = try outer(clauses, for: subject)
        if case .some(nil) = outer { return nil }
        var range = outer ?? nil
        if let border, let start = range?.start { range?.start = min(start, border) }
        guard let during = clauses.during else { return range.map { [$0] } }
        var spans = RangeReader.joined(try span(during.form, for: subject))
        try refuseFuture(spans.first, at: during.range)
        if let range { spans = spans.compactMap { $0.intersection(range) } }
        return spans.isEmpty ? nil : spans
    }

    /// The range that is written, or the default; nil where `during` alone is the range, and a nil
    /// range when an event has not happened.
    private func outer(_ clauses: ClausesSyntax, for subject: Subject?) throws -> TimeRange?? {
        if let written = clauses.time { return .some(try time(written, for: subject)) }
        guard clauses.during == nil else { return nil }
        return TimeRange(
            start: context.zone.subtracting(.hours(1), from: context.now), end: context.now)
    }

    /// The range of a clause; nil when an event has not happened.
    private func time(
        _ clause: ClauseSyntax<TimeClause>, for subject: Subject?
    ) throws -> TimeRange? {
        let now = context.now
        let zone = context.zone
        var range: TimeRange
        switch clause.form {
        case .last(let period):
            range = TimeRange(
                start: zone.subtracting(try context.period(period), from: now), end: now)
            guard !range.isEmpty else {
                throw context.wrong(
                    .emptyRange, "the range has no length", at: clause.range,
                    notes: ["for one instant write `at now`"])
            }
        case .since(let moment):
            guard let start = try instant(moment, for: subject) else { return nil }
            range = TimeRange(start: start, end: now)
        case .between(let from, let to):
            guard let start = try instant(from, for: subject),
                let end = try instant(to, for: subject)
            else { return nil }
            range = try between(start, end, from, to, at: clause.range)
        case .today: range = TimeRange(start: zone.startOfDay(containing: now), end: now)
        case .yesterday:
            let today = zone.startOfDay(containing: now)
            range = TimeRange(start: zone.subtracting(.days(1), from: today), end: today)
        case .at(let moment):
            guard let at = try instant(moment, for: subject) else { return nil }
            range = TimeRange(start: at, end: at.advanced(by: 1))
        }
        try refuseFuture(range, at: clause.range)
        return range
    }

    private func between(
        _ start: Timestamp, _ end: Timestamp, _ from: MomentSyntax, _ to: MomentSyntax,
        at place: SourceRange
    ) throws -> TimeRange {
        let zone = context.zone
        if end <= start, from.isClock, to.isClock {
            // `between 22:00 and 06:00` crosses midnight; each clock is the latest that is past.
            return TimeRange(start: zone.subtracting(.days(1), from: start), end: end)
        }
        guard start < end else {
            throw context.wrong(
                .emptyRange,
                start == end
                    ? "the range ends where it begins" : "the range ends before it begins",
                at: place,
                notes: start == end ? ["for one instant write `at`"] : [])
        }
        return TimeRange(start: start, end: end)
    }

    private func refuseFuture(_ range: TimeRange?, at place: SourceRange) throws {
        guard let range, !reachesFuture, range.start > context.now else { return }
        throw context.wrong(
            .futureRange, "the range begins in the future, at \(context.shown(range.start))",
            at: place,
            notes: ["nothing is measured there yet: `forecast … last 7d next 1h` looks ahead"])
    }

    /// Ascending spans, those that touch or overlap made one.
    static func joined(_ spans: [TimeRange]) -> [TimeRange] {
        var result: [TimeRange] = []
        for span in spans.sorted(by: { $0.start < $1.start }) where !span.isEmpty {
            if let last = result.last, span.start <= last.end {
                result[result.count - 1].end = max(last.end, span.end)
            } else {
                result.append(span)
            }
        }
        return result
    }

    /// An instant; nil when an event it refers to has not happened.
    func instant(_ moment: MomentSyntax, for subject: Subject?) throws -> Timestamp? {
        switch moment.form {
        case .before(let period, let other):
            return try instant(other, for: subject).map {
                context.zone.subtracting(try context.period(period), from: $0)
            }
        case .after(let period, let other):
            return try instant(other, for: subject).map {
                context.zone.adding(try context.period(period), to: $0)
            }
        case .lastEvent(let name, let label):
            let counted = try self.counted(name, label: label, for: subject, isMoment: true)
            return counted.map(\.event.start).max()
        case .start(let span): return try self.span(span, for: subject).last?.start
        case .end(let span): return try self.span(span, for: subject).last?.end
        case .now, .timestamp, .ago, .parameter: return try context.instant(moment)
        }
    }

    /// The stretches of a span, ascending.
    func span(_ span: SpanSyntax, for subject: Subject?) throws -> [TimeRange] {
        let zone = context.zone
        let today = zone.startOfDay(containing: context.now)
        switch span.form {
        case .today: return [TimeRange(start: today, end: zone.adding(.days(1), to: today))]
        case .yesterday:
            return [TimeRange(start: zone.subtracting(.days(1), from: today), end: today)]
        case .timestamp(let written): return [try calendar(written, at: span.range)]
        case .every(let name):
            return try spans(of: name, for: subject)
        case .event(let name, let label):
            return try spans(of: name, label: label, for: subject)
        case .this(let name):
            if let slice = calendarSlice(name.text, containing: context.now) { return [slice] }
            return try spans(of: name, for: subject) { events in
                events.filter { $0.range.contains(context.now) }
            }
        case .last(let count, let name):
            let wanted = count ?? 1
            if var slice = calendarSlice(name.text, containing: context.now) {
                let end = slice.start
                for _ in 0..<max(1, wanted) {
                    slice =
                        calendarSlice(name.text, containing: slice.start.advanced(by: -1)) ?? slice
                }
                return [TimeRange(start: slice.start, end: end)]
            }
            let singular = try singularEvent(name)
            return try spans(of: singular, for: subject) { events in
                events.filter { $0.range.end <= context.now }.suffix(wanted)
            }
        }
    }

    /// `days` of `last 3 days` and `shifts` of `last 3 shifts` name what one of them is called.
    private func singularEvent(_ name: NameSyntax) throws -> NameSyntax {
        func isKnown(_ word: String) throws -> Bool {
            try context.graph.eventName(matching: word, in: snapshot.transaction) != nil
        }
        guard name.text.lowercased().hasSuffix("s"), try !isKnown(name.text),
            try isKnown(String(name.text.dropLast()))
        else { return name }
        return NameSyntax(String(name.text.dropLast()), range: name.range)
    }

    private func calendarSlice(_ word: String, containing instant: Timestamp) -> TimeRange? {
        let period: Period
        switch word.lowercased() {
        case "hour", "hours": period = .hours(1)
        case "day", "days": period = .days(1)
        case "week", "weeks": period = .days(7)
        case "month", "months": period = Period(months: 1)
        case "year", "years": period = Period(months: 12)
        default: return nil
        }
        return (try? SliceGrid(every: period, zone: context.zone))?.slice(containing: instant)
    }

    private func calendar(_ written: TimestampSyntax, at range: SourceRange) throws -> TimeRange {
        let start = try context.instant(MomentSyntax(.timestamp(written), range: range))
        let length: Period
        switch written.granularity {
        case .month: length = Period(months: 1)
        case .week: length = .days(7)
        case .date: length = .days(1)
        case .clock, .instant: return TimeRange(start: start, end: start.advanced(by: 1))
        }
        return TimeRange(start: start, end: context.zone.adding(length, to: start))
    }
}

extension MomentSyntax {
    /// Whether it is a time of day alone.
    var isClock: Bool {
        if case .timestamp(let written) = form { return written.granularity == .clock }
        return false
    }
}
