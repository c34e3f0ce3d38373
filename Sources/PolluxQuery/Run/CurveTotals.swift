import PolluxLanguage
import PolluxModel

/// What the curve of an expression adds up to inside one window; totals of windows and assets
/// merge.
struct CurveTotals: Hashable, Sendable {
    /// Known time in nanoseconds.
    var knownTime: Int64 = 0
    /// Value times seconds.
    var integral = 0.0
    /// The least and the greatest value; meaningless while nothing is known.
    var minimum = Double.infinity
    var maximum = -Double.infinity
    /// For conditions: how long they held, in nanoseconds.
    var trueTime: Int64 = 0
    /// For conditions: how often they became true.
    var starts = 0
    /// For states: nanoseconds by value.
    var timeByValue: [Double: Int64] = [:]

    /// The time-weighted mean, or nil while no time is known.
    var average: Double? {
        knownTime > 0 ? integral / (Double(knownTime) / 1e9) : nil
    }

    /// Adds a stretch that is no straight line, but for its ends.
    mutating func add(_ bow: Parabola, over length: Int64) {
        integral += bow.mean * (Double(length) / 1e9)
        guard let extreme = bow.extreme else { return }
        minimum = min(minimum, extreme)
        maximum = max(maximum, extreme)
    }

    /// Numbers states anew, when words of several assets become one list.
    mutating func renumber(_ numbers: [Double]) {
        var renumbered: [Double: Int64] = [:]
        for (value, time) in timeByValue where numbers.indices.contains(Int(value)) {
            renumbered[numbers[Int(value)], default: 0] += time
        }
        timeByValue = renumbered
    }

    /// Adds what others found: other windows of the slice, or other assets of the group.
    mutating func merge(_ other: CurveTotals) {
        knownTime = knownTime.addingSaturated(other.knownTime)
        integral += other.integral
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        trueTime = trueTime.addingSaturated(other.trueTime)
        starts += other.starts
        timeByValue.merge(other.timeByValue, uniquingKeysWith: +)
    }
}

/// Adds up curves over windows.
struct CurveIntegrator {
    let evaluator: Evaluator

    /// The totals of an expression in each window, where `filter` holds; windows ascend and do not
    /// overlap.
    ///
    /// O(spans + windows), after sorting.
    ///
    /// - Parameter comings: when the asset comes into the path, ascending: what is so then begins
    ///   then.
    func totals(
        of node: BoundExpression, where filter: BoundExpression?, in windows: [TimeRange],
        comings: [Int64] = [], countsStates: Bool = false
    ) -> [CurveTotals] {
        var totals = Array(repeating: CurveTotals(), count: windows.count)
        let edges = node.valueClass == .truth ? self.edges(comings, windows) : []
        let bounds = self.bounds(
            of: [node] + (filter.map { [$0] } ?? []), windows: windows, and: edges)
        guard bounds.count > 1 else {
            addInstants(of: node, where: filter, windows, &totals)
            return totals
        }
        let isTruth = node.valueClass == .truth
        let (first, last) = evaluator.ends(node, bounds: bounds)
        let isBent = !isTruth && node.isBent
        let middle = isTruth || isBent ? evaluator.middles(node, bounds: bounds) : first
        let chosen = filter.map { evaluator.middles($0, bounds: bounds) }
        var window = 0
        var wasTrue = false
        var coming = 0
        for index in 0..<(bounds.count - 1) {
            let low = bounds[index]
            while coming < comings.count, comings[coming] <= low {
                wasTrue = false
                coming += 1
            }
            while window < windows.count, windows[window].end.nanoseconds <= low { window += 1 }
            guard window < windows.count else { break }
            let isInside = windows[window].start.nanoseconds <= low
            let isChosen = chosen.map { $0.isKnown[index] && $0.values[index] == 1 } ?? true
            guard middle.isKnown[index], isChosen else { continue }
            let isTrue = isTruth && middle.values[index] == 1
            defer { wasTrue = isTrue }
            guard isInside else { continue }
            let length = bounds[index + 1].subtractingSaturated(low)
            if isTrue {
                totals[window].trueTime = totals[window].trueTime.addingSaturated(length)
                if !wasTrue { totals[window].starts += 1 }
            }
            totals[window].knownTime = totals[window].knownTime.addingSaturated(length)
            let start = isTruth ? middle.values[index] : first.values[index]
            let end = isTruth ? middle.values[index] : last.values[index]
            if isBent {
                totals[window].add(
                    Parabola(start: start, middle: middle.values[index], end: end), over: length)
            } else {
                totals[window].integral += (start + end) / 2 * (Double(length) / 1e9)
            }
            totals[window].minimum = min(totals[window].minimum, start, end)
            totals[window].maximum = max(totals[window].maximum, start, end)
            if countsStates {
                let before = totals[window].timeByValue[start] ?? 0
                totals[window].timeByValue[start] = before.addingSaturated(length)
            }
        }
        addInstants(of: node, where: filter, windows, &totals)
        addBuckets(of: node, windows, &totals)
        return totals
    }

    /// The instants that say what a condition was before it is counted: those of coming, and the
    /// one before the first window, if it was read.
    private func edges(_ comings: [Int64], _ windows: [TimeRange]) -> [Int64] {
        guard let first = windows.first?.start.nanoseconds,
            let last = windows.last?.end.nanoseconds
        else { return [] }
        let before = first.subtractingSaturated(1)
        return (evaluator.start <= before ? [before] : [])
            + comings.filter { first < $0 && $0 < last }
    }

