/// One way to carry a curve on: a closed set of small models that take evenly spaced values one by
/// one, unknown ones included, and say what comes a number of steps later.
struct ForecastModel {
    /// What it remembers, and how fast it learns.
    enum Form: Hashable, Sendable {
        /// The level alone, forgetting by `alpha`; 1 is the last value.
        case level(alpha: Double)
        /// Level and trend (Holt), the trend fading by `damping` a step.
        case trend(alpha: Double, beta: Double, damping: Double)
        /// The straight line of least squares through everything.
        case line
        /// Level and an additive season of `period` steps (Holt and Winters without trend).
        case season(alpha: Double, gamma: Double, period: Int)
    }

    let form: Form
    private(set) var seen = 0
    private var level = 0.0
    private var trend = 0.0
    private var season: [Double] = []
    private var seasonSeen: [Bool] = []
    private var phase = 0
    private var sums = (count: 0.0, time: 0.0, value: 0.0, timeSquared: 0.0, product: 0.0)
    private var step = 0.0

    init(_ form: Form) {
        self.form = form
        if case .season(_, _, let period) = form {
            season = Array(repeating: 0, count: period)
            seasonSeen = Array(repeating: false, count: period)
        }
    }

    /// Takes the value of the next step; nil is unknown.
    mutating func append(_ value: Double?) {
        defer { step += 1 }
        switch form {
        case .level(let alpha):
            guard let value else { return }
            level = seen == 0 ? value : level + alpha * (value - level)
        case .trend(let alpha, let beta, let damping):
            let carried = level + damping * trend
            guard let value else {
                if seen > 0 { (level, trend) = (carried, damping * trend) }
                return
            }
            if seen == 0 {
                level = value
            } else {
                let before = level
                level = carried + alpha * (value - carried)
                trend = damping * trend + beta * (level - before - damping * trend)
            }
        case .line:
            guard let value else { return }
            sums.count += 1
            sums.time += step
            sums.value += value
            sums.timeSquared += step * step
            sums.product += step * value
        case .season(let alpha, let gamma, let period):
            defer { phase = (phase + 1) % period }
            guard let value else { return }
            let offset = seasonSeen[phase] ? season[phase] : 0
            level = seen == 0 ? value : level + alpha * (value - offset - level)
            let rest = value - level
            season[phase] = seasonSeen[phase] ? offset + gamma * (rest - offset) : rest
            seasonSeen[phase] = true
        }
        seen += 1
    }

    /// What is expected `ahead` steps after the last one taken; at least 1.
    func value(ahead: Int) -> Double {
        switch form {
        case .level: return level
        case .trend(_, _, let damping):
            guard damping < 1 else { return level + Double(ahead) * trend }
            let faded = damping * (1 - power(damping, ahead)) / (1 - damping)
            return level + faded * trend
        case .line:
            let spread = sums.count * sums.timeSquared - sums.time * sums.time
            guard spread > 0 else { return sums.count > 0 ? sums.value / sums.count : 0 }
            let slope = (sums.count * sums.product - sums.time * sums.value) / spread
            let start = (sums.value - slope * sums.time) / sums.count
            return start + slope * (step - 1 + Double(ahead))
        case .season(_, _, let period): return level + season[(phase + ahead - 1) % period]
        }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest % 2 == 1 { result *= square }
            square *= square
            rest /= 2
        }
        return result
    }
}
