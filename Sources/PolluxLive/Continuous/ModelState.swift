import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// The model of one asset in a continuous query, as of its last consumed point.
struct ModelState: Sendable {
    var watch: SeriesWatch
    /// The last consumed instant.
    var position = Timestamp.distantPast
    /// The event of the episode that is not over.
    var event: EventID?

    private static let format: UInt8 = 1

    /// A model that has seen nothing.
    init(_ method: WatchMethod = .novelty) { watch = SeriesWatch(method) }

    init(decoding bytes: UnsafeRawBufferPointer, name: String) throws {
        var reader = try LiveRecordReader(bytes, format: ModelState.format, name: name)
        position = try reader.instant()
        let number = UInt64(bitPattern: try reader.int64())
        event = number == 0 ? nil : EventID(rawValue: number)
        watch = try SeriesWatch(decoding: try reader.bytes())
    }

    func encode() -> [UInt8] {
        var writer = LiveRecordWriter(format: ModelState.format)
        writer.put(position)
        writer.put(Int64(bitPattern: event?.rawValue ?? 0))
        writer.put(bytes: watch.encode())
        return writer.finish()
    }
}

/// What a stretch of points did to a model: scores to store, episodes that are over, one that is
/// not.
struct ModelStep: Sendable {
    let asset: AssetID
    /// Up to where points were taken in before it.
    let before: Timestamp
    /// The state after it; the event is the one before it until the step is written.
    private(set) var state: ModelState
    private(set) var scores: [(time: Timestamp, score: Double)] = []
    private(set) var ended: [AnomalyEpisode] = []
    /// States to keep, in order of time.
    private(set) var checkpoints: [ModelState] = []
    private var newestCheckpoint: Timestamp

    /// A step from a state; `checkpoint` is the newest that is kept of it, nil for none.
    init(_ asset: AssetID, from state: ModelState, checkpoint: Timestamp?) {
        self.asset = asset
        self.state = state
        before = state.position
        newestCheckpoint = checkpoint ?? .distantPast
    }

    /// Takes in a point; one not later than the last was consumed.
    mutating func take(_ instant: Timestamp, _ value: Double, place: CyclePlace?) {
        guard instant > state.position else { return }
        let isDue =
            instant.nanoseconds(since: newestCheckpoint) >= ModelCheckpoints.interval
        if isDue, newestCheckpoint == .distantPast || state.position > newestCheckpoint {
            var kept = state
            kept.event = nil
            checkpoints.append(kept)
            newestCheckpoint = state.position
        }
        let (output, change) = state.watch.append(at: instant, value, place: place)
        state.position = instant
        if output.condition == .ready { scores.append((instant, output.score)) }
        if case .ended(let episode) = change { ended.append(episode) }
    }

    /// The episodes that are over and the one that is not.
    var episodes: [(episode: AnomalyEpisode, isOpen: Bool)] {
        ended.map { ($0, false) } + (state.watch.openEpisode.map { [($0, true)] } ?? [])
    }
}
