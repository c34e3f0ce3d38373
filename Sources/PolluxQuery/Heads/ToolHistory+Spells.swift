import PolluxGraph
import PolluxModel
import PolluxStore

/// Which tools a position had, and which of them were worn.
extension ToolHistory {
    /// Tools of a place that are looked at, the latest ones.
    static let itemLimit = 200

    /// A tool change as it was recorded.
    struct Change: Hashable {
        var instant: Timestamp
        /// How the old tool ended; nil when the event does not say.
        var ending: ToolSpell.Ending?
    }

    /// The tools of a position up to now, in the order in which they were last in it; the one that
    /// is asked about comes last and is in use.
    mutating func spells(of piece: PathPiece, position: AssetID) throws -> [ToolSpell] {
        let changes = try changes(for: piece)
        let mounts = try mounts(in: position)
        guard !mounts.isEmpty else {
            return ToolHistory.anonymous(changes, in: position, until: now)
        }
        let asked = piece.item ?? (piece.subject == position ? nil : piece.subject)
        var outline = PlaceOutline(mounts: mounts, changes: changes, now: now)
        let items = outline.itemsByDeparture.suffix(ToolHistory.itemLimit)
        for item in items { outline.kinds[item] = try kind(of: item) }
        var spells = ToolHistory.anonymous(
            changes.filter { outline.isUnmounted($0.instant) }, in: position, outline,
            isAsked: asked == nil)
        for item in items {
            spells += try self.spells(of: item, changes, outline, isAsked: item == asked)
        }
        let current = asked.flatMap { outline.kinds[$0] ?? nil }
        spells = spells.filter { spell in
            guard let current, let item = spell.item, let kind = outline.kinds[item] ?? nil else {
                return true
            }
            return kind == current
        }
        return spells.sorted { left, right in
            (left.ending == .inUse ? 1 : 0, left.end) < (right.ending == .inUse ? 1 : 0, right.end)
        }
    }

    /// Tools that only tool changes tell apart: one from each change to the next one.
    private static func anonymous(
        _ changes: [Change], in position: AssetID, until now: Timestamp
    ) -> [ToolSpell] {
        var starts = changes
        if starts.isEmpty { starts = [Change(instant: .distantPast)] }
        return starts.indices.map { index in
            let isLast = index + 1 == starts.count
            let end = isLast ? now : starts[index + 1].instant
            let range = TimeRange(start: starts[index].instant, end: end)
            return ToolSpell(
                item: nil, stays: [.init(place: position, range: range)],
                ending: isLast ? .inUse : starts[index + 1].ending ?? .worn)
        }
    }

    /// The same where tools with names came later or in between: each ends with the next mount.
    private static func anonymous(
        _ changes: [Change], in position: AssetID, _ outline: PlaceOutline, isAsked: Bool
    ) -> [ToolSpell] {
        changes.indices.map { index in
            let start = changes[index].instant
            let next = index + 1 < changes.count ? changes[index + 1].instant : outline.now
            let mount = outline.mount(after: start)?.range.start ?? outline.now
            let range = TimeRange(start: start, end: min(next, mount, outline.now))
            let isLast = range.end == outline.now
            let said = next < mount && !isLast ? changes[index + 1].ending : nil
            return ToolSpell(
                item: nil, stays: [.init(place: position, range: range)],
                ending: isLast && isAsked ? .inUse : said ?? .worn)
        }
    }

    /// What one tool did, in as many spells as it was new.
    private mutating func spells(
        of item: AssetID, _ changes: [Change], _ outline: PlaceOutline, isAsked: Bool
    ) throws -> [ToolSpell] {
        let links = try graph.links(of: item, during: .always, in: reading.snapshot.transaction)
        let stays = links.compactMap { link -> ToolSpell.Stay? in
            guard link.relation == .mounting, link.subject == item, link.range.start < now else {
                return nil
            }
            let range = TimeRange(start: link.range.start, end: min(link.range.end, now))
            return .init(place: link.object, range: range)
        }
        let whole = ToolSpell(
            item: item, stays: stays,
            ending: isAsked ? .inUse : try ending(of: item, links, outline))
        var resets = changes.compactMap { change -> ToolSpell.Reset? in
            guard let mount = outline.mount(at: change.instant), mount.subject == item,
                !outline.isMountChange(change.instant)
            else { return nil }
            return .init(instant: change.instant, ending: change.ending ?? .worn)
        }
        resets += outline.departures[item] ?? []
        resets += try restarts(of: item).map { .init(instant: $0, ending: .worn) }
        reading.dependencies.assets.formUnion([item] + stays.map(\.place))
        return whole.split(at: resets)
    }

