/// Chooses points of curves so that a drawing of them looks the same.
///
/// Largest triangles in buckets of equal count (Steinarsson, "Downsampling time series for visual
/// representation", 2013), and the highest and lowest point of each curve always.
enum CurveThinning {
    /// The indexes of at most `count` points that stay, ascending; times ascend, nil is unknown.
    ///
    /// Several curves over the same times count alike, each by the height of its range. O(points).
    static func kept(times: [Int64], columns: [[Double?]], count: Int) -> [Int] {
        guard times.count > count else { return Array(times.indices) }
        let curves = columns.compactMap(Curve.init)
        var must: Set<Int> = []
        for curve in curves where must.count + 2 <= count {
            must.insert(curve.lowest)
            must.insert(curve.highest)
        }
        guard count > must.count, count > 2 else {
            return (must.isEmpty ? Array(times.indices.prefix(count)) : must.sorted())
                .prefix(count).map { $0 }
        }
        var chosen = must
        chosen.insert(0)
        chosen.insert(times.count - 1)
        guard chosen.count < count else { return Array(chosen.sorted().prefix(count)) }
        let buckets = count - chosen.count
        let inner = times.count - 2
        var previous = 0
        for bucket in 0..<buckets {
            let low = 1 + bucket * inner / buckets
            let high = 1 + (bucket + 1) * inner / buckets
            let afterEnd = min(times.count, 1 + (bucket + 2) * inner / buckets + 1)
            let next = min(high, times.count - 1)..<max(min(high, times.count - 1) + 1, afterEnd)
            var best = -1.0
            var bestIndex: Int?
            for index in low..<high where !chosen.contains(index) {
                let area = curves.reduce(0) { $0 + $1.triangle(previous, index, next, times) }
                if area > best { (best, bestIndex) = (area, index) }
            }
            guard let bestIndex else { continue }
            chosen.insert(bestIndex)
            previous = bestIndex
        }
        return chosen.sorted()
    }

    private struct Curve {
        let values: [Double?]
        let lowest: Int
        let highest: Int
        let height: Double

        init?(_ values: [Double?]) {
            var lowest: Int?
            var highest: Int?
            for (index, value) in values.enumerated() {
                guard let value else { continue }
                if lowest.flatMap({ values[$0] }).map({ value < $0 }) ?? true { lowest = index }
                if highest.flatMap({ values[$0] }).map({ value > $0 }) ?? true { highest = index }
            }
            guard let lowest, let highest, let least = values[lowest],
                let greatest = values[highest]
            else { return nil }
            self.values = values
            self.lowest = lowest
            self.highest = highest
            height = greatest > least ? greatest - least : 1
        }

        /// Twice the area between the point chosen last, a candidate and the middle of what
        /// follows.
        func triangle(
            _ before: Int, _ candidate: Int, _ after: Range<Int>, _ times: [Int64]
        ) -> Double {
            guard let value = values[candidate] else { return 0 }
            var sum = 0.0
            var time = 0.0
            var count = 0.0
            for index in after {
                guard let value = values[index] else { continue }
                sum += value
                time += Double(times[index] - times[before])
                count += 1
            }
            guard let first = values[before], count > 0 else { return 0 }
            let atCandidate = Double(times[candidate] - times[before])
            let area =
                (time / count) * (value - first) - atCandidate * (sum / count - first)
            return abs(area) / height
        }
    }
}
