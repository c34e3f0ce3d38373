import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Turns the clauses about time into instants; what depends on events is asked per asset.
struct RangeReader {
    let context: StatementContext
    let snapshot: Snapshot

    /// The range of a question for one asset; nil when an event it refers to has not happened
    /// there.
    func range(_ clauses: ClausesSyntax, for asset: AssetID?) throws -> TimeRange? {
        let now = context.now
        let zone = context.zone
        var range: TimeRange?
        switch clauses.time?.form {
        case nil:
            if let during = clauses.during {
                return try only(span(during.form, for: asset), at: during.range)
            }
            range = TimeRange(start: zone.subtracting(.hours(1), from: now), end: now)
        case .last(let period):
            range = TimeRange(
                start: zone.subtracting(try context.period(period), from: now), end: now)
        case .since(let moment):
            guard let start = try instant(moment, for: asset) else { return nil }
            range = TimeRange(start: start, end: now)
        case .between(let from, let to):
            guard let start = try instant(from, for: asset), var end = try instant(to, for: asset)
            else { return nil }
            if end <= start, from.isClock, to.isClock {
                // `between 22:00 and 06:00` crosses midnight.
                end = zone.adding(.days(1), to: end)
                if end > now {
                    return TimeRange(
                        start: zone.subtracting(.days(1), from: start),
                        end: zone.subtracting(.days(1), from: end))
                }
            }
            guard start < end else {
                throw context.wrong(
                    .emptyRange, "the range ends before it begins",
                    at: clauses.time?.range ?? .none)
            }
            range = TimeRange(start: start, end: end)
        case .today:
            range = TimeRange(start: zone.startOfDay(containing: now), end: now)
        case .yesterday:
            let today = zone.startOfDay(containing: now)
            range = TimeRange(start: zone.subtracting(.days(1), from: today), end: today)
        case .at(let moment):
            guard let at = try instant(moment, for: asset) else { return nil }
            range = TimeRange(start: at, end: at.advanced(by: 1))
        }
        if let during = clauses.during, let outer = range {
            let inside = try span(during.form, for: asset).compactMap { $0.intersection(outer) }
            return try only(inside, at: during.range)
        }
        return range
    }

    /// The one span that touching spans make; several with time between them are refused, because
    /// answering for the first alone would be wrong.
    private func only(_ spans: [TimeRange], at place: SourceRange) throws -> TimeRange? {
        let ordered = spans.sorted { $0.start < $1.start }
        guard var whole = ordered.first else { return nil }
        for span in ordered.dropFirst() {
            guard span.start <= whole.end else {
                throw context.wrong(
                    .notAvailable,
                    "`during` over several spans with time between them is not available in this "
                        + "version", at: place, notes: ["name one: `during job J42`"])
            }
            whole.end = max(whole.end, span.end)
        }
        return whole
    }

    /// An instant; nil when an event it refers to has not happened.
    func instant(_ moment: MomentSyntax, for asset: AssetID?) throws -> Timestamp? {
        switch moment.form {
        case .before(let period, let other):
            return try instant(other, for: asset).map {
                context.zone.subtracting(try context.period(period), from: $0)
            }
        case .after(let period, let other):
            return try instant(other, for: asset).map {
                context.zone.adding(try context.period(period), to: $0)
            }
        case .lastEvent(let name, let label):
            let events = try self.events(name, label: label, for: asset)
            return events.map(\.range.start).max()
        case .start(let span): return try self.span(span, for: asset).last?.start
        case .end(let span): return try self.span(span, for: asset).last?.end
        case .now, .timestamp, .ago, .parameter: return try context.instant(moment)
        }
    }

    /// The stretches of a span, ascending.
    func span(_ span: SpanSyntax, for asset: AssetID?) throws -> [TimeRange] {
        let zone = context.zone
        let today = zone.startOfDay(containing: context.now)
        switch span.form {
        case .today: return [TimeRange(start: today, end: zone.adding(.days(1), to: today))]
        case .yesterday:
            return [TimeRange(start: zone.subtracting(.days(1), from: today), end: today)]
        case .timestamp(let written): return [try calendar(written, at: span.range)]
        case .every(let name): return try events(name, label: nil, for: asset).map(\.range)
        case .event(let name, let label):
            return try events(name, label: label, for: asset).map(\.range)
        case .this(let name):
            if let slice = calendarSlice(name.text, containing: context.now) { return [slice] }
            return try events(name, label: nil, for: asset).map(\.range)
                .filter { $0.contains(context.now) }
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
            return try events(singular, label: nil, for: asset).map(\.range)
                .filter { $0.end <= context.now }.suffix(wanted)
        }
    }

    /// `days` of `last 3 days` and `shifts` of `last 3 shifts` name what one of them is called.
    private func singularEvent(_ name: NameSyntax) throws -> NameSyntax {
        let known = try context.graph.eventNames(in: snapshot.transaction)
        guard !known.contains(name.text), name.text.hasSuffix("s"),
            known.contains(String(name.text.dropLast()))
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

    /// Events of a name on an asset, or on the nearest asset that contains it, ascending.
    func events(
        _ name: NameSyntax, label: LabelSyntax?, for asset: AssetID?
    ) throws -> [Event] {
        let graph = context.graph
        let known = try graph.eventNames(in: snapshot.transaction)
        guard known.contains(name.text) else {
            let near = Suggestions.nearest(to: name.text, in: known, limit: 3)
            throw context.wrong(
                .unknownEvent, "there is no event `\(name.text)`", at: name.range,
                suggestions: near.map { .init("did you mean `\($0)`?", replacement: $0) })
        }
        guard let asset else { return [] }
        let owner = try graph.eventOwner(
            named: name.text, for: asset, at: context.now, in: snapshot.transaction)
        guard let owner else { return [] }
        let until = TimeRange(start: .distantPast, end: context.now.advanced(by: 1))
        var events = try graph.events(
            of: owner, named: name.text, overlapping: until, in: snapshot.transaction)
        if let label {
            let wanted = try context.text(of: label)
            events = events.filter { $0.label == wanted }
        }
        return events.map { event in
            var event = event
            if event.end == nil, !event.isInstant { event.end = context.now }
            return event
        }.sorted { $0.start < $1.start }
    }
}

extension MomentSyntax {
    /// Whether it is a time of day alone.
    var isClock: Bool {
        if case .timestamp(let written) = form { return written.granularity == .clock }
        return false
    }
}
