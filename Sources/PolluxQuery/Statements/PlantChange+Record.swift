import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `record`: one sample or one event by hand.
extension PlantChange {
    /// Writes one point of a measure.
    func record(_ sample: SampleSyntax) throws -> String {
        let graph = context.graph
        let write = transaction.transaction
        let asset = try context.asset(sample.asset, in: write)
        let instant =
            try sample.at.map { try context.pastInstant($0, of: "the sample lies") } ?? context.now
        try refuseAfterEnd(asset, instant, at: sample.at?.range ?? sample.asset.range)
        var (value, unit) = try context.value(sample.value)
        let known = try graph.measure(named: sample.measure.text, of: asset.type, in: write)
        if let unit { value = try converted(value, unit, to: known?.definition.unit ?? "") }
        let measure = try context.placed(at: sample.measure.range) {
            try graph.ensureMeasure(
                named: known?.definition.name ?? sample.measure.text, of: asset.type,
                valueKind: known?.definition.valueKind ?? defaultKind(value),
                unit: unit?.symbol ?? "", by: context.provenance, in: write)
        }
        let existing = try transaction.series(of: asset.id, measure: measure.id)
        let kind = existing?.kind ?? measure.definition.valueKind
        guard let fitting = PlantChange.fit(value, to: kind) else {
            throw context.wrong(
                .valueDoesNotFit,
                "\(sample.measure.text) holds \(kind) values", at: sample.value.range)
        }
        let group =
            try graph.containers(
                of: asset.id, type: nil,
                during: TimeRange(start: instant, end: instant.advanced(by: 1)), in: write
            ).first { (try? graph.type($0.type, in: write)?.name) == "machine" }?.asset ?? asset.id
        let series = try transaction.ensureSeries(
            asset: asset.id, measure: measure.id, kind: kind, group: group)
        var batch = PointBatch()
        batch.append(series, at: instant, fitting, quality: try quality(sample.settings))
        try transaction.append(batch)
        let name = try graph.displayName(of: asset.id, in: write)
        return "recorded \(measure.definition.name) of \(name) at \(context.shown(instant))"
    }

    /// Writes one event.
    func record(_ happening: HappeningSyntax) throws -> String {
        let write = transaction.transaction
        let asset = try context.asset(happening.asset, in: write)
        let time: EventTime
        let moment: MomentSyntax
        switch happening.when {
        case .at(let start), .from(let start), .between(let start, _): moment = start
        }
        let begin = try context.pastInstant(moment, of: "the event begins")
        switch happening.when {
        case .at: time = .instant(begin)
        case .from: time = .open(from: begin)
        case .between(_, let end):
            let span = TimeRange(start: begin, end: try context.storedInstant(end))
            guard !span.isEmpty else {
                throw context.wrong(
                    .emptyRange, "the event ends before it begins", at: end.range)
            }
            time = .span(span)
        }
        try refuseAfterEnd(asset, begin, at: moment.range)
        let name =
            try context.graph.eventName(matching: happening.event.text, in: write)
            ?? happening.event.text
        try context.placed(at: happening.event.range) {
            _ = try context.graph.record(
                event: name, of: asset.id, at: time,
                attributes: try context.attributes(happening.settings), by: context.provenance,
                in: write)
        }
        transaction.noteEventChange()
        return "recorded event \(name) of "
            + (try context.graph.displayName(of: asset.id, in: write))
    }

    /// What is over takes no part in anything later: nobody could ever read what was recorded.
    private func refuseAfterEnd(
        _ asset: Asset, _ instant: Timestamp, at range: SourceRange
    ) throws {
        guard instant >= asset.life.end else { return }
        let name = try context.graph.displayName(of: asset.id, in: transaction.transaction)
        let type = try context.graph.type(asset.type, in: transaction.transaction)?.name ?? ""
        throw context.afterEnd("\(type) \(name)", asset.life, at: range)
    }

    private func converted(_ value: Value, _ unit: UnitSyntax, to target: String) throws -> Value {
        let given = try UnitRules.unit(unit, context)
        guard !target.isEmpty, target != unit.symbol, let number = value.number,
            let wanted = context.units.unit(target)
        else { return value }
        guard let conversion = given.conversion(to: wanted) else {
            throw context.wrong(
                .convertedUnits, "\(unit.symbol) does not fit \(target)", at: unit.range)
        }
        return .float(conversion(number))
    }

    /// Numbers written by hand are measurements: a whole one does not make an integer series.
    private func defaultKind(_ value: Value) -> ValueKind {
        value.kind == .integer ? .float : value.kind
    }

    /// A value as the kind of its series; nil when that would change it.
    static func fit(_ value: Value, to kind: ValueKind) -> Value? {
        switch (value, kind) {
        case (.integer(let number), .float): .float(Double(number))
        case (.float(let number), .integer): Int64(exactly: number).map { .integer($0) }
        default: value.kind == kind ? value : nil
        }
    }

    private func quality(_ settings: [SettingSyntax]) throws -> Quality {
        for attribute in try context.attributes(settings) {
            guard attribute.name == "quality", case .text(let word) = attribute.value else {
                throw context.wrong(
                    .badSetting, "a sample has no setting `\(attribute.name)`",
                    at: settings.first?.range ?? .none, notes: ["settings: quality"])
            }
            switch word {
            case "good": return .good
            case "uncertain": return .uncertain
            case "bad": return .bad
            case "end": return .end
            default:
                throw context.wrong(
                    .badSetting, "`\(word)` is no quality", at: settings.first?.range ?? .none,
                    notes: ["choose one of: good, uncertain, bad, end"])
            }
        }
        return .good
    }
}
