import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Whose events count for a subject: its own, else those of the nearest asset that contains it
/// (S27), as the plant was.
extension RangeReader {
    /// An asset whose events count, and while they do.
    private struct Owner {
        var asset: AssetID
        var range: TimeRange
    }

    /// The parts of a subject's events in which their owner contained it, ascending; `choose` says
    /// which events count.
    func spans(
        of name: NameSyntax, label: LabelSyntax? = nil, for subject: Subject?,
        choosing choose: ([Event]) -> [Event] = { $0 }
    ) throws -> [TimeRange] {
        let counted = try counted(name, label: label, for: subject)
        let chosen = choose(RangeReader.distinct(counted.map(\.event)))
        return chosen.flatMap { parts(of: $0, counted) }.sorted { $0.start < $1.start }
    }

    /// The parts of one of the events that were counted in which its owner contained the subject.
    func parts(of event: Event, _ counted: [Counted]) -> [TimeRange] {
        counted.filter { $0.event.id == event.id }
            .compactMap { span(of: event).intersection($0.while) }
    }

    /// An event that counts for a subject, and the time in which its owner contained it.
    struct Counted {
        var event: Event
        var `while`: TimeRange

        /// Whether it happened while its owner contained the subject, and is no border only.
        var isInside: Bool {
            event.isInstant ? `while`.contains(event.start) : `while`.overlaps(event.range)
        }
    }

    /// The events of a subject, ascending: its own, and those of what contained it just then.
    func events(_ name: NameSyntax, of subject: Subject) throws -> [Event] {
        let counted = try counted(name, label: nil, for: subject)
        return RangeReader.distinct(counted.filter(\.isInside).map(\.event))
    }

    /// Each event once, ascending.
    static func distinct(_ events: [Event]) -> [Event] {
        var seen: Set<EventID> = []
        return events.filter { seen.insert($0.id).inserted }
            .sorted { ($0.start, $0.id) < ($1.start, $1.id) }
    }

    /// Events of a name that count for a subject, by owner, with the time for which each counts.
    ///
    /// For a moment (`last tool-change`) those of what contained it last count, whenever they were.
    /// For spans and slices each owner's count that touch the time in which it contained the
    /// subject, and the ones before and after it, which may be borders of slices.
    func counted(
        _ name: NameSyntax, label: LabelSyntax?, for subject: Subject?, isMoment: Bool = false
    ) throws -> [Counted] {
        guard
            let event = try context.graph.eventName(
                matching: name.text, in: snapshot.transaction)
        else {
            let known = try context.graph.eventNames(in: snapshot.transaction)
            let near = Suggestions.nearest(to: name.text, in: known, limit: 3)
            throw context.wrong(
                .unknownEvent, "there is no event `\(name.text)`", at: name.range,
                suggestions: near.map { .init("did you mean `\($0)`?", replacement: $0) })
        }
        guard let subject else { return [] }
        let owners = try self.owners(of: event, for: subject, lastOnly: isMoment)
        let until = TimeRange(start: .distantPast, end: context.now.advanced(by: 1))
        var found: [Counted] = []
        for owner in owners {
            let all = try context.graph.events(
                of: owner.asset, named: event, overlapping: until, in: snapshot.transaction)
            found += (isMoment ? all : RangeReader.those(of: all, touching: owner.range)).map {
                Counted(event: $0, while: owner.range)
            }
        }
        if let label {
            let wanted = try context.text(of: label)
            found = found.filter { $0.event.label == wanted }
        }
        return found
    }

    /// The span of an event so far: one that is still open reaches to now.
    func span(of event: Event) -> TimeRange {
        TimeRange(start: event.start, end: event.end ?? context.now)
    }

    private static func those(of events: [Event], touching range: TimeRange) -> [Event] {
        let inside = events.filter {
            $0.isInstant ? range.contains($0.start) : $0.range.overlaps(range)
        }
        let before = events.last { $0.isInstant && $0.start < range.start }
        let after = events.first { $0.isInstant && $0.start >= range.end }
        return (before.map { [$0] } ?? []) + inside + (after.map { [$0] } ?? [])
    }

    /// The owners over the subject's pieces, by time: own events first, then the nearest container
    /// that ever had one of the name; or the last one alone, which is none where what contained the
    /// subject last had none.
    private func owners(
        of name: String, for subject: Subject, lastOnly: Bool
    ) throws -> [Owner] {
        let transaction = snapshot.transaction
        var owners: [Owner] = []
        var lastHome = Timestamp.distantPast
        for piece in subject.pieces where piece.range.start <= context.now {
            let slices = try context.graph.sources(
                forMeasureOf: piece.subject, during: piece.range, asOf: asOf, in: transaction)
            for slice in slices where slice.range.start <= context.now {
                let owner = try slice.candidates.first {
                    try context.graph.lastEvent(
                        named: name, of: $0, before: context.now.advanced(by: 1),
                        in: transaction) != nil
                }
                if slice.candidates.count > 1 { lastHome = max(lastHome, slice.range.start) }
                guard let owner else { continue }
                if let last = owners.last, last.asset == owner,
                    last.range.end == slice.range.start
                {
                    owners[owners.count - 1].range.end = slice.range.end
                } else {
                    owners.append(Owner(asset: owner, range: slice.range))
                }
            }
        }
        owners.sort { $0.range.start < $1.range.start }
        guard lastOnly else { return owners }
        return owners.suffix(1).filter { $0.range.end > lastHome }
    }
}
