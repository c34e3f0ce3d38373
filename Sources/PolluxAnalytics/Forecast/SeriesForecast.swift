/// What a curve will be, from its own past: the model that would have erred least, with bounds
/// from its errors.
///
/// The history is walked once for each candidate; at every step each says what comes 1, 2, 4 …
/// steps later, and the mean error over these distances decides. The band at a distance holds four
/// of five of the errors made at that distance; beyond the longest distance that the history can
/// test, it grows with the distance. Deterministic; O(candidates × steps).
public struct SeriesForecast: Hashable, Sendable {
    /// The models to choose from; the raw value is the word behind `using`.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// The smoothed level.
        case level
        /// Level and a trend that may fade.
        case trend
        /// A straight line through everything.
        case line
        /// The same time of an hour, shift, day or week before.
        case season
    }

    /// One step of the future.
    public struct Step: Hashable, Sendable {
        /// What is expected.
        public var value: Double
        /// The lower bound: one in ten lies below.
        public var low: Double
        /// The upper bound: one in ten lies above.
        public var high: Double
    }

    /// Why there is none.
    public enum Shortage: Error, Hashable, Sendable {
        /// Fewer known steps than are needed.
        case tooFew(known: Int, needed: Int)
        /// More steps ahead than twice the steps of the history.
        case tooFar(known: Int, ahead: Int)
        /// The method needs whole seasons, and the history holds none.
        case noSeason
    }

    /// The model that was chosen.
    public let method: Method
    /// For `season`, its length in steps.
    public let period: Int?
    /// The steps ahead, the first follows the history.
    public let steps: [Step]
    /// Known steps of the history that were used.
    public let known: Int
    /// The mean error one step ahead, in the unit of the values.
    public let oneStepError: Double

    /// The least number of known steps.
    public static let leastHistory = 20
    /// Errors at each distance that make a band.
    private static let leastErrors = 8

    /// Carries a history on by `count` steps.
    ///
    /// - Parameters:
    ///   - history: values a step apart, the newest last; nil where nothing is known.
    ///   - count: how many steps ahead, at least 1.
    ///   - periods: lengths of seasons to try, in steps; those that the history does not hold three
    ///     times are left out.
    ///   - method: the only method to use, or nil for the best.
    public static func make(
        _ history: [Double?], count: Int, periods: [Int], method: Method? = nil
    ) throws(Shortage) -> SeriesForecast {
        let known = history.count { $0 != nil }
        guard known >= leastHistory else {
            throw .tooFew(known: known, needed: leastHistory)
        }
        guard count <= 2 * history.count else { throw .tooFar(known: known, ahead: count) }
        let forms = candidates(periods.filter { $0 >= 3 && $0 * 3 <= history.count })
            .filter { method == nil || self.method(of: $0) == method }
        guard !forms.isEmpty else { throw .noSeason }
        let distances = self.distances(count, history.count)
        var best: (trial: Trial, score: Double)?
        for form in forms {
            let trial = Trial(form, history, distances)
            guard let score = trial.score else { continue }
            // A later candidate must be better by a little: simple models come first.
            if best.map({ score < $0.score * 0.98 }) ?? true { best = (trial, score) }
        }
        guard let trial = best?.trial else {
            throw .tooFew(known: known, needed: 2 * leastHistory)
        }
        return SeriesForecast(trial, count: count, known: known)
    }

    private init(_ trial: Trial, count: Int, known: Int) {
        method = SeriesForecast.method(of: trial.model.form)
        if case .season(_, _, let length) = trial.model.form {
            period = length
        } else {
            period = nil
        }
        self.known = known
        oneStepError = trial.errors.first.map { $0.reduce(0, +) / Double(max(1, $0.count)) } ?? 0
        let bands = trial.bands
        steps = (1...max(1, count)).map { ahead in
            let value = trial.model.value(ahead: ahead)
            let width = SeriesForecast.width(bands, ahead)
            return Step(value: value, low: value - width, high: value + width)
        }
    }

    private static func method(of form: ForecastModel.Form) -> Method {
        switch form {
        case .level: .level
        case .trend: .trend
        case .line: .line
        case .season: .season
        }
    }

    /// Simple ones first; the constants are spread over what is usual.
    private static func candidates(_ periods: [Int]) -> [ForecastModel.Form] {
        var forms: [ForecastModel.Form] = [1, 0.5, 0.2, 0.05].map { .level(alpha: $0) }
        forms.append(.line)
        for alpha in [0.2, 0.5, 0.9] {
            for beta in [0.05, 0.2] {
                for damping in [0.9, 0.98, 1] {
                    forms.append(.trend(alpha: alpha, beta: beta, damping: damping))
                }
            }
        }
        for period in periods {
            for alpha in [0.05, 0.3] {
                for gamma in [0.2, 0.6] {
                    forms.append(.season(alpha: alpha, gamma: gamma, period: period))
                }
            }
        }
        return forms
    }

    /// 1, 2, 4 … up to the distance wanted, at most a third of the history.
    private static func distances(_ count: Int, _ length: Int) -> [Int] {
        let farthest = max(1, min(count, length / 3))
        var found: [Int] = []
        var distance = 1
        while distance < farthest {
            found.append(distance)
            distance *= 2
        }
        return found + [farthest]
    }

    /// The half width at a distance: between those measured a line, beyond them in proportion.
    private static func width(_ bands: [(distance: Int, width: Double)], _ ahead: Int) -> Double {
        guard let last = bands.last, let first = bands.first else { return 0 }
        if ahead >= last.distance { return last.width * Double(ahead) / Double(last.distance) }
        var before = first
        for band in bands {
            if band.distance >= ahead {
                guard band.distance > before.distance else { return band.width }
                let share =
                    Double(ahead - before.distance) / Double(band.distance - before.distance)
                return before.width + (band.width - before.width) * share
            }
            before = band
        }
        return last.width
    }

    /// A candidate walked over the history.
    private struct Trial {
        var model: ForecastModel
        let distances: [Int]
        /// The errors made at each distance, without sign.
        var errors: [[Double]]

        init(_ form: ForecastModel.Form, _ history: [Double?], _ distances: [Int]) {
            model = ForecastModel(form)
            self.distances = distances
            errors = Array(repeating: [], count: distances.count)
            var warmUp = 10
            if case .season(_, _, let period) = form { warmUp = max(warmUp, period + period / 2) }
            for (index, value) in history.enumerated() {
                model.append(value)
                guard index + 1 >= warmUp, model.seen >= 5 else { continue }
                for (place, distance) in distances.enumerated()
                where index + distance < history.count {
                    guard let actual = history[index + distance] else { continue }
                    errors[place].append(abs(model.value(ahead: distance) - actual))
                }
            }
        }

        /// The mean error over the distances; nil where too few could be tested.
        var score: Double? {
            guard let first = errors.first, first.count >= SeriesForecast.leastErrors else {
                return nil
            }
            let means = errors.filter { $0.count >= SeriesForecast.leastErrors }.map {
                $0.reduce(0, +) / Double($0.count)
            }
            return means.reduce(0, +) / Double(means.count)
        }

        /// The half widths that hold four of five errors, never narrower farther away.
        var bands: [(distance: Int, width: Double)] {
            var found: [(distance: Int, width: Double)] = []
            for (place, distance) in distances.enumerated()
            where errors[place].count >= SeriesForecast.leastErrors {
                let sorted = errors[place].sorted()
                let index = min(sorted.count - 1, sorted.count * 4 / 5)
                found.append((distance, max(sorted[index], found.last?.width ?? 0)))
            }
            return found
        }
    }
}
