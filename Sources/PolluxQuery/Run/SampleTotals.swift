import PolluxModel
import PolluxStore

/// What the samples of an expression add up to inside one window.
struct SampleTotals: Hashable, Sendable {
    var count = 0
    var sum = 0.0
    /// Sums of what the values are above the first one that came, and of its squares: a deviation
    /// from the squares of large values themselves would lose its digits.
    private var origin = 0.0
    private var sumAbove = 0.0
    private var squaresAbove = 0.0
    var minimum = Double.infinity
    var maximum = -Double.infinity
    var first: (time: Int64, value: Double)? { firstTime.map { ($0, firstValue) } }
    var last: (time: Int64, value: Double)? { lastTime.map { ($0, lastValue) } }
    private var firstTime: Int64?
    private var firstValue = 0.0
    private var lastTime: Int64?
    private var lastValue = 0.0
    /// The values themselves, kept only where percentiles are asked for.
    var values: [Double] = []
    /// How often the middle of each bin of rollups stands for a value, like `values`.
    private(set) var bins: [UInt32: UInt64] = [:]

    /// Whether it holds more than sums.
    var keepsValues: Bool { !values.isEmpty || !bins.isEmpty }

    /// Whether percentiles are those of bins in part.
    var isApproximate: Bool { !bins.isEmpty }

    /// The plain mean, or nil without samples.
    var mean: Double? { count > 0 ? sum / Double(count) : nil }

    /// The standard deviation of the samples (divided by their number less one).
    var deviation: Double? {
        guard count > 1 else { return nil }
        let squares = squaresAbove - sumAbove * sumAbove / Double(count)
        // Squares that are too large make no number, and that is less than nothing to `max`.
        return squares.isNaN ? .infinity : max(0, squares / Double(count - 1)).squareRoot()
    }

    /// The value below which a share of the samples lies, interpolated between neighbours.
    func percentile(_ percent: Double) -> Double? {
        guard bins.isEmpty else { return approximatePercentile(percent) }
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let position = max(0, min(100, percent)) / 100 * Double(sorted.count - 1)
        let index = Int(position)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (sorted[index + 1] - sorted[index]) * (position - Double(index))
    }

    /// Like `percentile`, where bins stand for some of the values.
    private func approximatePercentile(_ percent: Double) -> Double? {
        var held = values.map { (value: $0, count: UInt64(1)) }
        for (bin, count) in bins {
            let middle = RollupSketch.value(ofBin: bin)
            held.append((min(max(middle, minimum), maximum), count))
        }
        held.sort { $0.value < $1.value }
        let total = held.reduce(UInt64(0)) { $0 &+ $1.count }
        guard total > 0 else { return nil }
        let position = max(0, min(100, percent)) / 100 * Double(total - 1)
        func value(at rank: UInt64) -> Double {
            var reached: UInt64 = 0
            for part in held {
                reached += part.count
                if rank < reached { return part.value }
            }
            return maximum
        }
        let rank = UInt64(position)
        let lower = value(at: rank)
        guard rank + 1 < total else { return lower }
        return lower + (value(at: rank + 1) - lower) * (position - Double(rank))
    }

    mutating func add(_ value: Double, at time: Int64, keepsValues: Bool) {
        if count == 0 { origin = value }
        count += 1
        sum += value
        let above = value - origin
        sumAbove += above
        squaresAbove += above * above
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        noteEnds((time, value), (time, value))
        if keepsValues { values.append(value) }
    }

    /// Adds the samples of a rollup.
    mutating func add(_ part: BucketPart, keepsValues: Bool) {
        if keepsValues {
            for bin in part.bins { bins[bin.number, default: 0] += bin.count }
        }
        count += part.count
        sum += part.sum
        minimum = min(minimum, part.minimum)
        maximum = max(maximum, part.maximum)
        noteEnds((part.firstTime, part.first), (part.lastTime, part.last))
    }

    /// Of samples of several assets at one instant the least counts (S16), in whatever order they
    /// come; values that index `words` count as these.
    private mutating func noteEnds(
        _ theirFirst: (time: Int64, value: Double), _ theirLast: (time: Int64, value: Double),
        words: [String] = []
    ) {
        func isLess(_ value: Double, _ other: Double) -> Bool {
            guard words.indices.contains(Int(value)), words.indices.contains(Int(other)) else {
                return value < other
            }
            return words[Int(value)] < words[Int(other)]
        }
        let isEarlier = first.map { mine in
            theirFirst.time < mine.time
                || (theirFirst.time == mine.time && isLess(theirFirst.value, mine.value))
        }
        let isLater = last.map { mine in
            theirLast.time > mine.time
                || (theirLast.time == mine.time && isLess(theirLast.value, mine.value))
        }
        if isEarlier ?? true { (firstTime, firstValue) = theirFirst }
        if isLater ?? true { (lastTime, lastValue) = theirLast }
    }

