import PolluxAnalytics
import PolluxGraph
import PolluxModel
import PolluxStore

/// The tools that a position has had, as the model of tool life wants them.
struct ToolHistory {
    /// A tool change and a mount no further apart than this are one change, recorded twice.
    static let sameChange: Int64 = 300_000_000_000
    /// Closed tools that are read; older ones were cut on another machine in all but name.
    static let toolLimit = 50
    /// Minutes of cut that say how the tool is used now.
    static let latestMinutes = 10.0

    var reading: HeadReading
    let now: Timestamp
    /// Measures that could not be used, in words.
    var leftOut: [String] = []
    /// The first point or change that any tool's history reaches back to.
    private(set) var earliest: Timestamp?

    init(reading: HeadReading, now: Timestamp) {
        self.reading = reading
        self.now = now
    }

    /// When a new tool came, and whether the one before it left before it was worn.
    struct Change: Hashable {
        var instant: Timestamp
        var isEarly: Bool
    }

    /// How long the tool of a piece will go on.
    ///
    /// - Throws: `LackOfHistory` when its points and events do not say it.
    mutating func remainingLife(of piece: PathPiece) throws -> ToolForecast {
        leftOut = []
        var piece = piece
        piece.place = try piece.place ?? place(of: piece.subject)
        let position = piece.place ?? piece.subject
        reading.dependencies.assets.formUnion(
            [piece.subject, piece.place, piece.item].compactMap { $0 })
        let changes = try changes(for: piece)
        // With a change on record, nothing before the first one matters: that tool's start is not
        // known, so neither is its life.
        let start = changes.first?.instant ?? .distantPast
        guard start < now else { throw LackOfHistory(reason: "its first tool is still to come") }
        let range = TimeRange(start: start, end: now)
        let (traces, limit) = try traces(of: position, during: range)
        let uses = try uses(piece, changes, traces)
        guard let current = uses.last else { throw LackOfHistory(reason: "it has no tool now") }
        let firstCut = traces.cutting.steps.first.map { Timestamp(nanoseconds: $0.start) }
        note(start: changes.first?.instant ?? firstCut)
        guard uses.contains(where: { !$0.cuts.isEmpty }) else {
            throw LackOfHistory(
                reason: "no cut is known yet: cutting, or state with the word 'cutting', was never "
                    + "true in its history")
        }
        let prior = try text("material", of: piece).flatMap { ToolPrior.named($0) }
        let closed = Array(uses.dropLast().filter { $0.minutes > 0 })
        let model = ToolLife.replay(
            closed: closed, current: current, prior: prior,
            limit: limit ?? ToolLife.defaultLimit)
        let life: RemainingLife
        do {
            life = try model.remaining(in: condition(current, closed))
        } catch {
            throw LackOfHistory(reason: reason(error, closed: closed.count, changes))
        }
        return ToolForecast(
            life: life,
            notes: notes(life, current, censored: model.law.censoredCount, changes: changes))
    }

    private mutating func note(start: Timestamp?) {
        guard let start else { return }
        earliest = min(start, earliest ?? start)
    }

    /// The condition that the tool will go on in: the mean of its latest minutes of cut, of the
    /// tool before while it has not cut yet.
    ///
    /// Not the last stretch alone: feed and depth fall to zero a moment before the cut ends.
    private func condition(_ current: ToolUse, _ closed: [ToolUse]) -> CutCondition? {
        guard let cuts = ([current] + closed.reversed()).first(where: { !$0.cuts.isEmpty })?.cuts
        else { return nil }
        var latest: [CutInterval] = []
        var minutes = 0.0
        for cut in cuts.reversed() where minutes < ToolHistory.latestMinutes {
            latest.append(cut)
            minutes += cut.minutes
        }
        return ToolUse(cuts: latest).meanCondition
    }

    private func reason(
        _ error: RemainingLifeError, closed: Int, _ changes: [Change]
    ) -> String {
        guard error == .noHistory, !changes.isEmpty else { return error.description }
        return closed > 0
            ? "all \(closed) tools so far were changed before they were worn, so how long one "
                + "lasts is not known; set material of the tool (hss, carbide, coated-carbide, "
                + "ceramic)"
            : "the tool-change at \(changes[0].instant) begins the first tool whose life is known, "
                + "and it is still in use; set material of the tool (hss, carbide, "
                + "coated-carbide, ceramic) for a textbook's estimate"
    }

