import PolluxAnalytics
import PolluxGraph
import PolluxModel
import PolluxStore

/// What the tools of a position did.
struct ToolUses {
    /// Tools that are worn or were taken out early, in the order in which they left.
    var closed: [ToolUse] = []
    /// The tool that is asked about.
    var current: ToolUse
    /// The limit of wear in mm, where a measure declares one.
    var limit: Double?
    /// Parts of the tool in use, by the instant at which they were counted.
    var parts: [(time: Int64, count: Double)] = []
    /// The first instant that counts.
    var start: Timestamp?

    init(current: ToolUse) { self.current = current }

    var hasCuts: Bool { !current.cuts.isEmpty || closed.contains { !$0.cuts.isEmpty } }

    /// Minutes of cut for a part, over all tools; nil when no parts are counted.
    var minutesPerPart: Double? {
        let counted = (closed + [current]).filter { ($0.partCount ?? 0) > 0 }
        let parts = counted.reduce(0) { $0 + ($1.partCount ?? 0) }
        let minutes = counted.reduce(0) { $0 + $1.minutes }
        return parts > 0 && minutes > 0 ? minutes / parts : nil
    }
}

extension ToolHistory {
    /// Reads what tools did in all the places that they were in.
    ///
    /// - Throws: `LackOfHistory` when nothing says when they cut.
    mutating func uses(
        closed: [ToolSpell], current: ToolSpell, _ piece: PathPiece
    ) throws -> ToolUses {
        var spans: [AssetID: TimeRange] = [:]
        for stay in (closed + [current]).flatMap(\.stays) {
            let span = spans[stay.place] ?? stay.range
            spans[stay.place] = TimeRange(
                start: min(span.start, stay.range.start), end: max(span.end, stay.range.end))
        }
        var traces: [AssetID: ToolTraces] = [:]
        var lack: LackOfHistory?
        for (place, span) in spans.sorted(by: { $0.key < $1.key }) {
            do {
                traces[place] = try self.traces(of: place, during: span)
            } catch let place as LackOfHistory {
                lack = place
            }
        }
        // A place that says nothing is no reason to forget what the others say.
        if let lack, traces.isEmpty { throw lack }
        var uses = ToolUses(current: ToolUse(cuts: []))
        for spell in closed { uses.closed.append(try use(of: spell, traces, piece, &uses)) }
        uses.parts = []
        uses.current = try use(of: current, traces, piece, &uses)
        let starts = (closed + [current]).map(\.start).filter { $0 > .distantPast }
        let cuts = (uses.closed + [uses.current]).compactMap(\.cuts.first).map(\.range.start)
        uses.start = (starts.isEmpty ? cuts : starts).min()
        return uses
    }

    private mutating func use(
        of spell: ToolSpell, _ traces: [AssetID: ToolTraces], _ piece: PathPiece,
        _ uses: inout ToolUses
    ) throws -> ToolUse {
        var use = ToolUse(cuts: [], isCensored: spell.ending == .early)
        uses.parts = []
        for stay in spell.stays {
            guard let trace = traces[stay.place] else { continue }
            var bodies = [stay.place]
            if let item = spell.item { bodies.insert(item, at: 0) }
            if stay.place == piece.place, spell.item == nil { bodies.append(piece.subject) }
            let last = max(stay.range.start, stay.range.end.advanced(by: -1))
            use.cuts += trace.cuts(
                in: stay.range, diameter: try diameter(of: bodies, at: last))
            let steps = trace.partSteps(in: stay.range)
            uses.parts += steps
            if trace.hasParts {
                use.partCount = steps.reduce(use.partCount ?? 0) { $0 + $1.count }
            }
        }
        let body = spell.item ?? spell.stays.last?.place ?? piece.subject
        let during = TimeRange(start: spell.start, end: spell.end)
        let wear = try wear(of: body, during: during)
        use.readings = wear.readings
        if let limit = wear.limit { uses.limit = limit }
        return use
    }
}
