import PolluxGraph
import PolluxModel

/// The tools with names that were in one place.
struct PlaceOutline {
    /// In time order.
    let mounts: [Link]
    let now: Timestamp
    /// Whether a tool came back after another one: tools leave it without being worn.
    private(set) var hasChanger = false
    /// When each tool first came.
    private var firsts: [AssetID: Timestamp] = [:]
    /// When each tool last left.
    private(set) var lasts: [AssetID: Timestamp] = [:]
    /// When tools left of which a tool change says how they ended.
    private(set) var departures: [AssetID: [ToolSpell.Reset]] = [:]
    /// What kind of tool each one is, where it is known.
    var kinds: [AssetID: String?] = [:]

    init(mounts: [Link], changes: [ToolHistory.Change], now: Timestamp) {
        self.mounts = mounts
        self.now = now
        var last: AssetID?
        for mount in mounts {
            if mount.subject != last, firsts[mount.subject] != nil { hasChanger = true }
            last = mount.subject
            if firsts[mount.subject] == nil { firsts[mount.subject] = mount.range.start }
            lasts[mount.subject] = mount.range.end
        }
        for change in changes {
            guard let ending = change.ending, let left = departure(nearest: change.instant) else {
                continue
            }
            departures[left.subject, default: []].append(
                .init(instant: left.range.end, ending: ending))
        }
    }

    /// Tools, the one that left first first.
    var itemsByDeparture: [AssetID] {
        lasts.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    /// The mount that holds at an instant.
    func mount(at instant: Timestamp) -> Link? {
        let index = firstIndex(after: instant)
        guard index > 0, mounts[index - 1].range.contains(instant) else { return nil }
        return mounts[index - 1]
    }

    /// The first mount that begins after an instant.
    func mount(after instant: Timestamp) -> Link? {
        let index = firstIndex(after: instant)
        return index < mounts.count ? mounts[index] : nil
    }

    private func firstIndex(after instant: Timestamp) -> Int {
        mounts.endOfPrefix { $0.range.start <= instant }
    }

    /// Mounts around an instant.
    private func neighbours(of instant: Timestamp) -> ArraySlice<Link> {
        let index = firstIndex(after: instant)
        return mounts[max(0, index - 2)..<min(mounts.count, index + 1)]
    }

    /// The mount whose end a tool change means: the nearest one, no further away than one change
    /// is recorded twice.
    private func departure(nearest instant: Timestamp) -> Link? {
        func distance(_ mount: Link) -> UInt64 {
            instant.nanoseconds(since: mount.range.end).magnitude
        }
        let nearest = neighbours(of: instant).min { distance($0) < distance($1) }
        guard let nearest, ToolHistory.isSame(instant, nearest.range.end) else { return nil }
        return nearest
    }

    /// Whether a tool change is a mount or the end of one, recorded twice.
    func isMountChange(_ instant: Timestamp) -> Bool {
        neighbours(of: instant).contains { mount in
            ToolHistory.isSame(instant, mount.range.start)
                || ToolHistory.isSame(instant, mount.range.end)
        }
    }

    /// Whether a tool change concerns a tool without a name.
    func isUnmounted(_ instant: Timestamp) -> Bool {
        mount(at: instant) == nil && !isMountChange(instant)
    }

    /// Whether another tool of the same kind came after a tool had left for the last time.
    func hasSuccessor(_ item: AssetID) -> Bool {
        guard let kind = kinds[item] ?? nil, let left = lasts[item] else { return false }
        return firsts.contains { other, first in
            other != item && first >= left && (kinds[other] ?? nil) == kind
        }
    }
}
