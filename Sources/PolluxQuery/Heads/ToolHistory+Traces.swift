import PolluxAnalytics
import PolluxGraph
import PolluxModel
import PolluxStore

/// Reading the traces of a tool position.
extension ToolHistory {
    /// Reads what the cuts of a position are made of.
    ///
    /// - Throws: `LackOfHistory` when nothing says when the tool cuts.
    mutating func traces(
        of position: AssetID, during range: TimeRange
    ) throws -> ToolTraces {
        var traces = ToolTraces()
        traces.speed = try trace(of: position, "cutting-speed", in: ["m/min"], during: range)
        traces.rpm = try trace(of: position, "rpm", in: ["rpm"], during: range)
        traces.feed = try trace(of: position, "feed", in: ["mm/rev", "mm"], during: range)
        traces.depth = try trace(of: position, "depth", in: ["mm"], during: range)
        guard let cutting = try cutting(of: position, during: range, traces) else {
            throw LackOfHistory(
                reason: "nothing says when it cuts: the measure cutting (true or false), or state "
                    + "('cutting'), or cutting-speed or rpm is needed, of the tool or its machine"
            )
        }
        traces.cutting = cutting
        try readParts(of: position, during: range, into: &traces)
        return traces
    }

    /// When the tool cuts: `cutting`, else `state`, else whenever it turns; nil when nothing says.
    private mutating func cutting(
        of position: AssetID, during range: TimeRange, _ traces: ToolTraces
    ) throws -> StepTrace? {
        let flag = try trace(of: position, "cutting", in: [], during: range)
        if !flag.steps.isEmpty { return flag }
        let state = try trace(of: position, "state", in: [], during: range, word: "cutting")
        // A machine whose states have other words says nothing about cutting.
        if state.steps.contains(where: { $0.value != 0 }) { return state }
        for turning in [traces.speed, traces.rpm] where !turning.steps.isEmpty {
            var trace = StepTrace()
            for step in turning.steps { trace.append(step.start, step.end, step.value > 0 ? 1 : 0) }
            return trace
        }
        return nil
    }

    /// Reads a measure as steps, in the first of some units that it converts to.
    ///
    /// A measure without a unit is taken to be in that unit; one that does not convert says
    /// nothing. Texts count as 1 where they are `word`, else as 0.
    private mutating func trace(
        of position: AssetID, _ measure: String, in units: [String], during range: TimeRange,
        word: String? = nil
    ) throws -> StepTrace {
        var trace = StepTrace()
        for source in try reading.sources(of: position, measure: measure, during: range) {
            let definition = try reading.definition(of: source)
            guard source.series.kind != .text || word != nil else { continue }
            guard word == nil || source.series.kind == .text else { continue }
            guard let convert = ToolHistory.conversion(definition?.unit ?? "", to: units) else {
                leaveOut("\(measure) is in \(definition?.unit ?? ""), not in \(units[0])")
                continue
            }
            let gap = definition?.gap
            var held = try entering(source, gap: gap, word: word, convert)
            // What is held ends with the gap, the next point, or the source.
            func close(_ trace: inout StepTrace, at time: Int64) {
                guard let value = held else { return }
                let trusted = Timestamp(nanoseconds: value.time).advanced(by: gap ?? .max)
                trace.append(
                    max(value.time, source.range.start.nanoseconds),
                    min(time, trusted.nanoseconds), value.number)
            }
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    let time = batch.times[row]
                    let quality = batch.quality(at: row)
                    guard quality == .good || quality == .end else { continue }
                    close(&trace, at: time)
                    held = nil
                    if let number = batch.stepNumber(row, word: word) {
                        held = (time, convert(number))
                    }
                }
            }
            close(&trace, at: source.range.end.nanoseconds)
        }
        return trace
    }

    /// The value that a source holds when its span begins.
    private func entering(
        _ source: HeadSource, gap: Int64?, word: String?, _ convert: Unit.Conversion
    ) throws -> (time: Int64, number: Double)? {
        guard source.range.start > .distantPast,
            let point = try reading.snapshot.point(
                of: source.series.id, before: source.range.start),
            point.quality == .good
        else { return nil }
        if let gap, source.range.start.nanoseconds(since: point.instant) > gap { return nil }
        guard let number = point.value.stepNumber(word: word) else { return nil }
        return (point.instant.nanoseconds, convert(number))
    }

    /// How a declared unit becomes the first of some units that it can; nil when it can none.
    static func conversion(_ declared: String, to units: [String]) -> Unit.Conversion? {
        guard !units.isEmpty, !declared.isEmpty else { return .identity }
        guard let unit = Unit.parse(declared) else { return nil }
        for text in units {
            guard let target = Unit.parse(text), target.dimension == unit.dimension else {
                continue
            }
            return unit.conversion(to: target)
        }
        return nil
    }

    /// Reads the increases of the parts counter; a fall is a reset.
    private mutating func readParts(
        of position: AssetID, during range: TimeRange, into traces: inout ToolTraces
    ) throws {
        var steps: [(time: Int64, count: Double)] = []
        for source in try reading.sources(of: position, measure: "parts", during: range)
        where source.series.kind != .text {
            _ = try reading.definition(of: source)
            traces.hasParts = true
            var previous = try entering(source, gap: nil, word: nil, .identity)?.number
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    guard let number = batch.goodNumber(row), number.isFinite else { continue }
                    if let before = previous, number != before {
                        let count = number > before ? number - before : number
                        if count > 0 { steps.append((batch.times[row], count)) }
                    }
                    previous = number
                }
            }
        }
        traces.partSteps = steps
    }

    /// Reads the measured wear of a tool or of whatever is in a place, and its limit in mm where
    /// one is declared.
    mutating func wear(
        of position: AssetID, during range: TimeRange
    ) throws -> (readings: [WearReading], limit: Double?) {
        var readings: [WearReading] = []
        var limit: Double?
        for source in try reading.sources(of: position, measure: "wear", during: range)
        where source.series.kind != .text {
            let definition = try reading.definition(of: source)
            guard let convert = ToolHistory.conversion(definition?.unit ?? "", to: ["mm"]) else {
                leaveOut("wear is in \(definition?.unit ?? ""), not in mm")
                continue
            }
            if let declared = definition?.limit { limit = convert(declared) }
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    guard let number = batch.goodNumber(row) else { continue }
                    readings.append(
                        WearReading(
                            instant: Timestamp(nanoseconds: batch.times[row]),
                            wear: convert(number)))
                }
            }
        }
        return (readings, limit)
    }
}

extension ColumnBatch {
    /// The number of a row of good quality; a text is 1 where it is `word`, in any case, else 0.
    func stepNumber(_ row: Int, word: String?) -> Double? {
        guard quality(at: row) == .good else { return nil }
        return self.values[row].stepNumber(word: word)
    }
}

extension Value {
    /// The value as a number; a text is 1 where it is `word`, in any case, else 0.
    func stepNumber(word: String?) -> Double? {
        guard case .text(let text) = self else { return number }
        guard let word else { return nil }
        return text.lowercased() == word ? 1 : 0
    }
}
