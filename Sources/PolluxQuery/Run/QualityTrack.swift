import PolluxLanguage
import PolluxModel
import PolluxStore

/// What `is stale`, `is uncertain` and `is bad` ask of a measure: the state of its newest sample at
/// each instant, whatever qualities the question uses.
struct QualityTrack {
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let stale = Flags(rawValue: 1)
        static let uncertain = Flags(rawValue: 2)
        static let bad = Flags(rawValue: 4)
    }

    /// Instants at which something changes, ascending.
    private(set) var times: [Int64] = []
    private var flags: [Flags] = []
    /// When the value held now becomes stale.
    private var expiry: Int64?

    /// Begins a source: nothing is carried over from another.
    mutating func begin(at start: Int64) {
        expiry = nil
        append(start, [])
    }

    /// A sample, or the end mark of a source; `isUsed` says that the question uses its quality.
    mutating func add(_ time: Int64, _ quality: Quality, isUsed: Bool, gap: Int64?) {
        expire(before: time)
        var state: Flags = flags.last?.contains(.stale) == true && !isUsed ? [.stale] : []
        switch quality {
        case .uncertain: state.insert(.uncertain)
        case .bad: state.insert(.bad)
        case .end:
            expiry = nil
            state = []
        case .good: break
        }
        if isUsed { expiry = gap.map { time.addingSaturated($0) } }
        append(time, state)
    }

    /// Ends a source.
    mutating func finish(at end: Int64) {
        expire(before: end)
        expiry = nil
    }

    private mutating func expire(before time: Int64) {
        guard let due = expiry, due < time else { return }
        expiry = nil
        append(due, (flags.last ?? []).union(.stale))
    }

    private mutating func append(_ time: Int64, _ state: Flags) {
        if times.last == time {
            flags[flags.count - 1] = state
        } else {
            times.append(time)
            flags.append(state)
        }
    }

    /// Whether something is so at an instant.
    func holds(_ word: StateWord, at time: Int64) -> Bool {
        let low = times.endOfPrefix { $0 <= time }
        guard low > 0 else { return false }
        switch word {
        case .stale: return flags[low - 1].contains(.stale)
        case .uncertain: return flags[low - 1].contains(.uncertain)
        case .bad: return flags[low - 1].contains(.bad)
        case .missing: return false
        }
    }
}

extension PlantReader {
    /// The track of a leaf for a subject over a range.
    func track(_ leaf: BoundLeaf, of subject: Subject, in wanted: TimeRange) throws -> QualityTrack
    {
        var track = QualityTrack()
        guard case .measure(let measure) = leaf.source else { return track }
        let snapshot = question.snapshot
        for source in try sources(of: measure, for: subject, scope: leaf.scope) {
            guard let inside = source.range.intersection(wanted) else { continue }
            let gap = source.definition.gap
            func add(_ time: Int64, _ quality: Quality) {
                track.add(
                    time, quality, isUsed: question.qualities.contains(quality), gap: gap)
            }
            track.begin(at: inside.start.nanoseconds)
            if let before = try usable(before: inside.start, in: source) {
                add(before.instant.nanoseconds, before.quality)
            }
            let newest = try snapshot.point(of: source.series.id, before: inside.start)
            if let newest, newest.instant >= source.range.start {
                add(newest.instant.nanoseconds, newest.quality)
            }
            let reader = try snapshot.reader(source.series.id, inside)
            var batch = ColumnBatch(kind: source.series.kind)
            while try reader.next(into: &batch) {
                try question.checkLimits()
                for row in 0..<batch.count { add(batch.times[row], batch.quality(at: row)) }
            }
            track.finish(at: min(inside.end, question.context.now).nanoseconds)
        }
        return track
    }
}
