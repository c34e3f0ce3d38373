import PolluxLanguage
import PolluxModel
import PolluxStore

/// Chooses the rollups that stand for the points of a source in windows: the longest buckets that
/// lie in one window, shorter ones at its edges, and points in between.
struct RollupChoice {
    let question: Question
    let source: PlantReader.Source
    let needs: LaneFold.Needs

    /// Whether buckets stand for all the points that have gone.
    ///
    /// Where they do not, none is used, and the points that are left answer, with a note.
    private(set) var isWhole = false
    /// The bucket with the last point before the range, and the one with the first behind it.
    private var neighbours: (before: RollupBucket?, after: RollupBucket?) = (nil, nil)
    /// The bucket with the last sample before the range, where it is counted from.
    private var counted: RollupBucket?
    /// What a bucket lacks that would have told of points that have gone.
    private var lack: String?

    init(question: Question, source: PlantReader.Source, needs: LaneFold.Needs) {
        self.question = question
        self.source = source
        self.needs = needs
    }

    /// Buckets that are read for points that are still there, at most; beyond it points are read.
    private static let countLimit: Int64 = 4_096

    /// Lengths whose buckets say what is needed, the longest first.
    private func usable() throws -> [RollupMark] {
        guard question.qualities == [.good] else { return [] }
        return try question.snapshot.rollupMarks(of: source.series.id).reversed().filter { mark in
            !needs.curve
                || mark.isStep == source.definition.isStep
                    && mark.gap == source.definition.gap
        }
    }

    /// The buckets for the windows of a range, none when they do not make up all points that have
    /// gone.
    mutating func choose(
        _ windows: Windows, in range: TimeRange, after before: Point?
    ) throws -> [RollupBucket] {
        guard try question.snapshot.hasExpiries else { return [] }
        let all = try question.snapshot.rollupMarks(of: source.series.id)
        guard !all.isEmpty else { return [] }
        let marks = try usable()
        let expired =
            try question.snapshot.expiry(of: source.series.id)?.expired.nanoseconds ?? .min
        let memory = question.snapshot.memoryRows(of: source.series).span
        let high = min(range.end, question.context.now).nanoseconds
        var buckets: [RollupBucket] = []
        var uncovered = false
        var reached = range.start.nanoseconds
        for window in 0..<windows.count {
            let start = max(windows.starts[window], range.start.nanoseconds)
            let end = min(windows.ends[window], range.end.nanoseconds)
            guard start < end else { continue }
            // A curve also goes through the points between two windows.
            if needs.curve, reached < start, reached < expired {
                try cover(reached, start, marks[...], expired, memory, &buckets, &uncovered)
            }
            try cover(start, min(end, high), marks[...], expired, memory, &buckets, &uncovered)
            if uncovered { break }
            reached = max(reached, end)
        }
        if needs.curve, !uncovered, expired > .min {
            if reached < min(high, expired) { uncovered = true }
            if before.map({ $0.instant.nanoseconds < expired }) ?? true {
                try findBefore(min(range.start.nanoseconds, expired), marks, &uncovered)
            }
            if range.end.nanoseconds < expired {
                try findAfter(range.end.nanoseconds, marks, expired, &uncovered)
            }
        }
        guard !uncovered else {
            noteUncovered(marks, expired)
            return []
        }
        isWhole = true
        if needs.spread, !buckets.isEmpty {
            question.addNote("percentiles from rollups are approximate, ± 1 % of each value")
        }
        return buckets
    }

    /// Says that what has gone is not made up for.
    private func noteUncovered(_ marks: [RollupMark], _ expired: Int64) {
        let lengths = marks.reversed().map { TwinQL.print(Period(nanoseconds: $0.length)) }
        let before = question.context.shown(Timestamp(nanoseconds: expired))
        question.addNote(
            lack.map { "what has gone before \(before) is missing: \($0)" }
                ?? (lengths.isEmpty
                    ? "what has gone before \(before) is missing: rollups do not hold what is asked"
                    : "what has gone before \(before) is missing: rollups answer only slices that "
                        + "begin and end at multiples of \(lengths.joined(separator: ", "))"))
    }

    /// What a bucket does not tell of what is asked, or nil.
    private func lack(of bucket: RollupBucket) -> String? {
        if needs.states {
            guard let states = bucket.states else {
                return "rollups made by an earlier version do not hold what is asked"
            }
            if needs.durations, states.isCrowded {
                return "rollups keep the durations of at most 16 different values, none longer "
                    + "than 256 bytes"
            }
            if needs.changes, states.visits(followsChanges: true) == nil {
                return "a rollup has more changes than are followed"
            }
        }
        if needs.increase, bucket.counter == nil {
            return "rollups made before it was a counter do not hold what is asked"
        }
        if needs.spread {
            guard let sketch = bucket.sketch else {
                return "rollups made by an earlier version do not hold what is asked"
            }
            if sketch.isCrowded {
                return "rollups keep percentiles of values in at most 1024 steps of 1.6 %"
            }
        }
        return nil
    }

    /// Finds the last bucket before an instant, by a length that tells of all points there were.
    private mutating func findBefore(
        _ instant: Int64, _ marks: [RollupMark], _ uncovered: inout Bool
    ) throws {
        for mark in marks
        where instant % mark.length == 0 && mark.from < instant && mark.until >= instant {
            let bucket = try question.snapshot.lastRollup(
                of: source.series.id, length: mark.length, before: instant)
            if let bucket, !bucket.isLost, bucket.start >= mark.from {
                neighbours.before = bucket
                if needs.increase { try findCounted(from: bucket, mark, &uncovered) }
                return
            }
            if bucket == nil, mark.from == .min { return }
        }
        uncovered = true
    }