    /// How a tool ended that is not the one asked about.
    private mutating func ending(
        of item: AssetID, _ links: [Link], _ outline: PlaceOutline
    ) throws -> ToolSpell.Ending {
        let said = outline.departures[item]?.last
        if let said, said.instant == outline.lasts[item] { return said.ending }
        let words = try statusWords(of: item)
        if !words.isDisjoint(with: ["BROKEN", "EXPIRED"]) { return .worn }
        if words.contains("TAGGED_OUT") { return .early }
        let transaction = reading.snapshot.transaction
        if let asset = try graph.asset(item, in: transaction), asset.life.end <= now {
            return .worn
        }
        let storing = try graph.relation(named: "stored-in", in: transaction)?.definition.id
        let isKept = links.contains { link in
            link.subject == item && link.range.contains(now)
                && (link.relation == .mounting || link.relation == storing)
        }
        if isKept { return .away }
        guard outline.hasChanger else { return .worn }
        return outline.hasSuccessor(item) ? .worn : .away
    }

    /// The words of a tool's newest status.
    private mutating func statusWords(of item: AssetID) throws -> Set<String> {
        let during = TimeRange(start: .distantPast, end: now)
        for source in try reading.sources(of: item, measure: "status", during: during).reversed()
        where source.series.asset == item && source.series.kind == .text {
            let point = try reading.snapshot.point(of: source.series.id, before: now)
            guard let point, case .text(let text) = point.value else { continue }
            return ToolHistory.words(text)
        }
        return []
    }

    static func words(_ status: String) -> Set<String> {
        Set(status.uppercased().split { !$0.isLetter && $0 != "_" }.map(String.init))
    }

    static func isSame(_ change: Timestamp, _ mount: Timestamp) -> Bool {
        change.nanoseconds(since: mount).magnitude <= UInt64(sameChange)
    }

    /// What kind of tool it is, as the plant or a program calls it; nil when nobody says.
    private func kind(of item: AssetID) throws -> String? {
        for name in ["tool-id", "program-tool-number"] {
            let value = try graph.attribute(
                name, of: item, at: now, in: reading.snapshot.transaction)
            switch value {
            case .text(let text) where !text.isEmpty: return "\(name) \(text)"
            case .integer(let number): return "\(name) \(number)"
            default: continue
            }
        }
        return nil
    }

    /// The tool changes recorded for the position up to now, oldest first.
    private func changes(for piece: PathPiece) throws -> [Change] {
        let transaction = reading.snapshot.transaction
        let owner = try graph.eventOwner(
            named: "tool-change", for: piece.subject, at: now, in: transaction)
        guard let owner else { return [] }
        let past = TimeRange(start: .distantPast, end: now)
        return try graph.events(
            of: owner, named: "tool-change", overlapping: past, in: transaction
        )
        .filter { $0.start < now }
        .map { Change(instant: $0.start, ending: $0.endOfOldTool) }
        .sorted { $0.instant < $1.instant }
    }

    /// The mounts in a place that began by now, oldest first.
    private func mounts(in place: AssetID) throws -> [Link] {
        try graph.links(of: place, during: .always, in: reading.snapshot.transaction)
            .filter {
                $0.relation == .mounting && $0.object == place && $0.range.start < now
            }
    }
}

extension Event {
    /// How a tool change says that the old tool ended; nil when it does not say.
    fileprivate var endOfOldTool: ToolSpell.Ending? {
        for attribute in attributes {
            switch (attribute.name, attribute.value) {
            case ("early", .boolean(true)): return .early
            case ("reason", .text(let text)):
                switch text.lowercased() {
                case "early": return .early
                case "worn", "broken", "expired": return .worn
                default: continue
                }
            default: continue
            }
        }
        return nil
    }
}
