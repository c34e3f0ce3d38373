import PolluxGraph
import PolluxModel
import PolluxStore

/// Which series a point goes to, and in which unit.
extension CommitBody {
    /// The series of a point, made when unknown; nil when that is not allowed or says nothing.
    ///
    /// - Throws: `RefusedValue` or `IngestError.unreadable` when the point cannot be stored as what
    ///   it is.
    mutating func series(
        for point: DecodedPoint, of found: FoundAsset
    ) throws -> KnownSeries? {
        let reader = transaction.transaction
        if let measure = try graph.measureID(named: point.measure, in: reader),
            let series = try transaction.series(of: found.asset, measure: measure)
        {
            var known = KnownSeries(id: series.id, kind: series.kind)
            guard !point.unit.isEmpty else { return known }
            let unit = try graph.ensureMeasure(
                named: point.measure, of: found.type,
                valueKind: point.value.naturalKind ?? .float,
                unit: UnitText.settled(point.unit, by: try graph.units(in: reader)),
                by: provenance, in: reader
            ).definition.unit
            known.conversion = try conversion(
                of: point.measure, from: point.unit, to: unit, kind: series.kind, found)
            return known
        }
        guard let kind = point.value.naturalKind, createsUnknown,
            result.newSeriesCount < allowance.series
        else { return nil }
        try refuseTooLarge(point, kind, of: found)
        let measure = try graph.ensureMeasure(
            named: point.measure, of: found.type, valueKind: kind,
            unit: UnitText.settled(point.unit, by: try graph.units(in: reader)),
            by: provenance, in: reader)
        var known = KnownSeries(
            id: SeriesID(rawValue: 0), kind: measure.definition.valueKind)
        known.conversion = try conversion(
            of: point.measure, from: point.unit, to: measure.definition.unit, kind: known.kind,
            found)
        if try transaction.series(of: found.asset, measure: measure.id) == nil {
            // A value that cannot be held must not make an empty series.
            guard known.value(point.value) != nil else {
                throw RefusedValue(
                    reason: CommitBody.conflict(
                        of: point.measure, type: typeName(found.type), is: point.value, known))
            }
            result.newSeriesCount += 1
        }
        known.id = try transaction.ensureSeries(
            asset: found.asset, measure: measure.id, kind: known.kind, group: found.group)
        return known
    }

    /// Refuses a number that no integer holds, before anything is made for it.
    private func refuseTooLarge(
        _ point: DecodedPoint, _ kind: ValueKind, of found: FoundAsset
    ) throws {
        guard case .unsigned(let number) = point.value else { return }
        let reader = transaction.transaction
        let declared = try graph.measureID(named: point.measure, in: reader).flatMap {
            try graph.measure($0, of: found.type, in: reader)?.definition.valueKind
        }
        guard (declared ?? kind) == .integer else { return }
        throw RefusedValue(
            reason: .words(
                "\(number) of `\(point.measure)` is beyond \(Int64.max), the largest whole number"))
    }

    func typeName(_ type: TypeID) -> String {
        ((try? graph.type(type, in: transaction.transaction)) ?? nil)?.name ?? ""
    }

    /// How values in a source's unit become values in the measure's; nil when nothing changes.
    ///
    /// - Throws: `IngestError.unreadable` when they measure different things.
    func conversion(
        of measure: String, from written: String, to unit: String, kind: ValueKind,
        _ found: FoundAsset
    ) throws -> Unit.Conversion? {
        guard kind == .float || kind == .integer else { return nil }
        return try UnitText.conversion(
            of: "\(measure) of \(typeName(found.type))", from: written, to: unit,
            by: try graph.units(in: transaction.transaction)
        ).get()
    }
}
