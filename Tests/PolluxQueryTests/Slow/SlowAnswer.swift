import PolluxModel

/// Answers over a `SlowPlant`, by loops over seconds.
struct SlowAnswer {
    let plant: SlowPlant
    let now: Int

    /// An asset that a path means, and when.
    struct Subject {
        var name: String
        var stays: [Range<Int>]
    }

    /// What one asset has in one slice, or several assets and stretches together.
    struct Heap: Equatable {
        var known = 0.0
        var integral = 0.0
        var values: [Double] = []
        var samples: [SlowPlant.Sample] = []
        var trueTime = 0.0
        var starts = 0
        var words: [String: Double] = [:]
        var asked = 0
        var increase: Double?
        /// Increase per known second of each asset.
        var rates: [Double] = []
    }

    /// What is asked of a measure in a condition.
    struct Condition {
        var measure: String
        var isAbove: Bool
        var limit: Double
        var word: String?

        /// The part of a second in which it holds, and whether it does at its start and towards its
        /// end.
        func truth(_ piece: SlowPlant.Piece) -> (share: Double, atStart: Bool, atEnd: Bool) {
            if let word {
                let holds = piece.word == word
                return (holds ? 1 : 0, holds, holds)
            }
            let (first, last) = (piece.first - limit, piece.last - limit)
            func holds(_ value: Double) -> Bool { isAbove ? value > 0 : value < 0 }
            if first == last { return (holds(first) ? 1 : 0, holds(first), holds(first)) }
            let crossing = min(1, max(0, first / (first - last)))
            // The condition is constant on each side of the crossing.
            let before = first != 0 && holds(first)
            let after = last != 0 && holds(last)
            if first == 0 || last == 0 || (first < 0) == (last < 0) {
                let holdsInside = holds((first + last) / 2)
                return (holdsInside ? 1 : 0, holdsInside, holdsInside)
            }
            return (before ? crossing : 1 - crossing, before, after)
        }
    }

    /// The series an asset's measure is read from, second by second: its own, or that of the
    /// machine it sits in.
    func piece(_ measure: String, of subject: Subject, _ second: Int) -> SlowPlant.Piece? {
        guard let stay = subject.stays.first(where: { $0.contains(second) }) else { return nil }
        if let own = plant.series["\(measure) \(subject.name)"] {
            return plant.piece(own, second, stay: stay, now: now)
        }
        if subject.name.contains("/") {
            return plant.series["\(measure) \(subject.name.prefix(2))"].flatMap {
                plant.piece($0, second, stay: stay, now: now)
            }
        }
        guard
            let place = plant.stays.first(where: {
                $0.spindle == subject.name && ($0.from..<$0.to).contains(second)
            }), let series = plant.series["\(measure) \(place.machine)"]
        else { return nil }
        let inside = max(place.from, stay.lowerBound)..<min(place.to, stay.upperBound)
        return plant.piece(series, second, stay: inside, now: now)
    }

    /// The samples of a measure of an asset at a second, if any.
    private func sample(
        _ measure: String, of subject: Subject, _ second: Int
    ) -> SlowPlant.Sample? {
        guard subject.stays.contains(where: { $0.contains(second) }), second <= now else {
            return nil
        }
        var key = "\(measure) \(subject.name)"
        if plant.series[key] == nil {
            let place = plant.stays.first {
                $0.spindle == subject.name && ($0.from..<$0.to).contains(second)
            }
            key = "\(measure) \(place?.machine ?? String(subject.name.prefix(2)))"
        }
        guard second < SlowPlant.seconds else { return nil }
        return plant.series[key].flatMap { SlowPlant.Series.entry($0.good, second) }
    }

    // MARK: Gathering

    /// What a measure has over stretches of a slice, where a filter holds.
    func heap(
        _ measure: String, of subject: Subject, over stretches: [Range<Int>],
        where filter: Condition?
    ) -> Heap {
        var heap = Heap()
        for second in stretches.joined()
        where subject.stays.contains(where: { $0.contains(second) }) {
            if second < now { heap.asked += 1 }
            add(second, measure, subject, filter, &heap)
        }
        heap.increase = increase(measure, subject, stretches)
        if measure == "c", let increase = heap.increase,
            let series = plant.series["c \(subject.name)"]
        {
            // Between two samples a counter is known, whatever its curve says.
            let unseen = stretches.joined().count {
                plant.isBetweenSamples(series, $0, now: now)
                    && piece(measure, of: subject, $0) == nil
            }
            let known = heap.known + Double(unseen)
            if known > 0 { heap.rates = [increase / known] }
        }
        return heap
    }

