import PolluxTestKit

/// How long the points of a measure are kept, and the lengths of the buckets kept of them for good,
/// in seconds.
struct SlowLife {
    var retention: Int
    var buckets: [Int]

    /// As `create measure` takes it.
    var text: String {
        (["retention = \(retention)s"] + buckets.map { "rollup = \($0)s" })
            .joined(separator: ", ")
    }

    /// Rules for some measures, or for none.
    static func lives(_ random: inout Seed) -> [String: SlowLife] {
        guard random.unit() < 0.5 else { return [:] }
        var lives: [String: SlowLife] = [:]
        for measure in ["c", "p", "s", "v", "w"] where random.unit() < 0.7 {
            lives[measure] = SlowLife(
                retention: [600, 1200, 2400].randomElement(using: &random) ?? 600,
                buckets: [[60], [300], [60, 300], [60, 900], [420], []]
                    .randomElement(using: &random) ?? [])
        }
        return lives
    }

    /// What is wrong about the points that are left after a pass at `second`: none goes early, and
    /// what is older goes in steps.
    func complaint(all: [Int], left: Set<Int>, after second: Int) -> String? {
        let oldest = second - retention
        if let early = all.first(where: { $0 >= oldest && !left.contains($0) }) {
            return "the point at \(early) went early"
        }
        let step = (buckets.max() ?? 0) + retention / 32 + 1
        if let late = left.min(), late < oldest - step { return "the point at \(late) stays" }
        guard let first = left.min() else { return nil }
        return all.contains { $0 >= first && !left.contains($0) } ? "points between went" : nil
    }
}

extension SlowPlant {
    /// The plant with only those points of some series that are left.
    func keeping(_ left: [String: Set<Int>]) -> SlowPlant {
        var plant = self
        for (key, kept) in left {
            guard let series = series[key] else { continue }
            plant.series[key] = Series(
                samples: series.samples.filter { kept.contains($0.second) },
                isLinear: series.isLinear, gap: series.gap)
        }
        return plant
    }
}
