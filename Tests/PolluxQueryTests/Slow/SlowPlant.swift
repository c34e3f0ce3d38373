import Foundation
import PolluxModel
import PolluxTestKit

/// A plant, its points and its answers in plain arrays: no chunks, no statistics, no columns.
///
/// Everything happens at whole seconds, so between two of them each curve is unknown or straight,
/// and every rule of the language is a loop over seconds that can be read beside its chapter.
struct SlowPlant {
    /// A sample; `isEnd` marks that the device went away.
    struct Sample: Equatable {
        var second: Int
        var value: Double
        var word = ""
        var isGood = true
        /// Of what is not good, whether it is uncertain and not bad.
        var isUncertain = false
        var isEnd = false
    }

    /// The samples of one measure of one asset, in time order, and how they run.
    struct Series {
        let samples: [Sample]
        var isLinear: Bool
        var gap: Int?
        /// By second the sample that counts for the curve there: the last usable one until then.
        private(set) var before: [Sample?] = []
        /// By second the next usable sample behind it.
        private(set) var next: [Sample?] = []
        /// By second the good sample there.
        private(set) var good: [Sample?] = []

        init(samples: [Sample], isLinear: Bool, gap: Int?) {
            (self.samples, self.isLinear, self.gap) = (samples, isLinear, gap)
            before = Array(repeating: nil, count: SlowPlant.seconds)
            next = before
            good = before
            for sample in samples {
                if sample.isGood, !sample.isEnd { good[sample.second] = sample }
                guard sample.isGood || sample.isEnd else { continue }
                for second in sample.second..<SlowPlant.seconds { before[second] = sample }
                for second in (0..<sample.second).reversed() {
                    if next[second] != nil { break }
                    next[second] = sample
                }
            }
        }

        /// The entry for a second; behind the last sample nothing changes.
        static func entry(_ table: [Sample?], _ second: Int) -> Sample? {
            second < 0 ? nil : table[min(second, SlowPlant.seconds - 1)]
        }
    }

    /// A spindle in a machine from one second to another.
    struct Stay {
        var spindle: String
        var machine: String
        var from: Int
        var to: Int
    }

    /// A spindle goes to a machine at a second.
    typealias Move = (spindle: String, machine: String, second: Int)

    static let seconds = 3600
    static let farPast = -1_000_000
    static let farFuture = 1_000_000
    static let machines = ["M1", "M2", "M3"]
    static let spindles = ["S1", "S2", "S3"]
    /// Lines of the machines.
    static let lines = ["M1": "L1", "M2": "L1", "M3": "L2"]

    var series: [String: Series] = [:]
    var stays: [Stay] = []
    /// As they were entered.
    var moves: [Move] = []
    /// When jobs ran on each machine.
    private(set) var jobs: [String: [Range<Int>]] = [:]
    /// When the tool of each machine was changed.
    private(set) var changes: [String: [Int]] = [:]
    let gap: Int?
    private(set) var stateGap: Int?
    /// How the counters run.
    private(set) var counterGap: Int?
    private(set) var counterIsLinear = false
    /// By measure, for those whose points are not kept for good.
    private(set) var lives: [String: SlowLife] = [:]
    /// By series a stretch of which the points are deleted at last, and those points.
    private(set) var doomed: [String: (stretch: Range<Int>, samples: [Sample])] = [:]

