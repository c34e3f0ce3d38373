import PolluxModel

/// TOOL-LIFE: Taylor's law over the tools that were, a filter on the tool that is.
///
/// Feed it cuts, wear readings, parts and tool changes in time order; ask it for the remaining life
/// at any moment. A value type of about 2 KB whose state is resumed bit for bit.
public struct ToolLife: Hashable, Sendable {
    /// The name and version that rows show.
    public static let version = "tool-life/1"
    /// The limit of flank wear in mm unless the plant declares one (ISO 8688-2).
    public static let defaultLimit = 0.3
    static let stateVersion: UInt8 = 1

    /// The law over the closed tools.
    public private(set) var law: ToolLifeLaw
    /// The limit of wear in mm.
    public let limit: Double
    private var filter: ToolLifeFilter?
    /// ln-life sums that make the mean condition of the tool in use.
    private var use = ToolUseSums()
    /// Minutes of cut per part, a moving average over parts.
    private var minutesPerPart: Double?
    private var minutesSincePart = 0.0
    private var lastReading: (minutes: Double, wear: Double)? {
        get { readingMinutes.map { ($0, readingWear) } }
        set {
            readingMinutes = newValue?.minutes
            readingWear = newValue?.wear ?? 0
        }
    }
    private var readingMinutes: Double?
    private var readingWear = 0.0
    /// The minutes of cut at which the readings crossed the limit.
    private var crossedMinutes: Double?

    /// A model of a tool position, with what the textbook says about its tools.
    public init(prior: ToolPrior? = nil, limit: Double = ToolLife.defaultLimit) {
        law = ToolLifeLaw(prior: prior)
        self.limit = limit.isFinite && limit > 0 ? limit : ToolLife.defaultLimit
    }

    /// Minutes that the tool in use has cut.
    public var minutesUsed: Double { use.minutes }

    /// Adds a stretch of cutting.
    public mutating func cut(minutes: Double, _ condition: CutCondition) {
        guard minutes.isFinite, minutes > 0 else { return }
        use.append(minutes, condition)
        minutesSincePart += minutes
        guard let expected = law.expectation(condition) else { return }
        startFilter(expected)
        filter?.cut(damage: minutes / expected.minutes)
    }

    private mutating func startFilter(_ expected: LifeExpectation) {
        guard filter == nil else { return }
        filter = ToolLifeFilter(limit: limit, deviation: expected.logDeviation)
    }

    /// Takes in a measurement of flank wear in mm.
    public mutating func read(wear: Double, isSoft: Bool = false) {
        guard wear.isFinite, wear >= 0 else { return }
        if crossedMinutes == nil, wear >= limit {
            if let before = lastReading, wear > before.wear {
                let share = (limit - before.wear) / (wear - before.wear)
                crossedMinutes = before.minutes + share * (use.minutes - before.minutes)
            } else {
                crossedMinutes = use.minutes
            }
        }
        lastReading = (use.minutes, wear)
        if filter == nil, let expected = law.expectation(use.meanCondition) {
            startFilter(expected)
        }
        filter?.read(wear: wear, isSoft: isSoft)
    }

    /// Counts finished parts; the minutes cut since the last ones are theirs.
    public mutating func finish(parts: Double) {
        guard parts.isFinite, parts > 0, minutesSincePart > 0 else { return }
        let each = minutesSincePart / parts
        minutesPerPart = minutesPerPart.map { $0 + 0.2 * (each - $0) } ?? each
        minutesSincePart = 0
    }

    /// Closes the tool in use: its life enters the law, and a new tool begins.
    public mutating func change(isCensored: Bool = false) {
        let isEarly = lastReading.map { $0.wear < 0.8 * limit } ?? false
        let life = crossedMinutes ?? use.minutes
        law.append(
            use.meanCondition, life: life,
            isCensored: crossedMinutes == nil && (isCensored || isEarly))
        filter = nil
        use = ToolUseSums()
        lastReading = nil
        crossedMinutes = nil
        minutesSincePart = 0
    }

