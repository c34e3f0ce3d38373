/// The upper tail of a stream of surprises: how likely one this large is.
///
/// A variant of SPOT (Siffer et al., KDD 2017) in constant memory: the threshold follows the upper
/// 2 % quantile by steps, and the moments of the excesses give a generalised Pareto tail.
struct SurpriseTail: Hashable, Sendable {
    /// The threshold above which a surprise is an excess.
    private(set) var threshold = 0.0
    private var mean = 0.0
    private var square = 0.0
    private var excessCount = 0.0
    private var count = 0.0

    init() {}

    /// A tail whose threshold starts somewhere and that takes in surprises from the first on.
    init(threshold: Double) {
        self.threshold = threshold
        count = ModelConstants.tailStart
    }

    /// The score of a surprise, from what was seen before it.
    func score(_ surprise: Double) -> Double {
        let share = ModelConstants.tailShare
        let atThreshold = -decimalLogarithm(share)
        guard surprise > threshold else {
            return threshold > 0 ? atThreshold * surprise / threshold : 0
        }
        guard mean > 0 else { return atThreshold }
        let excess = surprise - threshold
        let variance = square - mean * mean
        var shape = variance > 0 ? (1 - mean * mean / variance) / 2 : 0
        shape = min(max(shape, 0), ModelConstants.tailShapeLimit)
        let beyond: Double
        if shape < 0.001 {
            beyond = excess / mean / 2.302585092994046
        } else {
            beyond = decimalLogarithm(1 + shape * excess / (mean * (1 - shape))) / shape
        }
        return min(atThreshold + beyond, ModelConstants.scoreCap)
    }

    /// Takes a surprise into the tail; `isSteady` when the threshold moves by steps that do not
    /// get smaller.
    mutating func append(_ surprise: Double, isSteady: Bool = false) {
        count += 1
        guard count > ModelConstants.tailStart else { return }
        let share = ModelConstants.tailShare
        let surprise = min(surprise, ModelConstants.surpriseCap)
        if mean == 0 {
            mean = ModelConstants.tailStartMean
            square = 2 * mean * mean
            excessCount = ModelConstants.tailStartCount
        }
        let step =
            isSteady
            ? ModelConstants.steadyTailGain * max(mean, ModelConstants.steadyTailMean)
            : ModelConstants.tailGain * mean
                / min(count - ModelConstants.tailStart, ModelConstants.tailMemory / share)
                .squareRoot()
        if surprise > threshold {
            let excess = surprise - threshold
            excessCount = min(excessCount + 1, ModelConstants.tailMemory)
            mean += (excess - mean) / excessCount
            square += (excess * excess - square) / excessCount
            threshold += step * (1 - share)
        } else {
            threshold = max(0, threshold - step * share)
        }
    }

    func encode(to writer: inout StateWriter) {
        for value in [threshold, mean, square, excessCount, count] { writer.put(value) }
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        threshold = try reader.positive("tail threshold")
        mean = try reader.positive("tail mean")
        square = try reader.positive("tail square")
        excessCount = try reader.positive("tail excess count")
        count = try reader.positive("tail count")
    }
}
