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

    init(_ plant: SlowPlant, seed: UInt64) {
        var random = Seed(seed &* 31 &+ 7)
        let count = plant.moves.count
        let early = random.unit() < 0.5 ? count : Int.random(in: 0...count, using: &random)
        (self.early, late) = (
            Array(plant.moves.prefix(early)), Array(plant.moves.dropFirst(early))
        )
        let isPlain = random.unit() < 0.3
        for (key, series) in plant.series.sorted(by: { $0.key < $1.key }) {
            steps[key] = isPlain ? [.write(series.samples)] : Self.steps(series, &random)
        }
    }

    /// The samples in batches of any order, some with another value first, and between them a
    /// delete of a stretch in which others stood.
    private static func steps(_ series: SlowPlant.Series, _ random: inout Seed) -> [Step] {
        let batchCount = Int.random(in: 1...4, using: &random)
        var batches: [[SlowPlant.Sample]] = Array(repeating: [], count: batchCount)
        let deleteStart = Int.random(in: 0..<SlowPlant.seconds, using: &random)
        let deleted =
            deleteStart..<min(
                SlowPlant.seconds, deleteStart + Int.random(in: 1...900, using: &random))
        let deletes = batchCount > 1 && random.unit() < 0.5
        let isShuffled = random.unit() < 0.5
        for (index, sample) in series.samples.enumerated() {
            var batch = index * batchCount / series.samples.count
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
            let word = series.samples.first?.word ?? ""
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
        (other.isGood, other.isEnd) = (true, false)
        return other
    }
}
