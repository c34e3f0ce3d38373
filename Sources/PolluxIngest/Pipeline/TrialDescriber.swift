import PolluxGraph
import PolluxModel
import PolluxStore

/// Says in words what a group of a message would write.
struct TrialDescriber {
    let graph: Graph
    let snapshot: Snapshot
    let options: IngestOptions
    let receivedAt: Timestamp

    /// Adds one line for each attribute, point and event.
    func describe(_ group: DecodedGroup, into trial: inout MessageTrial) throws {
        let lookup = AddressLookup(graph: graph, transaction: snapshot.transaction)
        let asset = try lookup.asset(group.address)
        let place = group.address.text + (asset == nil ? " (new)" : "")
        for attribute in group.attributes {
            trial.lines.append(
                "attribute \(attribute.name) = \(TrialDescriber.text(attribute.value)) of \(place)")
        }
        for declaration in group.declarations {
            var words = "measure \(declaration.measure) of \(group.address.text)"
            words += " holds \(declaration.kind.lineName)"
            let unit = UnitText.symbol(declaration.unit)
            if !unit.isEmpty { words += " in \(unit)" }
            if let low = declaration.low { words += ", from \(low)" }
            if let high = declaration.high { words += ", up to \(high)" }
            trial.lines.append(words)
        }
        for relation in group.relations {
            let object = AssetAddress(levels: relation.object).text
            trial.lines.append(
                "\(place) \(relation.name) \(object.isEmpty ? "nothing any longer" : object)"
                    + " from \(relation.time ?? receivedAt)")
        }
        describeChanges(group, place, into: &trial)
        for point in group.points {
            var words = "\(point.measure) of \(place) = \(TrialDescriber.text(point.value))"
            if !point.unit.isEmpty { words += " \(point.unit)" }
            words += " at \(point.time ?? receivedAt)"
            if point.time == nil { words += " (time of arrival)" }
            if point.quality != .good { words += ", quality \(point.quality)" }
            if let problem = try problem(point, asset) {
                trial.problems.append("\(point.measure): \(problem)")
            } else {
                trial.lines.append(words)
            }
        }
        for event in group.events {
            var words = "event \(event.name)"
            if !event.label.isEmpty { words += " \(event.label)" }
            switch event.phase {
            case .instant: break
            case .until(let end): words += " until \(end)"
            case .begins: words += " begins"
            case .ends: words += " ends"
            }
            if !event.item.isEmpty { words += " of item \(event.item)" }
            words += " on \(place) at \(event.time ?? receivedAt)"
            for attribute in event.attributes {
                words += ", \(attribute.name) = \(TrialDescriber.text(attribute.value))"
            }
            trial.lines.append(words)
        }
    }

    private func describeChanges(
        _ group: DecodedGroup, _ place: String, into trial: inout MessageTrial
    ) {
        for episode in group.episodes {
            let ending = episode.endingLabel.isEmpty ? "every one" : episode.endingLabel
            let what = episode.label.isEmpty ? "\(ending) ends" : "\(episode.label) begins"
            trial.lines.append("\(episode.name) on \(place): \(what) at \(episode.time)")
        }
        for name in group.removedAttributes {
            trial.lines.append("attribute \(name) of \(place) no longer holds")
        }
        if let end = group.endsAt {
            let what = group.endsBelow.isEmpty ? "all values" : group.endsBelow
            let whose = group.endsParts ? "\(place) and its parts" : place
            trial.lines.append(
                "\(what) of \(whose) end at \(end == .distantFuture ? receivedAt : end)")
        }
        for placement in group.placements {
            let what = placement.item.isEmpty ? "nothing" : "\(placement.type) \(placement.item)"
            trial.lines.append(
                "\(what) is \(placement.isIn ? "" : "not ")in \(placement.holder.text) from "
                    + "\(placement.time)")
        }
    }

    /// Why a point would be refused, or nil.
    private func problem(_ point: DecodedPoint, _ asset: AssetID?) throws -> String? {
        if let time = point.time, time > receivedAt.advanced(by: options.futureTolerance) {
            return "the time \(time) lies in the future"
        }
        guard let asset,
            let measure = try graph.measureID(
                named: point.measure, in: snapshot.transaction),
            let series = try snapshot.series(of: asset, measure: measure)
        else {
            return options.createsUnknown ? nil : "unknown, and new ones are switched off"
        }
        var known = KnownSeries(id: series.id, kind: series.kind)
        switch try conversion(point, measure, series.kind, asset) {
        case .success(let conversion): known.conversion = conversion
        case .failure(let error): return error.description
        }
        guard known.value(point.value) == nil else { return nil }
        return "the series holds \(series.kind.lineName), this is \(point.value.kindName)"
    }

    private func conversion(
        _ point: DecodedPoint, _ measure: MeasureID, _ kind: ValueKind, _ asset: AssetID
    ) throws -> Result<Unit.Conversion?, IngestError> {
        let transaction = snapshot.transaction
        guard kind == .float || kind == .integer, !point.unit.isEmpty,
            let type = try graph.asset(asset, in: transaction)?.type,
            let unit = try graph.measure(measure, of: type, in: transaction)?.definition.unit,
            !unit.isEmpty
        else { return .success(nil) }
        return UnitText.conversion(
            of: point.measure, from: point.unit, to: unit, by: try graph.units(in: transaction))
    }

    private static func text(_ value: DecodedValue) -> String {
        switch value {
        case .typed(let value): text(value)
        case .number(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .written(let text): "\(text)"
        case .gone: "none (the value ends)"
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .float(let number): "\(number)"
        case .integer(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .text(let text): "\"\(text.prefix(200))\""
        }
    }
}
