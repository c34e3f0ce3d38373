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
    /// Wear readings in mm, in time order.
    var readings: [WearReading] = []
    /// Increases of the parts counter, in time order.
    var partSteps: [(time: Int64, count: Double)] = []
    /// Whether parts are counted at all.
    var hasParts = false

    init() {}

    /// What a tool with a diameter (in mm, where known) did in a range.
    func use(in range: TimeRange, diameter: Double?, isCensored: Bool) -> ToolUse {
        var cursors = [speed, rpm, feed, depth].map { StepCursor($0) }
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
        let parts = partSteps.reduce(0.0) { total, step in
            range.contains(Timestamp(nanoseconds: step.time)) ? total + step.count : total
        }
        return ToolUse(
            cuts: cuts, readings: readings.filter { range.contains($0.instant) },
            partCount: hasParts ? parts : nil, isCensored: isCensored)
    }
}