    /// How long the tool in use will go on in a condition (by default, the one it cut in so far).
    ///
    /// - Throws: `RemainingLifeError` when neither history nor a textbook says anything.
    public func remaining(
        in condition: CutCondition? = nil
    ) throws(RemainingLifeError) -> RemainingLife {
        let condition = condition ?? use.lastCondition ?? CutCondition()
        guard let expected = law.expectation(condition) else {
            throw law.prior == nil ? .noHistory : .unknownCondition
        }
        let filter = filter ?? ToolLifeFilter(limit: limit, deviation: expected.logDeviation)
        let left = filter.remainingDamage([0.1, 0.5, 0.9]) ?? [0, 0, 0]
        let minutes = left.map { max(0, $0) * expected.minutes }
        return RemainingLife(
            low: minutes[0], median: minutes[1], high: minutes[2],
            minutesPerPart: minutesPerPart, minutesUsed: use.minutes, damage: filter.damage,
            toolCount: law.toolCount, readingCount: filter.readingCount,
            method: ToolLife.method(expected.source), note: note(expected.source))
    }

    private static func method(_ source: LifeExpectation.Source) -> String {
        switch source {
        case .prior: "textbook"
        case .history: "history"
        case .law: "taylor"
        }
    }

    private func note(_ source: LifeExpectation.Source) -> String? {
        switch source {
        case .prior:
            return "textbook constants (\(law.prior?.name ?? "")), not verified on this plant"
        case .history: return law.toolCount < 3 ? "only \(law.toolCount) closed tools" : nil
        case .law: return law.exponentNote(prior: law.prior)
        }
    }

    /// Runs the model over what the tools of a position did: the closed ones, then the one in use.
    public static func replay(
        closed: [ToolUse], current: ToolUse, prior: ToolPrior? = nil,
        limit: Double = ToolLife.defaultLimit
    ) -> ToolLife {
        var model = ToolLife(prior: prior, limit: limit)
        for tool in closed {
            model.take(tool)
            model.change(isCensored: tool.isCensored)
        }
        model.take(current)
        return model
    }

    /// Takes in a tool's cuts and readings in time order.
    private mutating func take(_ tool: ToolUse) {
        var readings = tool.readings[...]
        let startMinutes = use.minutes
        for cut in tool.cuts {
            var start = cut.range.start
            while let reading = readings.first, reading.instant < cut.range.end {
                readings.removeFirst()
                let part = TimeRange(start: start, end: reading.instant)
                self.cut(minutes: Double(part.nanoseconds) / 60e9, cut.condition)
                start = max(start, reading.instant)
                read(wear: reading.wear, isSoft: reading.isSoft)
            }
            let rest = TimeRange(start: start, end: cut.range.end)
            self.cut(minutes: Double(rest.nanoseconds) / 60e9, cut.condition)
        }
        for reading in readings { read(wear: reading.wear, isSoft: reading.isSoft) }
        if let parts = tool.partCount, parts > 0 {
            minutesSincePart = use.minutes - startMinutes
            finish(parts: parts)
        }
    }

    // MARK: State

    func encode(to writer: inout StateWriter) {
        writer.put(limit)
        law.encode(to: &writer)
        use.encode(to: &writer)
        for value in [minutesPerPart, readingMinutes, crossedMinutes] {
            writer.put(optional: value)
        }
        writer.put(minutesSincePart)
        writer.put(readingWear)
        writer.put(filter != nil)
        filter?.encode(to: &writer)
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        limit = try reader.positive("limit")
        law = try ToolLifeLaw(from: &reader)
        use = try ToolUseSums(from: &reader)
        minutesPerPart = try reader.optional("minutes per part")
        readingMinutes = try reader.optional("reading")
        crossedMinutes = try reader.optional("crossing")
        minutesSincePart = try reader.positive("minutes since part")
        readingWear = try reader.positive("wear")
        filter = try reader.boolean("filter") ? try ToolLifeFilter(from: &reader) : nil
    }
}
