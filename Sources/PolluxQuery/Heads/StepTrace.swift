import PolluxModel

/// A measure as steps: consecutive spans in which it is known and held one value.
struct StepTrace: Hashable {
    /// A span of one value.
    struct Step: Hashable {
        var start: Int64
        var end: Int64
        var value: Double
    }

    /// Numbers that differ by no more than this share count as one: a drive's speed is never quite
    /// still, and a condition for each reading would make a history of one tool as long as its
    /// points.
    private static let tolerance = 0.02

    private(set) var steps: [Step] = []

    init() {}

    /// Adds a known span after the ones here; it joins the last one where it continues it.
    mutating func append(_ start: Int64, _ end: Int64, _ value: Double) {
        guard end > start, value.isFinite else { return }
        if let last = steps.last, last.end == start,
            abs(value - last.value) <= StepTrace.tolerance * abs(last.value)
        {
            steps[steps.count - 1].end = end
        } else {
            steps.append(Step(start: start, end: end, value: value))
        }
    }

    /// The spans in which a condition on the value holds, clipped to a range.
    func spans(in range: TimeRange, where holds: (Double) -> Bool) -> [TimeRange] {
        var found: [TimeRange] = []
        for step in steps[firstIndex(endingAfter: range.start.nanoseconds)...] {
            if step.start >= range.end.nanoseconds { break }
            guard holds(step.value) else { continue }
            let span = TimeRange(
                start: Timestamp(nanoseconds: step.start), end: Timestamp(nanoseconds: step.end))
            guard let part = span.intersection(range) else { continue }
            if let last = found.last, last.end == part.start {
                found[found.count - 1].end = part.end
            } else {
                found.append(part)
            }
        }
        return found
    }

    /// The first step that ends after an instant.
    func firstIndex(endingAfter time: Int64) -> Int {
        steps.endOfPrefix { $0.end <= time }
    }
}

/// Reads a trace forwards: each question is at or after the one before.
struct StepCursor {
    private let steps: [StepTrace.Step]
    private var index: Int

    /// A cursor for questions at or after an instant.
    init(_ trace: StepTrace, from time: Int64 = .min) {
        steps = trace.steps
        index = trace.firstIndex(endingAfter: time)
    }

    /// The value at an instant, nil where it is not known, and until when that answer holds.
    mutating func value(at time: Int64) -> (value: Double?, until: Int64) {
        while index < steps.count, steps[index].end <= time { index += 1 }
        guard index < steps.count else { return (nil, .max) }
        let step = steps[index]
        return step.start <= time ? (step.value, step.end) : (nil, step.start)
    }
}