    /// Numbers words anew, when those of several assets become one list.
    mutating func renumber(_ numbers: [Double]) {
        if numbers.indices.contains(Int(firstValue)) { firstValue = numbers[Int(firstValue)] }
        if numbers.indices.contains(Int(lastValue)) { lastValue = numbers[Int(lastValue)] }
    }

    /// Adds what others found: other windows of the slice, or other assets of the group.
    ///
    /// Values of texts index `words`.
    mutating func merge(_ other: SampleTotals, words: [String] = []) {
        if count == 0 { origin = other.origin }
        let step = other.origin - origin
        squaresAbove +=
            other.squaresAbove + step * (2 * other.sumAbove + step * Double(other.count))
        sumAbove += other.sumAbove + step * Double(other.count)
        count += other.count
        sum += other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        if let theirFirst = other.first, let theirLast = other.last {
            noteEnds(theirFirst, theirLast, words: words)
        }
        values += other.values
        bins.merge(other.bins, uniquingKeysWith: +)
    }
}

/// Adds up samples over windows.
struct SampleCollector {
    let evaluator: Evaluator

    /// The totals of the samples in each window at which `filter` holds; windows ascend and do not
    /// overlap.
    func totals(
        of node: BoundExpression, where filter: BoundExpression?, in windows: [TimeRange],
        keepsValues: Bool = false
    ) -> [SampleTotals] {
        var totals = Array(repeating: SampleTotals(), count: windows.count)
        let (times, values) = samples(of: node)
        let chosen = filter.map { evaluator.values($0, at: times) }
        var window = 0
        for (index, time) in times.enumerated() where values.isKnown[index] {
            while window < windows.count, windows[window].end.nanoseconds <= time { window += 1 }
            guard window < windows.count else { break }
            guard windows[window].start.nanoseconds <= time,
                chosen.map({ $0.isKnown[index] && $0.values[index] == 1 }) ?? true
            else { continue }
            totals[window].add(values.values[index], at: time, keepsValues: keepsValues)
        }
        if case .leaf(let index) = node.form {
            for (part, window) in located(evaluator.leaves[index].buckets, windows) {
                totals[window].add(part, keepsValues: keepsValues)
            }
        }
        return totals
    }

    /// Rollups with the window that each lies in.
    private func located(
        _ buckets: [BucketPart], _ windows: [TimeRange]
    ) -> [(part: BucketPart, window: Int)] {
        var window = 0
        return buckets.compactMap { part in
            while window < windows.count, windows[window].end.nanoseconds <= part.firstTime {
                window += 1
            }
            guard window < windows.count, windows[window].start.nanoseconds <= part.firstTime
            else { return nil }
            return (part, window)
        }
    }

    /// The sample times of an expression, the union of its leaves', and its values there.
    func samples(of node: BoundExpression) -> (times: [Int64], values: NumberColumn) {
        let leaves = node.leaves
        if leaves.count == 1, case .leaf(let index) = node.form {
            let leaf = evaluator.leaves[index]
            var column = NumberColumn(count: 0)
            column.values = leaf.sampleValues
            column.isKnown = Array(repeating: true, count: leaf.sampleValues.count)
            return (leaf.sampleTimes, column)
        }
        var times: [Int64] = []
        for leaf in leaves { times += evaluator.leaves[leaf].sampleTimes }
        var distinct: [Int64] = []
        for time in times.sorted() where distinct.last != time { distinct.append(time) }
        return (distinct, evaluator.values(node, at: distinct))
    }

