import PolluxModel

/// What is known about one tool while it wears: a grid of tool factors, each with a Kalman filter
/// of its break-in.
///
/// Wear at damage D is L(b + (1 − b)(D/k)^1.3): L the limit, b the share worn off at once, k this
/// tool's factor on the law's life. The unknown is one number, so the grid is exact, cheap and the
/// same on every machine. 1.2 KB of state.
struct ToolLifeFilter: Hashable, Sendable {
    /// The limit of wear in mm.
    let limit: Double
    /// The standard deviation of ln k.
    let deviation: Double
    private(set) var damage = 0.0
    private var damageAtReading = 0.0
    private var logWeights: [Float]
    private var shares: [Float]
    private var variances: [Float]
    private(set) var readingCount = 0

    init(limit: Double, deviation: Double) {
        self.limit = limit
        self.deviation = min(max(deviation, 0.02), 2)
        let count = ModelConstants.toolGridCount
        let variance = ModelConstants.breakInDeviation * ModelConstants.breakInDeviation
        logWeights = (0..<count).map { index in
            let z = ToolLifeFilter.standardised(index)
            return Float(-z * z / 2)
        }
        shares = [Float](repeating: Float(ModelConstants.breakInMean), count: count)
        variances = [Float](repeating: Float(variance), count: count)
    }

    private static func standardised(_ index: Int) -> Double {
        let half = Double(ModelConstants.toolGridCount - 1) / 2
        return (Double(index) - half) / half * ModelConstants.toolGridReach
    }

    private func factor(_ index: Int) -> Double {
        exponential(deviation * ToolLifeFilter.standardised(index))
    }

    /// Adds the damage of a cut: its minutes over the life that the law gives its condition.
    mutating func cut(damage more: Double) {
        guard more.isFinite, more > 0 else { return }
        damage = min(damage + more, 1e6)
    }

    /// Takes in a reading of wear in mm; a soft sensor's counts for less.
    mutating func read(wear: Double, isSoft: Bool = false) {
        guard wear.isFinite, wear >= 0, limit > 0 else { return }
        let passed = max(0, damage - damageAtReading)
        damageAtReading = damage
        readingCount = min(readingCount + 1, 1 << 40)
        let noise = isSoft ? ModelConstants.softReadingNoise : ModelConstants.readingNoise
        for index in logWeights.indices {
            let factor = factor(index)
            let worn = raise(damage / factor, to: ModelConstants.wearExponent)
            let process = ModelConstants.breakInProcess * ModelConstants.breakInProcess
            let prior = Double(variances[index]) + process * passed / factor
            let slope = 1 - worn
            let reading = noise * noise * (1 + worn * worn)
            let total = slope * slope * prior + reading
            let innovation = wear / limit - worn - slope * Double(shares[index])
            let gain = prior * slope / total
            shares[index] = Float(Double(shares[index]) + gain * innovation)
            variances[index] = Float(max(0, (1 - gain * slope) * prior))
            let weight =
                Double(logWeights[index])
                - (naturalLogarithm(total) + innovation * innovation / total) / 2
            logWeights[index] = Float(max(weight, -1e6))
        }
        let top = logWeights.max() ?? 0
        for index in logWeights.indices { logWeights[index] -= top }
    }

    /// The quantiles of k − D, given that the tool still lives; nil when no factor lets it.
    func remainingDamage(_ probabilities: [Double]) -> [Double]? {
        var steps: [(left: Double, weight: Double)] = []
        let half =
            deviation * ModelConstants.toolGridReach
            / Double(ModelConstants.toolGridCount - 1)
        var total = 0.0
        for index in logWeights.indices {
            let middle = deviation * ToolLifeFilter.standardised(index)
            let low = exponential(middle - half)
            let high = exponential(middle + half)
            // A node stands for its cell; where damage has passed part of it, the rest is left.
            let alive = high <= damage ? 0 : min(1, (high - damage) / (high - low))
            let weight = exponential(Double(logWeights[index])) * alive
            steps.append((left: max(low, damage), weight: weight))
            total += weight
        }
        guard total > 0 else { return nil }
        let last = exponential(half * Double(ModelConstants.toolGridCount))
        return probabilities.map { probability in
            var passed = 0.0
            for (index, step) in steps.enumerated() where step.weight > 0 {
                let share = step.weight / total
                if passed + share >= probability {
                    let right =
                        index + 1 < steps.count ? max(steps[index + 1].left, step.left) : last
                    let inside = (probability - passed) / share
                    return step.left + inside * (right - step.left) - damage
                }
                passed += share
            }
            return last - damage
        }
    }

    func encode(to writer: inout StateWriter) {
        for value in [limit, deviation, damage, damageAtReading] { writer.put(value) }
        writer.put(readingCount)
        for column in [logWeights, shares, variances] { writer.put(column) }
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        limit = try reader.positive("limit")
        deviation = try reader.positive("deviation")
        guard deviation >= 0.02, deviation <= 2 else { throw .impossible(field: "deviation") }
        damage = try reader.positive("damage")
        damageAtReading = try reader.positive("damage at reading")
        readingCount = try reader.count("reading count")
        let count = ModelConstants.toolGridCount
        logWeights = try reader.floats("weights", atMost: count)
        shares = try reader.floats("shares", atMost: count)
        variances = try reader.floats("variances", atMost: count)
        guard logWeights.count == count, shares.count == count, variances.count == count,
            variances.allSatisfy({ $0 >= 0 })
        else { throw .impossible(field: "grid") }
    }
}