    /// Adds the curves inside rollups; each lies in one window, and is of a bare leaf.
    private func addBuckets(
        of node: BoundExpression, _ windows: [TimeRange], _ totals: inout [CurveTotals]
    ) {
        guard case .leaf(let index) = node.form else { return }
        var window = 0
        for part in evaluator.leaves[index].buckets where !part.isDrawn {
            while window < windows.count, windows[window].end.nanoseconds <= part.firstTime {
                window += 1
            }
            guard window < windows.count else { return }
            guard windows[window].start.nanoseconds <= part.firstTime else { continue }
            totals[window].knownTime = totals[window].knownTime.addingSaturated(part.knownTime)
            totals[window].integral += part.integral
            totals[window].minimum = min(totals[window].minimum, part.minimum)
            totals[window].maximum = max(totals[window].maximum, part.maximum)
        }
    }

    /// Samples behind which nothing is known have no length, but they are values of the curve: they
    /// count for the extremes.
    private func addInstants(
        of node: BoundExpression, where filter: BoundExpression?, _ windows: [TimeRange],
        _ totals: inout [CurveTotals]
    ) {
        guard node.valueClass == .number else { return }
        var times: [Int64] = []
        for leaf in node.leaves {
            let column = evaluator.leaves[leaf]
            for span in column.spanStarts.indices
            where column.spanStarts[span] == column.spanEnds[span] {
                times.append(column.spanStarts[span])
            }
        }
        times = ascending(times)
        let values = evaluator.values(node, at: times)
        let chosen = filter.map { evaluator.values($0, at: times) }
        var window = 0
        for (index, time) in times.enumerated() {
            while window < windows.count, windows[window].end.nanoseconds <= time { window += 1 }
            guard window < windows.count else { return }
            guard windows[window].start.nanoseconds <= time, values.isKnown[index],
                chosen.map({ $0.isKnown[index] && $0.values[index] == 1 }) ?? true
            else { continue }
            totals[window].minimum = min(totals[window].minimum, values.values[index])
            totals[window].maximum = max(totals[window].maximum, values.values[index])
        }
    }

    // MARK: The grid

    /// The instants between which every operand runs straight and every condition is constant.
    func bounds(
        of nodes: [BoundExpression], windows: [TimeRange], and edges: [Int64] = []
    ) -> [Int64] {
        var times = edges
        var seen: Set<Int> = []
        for node in nodes {
            for leaf in node.leaves where seen.insert(leaf).inserted {
                times += evaluator.leaves[leaf].spanStarts
                times += evaluator.leaves[leaf].spanEnds
                times += evaluator.leaves[leaf].track?.times ?? []
            }
        }
        for window in windows {
            times.append(window.start.nanoseconds)
            times.append(window.end.nanoseconds)
        }
        times += horizons(of: nodes, windows)
        let coarse = ascending(times)
        var crossings: [Int64] = []
        for node in nodes {
            node.visit { inner in
                switch inner.form {
                case .comparison(_, let left, let right)
                where left.valueClass == .number && right.valueClass == .number:
                    crossings += self.crossings(left, right, coarse)
                case .function(.abs, let arguments):
                    let zero = BoundExpression(
                        form: .constant(0), valueClass: .number, range: inner.range)
                    if let argument = arguments.first, !argument.leaves.isEmpty {
                        crossings += self.crossings(argument, zero, coarse)
                    }
                default: break
                }
            }
        }
        return crossings.isEmpty ? coarse : ascending(coarse + crossings)
    }

    /// Where what may be missing ends, inside the windows.
    private func horizons(of nodes: [BoundExpression], _ windows: [TimeRange]) -> [Int64] {
        guard let first = windows.first?.start.nanoseconds,
            let last = windows.last?.end.nanoseconds
        else { return [] }
        var found: [Int64] = []
        for node in nodes {
            node.visit { inner in
                guard case .state(let asked, _, _) = inner.form else { return }
                found.append(evaluator.horizon(of: asked))
            }
        }
        return found.filter { first < $0 && $0 < last }
    }

    private func crossings(
        _ left: BoundExpression, _ right: BoundExpression, _ bounds: [Int64]
    ) -> [Int64] {
        let (leftFirst, leftLast) = evaluator.ends(left, bounds: bounds)
        let (rightFirst, rightLast) = evaluator.ends(right, bounds: bounds)
        var found: [Int64] = []
        let isBent = left.isBent || right.isBent
        let leftMiddle = isBent ? evaluator.middles(left, bounds: bounds) : leftFirst
        let rightMiddle = isBent ? evaluator.middles(right, bounds: bounds) : rightFirst
        for index in leftFirst.values.indices {
            guard leftFirst.isKnown[index], rightFirst.isKnown[index] else { continue }
            if isBent {
                let bow = Parabola(
                    start: leftFirst.values[index] - rightFirst.values[index],
                    middle: leftMiddle.values[index] - rightMiddle.values[index],
                    end: leftLast.values[index] - rightLast.values[index])
                let length = Double(bounds[index + 1] - bounds[index])
                found += bow.roots.map { bounds[index] + Int64(($0 * length).rounded()) }
                continue
            }
            let before = leftFirst.values[index] - rightFirst.values[index]
            let after = leftLast.values[index] - rightLast.values[index]
            guard (before < 0 && after > 0) || (before > 0 && after < 0) else { continue }
            let length = Double(bounds[index + 1] - bounds[index])
            let distance = Int64((before / (before - after) * length).rounded())
            found.append(bounds[index] + distance)
        }
        return found
    }

    private func ascending(_ times: [Int64]) -> [Int64] {
        var result: [Int64] = []
        result.reserveCapacity(times.count)
        for time in times.sorted() where result.last != time { result.append(time) }
        return result
    }
}
