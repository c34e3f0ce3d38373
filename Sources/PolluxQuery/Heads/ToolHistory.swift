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

    /// How long the tool of a piece will go on.
    ///
    /// What the machine itself says of the tool's life stands before any model.
    ///
    /// - Throws: `LackOfHistory` when its points and events do not say it.
    mutating func remainingLife(of piece: PathPiece) throws -> ToolForecast {
        leftOut = []
        var piece = piece
        piece.place = try piece.place ?? place(of: piece.subject)
        let position = piece.place ?? piece.subject
        reading.dependencies.assets.formUnion(
            [piece.subject, piece.place, piece.item].compactMap { $0 })
        let spells = try spells(of: piece, position: position)
        guard let current = spells.last, current.ending == .inUse else {
            throw LackOfHistory(reason: "it has no tool now")
        }
        guard current.start < now else {
            throw LackOfHistory(reason: "its first tool is still to come")
        }
        let closed = spells.filter { $0.ending == .worn || $0.ending == .early }
            .filter { !$0.beganEarlier }.suffix(ToolHistory.toolLimit)
        let uses: ToolUses
        do {
            uses = try self.uses(closed: Array(closed), current: current, piece)
        } catch let lack as LackOfHistory {
            // A machine that says how much is left needs no history.
            let idle = ToolUses(current: ToolUse(cuts: []))
            guard let told = try told(of: piece, current, idle, model: nil) else { throw lack }
            return told
        }
        note(start: uses.start)
        let away = spells.count { $0.ending == .away }
        let model: Result<ToolForecast, LackOfHistory>
        do {
            model = .success(try forecast(uses, away: away, spells, piece))
        } catch let lack as LackOfHistory {
            model = .failure(lack)
        }
        let minutesPerPart = uses.minutesPerPart
        if let told = try told(
            of: piece, current, uses, model: try? model.get(), minutesPerPart: minutesPerPart)
        {
            return told
        }
        return try model.get()
    }

    /// What the model of tool life says.
    private mutating func forecast(
        _ uses: ToolUses, away: Int, _ spells: [ToolSpell], _ piece: PathPiece
    ) throws -> ToolForecast {
        guard uses.hasCuts else {
            throw LackOfHistory(
                reason: "no cut is known yet: cutting, or state with the word 'cutting', was never "
                    + "true in its history")
        }
        let prior = try text("material", of: piece).flatMap { ToolPrior.named($0) }
        let closed = uses.closed.filter { $0.minutes > 0 }
        let wearLimit = try uses.limit ?? number("wear limit", of: piece)
        let model = ToolLife.replay(
            closed: closed, current: uses.current, prior: prior,
            limit: wearLimit ?? ToolLife.defaultLimit)
        let life: RemainingLife
        do {
            life = try model.remaining(in: condition(uses.current, closed))
        } catch {
            throw LackOfHistory(
                reason: reason(error, closed: closed.count, away: away, spells))
        }
        return ToolForecast(
            life: life,
            notes: notes(
                life, uses.current, censored: model.law.censoredCount, away: away,
                isSinceEver: spells.last?.beganEarlier ?? false))
    }

    /// Notes once why a measure could not be used.
    mutating func leaveOut(_ reason: String) {
        if !leftOut.contains(reason) { leftOut.append(reason) }
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
        _ error: RemainingLifeError, closed: Int, away: Int, _ spells: [ToolSpell]
    ) -> String {
        let textbook =
            "set material of the tool (hss, carbide, coated-carbide, ceramic) for a textbook's "
            + "estimate"
        guard error == .noHistory else { return error.description }
        if closed > 0 {
            return "all \(closed) tools so far were changed before they were worn, so how long one "
                + "lasts is not known; \(textbook)"
        }
        if away > 0 {
            return "no tool of its kind is known to be worn: \(away) that left the place may come "
                + "back; record event tool-change with reason = \"worn\" when one does not, or "
                + textbook
        }
        guard let current = spells.last, !current.beganEarlier else { return error.description }
        return "the tool that came at \(current.start) is the first one whose life is known, "
            + "and it is still in use; \(textbook)"
    }

    private func notes(
        _ life: RemainingLife, _ current: ToolUse, censored: Int, away: Int, isSinceEver: Bool
    ) -> [String] {
        var notes = [life.toolCount == 1 ? "1 past tool" : "\(life.toolCount) past tools"]
        if life.method == "textbook" { notes = ["prior law, unverified"] }
        if censored > 0 { notes.append("\(censored) changed early") }
        if life.readingCount > 0 {
            notes.append(
                life.readingCount == 1 ? "1 wear reading" : "\(life.readingCount) wear readings")
        }
        if away > 0 { notes.append("\(away) not worn yet") }
        if isSinceEver { notes.append("no tool-change recorded: used since the first point") }
        // Of a mere history it says how short it is, which the count above says already.
        if let note = life.note, life.method != "history" { notes.append(note) }
        if current.cuts.isEmpty { notes.append("this tool has not cut yet") }
        return notes + leftOut
    }
}

/// What the plant knows about the tools of a position.
extension ToolHistory {
    var graph: Graph { reading.graph }

    /// The place that an item named by itself is or was last mounted in; nil when it never was.
    private func place(of item: AssetID) throws -> AssetID? {
        try graph.links(of: item, during: .always, in: reading.snapshot.transaction).last {
            $0.relation == .mounting && $0.subject == item && $0.range.start < now
        }?.object
    }

    /// The diameter in mm of a tool that was in a place, at an instant.
    func diameter(of bodies: [AssetID], at instant: Timestamp) throws -> Double? {
        for body in bodies {
            let value = try graph.attribute(
                "diameter", of: body, at: instant, in: reading.snapshot.transaction)
            if let number = value?.number, number > 0 { return number }
        }
        return nil
    }

    /// A numeric attribute of the tool now: of the item, else of the place.
    func number(_ name: String, of piece: PathPiece) throws -> Double? {
        for body in [piece.item, piece.subject, piece.place].compactMap({ $0 }) {
            let value = try graph.attribute(
                name, of: body, at: now, in: reading.snapshot.transaction)
            if let number = value?.number, number.isFinite { return number }
        }
        return nil
    }

    /// A text attribute of the tool now: of the item, else of the place.
    func text(_ name: String, of piece: PathPiece) throws -> String? {
        for body in [piece.item, piece.subject, piece.place].compactMap({ $0 }) {
            let value = try graph.attribute(
                name, of: body, at: now, in: reading.snapshot.transaction)
            if case .text(let text) = value { return text }
        }
        return nil
    }
}
