import PolluxTestKit

/// How a `SlowPlant` came to be what it is, which may not show in an answer.
///
/// Moves are entered when points and questions had been; points come in any order, are written
/// twice, or are deleted.
struct SlowHistory {
    /// What is done to one series, in order.
    enum Step {
        case write([SlowPlant.Sample])
        case delete(Range<Int>)
    }

    /// Moves entered before points are written, and after.
    let early: [SlowPlant.Move]
    let late: [SlowPlant.Move]
    /// By series.
    private(set) var steps: [String: [Step]] = [:]
    /// What the store does when each series has taken a step.
    enum Rest { case none, packs, opensAgain }
    let rests: [Rest]
    /// When old points go, and by series what is written after the first time.
    let passes: [Int]
    private(set) var held: [String: [SlowPlant.Sample]] = [:]

    init(_ plant: SlowPlant, seed: UInt64) {
        var random = Seed(seed &* 31 &+ 7)
        let count = plant.moves.count
        let early = random.unit() < 0.5 ? count : Int.random(in: 0...count, using: &random)
        (self.early, late) = (
            Array(plant.moves.prefix(early)), Array(plant.moves.dropFirst(early))
        )
        rests = (0..<5).map { _ in
            [.none, .none, .packs, .opensAgain].randomElement(using: &random) ?? .none
        }
        let pass = Int.random(in: 1800...SlowPlant.seconds, using: &random)
        passes = random.unit() < 0.5 ? [pass] : [pass, SlowPlant.seconds]
        let isPlain = random.unit() < 0.3
        let heldShare = plant.lives.isEmpty ? 0 : random.unit() < 0.5 ? 1 : 0.2
        for (key, series) in plant.series.sorted(by: { $0.key < $1.key }) {
            var samples = series.samples
            if let doomed = plant.doomed[key] {
                samples = (samples + doomed.samples).sorted { $0.second < $1.second }
            }
            held[key] = samples.filter { $0.second >= pass && random.unit() < heldShare }
            let late = Set(held[key, default: []].map(\.second))
            samples.removeAll { late.contains($0.second) }
            let isEmpty = samples.isEmpty
            steps[key] = isPlain || isEmpty ? [.write(samples)] : Self.steps(samples, &random)
        }
    }

    /// The samples in batches of any order, some with another value first, and between them a
    /// delete of a stretch in which others stood.
    private static func steps(_ samples: [SlowPlant.Sample], _ random: inout Seed) -> [Step] {
        let batchCount = Int.random(in: 1...4, using: &random)
        var batches: [[SlowPlant.Sample]] = Array(repeating: [], count: batchCount)
        let deleteStart = Int.random(in: 0..<SlowPlant.seconds, using: &random)
        let deleted =
            deleteStart..<min(
                SlowPlant.seconds, deleteStart + Int.random(in: 1...900, using: &random))
        let deletes = batchCount > 1 && random.unit() < 0.5
        let isShuffled = random.unit() < 0.5
        for (index, sample) in samples.enumerated() {
            var batch = index * batchCount / samples.count
            if isShuffled { batch = Int.random(in: 0..<batchCount, using: &random) }
            // What stands in the stretch that is deleted comes after that.
            if deletes, deleted.contains(sample.second) {
                batch = batchCount - 1
            }
            if batch > 0, random.unit() < 0.1 {
                batches[Int.random(in: 0..<batch, using: &random)].append(wrong(sample))
            }
            batches[batch].append(sample)
        }
        guard deletes else { return batches.map { .write($0) } }
        for second in deleted where random.unit() < 0.02 {
            let word = samples.first?.word ?? ""
            batches[Int.random(in: 0..<(batchCount - 1), using: &random)].append(
                SlowPlant.Sample(second: second, value: 1000, word: word))
        }
        var steps = batches.dropLast().map { Step.write($0) }
        steps.append(.delete(deleted))
        steps.append(.write(batches[batchCount - 1]))
        return steps
    }

    private static func wrong(_ sample: SlowPlant.Sample) -> SlowPlant.Sample {
        var other = sample
        other.value += 500
        (other.isGood, other.isUncertain, other.isEnd) = (true, false, false)
        return other
    }
}
