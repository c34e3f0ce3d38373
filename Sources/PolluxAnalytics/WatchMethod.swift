public import PolluxModel

/// What a watch holds values against, beside what the series has shown before.
public enum WatchMethod: UInt8, Hashable, Sendable, CaseIterable {
    /// Nothing else.
    case novelty = 1
    /// The values of the same time of day.
    case seasonal = 2
    /// The values of the same work: what the machine was doing, as a key.
    case cycle = 3

    /// The word that `using` takes.
    public var word: String {
        switch self {
        case .novelty: "novelty"
        case .seasonal: "seasonal"
        case .cycle: "cycle"
        }
    }

    /// The method of a word, without regard to case.
    public init?(word: String) {
        let known = WatchMethod.allCases.first { $0.word == word.lowercased() }
        guard let known else { return nil }
        self = known
    }

    /// How long before a range its models begin to learn, in nanoseconds: two weeks, so that each
    /// time of day has been seen on several days.
    public var learningReach: Int64 {
        switch self {
        case .novelty, .cycle: 0
        case .seasonal: ModelConstants.seasonalReach
        }
    }

    /// Where in its cycle a point is; nil where that is not known, or the method has no cycle.
    ///
    /// `key` is what the machine was doing, for `cycle`; the zone is whose times of day count.
    public func place(at instant: Timestamp, in zone: ZoneRules, key: UInt64? = nil) -> CyclePlace?
    {
        switch self {
        case .novelty: nil
        case .seasonal: CyclePlace(timeOfDay: instant, in: zone)
        case .cycle: key.map { CyclePlace(key: $0, lap: 0) }
        }
    }

    /// The names and versions of the models that rows show.
    public var version: String {
        switch self {
        case .novelty: Novelty3.version
        case .seasonal, .cycle: Novelty3.version + " " + CycleBand.version
        }
    }
}

/// Where in its cycle a point is.
public struct CyclePlace: Hashable, Sendable {
    /// Which place it is.
    public var key: UInt64
    /// Which time round: a new one begins another visit of the same place.
    public var lap: Int64

    /// A place.
    public init(key: UInt64, lap: Int64) {
        self.key = key
        self.lap = lap
    }

    /// The ten minutes of the day that a zone's clocks show at an instant; the lap is the date.
    ///
    /// An hour that clocks read twice is visited once on that day, one that they skip not at all.
    public init(timeOfDay instant: Timestamp, in zone: ZoneRules) {
        let offset = Int64(zone.offsetSeconds(at: instant))
        let second = floorDivide(instant.nanoseconds, 1_000_000_000).quotient + offset
        let (day, inDay) = floorDivide(second, 86_400)
        key = UInt64(inDay * Int64(ModelConstants.dayBinCount) / 86_400)
        lap = day
    }
}
