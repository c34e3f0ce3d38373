import PolluxAnalytics
import PolluxModel

/// Everything the cuts of a tool position are made of.
struct ToolTraces {
    /// When it was in cut.
    var cutting = StepTrace()
    /// Cutting speed in m/min.
    var speed = StepTrace()
    /// Turns a minute.
    var rpm = StepTrace()
    /// Feed in mm a revolution.
    var feed = StepTrace()
    /// Depth of cut in mm.
    var depth = StepTrace()
    /// Increases of the parts counter, in time order.
    var partSteps: [(time: Int64, count: Double)] = []
    /// Whether parts are counted at all.
    var hasParts = false

    init() {}

    /// The cuts of a tool with a diameter (in mm, where known) in a range.
    func cuts(in range: TimeRange, diameter: Double?) -> [CutInterval] {
        var cursors = [speed, rpm, feed, depth].map {
            StepCursor($0, from: range.start.nanoseconds)
        }
        var cuts: [CutInterval] = []
        for span in cutting.spans(in: range, where: { $0 != 0 }) {
            var time = span.start.nanoseconds
            while time < span.end.nanoseconds {
                var until = span.end.nanoseconds
                var values: [Double?] = []
                for index in cursors.indices {
                    let (value, end) = cursors[index].value(at: time)
                    values.append(value)
                    until = min(until, end)
                }
                let turning = values[1].flatMap { rpm in
                    diameter.map { CutCondition.speed(rpm: rpm, diameter: $0) }
                }
                let condition = CutCondition(
                    speed: values[0] ?? turning, feed: values[2], depth: values[3])
                let part = TimeRange(
                    start: Timestamp(nanoseconds: time), end: Timestamp(nanoseconds: until))
                if let last = cuts.last, last.range.end == part.start, last.condition == condition {
                    cuts[cuts.count - 1].range.end = part.end
                } else {
                    cuts.append(CutInterval(range: part, condition: condition))
                }
                time = until
            }
        }
        return cuts
    }

    /// The parts that were counted in a range.
    func partSteps(in range: TimeRange) -> ArraySlice<(time: Int64, count: Double)> {
        func index(_ time: Int64) -> Int {
            partSteps.endOfPrefix { $0.time < time }
        }
        let first = index(range.start.nanoseconds)
        return partSteps[first..<max(first, index(range.end.nanoseconds))]
    }
}
