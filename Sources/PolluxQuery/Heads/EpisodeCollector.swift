import PolluxAnalytics
import PolluxModel

/// The watch over one series: the model, and what its open episode was like at the peak.
struct EpisodeCollector {
    private(set) var watch: SeriesWatch
    private let start: Timestamp
    private let zone: ZoneRules
    /// Points taken in, those before the start too.
    private(set) var pointCount = 0
    /// Whether any of them was not before the start.
    private(set) var isInRange = false
    private(set) var first: Timestamp?
    private(set) var last: Timestamp?
    /// The episodes that are over.
    private(set) var closed: [(episode: AnomalyEpisode, value: Double, peak: ModelOutput)] = []
    private var value = 0.0
    private var peak = ModelOutput(condition: .ready)

    /// A watch that has seen nothing and reports from an instant on; times of day are those of the
    /// zone.
    init(_ method: WatchMethod, from start: Timestamp, zone: ZoneRules) {
        watch = SeriesWatch(method)
        self.start = start
        self.zone = zone
    }

    /// Takes in a number of good quality; what is before the start is learned from only.
    ///
    /// `key` is what the machine was doing, for methods that ask.
    mutating func append(_ instant: Timestamp, _ number: Double, key: UInt64?) {
        pointCount += 1
        if instant >= start { isInRange = true }
        if first == nil { first = instant }
        last = instant
        let (output, change) = watch.append(
            at: instant, number, place: watch.method.place(at: instant, in: zone, key: key))
        switch change {
        case .none: break
        case .began(let episode), .grew(let episode):
            if episode.peakTime == instant.nanoseconds {
                value = number
                peak = output
            }
        case .ended(let episode): if isTold(episode) { closed.append((episode, value, peak)) }
        }
    }

    /// The episode that was not over at the last point.
    var open: (episode: AnomalyEpisode, value: Double, peak: ModelOutput)? {
        guard let episode = watch.openEpisode, isTold(episode) else { return nil }
        return (episode, value, peak)
    }

    private func isTold(_ episode: AnomalyEpisode) -> Bool { episode.end >= start.nanoseconds }
}
