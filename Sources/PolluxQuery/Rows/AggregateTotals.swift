import PolluxLanguage
import PolluxModel

/// What one aggregate has added up in one slice, of one asset or of several pooled (S16).
struct AggregateTotals {
    var curve: CurveTotals?
    var samples: SampleTotals?
    var increase: Double?
    /// Words that values of a text leaf index, for `mode`, `latest`, `earliest`.
    var words: [String] = []
    /// Sums for the slope of a straight line through the samples; time counts from the slice's
    /// start.
    var slope = SlopeSums()

    /// Sums for least squares.
    struct SlopeSums {
        var count = 0.0
        var time = 0.0
        var value = 0.0
        var timeSquared = 0.0
        var product = 0.0
    }

    /// The totals of an aggregate in each window.
    static func gather(
        _ aggregate: BoundAggregate, evaluator: Evaluator, filter: BoundExpression?,
        windows: [TimeRange]
    ) -> [AggregateTotals] {
        var totals = Array(repeating: AggregateTotals(), count: windows.count)
        if case .leaf(let index) = aggregate.argument.form {
            for slice in totals.indices { totals[slice].words = evaluator.leaves[index].words }
        }
        let integrator = CurveIntegrator(evaluator: evaluator)
        let collector = SampleCollector(evaluator: evaluator)
        func addCurve(countsStates: Bool = false) {
            let found = integrator.totals(
                of: aggregate.argument, where: filter, in: windows, countsStates: countsStates)
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
                let found = collector.increases(of: leaf, in: windows)
                for slice in totals.indices { totals[slice].increase = found[slice] }
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
            let seconds = Double(time - windows[window].start.nanoseconds) / 1e9
            totals[window].slope.count += 1
            totals[window].slope.time += seconds
            totals[window].slope.value += values.values[index]
            totals[window].slope.timeSquared += seconds * seconds
            totals[window].slope.product += seconds * values.values[index]
        }
    }

    /// Pools the totals of another asset.
    mutating func merge(_ other: AggregateTotals) {
        if let theirs = other.curve {
            if curve == nil { curve = theirs } else { curve?.merge(theirs) }
        }
        if let theirs = other.samples {
            if samples == nil { samples = theirs } else { samples?.merge(theirs) }
        }
        if let theirs = other.increase { increase = (increase ?? 0) + theirs }
        if words.isEmpty { words = other.words }
        slope.count += other.slope.count
        slope.time += other.slope.time
        slope.value += other.slope.value
        slope.timeSquared += other.slope.timeSquared
        slope.product += other.slope.product
    }

    /// The aggregate's value, or nil where nothing is known.
    func value(of aggregate: BoundAggregate, window: TimeRange) -> Double? {
        guard let raw = rawValue(of: aggregate.word, window: window) else { return nil }
        return raw * aggregate.factor
    }

    private func rawValue(of word: AggregateWord, window: TimeRange) -> Double? {
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
        case .mode:
            return curve?.timeByValue.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        case .coverage:
            let known = Double(curve?.knownTime ?? 0)
            return window.nanoseconds > 0 ? known / Double(window.nanoseconds) : nil
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
        case .delta: return increase
        case .rate:
            guard let increase, let known = curve?.knownTime, known > 0 else { return nil }
            return increase / (Double(known) / 1e9)
        case .slope:
            let spread = slope.count * slope.timeSquared - slope.time * slope.time
            guard slope.count > 1, spread > 0 else { return nil }
            return (slope.count * slope.product - slope.time * slope.value) / spread
        }
    }

    private func extreme(
        _ onCurve: Double?, _ ofSamples: Double?, _ choose: (Double, Double) -> Double
    ) -> Double? {
        let curve = onCurve.flatMap { $0.isFinite ? $0 : nil }
        guard let curve else { return ofSamples }
        return ofSamples.map { choose($0, curve) } ?? curve
    }
}
