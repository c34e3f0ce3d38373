import PolluxModel

/// The stretches that slices are made of: slices may overlap or have holes, the stretches they are
/// read in do not.
struct SliceAtoms {
    /// The stretches, ascending and apart.
    private(set) var windows: [TimeRange] = []
    /// The stretches of each slice.
    private var members: [[Range<Int>]] = []

    /// The stretches between all borders of the parts of slices.
    init(_ slices: [[TimeRange]]) {
        let parts = slices.flatMap { $0 }.sorted { $0.start < $1.start }
        let areApart = zip(parts, parts.dropFirst()).allSatisfy { $0.end <= $1.start }
        windows = areApart ? parts : SliceAtoms.cut(parts)
        members = slices.map { slice in slice.map { indices(of: $0) } }
    }

    private static func cut(_ parts: [TimeRange]) -> [TimeRange] {
        var borders: [Timestamp] = []
        for border in parts.flatMap({ [$0.start, $0.end] }).sorted() where borders.last != border {
            borders.append(border)
        }
        let covered = RangeReader.joined(parts)
        return zip(borders, borders.dropFirst()).compactMap { start, end in
            let stretch = TimeRange(start: start, end: end)
            return stretch
        }.clipped(to: covered)
    }

    private func indices(of part: TimeRange) -> Range<Int> {
        let first = index { $0.start < part.start }
        return first..<max(first, index { $0.start < part.end })
    }

    /// The number of windows at the beginning for which something holds.
    private func index(_ isBefore: (TimeRange) -> Bool) -> Int {
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(windows[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The totals of a slice from those of its stretches; nil where it has none.
    func merged(_ totals: [AggregateTotals], slice: Int) -> AggregateTotals? {
        var result: AggregateTotals?
        for range in members[slice] {
            for index in range {
                if result == nil { result = totals[index] } else { result?.merge(totals[index]) }
            }
        }
        return result
    }
}
