/// A span of time in which a series was unlike itself: what people act on.
public struct AnomalyEpisode: Hashable, Sendable {
    /// The first alarm, nanoseconds since 1970 UTC.
    public var start: Int64
    /// The last point at or above the alarm level so far.
    public var end: Int64
    /// The highest score.
    public var peak: Double
    /// The instant of the highest score.
    public var peakTime: Int64
    /// What stood out most at the peak.
    public var cause: AnomalyCause
    /// Alarms in it.
    public var alarmCount: Int

    /// An episode from its fields.
    public init(
        start: Int64, end: Int64, peak: Double, peakTime: Int64, cause: AnomalyCause,
        alarmCount: Int
    ) {
        self.start = start
        self.end = end
        self.peak = peak
        self.peakTime = peakTime
        self.cause = cause
        self.alarmCount = alarmCount
    }
}

/// What a point did to the episodes of its series.
public enum EpisodeChange: Hashable, Sendable {
    /// Nothing.
    case none
    /// It opened this one.
    case began(AnomalyEpisode)
    /// It made the open one longer or worse.
    case grew(AnomalyEpisode)
    /// The open one was over: a hundred points passed without another alarm.
    case ended(AnomalyEpisode)
}