    /// The change of a counter in each window, of the samples at which `filter` holds.
    ///
    /// A fall is a reset, or a step through `rollover`; an increase belongs to the time of the
    /// later sample, and none crosses a piece.
    func increases(
        of leaf: Int, where filter: BoundExpression?, in windows: [TimeRange]
    ) -> [Increase?] {
        let column = evaluator.leaves[leaf]
        let definition = evaluator.definitions[leaf].definition
        let chosen = filter.map { evaluator.values($0, at: column.sampleTimes) }
        var totals = [Increase?](repeating: nil, count: windows.count)
        var window = 0
        func add(_ increase: Increase, at time: Int64, isChosen: Bool) {
            while window < windows.count, windows[window].end.nanoseconds <= time { window += 1 }
            guard window < windows.count, windows[window].start.nanoseconds <= time, isChosen
            else { return }
            totals[window] = (totals[window] ?? .zero) + increase
        }
        var steps = CounterSteps(column: column, definition: definition)
        var bucket = 0
        for index in 0...column.sampleTimes.count {
            while bucket < column.buckets.count, column.buckets[bucket].samplesBefore == index {
                let part = column.buckets[bucket]
                bucket += 1
                add(steps.increase(to: part), at: part.firstTime, isChosen: true)
            }
            guard index < column.sampleTimes.count else { break }
            add(
                steps.increase(toSample: index), at: column.sampleTimes[index],
                isChosen: chosen.map { $0.isKnown[index] && $0.values[index] == 1 } ?? true)
        }
        return totals
    }

    /// How long in each window a counter's curve is not known between two samples, where `filter`
    /// holds: what was counted meanwhile is.
    func bridged(
        of leaf: Int, where filter: BoundExpression?, in windows: [TimeRange]
    ) -> [Int64] {
        let edges = evaluator.leaves[leaf].bridges
        let bridges = stride(from: 0, to: edges.count, by: 2).map {
            TimeRange(
                start: Timestamp(nanoseconds: edges[$0]),
                end: Timestamp(nanoseconds: edges[$0 + 1]))
        }
        var totals = windows.map { window in
            let parts = [window].clipped(to: bridges)
            guard let filter else { return parts.reduce(0) { $0 + $1.nanoseconds } }
            return CurveIntegrator(evaluator: evaluator)
                .totals(of: filter, where: nil, in: parts).reduce(0) { $0 + $1.trueTime }
        }
        for (part, window) in located(evaluator.leaves[leaf].buckets, windows) {
            totals[window] += part.bridgedTime
        }
        return totals
    }
}

/// Goes along a counter: what each value adds to the one before it.
private struct CounterSteps {
    let column: LeafColumn
    let definition: MeasureDefinition
    /// The value before, with the piece it belongs to.
    private var before: (piece: Int32, value: Double, integer: Int64?)?

    init(column: LeafColumn, definition: MeasureDefinition) {
        self.column = column
        self.definition = definition
    }

    mutating func increase(toSample index: Int) -> Increase {
        let integer = column.sampleIntegers.isEmpty ? nil : column.sampleIntegers[index]
        let piece = column.samplePieces[index]
        defer { before = (piece, column.sampleValues[index], integer) }
        return increase(to: column.sampleValues[index], integer, in: piece)
    }

    mutating func increase(to part: BucketPart) -> Increase {
        defer { before = (part.piece, part.last, part.lastInteger) }
        return increase(to: part.first, part.firstInteger, in: part.piece) + part.increase
    }

    /// A level that was declared as one falls; what data made known may be a counter.
    private var keepsFalls: Bool { definition.kind == .gauge && definition.isDeclared }

    private func increase(to value: Double, _ integer: Int64?, in piece: Int32) -> Increase {
        guard let (old, oldInteger) = counted(before: piece) else { return .zero }
        // Whole numbers are subtracted as such: a double has 53 bits (S23).
        if let integer, let oldInteger {
            let change = Int128(integer) - Int128(oldInteger)
            if change >= 0 || keepsFalls { return Increase(exactly: change) }
            guard let rollover = definition.rollover else {
                return Increase(exactly: Int128(integer))
            }
            if let limit = Int128(exactly: rollover) { return Increase(exactly: limit + change) }
        }
        guard value < old, !keepsFalls else { return Increase(value - old) }
        return Increase(definition.rollover.map { $0 - old + value } ?? value)
    }

    /// The value that the next one of a piece is counted from; nil where that one adds nothing.
    private func counted(before piece: Int32) -> (value: Double, integer: Int64?)? {
        if let before, before.piece == piece { return (before.value, before.integer) }
        guard column.entering.indices.contains(Int(piece)) else { return nil }
        switch column.entering[Int(piece)] {
        case .nothing: return definition.starts.map { ($0, Int64(exactly: $0)) }
        case .beyond: return nil
        case .sample(let entering): return (entering.value, entering.integer)
        }
    }
}