    /// Goes back from a bucket over those that hold end marks alone.
    private mutating func findCounted(
        from last: RollupBucket, _ mark: RollupMark, _ uncovered: inout Bool
    ) throws {
        var bucket: RollupBucket? = last
        for _ in 0..<1000 {
            guard let known = bucket, known.start >= mark.from, !known.isLost else { break }
            guard known.count == 0 else {
                counted = known
                return
            }
            bucket = try question.snapshot.lastRollup(
                of: source.series.id, length: mark.length, before: known.start)
        }
        if bucket != nil || mark.from > .min { uncovered = true }
    }

    /// Finds the first bucket from an instant on, by a length that tells of all points there were.
    private mutating func findAfter(
        _ instant: Int64, _ marks: [RollupMark], _ expired: Int64, _ uncovered: inout Bool
    ) throws {
        for mark in marks
        where instant % mark.length == 0 && mark.from <= instant && mark.until >= expired {
            let bucket = try question.snapshot.firstRollup(
                of: source.series.id, length: mark.length, atOrAfter: instant)
            guard let bucket, bucket.start < expired else { return }
            if !bucket.isLost, bucket.end <= expired {
                neighbours.after = bucket
                return
            }
        }
        uncovered = true
    }

    /// The value before the range, from the bucket before it where points have gone.
    func point(before found: Point?) -> Point? {
        guard isWhole, let bucket = neighbours.before else { return found }
        let time = Timestamp(
            nanoseconds: bucket.count > 0 ? bucket.lastTime : bucket.leadEnd ?? bucket.start)
        guard found.map({ $0.instant < time }) ?? true,
            time >= source.range.start || source.definition.shape == .step
        else { return found }
        let isEnd = bucket.isEnded || bucket.count == 0
        return Point(
            instant: time, value: bucket.lastValue ?? .float(0), quality: isEnd ? .end : .good)
    }

    /// The sample that is counted from, from a bucket where points have gone.
    func sample(before found: Point?) -> Point? {
        guard isWhole, let counted, let value = counted.lastValue else { return found }
        let time = Timestamp(nanoseconds: counted.lastTime)
        guard found.map({ $0.instant < time }) ?? true else { return found }
        return Point(instant: time, value: value, quality: .good)
    }

    /// The first point behind the range, from the bucket behind it where points have gone.
    func point(after found: Point?) -> Point? {
        guard isWhole, let bucket = neighbours.after else { return found }
        let time = Timestamp(nanoseconds: bucket.leadEnd ?? bucket.firstTime)
        guard found.map({ $0.instant > time }) ?? true else { return found }
        return Point(
            instant: time, value: bucket.firstValue ?? .float(0),
            quality: bucket.leadEnd == nil ? .good : .end)
    }

    private mutating func cover(
        _ start: Int64, _ end: Int64, _ marks: ArraySlice<RollupMark>, _ expired: Int64,
        _ memory: ClosedRange<Int64>?, _ buckets: inout [RollupBucket], _ uncovered: inout Bool
    ) throws {
        guard start < end else { return }
        guard let mark = marks.first else {
            if start < expired { uncovered = true }
            return
        }
        let low = max(start.multiple(of: mark.length, isUp: true), mark.from)
        var high = end.multiple(of: mark.length, isUp: false)
        // Points that went while this length was not declared are in none of its buckets.
        let made = mark.until.multiple(of: mark.length, isUp: false)
        if made < expired { high = min(high, made) }
        let isCheap = start < expired || (high &- low) / mark.length <= RollupChoice.countLimit
        guard low < high, isCheap else {
            try cover(start, end, marks.dropFirst(), expired, memory, &buckets, &uncovered)
            return
        }
        try cover(start, low, marks.dropFirst(), expired, memory, &buckets, &uncovered)
        for bucket in try question.snapshot.rollups(
            of: source.series.id, length: mark.length, from: low, to: high)
        {
            if !bucket.isLost, let lack = lack(of: bucket) {
                self.lack = lack
                try cover(
                    bucket.start, bucket.end, marks.dropFirst(), expired, memory, &buckets,
                    &uncovered)
                continue
            }
            guard !bucket.isLost else {
                try cover(
                    bucket.start, bucket.end, marks.dropFirst(), expired, memory, &buckets,
                    &uncovered)
                continue
            }
            // Percentiles of points that are there are exact.
            if needs.spread, bucket.start >= expired { continue }
            // Rows in memory are not in it, unless it was made for good.
            if bucket.end > expired, let memory, memory.lowerBound < bucket.end,
                memory.upperBound >= bucket.start
            {
                if bucket.start < expired { uncovered = true }
                continue
            }
            buckets.append(bucket)
        }
        try cover(high, end, marks.dropFirst(), expired, memory, &buckets, &uncovered)
    }
}

extension Int64 {
    /// The nearest multiple of a length below or above, itself included.
    fileprivate func multiple(of length: Int64, isUp: Bool) -> Int64 {
        let rest = self % length
        if rest == 0 { return self }
        let (below, overflow) = subtractingReportingOverflow(rest < 0 ? rest + length : rest)
        guard !overflow else { return isUp ? self - rest : .min }
        return isUp ? below.addingSaturated(length) : below
    }
}