    init(seed: UInt64) {
        var random = Seed(seed)
        gap = [nil, 20, 60, 900][Int.random(in: 0..<4, using: &random)]
        for (spindle, machine) in zip(Self.spindles, Self.machines) {
            stays.append(
                Stay(spindle: spindle, machine: machine, from: Self.farPast, to: Self.farFuture))
        }
        var seconds: Set<Int> = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            seconds.insert(Int.random(in: 60..<Self.seconds, using: &random))
        }
        let isInOrder = random.unit() < 0.4
        for second in isInOrder ? seconds.sorted() : seconds.shuffled(using: &random) {
            let spindle = Self.spindles.randomElement(using: &random) ?? "S1"
            let machine = Self.machines.randomElement(using: &random) ?? "M1"
            if !isInOrder, random.unit() < 0.5 {
                // A swap that is corrected from 16:00 to 14:10.
                let wrong = second + Int.random(in: 1...1200, using: &random)
                enter((spindle, machine, min(wrong, Self.seconds - 1)))
            }
            enter((spindle, machine, second))
        }
        for spindle in Self.spindles {
            series["v " + spindle] = gauge(&random, isLinear: true, gap: gap)
            series["w " + spindle] = gauge(&random, isLinear: false, gap: gap)
        }
        for machine in Self.machines {
            series["p " + machine] = gauge(&random, isLinear: false, gap: nil)
            series["c " + machine] = counter(&random)
            series["s " + machine] = state(&random)
        }
        counterGap = [nil, 20, 120][Int.random(in: 0..<3, using: &random)]
        counterIsLinear = random.unit() < 0.5
        for machine in Self.machines {
            series["c " + machine]?.gap = counterGap
            series["c " + machine]?.isLinear = counterIsLinear
        }
        stateGap = [nil, nil, 60, 900][Int.random(in: 0..<4, using: &random)]
        for machine in Self.machines { series["s " + machine]?.gap = stateGap }
        addJobs(&random)
        for machine in Self.machines where random.unit() < 0.7 {
            let count = Int.random(in: 1...4, using: &random)
            let seconds = (0..<count).map { _ in
                Int.random(in: -200..<Self.seconds, using: &random)
            }
            changes[machine] = Set(seconds).sorted()
        }
        lives = SlowLife.lives(&random)
        for key in series.keys.sorted() where random.unit() < 0.2 { doom(key, &random) }
    }

    private mutating func doom(_ key: String, _ random: inout Seed) {
        guard let old = series[key] else { return }
        let unit = [1, 60, 300].randomElement(using: &random) ?? 1
        let start = Int.random(in: 0..<Self.seconds, using: &random) / unit * unit
        let length = Int.random(in: 1...(1200 / unit), using: &random) * unit
        let stretch = start..<min(start + length, Self.seconds)
        doomed[key] = (stretch, old.samples.filter { stretch.contains($0.second) })
        series[key] = Series(
            samples: old.samples.filter { !stretch.contains($0.second) }, isLinear: old.isLinear,
            gap: old.gap)
    }

    /// Up to four jobs a machine, one after the other; at least one on the first.
    private mutating func addJobs(_ random: inout Seed) {
        for machine in Self.machines {
            var second = Int.random(in: 0..<1200, using: &random)
            let count = Int.random(in: machine == "M1" ? 1...4 : 0...4, using: &random)
            for _ in 0..<count {
                let end = second + Int.random(in: 30...1200, using: &random)
                jobs[machine, default: []].append(second..<end)
                second = end + Int.random(in: 0...300, using: &random)
            }
        }
    }

    /// When an asset was in a job: its own, or that of the machine it sat in then.
    func jobTime(of name: String) -> [Range<Int>] {
        guard Self.spindles.contains(name) else { return jobs[String(name.prefix(2))] ?? [] }
        return stays.filter { $0.spindle == name }.flatMap { stay in
            (jobs[stay.machine] ?? []).map { $0.clamped(to: stay.from..<stay.to) }
        }.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Whether a second lies between two samples, however far apart, with no end mark in between.
    func isBetweenSamples(_ series: Series, _ second: Int, now: Int) -> Bool {
        guard let before = series.samples.last(where: { $0.second <= second }),
            let next = series.samples.first(where: { $0.second > second && $0.second <= now })
        else { return false }
        return !before.isEnd && !next.isEnd
    }

    /// A move holds until the next stay of its spindle or of another in the place.
    ///
    /// Who was in the place then goes. Stays in one place that follow one another are one.
    private mutating func enter(_ move: Move) {
        moves.append(move)
        var stay = Stay(
            spindle: move.spindle, machine: move.machine, from: move.second, to: Self.farFuture)
        for index in stays.indices {
            let other = stays[index]
            guard other.spindle == stay.spindle || other.machine == stay.machine else { continue }
            if other.from > stay.from {
                stay.to = min(stay.to, other.from)
            } else if other.to > stay.from {
                stays[index].to = stay.from
            }
        }
        for other in stays where other.spindle == stay.spindle && other.machine == stay.machine {
            guard other.from < other.to else { continue }
            if other.to == stay.from { stay.from = other.from }
            if other.from == stay.to { stay.to = other.to }
        }
        stays.removeAll { other in
            other.from == other.to
                || (other.spindle == stay.spindle && other.machine == stay.machine
                    && other.from >= stay.from && other.to <= stay.to)
        }
        stays.append(stay)
    }

    private func times(_ random: inout Seed) -> [Int] {
        var times: [Int] = []
        var second = Int.random(in: 0..<200, using: &random)
        let step = [7, 30, 90][Int.random(in: 0..<3, using: &random)]
        while second < Self.seconds {
            times.append(second)
            second += Int.random(in: 1...(2 * step), using: &random)
            if random.unit() < 0.03 { second += Int.random(in: 0..<600, using: &random) }
        }
        return times
    }

    private func gauge(_ random: inout Seed, isLinear: Bool, gap: Int?) -> Series {
        var level = Double.random(in: -10...10, using: &random)
        let hasMarks = random.unit() < 0.5
        let samples = times(&random).map { second in
            level += random.normal()
            var sample = Sample(second: second, value: (level * 8).rounded() / 8)
            if hasMarks, random.unit() < 0.15 {
                sample.isGood = false
                sample.isUncertain = random.unit() < 0.5
            }
            if hasMarks, random.unit() < 0.03 { sample.isEnd = true }
            return sample
        }
        return Series(samples: samples, isLinear: isLinear, gap: gap)
    }

    private func counter(_ random: inout Seed) -> Series {
        var count = 100.0
        let hasMarks = random.unit() < 0.5
        let samples = times(&random).map { second in
            count = random.unit() < 0.1 ? 3 : count + Double(Int.random(in: 0...9, using: &random))
            var sample = Sample(second: second, value: count)
            sample.isEnd = hasMarks && random.unit() < 0.1
            return sample
        }
        return Series(samples: samples, isLinear: false, gap: nil)
    }

    private func state(_ random: inout Seed) -> Series {
        let words = ["idle", "running", "fault"]
        let samples = times(&random).map { second in
            Sample(second: second, value: 0, word: words.randomElement(using: &random) ?? "")
        }
        return Series(samples: samples, isLinear: false, gap: nil)
    }

    /// The plant with everything for good where it was at a second.
    func frozen(at second: Int) -> SlowPlant {
        var plant = self
        plant.stays = stays.filter { ($0.from..<$0.to).contains(second) }.map { stay in
            Stay(
                spindle: stay.spindle, machine: stay.machine, from: Self.farPast,
                to: Self.farFuture)
        }
        return plant
    }

    /// The plant as a question sees it that takes samples of another quality for good ones, too.
    func including(_ quality: String) -> SlowPlant {
        var plant = self
        plant.series = series.mapValues { series in
            let samples = series.samples.map { sample in
                var sample = sample
                sample.isGood = sample.isGood || sample.isUncertain || quality == "bad"
                return sample
            }
            return Series(samples: samples, isLinear: series.isLinear, gap: series.gap)
        }
        return plant
    }

    /// When the place of a machine holds no spindle.
    func emptiness(of machine: String) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var end = Self.farPast
        for stay in stays.filter({ $0.machine == machine }).sorted(by: { $0.from < $1.from }) {
            if stay.from > end { found.append(end..<stay.from) }
            end = stay.to
        }
        if end < Self.farFuture { found.append(end..<Self.farFuture) }
        return found
    }

    // MARK: Curves

    /// One second of a curve: from its value at the start to that towards the end.
    struct Piece {
        var first: Double
        var last: Double
        var word = ""
    }

    /// The curve of a series over `[second, second + 1)`, read for an asset that was meant over
    /// `stay`; nil where it is not known.
    ///
    /// All samples are older than any `now`.
    func piece(_ series: Series, _ second: Int, stay: Range<Int>, now: Int) -> Piece? {
        guard stay.contains(second), second < now else { return nil }
        guard let before = Series.entry(series.before, second), !before.isEnd else { return nil }
        let next = Series.entry(series.next, second)
        let expiry = series.gap.map { before.second + $0 } ?? Self.farFuture
        let held = Piece(first: before.value, last: before.value, word: before.word)
        guard series.isLinear else { return second < expiry ? held : nil }
        // No line from another stay, and none into one.
        guard before.second >= stay.lowerBound else { return nil }
        guard let next else { return second < expiry ? held : nil }
        guard next.second < stay.upperBound else { return nil }
        if next.isEnd { return second < expiry ? held : nil }
        guard next.second <= expiry else { return nil }
        func value(_ at: Int) -> Double {
            before.value + (next.value - before.value)
                * (Double(at - before.second) / Double(next.second - before.second))
        }
        return Piece(first: value(second), last: value(second + 1))
    }
}
