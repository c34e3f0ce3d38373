import PolluxLanguage
import PolluxModel

/// What one aggregate has added up in one slice, of one asset or of several pooled (S16).
struct AggregateTotals {
    var curve: CurveTotals?
    var samples: SampleTotals?
    var increase: Increase?
    /// Time between samples of a counter in which its curve is not known, in nanoseconds.
    var bridged: Int64 = 0
    /// Words that values of a text leaf index, for `mode`, `latest`, `earliest`.
    var words: [String] = []
    /// How long the parts are that were read, up to now, in nanoseconds; of all assets together.
    var covered: Int64 = 0
    /// Sums for the slope of a straight line through the samples.
    var slope = SlopeSums()
    /// Rates of assets that were pooled: they add up (S16).
    private var pooledRate: Double?

    /// The totals of an aggregate where nothing is read.
    static func empty(_ aggregate: BoundAggregate, evaluator: Evaluator) -> AggregateTotals {
        var totals = AggregateTotals()
        totals.curve = CurveTotals()
        totals.samples = SampleTotals()
        if case .leaf(let index) = aggregate.argument.form {
            totals.words = evaluator.leaves[index].words
        }
        return totals
    }

    /// The totals of an aggregate of a subject in each window; windows ascend and do not overlap.
    static func gather(
        _ aggregate: BoundAggregate, of subject: Subject, evaluator: Evaluator,
        filter: BoundExpression?, windows: [TimeRange]
    ) -> [AggregateTotals] {
        var totals = Array(repeating: AggregateTotals(), count: windows.count)
        let horizon = Timestamp(nanoseconds: evaluator.horizon(of: aggregate.argument))
        for (slice, window) in windows.enumerated() {
            totals[slice].covered = max(
                0, min(window.end, horizon).nanoseconds(since: window.start))
        }
        let comings = aggregate.word == .times ? subject.comings : []
        if case .leaf(let index) = aggregate.argument.form {
            for slice in totals.indices { totals[slice].words = evaluator.leaves[index].words }
        }
        let integrator = CurveIntegrator(evaluator: evaluator)
        let collector = SampleCollector(evaluator: evaluator)
        func addCurve(countsStates: Bool = false) {
            let found = integrator.totals(
                of: aggregate.argument, where: filter, in: windows, comings: comings,
                countsStates: countsStates)
            for slice in totals.indices { totals[slice].curve = found[slice] }
        }
        func addSamples(keepsValues: Bool = false) {
            let found = collector.totals(
                of: aggregate.argument, where: filter, in: windows, keepsValues: keepsValues)
            for slice in totals.indices { totals[slice].samples = found[slice] }
        }
        switch aggregate.word {
        case .avg, .min, .max, .coverage:
            addCurve()
            addSamples()
        case .total, .time, .share, .times: addCurve()
        case .mode: addCurve(countsStates: true)
        case .mean, .sum, .count, .stddev, .earliest, .latest, .highest, .lowest: addSamples()
        case .median, .percentile: addSamples(keepsValues: true)
        case .slope: addSlopes(aggregate, collector, filter, windows, &totals)
        case .delta, .rate:
            if let leaf = aggregate.argument.leaves.first {
                let found = collector.increases(of: leaf, where: filter, in: windows)
                for slice in totals.indices { totals[slice].increase = found[slice] }
                if aggregate.word == .rate {
                    let bridged = collector.bridged(of: leaf, where: filter, in: windows)
                    for slice in totals.indices { totals[slice].bridged = bridged[slice] }
                }
            }
            addCurve()
        }
        return totals
    }

    private static func addSlopes(
        _ aggregate: BoundAggregate, _ collector: SampleCollector, _ filter: BoundExpression?,
        _ windows: [TimeRange], _ totals: inout [AggregateTotals]
    ) {
        let (times, values) = collector.samples(of: aggregate.argument)
        let chosen = filter.map { collector.evaluator.values($0, at: times) }
        var window = 0
        for (index, time) in times.enumerated() where values.isKnown[index] {
            while window < windows.count, windows[window].end.nanoseconds <= time { window += 1 }
            guard window < windows.count else { return }
            guard windows[window].start.nanoseconds <= time,
                chosen.map({ $0.isKnown[index] && $0.values[index] == 1 }) ?? true
            else { continue }
            totals[window].slope.add(values.values[index], at: time)
        }
    }

    /// Adds the totals of another stretch of the same asset.
    mutating func merge(_ other: AggregateTotals) {
        if let theirs = other.curve {
            if curve == nil { curve = theirs } else { curve?.merge(theirs) }
        }
        if let theirs = other.samples {
            if samples == nil { samples = theirs } else { samples?.merge(theirs, words: words) }
        }
        if let theirs = other.increase { increase = (increase ?? .zero) + theirs }
        bridged += other.bridged
        if words.isEmpty { words = other.words }
        covered += other.covered
        slope.merge(other.slope)
    }