    /// How long a condition held over stretches of a slice, and how often it became true: seen from
    /// the instant before the range, unknown time in between changing nothing; each stay begins
    /// anew.
    func heap(
        _ condition: Condition, of subject: Subject, over stretches: [Range<Int>], from start: Int
    ) -> Heap {
        var heap = Heap()
        func isThere(_ second: Int) -> Bool { subject.stays.contains { $0.contains(second) } }
        for stretch in stretches {
            var wasTrue = false
            for second in (start - 1..<stretch.lowerBound).reversed() {
                guard isThere(second), isThere(second + 1) else { break }
                guard let before = piece(condition.measure, of: subject, second) else { continue }
                wasTrue = condition.truth(before).atEnd
                break
            }
            for second in stretch {
                if !isThere(second - 1) { wasTrue = false }
                guard let piece = piece(condition.measure, of: subject, second) else { continue }
                let truth = condition.truth(piece)
                heap.known += 1
                heap.trueTime += truth.share
                if truth.atStart != truth.atEnd, truth.atEnd {
                    heap.starts += 1
                } else if truth.atStart, !wasTrue {
                    heap.starts += 1
                }
                wasTrue = truth.atEnd
            }
        }
        return heap
    }

    private func add(
        _ second: Int, _ measure: String, _ subject: Subject, _ filter: Condition?,
        _ heap: inout Heap
    ) {
        var holds = true
        if let filter {
            // Filters here are on steps: they hold for a whole second or not at all.
            holds =
                piece(filter.measure, of: subject, second).map { filter.truth($0).share == 1 }
                ?? false
        }
        guard holds else { return }
        if let piece = piece(measure, of: subject, second) {
            heap.known += 1
            heap.integral += (piece.first + piece.last) / 2
            heap.values += [piece.first, piece.last]
            heap.words[piece.word, default: 0] += 1
        }
        if let sample = sample(measure, of: subject, second) {
            heap.samples.append(sample)
            heap.values.append(sample.value)
        }
    }

    /// The change of a counter: a fall is a reset; an increase belongs to the later sample, and
    /// end marks do not interrupt it.
    private func increase(_ measure: String, _ subject: Subject, _ seconds: [Range<Int>]) -> Double?
    {
        guard measure == "c", let series = plant.series["c \(subject.name)"] else { return nil }
        var sum: Double?
        let samples = series.samples.filter { !$0.isEnd }
        for (index, sample) in samples.enumerated()
        where sample.second <= now && seconds.contains(where: { $0.contains(sample.second) }) {
            guard index > 0 else {
                sum = sum ?? 0
                continue
            }
            let before = samples[index - 1].value
            sum = (sum ?? 0) + (sample.value >= before ? sample.value - before : sample.value)
        }
        return sum
    }

    /// Pools what several assets have.
    static func pooled(_ heaps: [Heap]) -> Heap {
        var sum = Heap()
        for heap in heaps {
            sum.known += heap.known
            sum.integral += heap.integral
            sum.values += heap.values
            sum.samples += heap.samples
            sum.trueTime += heap.trueTime
            sum.starts += heap.starts
            sum.words.merge(heap.words, uniquingKeysWith: +)
            sum.asked += heap.asked
            if let increase = heap.increase { sum.increase = (sum.increase ?? 0) + increase }
            sum.rates += heap.rates
        }
        return sum
    }

    // MARK: Aggregates

    /// What an aggregate makes of a heap; nil where nothing is known.
    static func value(_ word: String, _ heap: Heap) -> Double? {
        let numbers = heap.samples.map(\.value)
        let count = Double(numbers.count)
        let mean = numbers.isEmpty ? nil : numbers.reduce(0, +) / count
        switch word {
        case "avg": return heap.known > 0 ? heap.integral / heap.known : mean
        case "min": return heap.values.min()
        case "max": return heap.values.max()
        case "total": return heap.known > 0 ? heap.integral / 3600 : nil
        case "coverage": return heap.asked > 0 ? heap.known / Double(heap.asked) : nil
        case "time": return heap.known > 0 ? heap.trueTime : nil
        case "share": return heap.known > 0 ? heap.trueTime / heap.known : nil
        case "times": return Double(heap.starts)
        case "mean": return mean
        case "count": return count
        case "median": return percentile(numbers, 50).number
        case "p90": return percentile(numbers, 90).number
        case "stddev":
            guard let mean, count > 1 else { return nil }
            return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
        // Of several at one second the least.
        case "earliest":
            return heap.samples.min { ($0.second, $0.value) < ($1.second, $1.value) }?.value
        case "latest":
            return heap.samples.min { (-$0.second, $0.value) < (-$1.second, $1.value) }?.value
        case "slope": return slope(heap.samples.map { (Double($0.second), $0.value) })
        case "delta": return heap.increase
        case "rate": return heap.rates.isEmpty ? nil : heap.rates.reduce(0, +)
        default: return nil
        }
    }

    static func percentile(_ numbers: [Double], _ percent: Double) -> SlowQuestion.Value {
        guard !numbers.isEmpty else { return .missing }
        let sorted = numbers.sorted()
        let place = percent / 100 * Double(sorted.count - 1)
        let low = Int(place.rounded(.down))
        let (below, above) = (sorted[low], sorted[min(low + 1, sorted.count - 1)])
        return .percentile(
            below + (above - below) * (place - Double(low)), between: below, and: above)
    }

    private static func slope(_ points: [(Double, Double)]) -> Double? {
        let count = Double(points.count)
        guard count > 1 else { return nil }
        let x = points.reduce(0) { $0 + $1.0 } / count
        let y = points.reduce(0) { $0 + $1.1 } / count
        let above = points.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
        let below = points.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
        return below > 0 ? above / below : nil
    }
}
