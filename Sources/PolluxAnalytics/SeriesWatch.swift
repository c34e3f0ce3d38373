public import PolluxModel

/// Everything that watches one series: sensor health, then the models, then episodes.
///
/// The models are NOVELTY-3 and, where the method has one, CYCLE-BAND: the larger score counts.
///
/// The same code runs as data arrives and over history, so both give the same answer. Points go in
/// in time order; a value type of about 3 KB whose state is resumed bit for bit.
public struct SeriesWatch: Hashable, Sendable {
    /// Watches without a cycle write version 1, as programs before there were cycles do.
    private static let newestStateVersion: UInt8 = 2

    private var health = SensorHealth()
    private var novelty = Novelty3()
    /// What the values are held against.
    public let method: WatchMethod
    /// The model of the cycle; nil when the method has none.
    public private(set) var cycle: CycleBand?
    /// The work that is going on and since when, for visits of keys.
    private struct Stay: Hashable {
        var key: UInt64
        var start: Int64
    }
    private var stay: Stay?
    /// The score from which a point raises an alarm.
    public let level: Double
    /// The episode that is not over yet.
    public private(set) var openEpisode: AnomalyEpisode?
    /// The time of the newest point taken in; nil before the first.
    public private(set) var position: Timestamp?
    /// Points in which the sensor was at fault.
    public private(set) var faultCount = 0
    /// Points of work that had no baseline yet, once the models had learned.
    public private(set) var noBaselineCount = 0
    /// Alarms so far.
    public private(set) var alarmCount = 0

    /// A watch that has seen nothing, with an alarm level (never below 2, or 2.3 by default).
    public init(_ method: WatchMethod = .novelty, level: Double = ModelConstants.alarmLevel) {
        self.method = method
        cycle = method == .novelty ? nil : CycleBand()
        self.level = level.isFinite ? max(level, ModelConstants.alarmLevelFloor) : 2.3
    }

    /// The level that gives about `alarmsPerDay` false alarms at a number of points a day.
    public static func level(alarmsPerDay: Double, pointsPerDay: Double) -> Double {
        guard alarmsPerDay > 0, pointsPerDay > 0 else { return ModelConstants.alarmLevel }
        return max(decimalLogarithm(pointsPerDay / alarmsPerDay), ModelConstants.alarmLevelFloor)
    }

    /// Points that NOVELTY-3 has learned from.
    public var learnedCount: Int { novelty.count }

    /// Scores a point from what came before it, then learns it unless the sensor is at fault.
    ///
    /// - Parameter place: where in its cycle the point is; needed by methods with a cycle.
    /// - Returns: the output of the point, and what it did to the episodes.
    public mutating func append(
        at instant: Timestamp, _ value: Double, place: CyclePlace? = nil
    ) -> (output: ModelOutput, change: EpisodeChange) {
        let time = instant.nanoseconds
        position = instant
        let fault = health.append(time: time, value: value)
        // A gap and a spike speak of what came before this point; the point itself is sound.
        if let fault, fault == .stuck || fault == .notFinite {
            faultCount += 1
            return (ModelOutput(condition: .sensorFault(fault)), .none)
        }
        var output = output(value, at: time, place)
        if let fault {
            faultCount += 1
            if !output.isAlarm { output.condition = .sensorFault(fault) }
        }
        if output.isAlarm { alarmCount += 1 }
        return (output, follow(output, time))
    }

    /// What the models say of a sound value.
    private mutating func output(
        _ value: Double, at time: Int64, _ place: CyclePlace?
    ) -> ModelOutput {
        let place = method == .cycle ? visit(place, at: time) : place
        let judgement = place.flatMap { cycle?.append(value, key: $0.key, lap: $0.lap) }
        switch judgement {
        case .scored(let score, let expected, let low, let high):
            var output = novelty.append(value, level: level, beside: score)
            if output.cause == .cycle {
                output.expected = expected
                output.low = low
                output.high = high
            }
            return output
        case .noCycle: return novelty.append(value, level: level)
        case .learning, .noBaseline, nil:
            guard method == .cycle else { return novelty.append(value, level: level) }
            // Work that was never seen is no fault, however new its values are.
            let output = novelty.append(value, level: .infinity)
            guard output.condition == .ready else { return output }
            noBaselineCount += 1
            return ModelOutput(condition: .noBaseline)
        }
    }

