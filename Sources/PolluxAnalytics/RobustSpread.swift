/// A running mean and standard deviation that a single wild value moves little.
struct RobustSpread: Hashable, Sendable {
    private(set) var mean = 0.0
    private var variance = 0.0
    private var count = 0.0

    init() {}

    /// The standard deviation so far.
    var deviation: Double { variance.squareRoot() }

    /// Takes in a value; the update is clipped at four deviations once there are a few.
    mutating func append(_ value: Double) {
        count = min(count + 1, ModelConstants.spreadMemory)
        var difference = value - mean
        if count > 10, variance > 0 {
            let bound = ModelConstants.spreadClip * deviation
            difference = min(max(difference, -bound), bound)
        }
        mean += difference / count
        variance += (difference * difference * (1 - 1 / count) - variance) / count
        if !variance.isFinite || !mean.isFinite { self = RobustSpread() }
    }

    func encode(to writer: inout StateWriter) {
        for value in [mean, variance, count] { writer.put(value) }
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        mean = try reader.number("spread mean")
        variance = try reader.positive("spread variance")
        count = try reader.positive("spread count")
    }
}
