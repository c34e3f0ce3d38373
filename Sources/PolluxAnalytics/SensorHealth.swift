/// Sensor health: whether it is the sensor that is at fault, and not the machine.
///
/// Always on, ahead of every other model, which do not see what it sets aside. 72 bytes of state.
public struct SensorHealth: Hashable, Sendable {
    /// The name and version that rows show.
    public static let version = "sensor-health/1"
    private static let stateVersion: UInt8 = 1

    private var lastTime: Int64 = 0
    private var lastValue = 0.0
    private var previousStep = 0.0
    private var meanStep = 0.0
    private var interval = 0.0
    /// The usual share of steps that change nothing.
    private var unchangedShare = 0.5
    private var runCount = 1
    private var count = 0

    /// A judge that has seen nothing.
    public init() {}

    /// Takes in a point and tells what is wrong with the sensor, if anything.
    ///
    /// A spike is known one point late: the fault then speaks of the point before. `time` is in
    /// nanoseconds and should not fall; a point that is not later has no interval.
    public mutating func append(time: Int64, value: Double) -> SensorFault? {
        guard value.isFinite else { return .notFinite }
        guard count > 0 else {
            count = 1
            lastTime = time
            lastValue = value
            return nil
        }
        let isGap = judgeInterval(time)
        let step = value - lastValue
        let isSpike = judgeStep(step)
        let isStuck = judgeRun(isUnchanged: step == 0)
        count = min(count + 1, 1 << 40)
        lastTime = max(time, lastTime)
        lastValue = value
        previousStep = step.isFinite ? step : 0
        if isStuck { return .stuck }
        if isSpike { return .spike }
        return isGap ? .gap : nil
    }

    private mutating func judgeInterval(_ time: Int64) -> Bool {
        let (difference, overflow) = time.subtractingReportingOverflow(lastTime)
        guard !overflow, difference > 0 else { return false }
        let elapsed = Double(difference)
        guard interval > 0 else {
            interval = elapsed
            return false
        }
        let isGap =
            count > ModelConstants.healthWarmUp
            && elapsed > ModelConstants.gapFactor * interval
        let weight = 1 / min(Double(count), ModelConstants.healthMemory)
        interval += (min(elapsed, 2 * interval) - interval) * weight
        return isGap
    }

    private mutating func judgeStep(_ step: Double) -> Bool {
        guard step.isFinite else { return false }
        let bound = ModelConstants.spikeFactor * meanStep
        let isSpike =
            count > ModelConstants.healthWarmUp && bound > 0
            && abs(step) > bound && abs(previousStep) > bound && (step > 0) != (previousStep > 0)
            && abs(step + previousStep) < ModelConstants.spikeReturn * abs(previousStep)
        let weight = 1 / min(Double(count), ModelConstants.healthMemory)
        let size =
            count > ModelConstants.healthWarmUp && bound > 0
            ? min(abs(step), bound)
            : abs(step)
        meanStep += (size - meanStep) * weight
        return isSpike
    }

    private mutating func judgeRun(isUnchanged: Bool) -> Bool {
        if isUnchanged {
            runCount = min(runCount + 1, 1 << 40)
            return count > ModelConstants.healthWarmUp
                && runCount >= ModelConstants.stuckCount
                && Double(runCount) * naturalLogarithm(unchangedShare)
                    < naturalLogarithm(ModelConstants.stuckProbability)
        }
        // A run is learned when it ends, so that a stuck sensor does not become usual meanwhile.
        let memory = min(Double(count), ModelConstants.healthMemory)
        let keep = raise(1 - 1 / (memory + 2), to: Double(runCount - 1))
        unchangedShare = 1 - (1 - unchangedShare) * keep
        unchangedShare -= unchangedShare / (memory + 2)
        runCount = 1
        return false
    }

    /// The state as bytes; resumed from them, the judge goes on bit for bit.
    public func encode() -> [UInt8] {
        var writer = StateWriter(.sensorHealth, version: Self.stateVersion)
        writer.put(lastTime)
        for value in [lastValue, previousStep, meanStep, interval, unchangedShare] {
            writer.put(value)
        }
        writer.put(runCount)
        writer.put(count)
        return writer.finish()
    }

    /// The judge that `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(ModelStateError) {
        var reader = try StateReader(bytes, .sensorHealth, newest: Self.stateVersion)
        lastTime = try reader.int64()
        lastValue = try reader.number("value")
        previousStep = try reader.number("step")
        meanStep = try reader.positive("mean step")
        interval = try reader.positive("interval")
        unchangedShare = try reader.positive("unchanged share")
        guard unchangedShare <= 1 else { throw .impossible(field: "unchanged share") }
        runCount = try reader.count("run", atMost: 1 << 40)
        guard runCount >= 1 else { throw .impossible(field: "run") }
        count = try reader.count("count", atMost: 1 << 40)
        try reader.finish()
    }
}