    /// The visit that a point belongs to: a stay counts as another one every ten minutes.
    private mutating func visit(_ place: CyclePlace?, at time: Int64) -> CyclePlace? {
        guard let place else {
            stay = nil
            return nil
        }
        guard let known = stay, known.key == place.key, time >= known.start else {
            stay = Stay(key: place.key, start: time)
            return place
        }
        let (length, overflow) = time.subtractingReportingOverflow(known.start)
        return CyclePlace(key: place.key, lap: overflow ? 0 : length / ModelConstants.cycleStay)
    }

    private mutating func follow(_ output: ModelOutput, _ time: Int64) -> EpisodeChange {
        let cause = output.cause ?? .level
        if var episode = openEpisode {
            // During the hold, scores are stored damped; what they were decides how long it lasted.
            let raw =
                output.isAlarm
                ? output.score
                : min(output.score / ModelConstants.holdDamping, ModelConstants.scoreCap)
            if output.isAlarm || (novelty.isHolding && raw >= level) {
                episode.end = time
                if output.isAlarm { episode.alarmCount += 1 }
                if raw > episode.peak {
                    episode.peak = raw
                    episode.peakTime = time
                    episode.cause = cause
                }
                openEpisode = episode
                return .grew(episode)
            }
            guard !novelty.isHolding else { return .none }
            openEpisode = nil
            return .ended(episode)
        }
        guard output.isAlarm else { return .none }
        let episode = AnomalyEpisode(
            start: time, end: time, peak: output.score, peakTime: time, cause: cause,
            alarmCount: 1)
        openEpisode = episode
        return .began(episode)
    }

    /// The state as bytes; resumed from them, the watch goes on bit for bit.
    public func encode() -> [UInt8] {
        var writer = StateWriter(.watch, version: cycle == nil ? 1 : Self.newestStateVersion)
        if cycle != nil { writer.put(method.rawValue) }
        writer.put(level)
        writer.put(position != nil)
        writer.put(position?.nanoseconds ?? 0)
        writer.put(faultCount)
        writer.put(alarmCount)
        writer.put(openEpisode != nil)
        if let episode = openEpisode {
            writer.put(episode.start)
            writer.put(episode.end)
            writer.put(episode.peak)
            writer.put(episode.peakTime)
            writer.put(episode.cause.rawValue)
            writer.put(episode.alarmCount)
        }
        writer.put(nested: health.encode())
        writer.put(nested: novelty.encode())
        if let cycle { writer.put(nested: cycle.encode()) }
        if method == .cycle {
            writer.put(noBaselineCount)
            writer.put(stay != nil)
            writer.put(stay?.key ?? 0)
            writer.put(stay?.start ?? 0)
        }
        return writer.finish()
    }

    /// The watch that `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(ModelStateError) {
        var reader = try StateReader(bytes, .watch, newest: Self.newestStateVersion)
        if reader.version >= 2 {
            guard let method = WatchMethod(rawValue: try reader.byte()) else {
                throw .impossible(field: "method")
            }
            self.method = method
        } else {
            method = .novelty
        }
        level = try reader.positive("level")
        let isPlaced = try reader.boolean("position")
        let time = try reader.int64()
        position = isPlaced ? Timestamp(nanoseconds: time) : nil
        faultCount = try reader.count("fault count")
        alarmCount = try reader.count("alarm count")
        if try reader.boolean("episode") {
            let start = try reader.int64()
            let end = try reader.int64()
            let peak = try reader.positive("episode peak")
            let peakTime = try reader.int64()
            guard let cause = AnomalyCause(rawValue: try reader.byte()) else {
                throw .impossible(field: "episode cause")
            }
            openEpisode = AnomalyEpisode(
                start: start, end: end, peak: peak, peakTime: peakTime, cause: cause,
                alarmCount: try reader.count("episode alarm count"))
        }
        health = try SensorHealth(decoding: try reader.nested())
        novelty = try Novelty3(decoding: try reader.nested())
        cycle = method == .novelty ? nil : try CycleBand(decoding: try reader.nested())
        if method == .cycle {
            noBaselineCount = try reader.count("points without a baseline")
            let isStaying = try reader.boolean("stay")
            let known = Stay(key: try reader.uint64(), start: try reader.int64())
            stay = isStaying ? known : nil
        }
        try reader.finish()
    }
}
