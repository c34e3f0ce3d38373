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
        let first = windows.endOfPrefix { $0.start < part.start }
        return first..<max(first, windows.endOfPrefix { $0.start < part.end })
    }

    /// The totals of each slice from those of its stretches; nil where it has none.
    ///
    /// A stretch is merged about three times, however many slices it lies in, unless percentiles
    /// keep its values: then once for each slice.
    ///
    /// - Parameter pause: called now and then; what it throws ends the work.
    func merged(
        _ totals: [AggregateTotals], pause: () throws -> Void
    ) throws -> [AggregateTotals?] {
        let keepsValues = totals.contains { $0.samples?.keepsValues == true }
        var sliding = SlidingTotals(totals: totals)
        // Sketches of percentiles take long to merge: hundreds of them are a moment.
        var workCount = 0
        return try members.map { ranges in
            var result: AggregateTotals?
            for range in ranges where !range.isEmpty {
                if !keepsValues, range.count > SlidingTotals.leastCount {
                    let part = try sliding.total(of: range, pause: pause)
                    if result == nil { result = part } else { result?.merge(part) }
                    workCount += 2
                    continue
                }
                for index in range {
                    if result == nil {
                        result = totals[index]
                    } else {
                        result?.merge(totals[index])
                    }
                }
                workCount += range.count
            }
            if workCount > 256 {
                workCount = 0
                try pause()
            }
            return result
        }
    }
}

/// Totals of windows that move on over stretches: those of the ends of the stretches up to a
/// border, and those of all stretches behind it.
///
/// What is merged cannot be taken out again, so a window that leaves the border behind makes the
/// next one (a queue as two stacks).
private struct SlidingTotals {
    /// The number of stretches from which on this is worth it.
    static let leastCount = 8

    let totals: [AggregateTotals]
    private var start = 0
    private var border = 0
    private var end = 0
    /// The totals from a stretch to the border, by stretch from `start` on.
    private var ends: [AggregateTotals] = []
    private var behind: AggregateTotals?

    init(totals: [AggregateTotals]) { self.totals = totals }

    /// The totals of a window that is not empty.
    mutating func total(
        of window: Range<Int>, pause: () throws -> Void
    ) rethrows -> AggregateTotals {
        if window.lowerBound < start || window.lowerBound >= border || window.upperBound < end {
            try begin(with: window, pause: pause)
        }
        for index in end..<window.upperBound {
            if behind == nil { behind = totals[index] } else { behind?.merge(totals[index]) }
        }
        end = window.upperBound
        var result = ends[window.lowerBound - start]
        if let behind { result.merge(behind) }
        return result
    }

    private mutating func begin(with window: Range<Int>, pause: () throws -> Void) rethrows {
        start = window.lowerBound
        border = window.upperBound
        end = border
        behind = nil
        ends = Array(totals[window])
        for index in ends.indices.dropLast().reversed() {
            if index.isMultiple(of: 256) { try pause() }
            ends[index].merge(ends[index + 1])
        }
    }
}
