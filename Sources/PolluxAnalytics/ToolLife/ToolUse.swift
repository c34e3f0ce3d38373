public import PolluxModel

/// One stretch of cutting in one condition.
public struct CutInterval: Hashable, Sendable {
    /// When it cut.
    public var range: TimeRange
    /// How it cut.
    public var condition: CutCondition

    /// A stretch of cutting.
    public init(range: TimeRange, condition: CutCondition) {
        self.range = range
        self.condition = condition
    }

    /// Its length in minutes.
    public var minutes: Double { Double(range.nanoseconds) / 60e9 }
}

/// One measurement of flank wear.
public struct WearReading: Hashable, Sendable {
    /// When it was measured.
    public var instant: Timestamp
    /// Flank wear VB in mm.
    public var wear: Double
    /// Whether a soft sensor estimated it.
    public var isSoft: Bool

    /// A reading.
    public init(instant: Timestamp, wear: Double, isSoft: Bool = false) {
        self.instant = instant
        self.wear = wear
        self.isSoft = isSoft
    }
}

/// What one tool has done between two tool changes.
public struct ToolUse: Hashable, Sendable {
    /// Its cuts in time order.
    public var cuts: [CutInterval]
    /// Its wear readings in time order.
    public var readings: [WearReading]
    /// The parts it made; nil when they are not counted.
    public var partCount: Double?
    /// Whether it was changed before it was worn, so that its life says only "longer".
    public var isCensored: Bool

    /// A tool's use.
    public init(
        cuts: [CutInterval], readings: [WearReading] = [], partCount: Double? = nil,
        isCensored: Bool = false
    ) {
        self.cuts = cuts
        self.readings = readings
        self.partCount = partCount
        self.isCensored = isCensored
    }

    /// Minutes in cut.
    public var minutes: Double { cuts.reduce(0) { $0 + $1.minutes } }

    /// Minutes in cut before an instant.
    public func minutes(before instant: Timestamp) -> Double {
        cuts.reduce(0) { total, cut in
            let part = TimeRange(start: cut.range.start, end: min(cut.range.end, instant))
            return total + Double(part.nanoseconds) / 60e9
        }
    }

    /// The condition on average: time-weighted means of the logarithms.
    public var meanCondition: CutCondition {
        func mean(_ part: (CutCondition) -> Double?, logarithmic: Bool) -> Double? {
            var total = 0.0
            var minutes = 0.0
            for cut in cuts {
                guard let value = part(cut.condition), cut.minutes > 0 else { continue }
                total += (logarithmic ? naturalLogarithm(value) : value) * cut.minutes
                minutes += cut.minutes
            }
            guard minutes > 0 else { return nil }
            return logarithmic ? exponential(total / minutes) : total / minutes
        }
        return CutCondition(
            speed: mean(\.speed, logarithmic: true), feed: mean(\.feed, logarithmic: true),
            depth: mean(\.depth, logarithmic: true), material: mean(\.material, logarithmic: false))
    }

    /// The life of this tool once it is closed: the minutes of cut at which its readings first
    /// cross the limit (interpolated), else all its minutes; nil when it never cut.
    public func life(limit: Double) -> (minutes: Double, isCensored: Bool)? {
        var previous: (minutes: Double, wear: Double)?
        for reading in readings {
            let here = (minutes: minutes(before: reading.instant), wear: reading.wear)
            if here.wear >= limit {
                guard let before = previous, here.wear > before.wear else {
                    return here.minutes > 0 ? (here.minutes, false) : nil
                }
                let share = (limit - before.wear) / (here.wear - before.wear)
                let crossed = before.minutes + share * (here.minutes - before.minutes)
                return crossed > 0 ? (crossed, false) : nil
            }
            previous = here
        }
        let total = minutes
        guard total > 0 else { return nil }
        // Readings that stay clearly below the limit say that it was changed early.
        let isEarly = previous.map { $0.wear < 0.8 * limit } ?? false
        return (total, isCensored || isEarly)
    }
}