    private func notes(
        _ life: RemainingLife, _ current: ToolUse, censored: Int, changes: [Change]
    ) -> [String] {
        var notes = [life.toolCount == 1 ? "1 past tool" : "\(life.toolCount) past tools"]
        if life.method == "textbook" { notes = ["prior law, unverified"] }
        if censored > 0 { notes.append("\(censored) changed early") }
        if life.readingCount > 0 {
            notes.append(
                life.readingCount == 1 ? "1 wear reading" : "\(life.readingCount) wear readings")
        }
        if changes.isEmpty { notes.append("no tool-change recorded: used since the first point") }
        // Of a mere history it says how short it is, which the count above says already.
        if let note = life.note, life.method != "history" { notes.append(note) }
        if current.cuts.isEmpty { notes.append("this tool has not cut yet") }
        return notes + leftOut
    }

    /// One use for each tool since the first change; the last one is in use.
    private func uses(
        _ piece: PathPiece, _ changes: [Change], _ traces: ToolTraces
    ) throws -> [ToolUse] {
        var starts = changes.map(\.instant)
        if starts.isEmpty { starts = [.distantPast] }
        var uses: [ToolUse] = []
        for (index, start) in starts.enumerated() {
            let isCurrent = index + 1 == starts.count
            let end = isCurrent ? now : starts[index + 1]
            guard start < end else { continue }
            let range = TimeRange(start: start, end: end)
            uses.append(
                traces.use(
                    in: range,
                    diameter: try diameter(of: piece, at: max(start, end.advanced(by: -1))),
                    isCensored: isCurrent ? false : changes[index + 1].isEarly))
        }
        return uses
    }
}

/// What the plant knows about the tools of a position.
extension ToolHistory {
    /// The changes of the position's tool up to now, oldest first, for `toolLimit` closed tools.
    private func changes(for piece: PathPiece) throws -> [Change] {
        let transaction = reading.snapshot.transaction
        var changes: [Change] = []
        let owner = try graph.eventOwner(
            named: "tool-change", for: piece.subject, at: now, in: transaction)
        if let owner {
            let past = TimeRange(start: .distantPast, end: now)
            for event in try graph.events(
                of: owner, named: "tool-change", overlapping: past, in: transaction)
            where event.start < now {
                changes.append(Change(instant: event.start, isEarly: event.isEarlyChange))
            }
        }
        let events = changes.map(\.instant)
        for mount in try mounts(of: piece) where mount < now {
            let isRecorded = events.contains { event in
                event.nanoseconds(since: mount).magnitude <= UInt64(ToolHistory.sameChange)
            }
            if !isRecorded { changes.append(Change(instant: mount, isEarly: false)) }
        }
        changes.sort { $0.instant < $1.instant }
        return Array(changes.suffix(ToolHistory.toolLimit + 1))
    }

    private var graph: Graph { reading.graph }

    /// The instants at which items were mounted in the place, or the item was mounted anywhere.
    private func mounts(of piece: PathPiece) throws -> [Timestamp] {
        let links = try graph.links(
            of: piece.place ?? piece.subject, during: .always, in: reading.snapshot.transaction)
        var starts: Set<Timestamp> = []
        for link in links
        where link.relation == .mounting && link.range.start > .distantPast {
            starts.insert(link.range.start)
        }
        return starts.sorted()
    }

    /// The place that an item named by itself is mounted in now; nil when it is in none.
    private func place(of item: AssetID) throws -> AssetID? {
        let during = TimeRange(start: now, end: now.advanced(by: 1))
        let links = try graph.links(of: item, during: during, in: reading.snapshot.transaction)
        return links.first { $0.relation == .mounting && $0.subject == item }?.object
    }

    /// The diameter in mm of the tool that was in the position at an instant.
    private func diameter(of piece: PathPiece, at instant: Timestamp) throws -> Double? {
        let transaction = reading.snapshot.transaction
        var bodies = [piece.place, piece.item, piece.subject].compactMap { $0 }
        if let place = piece.place {
            let during = TimeRange(start: instant, end: instant.advanced(by: 1))
            for link in try graph.links(of: place, during: during, in: transaction)
            where link.relation == .mounting && link.object == place {
                bodies.insert(link.subject, at: 0)
            }
        }
        for body in bodies {
            let value = try graph.attribute("diameter", of: body, at: instant, in: transaction)
            if let number = value?.number, number > 0 { return number }
        }
        return nil
    }

    /// A text attribute of the tool now: of the item, else of the place.
    private func text(_ name: String, of piece: PathPiece) throws -> String? {
        for body in [piece.item, piece.subject, piece.place].compactMap({ $0 }) {
            let value = try graph.attribute(
                name, of: body, at: now, in: reading.snapshot.transaction)
            if case .text(let text) = value { return text }
        }
        return nil
    }
}

extension Event {
    /// Whether a tool change says that the old tool was not worn yet.
    var isEarlyChange: Bool {
        attributes.contains { attribute in
            switch (attribute.name, attribute.value) {
            case ("early", .boolean(let flag)): flag
            case ("reason", .text(let text)): text.lowercased() == "early"
            default: false
            }
        }
    }
}
