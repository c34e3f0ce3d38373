import PolluxModel

/// Disjoint ranges in order, with the set operations that validity needs.
struct RangeSet: Hashable {
    private(set) var ranges: [TimeRange] = []

    init() {}

    init(_ range: TimeRange) {
        if !range.isEmpty { ranges = [range] }
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// Adds a range and joins what touches it.
    mutating func insert(_ range: TimeRange) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, range.start > last.end || ranges.isEmpty {
            ranges.append(range)
            return
        }
        var joined = range
        var kept: [TimeRange] = []
        for other in ranges {
            if other.start <= joined.end, joined.start <= other.end {
                joined.start = min(joined.start, other.start)
                joined.end = max(joined.end, other.end)
            } else {
                kept.append(other)
            }
        }
        let index = kept.firstIndex { $0.start > joined.start } ?? kept.count
        kept.insert(joined, at: index)
        ranges = kept
    }

    /// Takes a range away.
    mutating func remove(_ range: TimeRange) {
        guard !range.isEmpty else { return }
        var kept: [TimeRange] = []
        for other in ranges {
            guard other.overlaps(range) else {
                kept.append(other)
                continue
            }
            if other.start < range.start {
                kept.append(TimeRange(start: other.start, end: range.start))
            }
            if other.end > range.end { kept.append(TimeRange(start: range.end, end: other.end)) }
        }
        ranges = kept
    }

    /// The parts inside a range.
    func clipped(to range: TimeRange) -> [TimeRange] {
        ranges.compactMap { $0.intersection(range) }
    }
}
