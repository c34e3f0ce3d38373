import PolluxModel

/// Walks a condition over time and finds its episodes.
struct EpisodeFinder {
    let evaluator: Evaluator
    let condition: BoundExpression
    let minimum: Int64
    let until: BoundExpression?
    let untilMinimum: Int64
    /// When the asset is in the path, ascending and apart; nil where it always is.
    var present: [TimeRange]?

    /// What a condition is over one interval.
    private enum Truth { case yes, no, unknown }

    /// Episodes in ascending order, and the first instant at which it is certain that none is open;
    /// unknown time neither starts nor ends one, and an asset that leaves the path ends its own.
    func episodes(
        in range: TimeRange, now: Timestamp
    ) -> (episodes: [EpisodeSearch.Episode], settled: Int64?) {
        let integrator = CurveIntegrator(evaluator: evaluator)
        let bounds = cut(
            integrator.bounds(of: [condition] + (until.map { [$0] } ?? []), windows: [range]))
        guard bounds.count > 1 else { return ([], nil) }
        let holds = truths(condition, bounds)
        let ends = until.map { truths($0, bounds) }
        var found: [EpisodeSearch.Episode] = []
        var open: (start: Int64, isConfirmed: Bool)?
        var trueSince: Int64?
        var endingSince: Int64?
        var isStale = false
        var (settled, settling): (Int64?, Int64?)
        func close(_ end: Int64) {
            if let current = open, current.isConfirmed {
                found.append(EpisodeSearch.Episode(start: current.start, end: end))
            }
            (open, endingSince) = (nil, nil)
        }
        for index in holds.indices {
            let (low, high) = (bounds[index], bounds[index + 1])
            let truth = holds[index]
            if isAbsent(at: low) {
                close(low)
                (trueSince, settled) = (nil, settled ?? low)
                continue
            }
            if settled == nil, let since = ending(index, low, high, truth, ends, &settling) {
                settled = ends == nil ? low : max(low, since.addingSaturated(untilMinimum))
            }
            if truth == .yes { trueSince = trueSince ?? low }
            if open != nil {
                isStale = truth == .unknown
                if let trueSince, truth == .yes, high.subtractingSaturated(trueSince) >= minimum {
                    open?.isConfirmed = true
                }
                if let end = ending(index, low, high, truth, ends, &endingSince) {
                    close(end)
                } else if truth == .no, open?.isConfirmed != true {
                    // It did not last long enough to be one.
                    open = nil
                }
            } else if truth == .yes {
                open = (low, high.subtractingSaturated(low) >= minimum)
                endingSince = nil
                isStale = false
            }
            if truth == .no { trueSince = nil }
        }
        if let current = open, current.isConfirmed, let last = bounds.last {
            found.append(
                EpisodeSearch.Episode(
                    start: current.start, end: last, isOpen: last >= now.nanoseconds,
                    isStale: isStale))
        }
        if let first = found.first, first.start == bounds[0] { found[0].beganEarlier = true }
        return (found, settled)
    }

    /// Bounds with those at which the asset comes into the path or leaves it.
    private func cut(_ bounds: [Int64]) -> [Int64] {
        guard let present, let first = bounds.first, let last = bounds.last else { return bounds }
        let borders = present.flatMap { [$0.start.nanoseconds, $0.end.nanoseconds] }
            .filter { $0 > first && $0 < last }
        return borders.isEmpty ? bounds : Set(bounds + borders).sorted()
    }

    private func isAbsent(at instant: Int64) -> Bool {
        guard let present else { return false }
        let instant = Timestamp(nanoseconds: instant)
        return !present.contains { $0.start <= instant && instant < $0.end }
    }

    private func truths(_ node: BoundExpression, _ bounds: [Int64]) -> [Truth] {
        let column = evaluator.middles(node, bounds: bounds)
        return column.values.indices.map {
            column.isKnown[$0] ? (column.values[$0] == 1 ? .yes : .no) : .unknown
        }
    }

    /// Where an open episode ends inside an interval, if it does.
    private func ending(
        _ index: Int, _ low: Int64, _ high: Int64, _ truth: Truth, _ ends: [Truth]?,
        _ endingSince: inout Int64?
    ) -> Int64? {
        guard let ends else { return truth == .no ? low : nil }
        switch ends[index] {
        case .yes:
            let since = endingSince ?? low
            endingSince = since
            return high - since >= untilMinimum ? since : nil
        case .no:
            endingSince = nil
            return nil
        case .unknown: return nil
        }
    }
}
