/// What stood out about a point.
public enum AnomalyCause: UInt8, Hashable, Sendable, CaseIterable {
    /// A value unlike any seen.
    case level = 1
    /// Three points spread unlike any seen.
    case spread = 2
    /// A distance from the recent mean unlike any seen.
    case change = 3
    /// A value unlike those of the same place in the cycle.
    case cycle = 4
    /// A slow departure of several sensors from where they were.
    case drift = 5

    /// The word that rows show.
    public var word: String {
        switch self {
        case .level: "level"
        case .spread: "spread"
        case .change: "change"
        case .cycle: "cycle"
        case .drift: "drift"
        }
    }
}

/// What is wrong with a sensor, as against with its machine.
public enum SensorFault: UInt8, Hashable, Sendable, CaseIterable {
    /// The same value for longer than this sensor ever repeats one.
    case stuck = 1
    /// The point before came far too long ago.
    case gap = 2
    /// The point before jumped away and this one came back.
    case spike = 3
    /// Not a number, or infinite.
    case notFinite = 4

    /// The word that rows show.
    public var word: String {
        switch self {
        case .stuck: "stuck"
        case .gap: "gap"
        case .spike: "spike"
        case .notFinite: "not a number"
        }
    }
}

/// What a model is able to say at a point.
public enum ModelCondition: Hashable, Sendable, CustomStringConvertible {
    /// Still learning: points seen, and points needed.
    case learning(seen: Int, of: Int)
    /// The score counts.
    case ready
    /// This place in the work has not been seen often enough.
    case noBaseline
    /// The sensor is at fault, so the point says nothing about the machine.
    case sensorFault(SensorFault)

    /// The words that rows show, such as `learning 212 of 300`.
    public var description: String {
        switch self {
        case .learning(let seen, let needed): "learning \(seen) of \(needed)"
        case .ready: "ok"
        case .noBaseline: "no baseline"
        case .sensorFault(let fault): "sensor \(fault.word)"
        }
    }
}

/// What a model says about one point.
public struct ModelOutput: Hashable, Sendable {
    /// −log10 of how likely so large a surprise is, 0 to 6; 3 means once in 1,000 points.
    public var score: Double
    /// Whether this point raises or renews an alarm.
    public var isAlarm: Bool
    /// The value that was expected, in the unit of the series.
    public var expected: Double?
    /// The low end of what would not surprise.
    public var low: Double?
    /// The high end of what would not surprise.
    public var high: Double?
    /// What stood out most; nil while nothing is scored.
    public var cause: AnomalyCause?
    /// Whether the score counts.
    public var condition: ModelCondition

    /// An output that scores nothing.
    public init(condition: ModelCondition) {
        score = 0
        isAlarm = false
        self.condition = condition
    }

    /// An output with every field.
    public init(
        score: Double, isAlarm: Bool, expected: Double?, low: Double?, high: Double?,
        cause: AnomalyCause?, condition: ModelCondition
    ) {
        self.score = score
        self.isAlarm = isAlarm
        self.expected = expected
        self.low = low
        self.high = high
        self.cause = cause
        self.condition = condition
    }
}
