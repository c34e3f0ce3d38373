import PolluxAnalytics
import PolluxGraph
import PolluxModel
import PolluxStore

/// How much life a tool has left as the machine that counts it says.
private struct ToldCount {
    /// What is counted: `life-minutes` or `life-parts`.
    var measure: String
    /// What is left now, in minutes or parts.
    var left: Double
    /// What is used; nil where the machine counts down from an unknown start.
    var used: Double?
    /// Whether the machine counts; else the plant's own cuts are held against its limit.
    var isCounted: Bool
    /// What it was taken from, in words.
    var text: String
}

/// What machines say of the life of their tools: `life-minutes` and `life-parts`, counted up to a
/// limit or down to one.
extension ToolHistory {
    /// The remaining life that the machine itself tells, whichever count ends first; nil when it
    /// tells none.
    ///
    /// - Parameter model: what the model of tool life says, for the note.
    /// - Throws: what store and graph throw.
    mutating func told(
        of piece: PathPiece, _ spell: ToolSpell, _ uses: ToolUses, model: ToolForecast?,
        minutesPerPart: Double? = nil
    ) throws -> ToolForecast? {
        let minutes = try count("life-minutes", of: piece, spell, uses)
        let parts = try count("life-parts", of: piece, spell, uses)
        guard minutes != nil || parts != nil else { return nil }
        var left = minutes?.left
        var partsLeft = parts?.left
        if let minutesPerPart {
            let partsMinutes = partsLeft.map { $0 * minutesPerPart }
            left = [left, partsMinutes].compactMap { $0 }.min()
            partsLeft = left.map { $0 / minutesPerPart }
        }
        let told = [minutes, parts].compactMap { $0 }
        var notes = told.map(\.text)
        if told.contains(where: { $0.left <= 0 }) { notes.append("its limit is reached") }
        if let model {
            let median = ToldCount.text(model.life.median.rounded())
            notes.append("\(model.life.method) says \(median) min")
        }
        let life = RemainingLife(
            told: left ?? 0, used: minutes?.used ?? uses.current.minutes,
            minutesPerPart: minutesPerPart, toolCount: uses.closed.count,
            method: told.contains { $0.isCounted } ? "reported" : "limit")
        var forecast = ToolForecast(life: life, notes: notes + leftOut)
        forecast.hasMinutes = left != nil
        forecast.partsLeft = partsLeft
        return forecast
    }

    private mutating func count(
        _ measure: String, of piece: PathPiece, _ spell: ToolSpell, _ uses: ToolUses
    ) throws -> ToldCount? {
        let isMinutes = measure == "life-minutes"
        let point = try newest(measure, of: piece, spell)
        let limit = try number("\(measure) limit", of: piece) ?? point?.limit
        let initial = try number("\(measure) initial", of: piece)
        let word = try text("\(measure) direction", of: piece)?.lowercased()
        let isDown = word.map { $0 == "down" } ?? ((initial ?? 0) > (limit ?? .infinity))
        let unit = isMinutes ? "min" : "parts"
        let counted = isMinutes ? uses.current.minutes : uses.current.partCount
        guard let point else {
            // The limit alone: what the plant itself saw of the tool is held against it.
            let whole =
                isDown ? initial.map { $0 - (limit ?? 0) } : limit.map { $0 - (initial ?? 0) }
            guard let whole, whole > 0, let counted, uses.hasCuts || !isMinutes else { return nil }
            return ToldCount(
                measure: measure, left: max(0, whole - counted), used: counted, isCounted: false,
                text: "\(measure): limit \(ToldCount.text(whole)) \(unit), counted from its mounts")
        }
        let since =
            isMinutes
            ? uses.current.minutes - uses.current.minutes(before: point.instant)
            : uses.parts.reduce(0) { sum, step in
                step.time > point.instant.nanoseconds ? sum + step.count : sum
            }
        let value = ToldCount.text(point.number)
        if isDown {
            let end = limit ?? 0
            let left = point.number - end - since
            return ToldCount(
                measure: measure, left: max(0, left), used: initial.map { $0 - end - left },
                isCounted: true,
                text: "\(measure) \(value) down to \(ToldCount.text(end)) at \(point.instant)")
        }
        guard let limit else { return nil }
        return ToldCount(
            measure: measure, left: max(0, limit - point.number - since),
            used: point.number + since, isCounted: true,
            text: "\(measure) \(value) of \(ToldCount.text(limit)) at \(point.instant)")
    }

    /// The newest count of a tool, in minutes where it is a time.
    private mutating func newest(
        _ measure: String, of piece: PathPiece, _ spell: ToolSpell
    ) throws -> (instant: Timestamp, number: Double, limit: Double?)? {
        let body = piece.item ?? piece.subject
        let during = TimeRange(start: .distantPast, end: now)
        for source in try reading.sources(of: body, measure: measure, during: during).reversed() {
            guard source.series.kind != .text,
                let point = try reading.snapshot.point(
                    of: source.series.id, before: min(now, source.range.end)),
                point.quality == .good, let number = point.value.number, number.isFinite
            else { continue }
            // A place keeps no count of a tool that has left it, a name none of the tool before.
            let isOwn = source.series.asset == spell.item && !spell.isRenewed
            guard isOwn || point.instant >= spell.start else { continue }
            let definition = try reading.definition(of: source)
            let units = measure == "life-minutes" ? ["min"] : []
            guard let convert = ToolHistory.conversion(definition?.unit ?? "", to: units) else {
                leaveOut("\(measure) is in \(definition?.unit ?? ""), not in min")
                continue
            }
            return (point.instant, convert(number), definition?.limit.map { convert($0) })
        }
        return nil
    }

    /// When a new tool came under the name of an old one: its count began again, or its status says
    /// that it was reconditioned.
    mutating func restarts(of item: AssetID) throws -> [Timestamp] {
        var found: Set<Timestamp> = []
        let transaction = reading.snapshot.transaction
        let during = TimeRange(start: .distantPast, end: now)
        for measure in ["life-minutes", "life-parts"] {
            let word = try graph.attribute(
                "\(measure) direction", of: item, at: now, in: transaction)
            let isDown = word.map { $0.stepNumber(word: "down") == 1 } ?? false
            for source in try reading.sources(of: item, measure: measure, during: during)
            where source.series.asset == item && source.series.kind != .text {
                var previous: Double?
                try reading.forEachBatch(of: source) { batch in
                    for row in 0..<batch.count {
                        guard let number = batch.goodNumber(row) else { continue }
                        if let before = previous {
                            // A correction by a little is no new tool.
                            let isNew = isDown ? number > before * 2 : number < before / 2
                            if isNew, abs(number - before) > 0.5 {
                                found.insert(Timestamp(nanoseconds: batch.times[row]))
                            }
                        }
                        previous = number
                    }
                }
            }
        }
        for source in try reading.sources(of: item, measure: "status", during: during)
        where source.series.asset == item && source.series.kind == .text {
            var was = false
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    guard case .text(let text) = batch.values[row] else { continue }
                    let isNow = ToolHistory.words(text).contains("RECONDITIONED")
                    if isNow, !was { found.insert(Timestamp(nanoseconds: batch.times[row])) }
                    was = isNow
                }
            }
        }
        return found.sorted()
    }
}

extension ToldCount {
    /// A number with no more digits than it needs.
    static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }
}