    /// Pools the totals of another asset, whose words may be numbered otherwise.
    mutating func pool(_ other: AggregateTotals) {
        let rates = [rate, other.rate].compactMap { $0 }
        var other = other
        if !other.words.isEmpty, other.words != words {
            let numbers = other.words.map { word -> Double in
                if let known = words.firstIndex(of: word) { return Double(known) }
                words.append(word)
                return Double(words.count - 1)
            }
            other.curve?.renumber(numbers)
            other.samples?.renumber(numbers)
        }
        merge(other)
        pooledRate = rates.isEmpty ? nil : rates.reduce(0, +)
    }

    /// The increase per known second; of several assets their sum.
    private var rate: Double? {
        if let pooledRate { return pooledRate }
        guard let increase else { return nil }
        let known = (curve?.knownTime ?? 0) + bridged
        guard known > 0 else { return nil }
        return increase.value / (Double(known) / 1e9)
    }

    /// The aggregate's value, or nil where nothing is known.
    func value(of aggregate: BoundAggregate) -> Double? {
        guard let raw = rawValue(of: aggregate.word) else { return nil }
        return raw * aggregate.factor
    }

    /// The value as a whole number where that is more exact, or nil.
    func whole(of aggregate: BoundAggregate) -> Int64? {
        aggregate.word == .delta && aggregate.factor == 1 ? increase?.whole : nil
    }

    private func rawValue(of word: AggregateWord) -> Double? {
        switch word {
        // A slice with samples but no known time shows their mean (S9).
        case .avg: return curve?.average ?? samples?.mean
        case .min:
            return extreme(curve?.minimum, samples?.count ?? 0 > 0 ? samples?.minimum : nil, min)
        case .max:
            return extreme(curve?.maximum, samples?.count ?? 0 > 0 ? samples?.maximum : nil, max)
        case .total: return curve.flatMap { $0.knownTime > 0 ? $0.integral : nil }
        case .time: return curve.flatMap { $0.knownTime > 0 ? Double($0.trueTime) : nil }
        case .share:
            return curve.flatMap {
                $0.knownTime > 0 ? Double($0.trueTime) / Double($0.knownTime) : nil
            }
        case .times: return curve.map { Double($0.starts) }
        case .mode: return mode
        case .coverage:
            return covered > 0 ? Double(curve?.knownTime ?? 0) / Double(covered) : nil
        case .mean: return samples?.mean
        case .sum: return samples.flatMap { $0.count > 0 ? $0.sum : nil }
        case .count: return Double(samples?.count ?? 0)
        case .median: return samples?.percentile(50)
        case .percentile(let percent): return samples?.percentile(percent)
        case .stddev: return samples?.deviation
        case .highest: return samples.flatMap { $0.count > 0 ? $0.maximum : nil }
        case .lowest: return samples.flatMap { $0.count > 0 ? $0.minimum : nil }
        case .earliest: return samples?.first?.value
        case .latest: return samples?.last?.value
        case .delta: return increase?.value
        case .rate: return rate
        case .slope: return slope.slope
        }
    }

    /// The value held longest; of several the least, so that it depends on nothing else.
    private var mode: Double? {
        guard let held = curve?.timeByValue, let longest = held.values.max() else { return nil }
        let best = held.filter { $0.value == longest }.keys
        guard !words.isEmpty else { return best.min() }
        return best.filter { words.indices.contains(Int($0)) }
            .min { words[Int($0)] < words[Int($1)] }
    }

    private func extreme(
        _ onCurve: Double?, _ ofSamples: Double?, _ choose: (Double, Double) -> Double
    ) -> Double? {
        let curve = onCurve.flatMap { $0.isFinite ? $0 : nil }
        guard let curve else { return ofSamples }
        return ofSamples.map { choose($0, curve) } ?? curve
    }
}

/// Sums for the straight line of least squares; time counts from the first sample, so that
/// squares stay small.
struct SlopeSums {
    private var origin: Int64?
    private var count = 0.0
    private var time = 0.0
    private var value = 0.0
    private var timeSquared = 0.0
    private var product = 0.0

    /// Adds a sample.
    mutating func add(_ number: Double, at instant: Int64) {
        let start = origin ?? instant
        origin = start
        let seconds = Double(instant.subtractingSaturated(start)) / 1e9
        count += 1
        time += seconds
        value += number
        timeSquared += seconds * seconds
        product += seconds * number
    }

    /// Adds other sums, whose time counts from another sample.
    mutating func merge(_ other: SlopeSums) {
        guard let theirs = other.origin else { return }
        guard let mine = origin else {
            self = other
            return
        }
        let shift = Double(theirs.subtractingSaturated(mine)) / 1e9
        product += other.product + shift * other.value
        timeSquared += other.timeSquared + 2 * shift * other.time + shift * shift * other.count
        time += other.time + shift * other.count
        value += other.value
        count += other.count
    }

    /// Units per second; nil with fewer than two instants.
    var slope: Double? {
        let spread = count * timeSquared - time * time
        guard count > 1, spread > 0 else { return nil }
        return (count * product - time * value) / spread
    }
}
