/// Turns scores into alarms: one alarm per episode unless it gets clearly worse.
struct AlarmHold: Hashable, Sendable {
    private var remaining = 0
    private var peak = 0.0

    init() {}

    /// Whether an alarm was raised within the last hundred points.
    var isHolding: Bool { remaining > 0 }

    /// The score to store and whether it raises an alarm.
    mutating func pass(_ score: Double, level: Double) -> (score: Double, isAlarm: Bool) {
        if remaining > 0 {
            remaining -= 1
            guard score > ModelConstants.holdFactor * peak, score >= level else {
                return (ModelConstants.holdDamping * score, false)
            }
        }
        guard score >= level else { return (score, false) }
        peak = score
        remaining = ModelConstants.holdCount
        return (score, true)
    }

    func encode(to writer: inout StateWriter) {
        writer.put(remaining)
        writer.put(peak)
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        remaining = try reader.count("hold", atMost: ModelConstants.holdCount)
        peak = try reader.positive("hold peak")
    }
}
