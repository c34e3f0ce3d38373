import PolluxGraph
import PolluxModel
import PolluxStore

/// What messages say beside values: kinds and units of measures, relations, ends.
extension CommitBody {
    /// Lets the type know the measures that a message describes; limits become attributes.
    mutating func declare(_ group: PendingGroup, of found: FoundAsset) throws {
        guard createsUnknown else { return }
        for pending in group.declarations {
            let declaration = pending.declaration
            let before = try graph.measureID(
                named: declaration.measure, in: transaction.transaction)
            let unit = UnitText.symbol(declaration.unit)
            let measure = try graph.ensureMeasure(
                named: declaration.measure, of: found.type, valueKind: declaration.kind,
                unit: unit, by: provenance, in: transaction.transaction)
            if before == nil { result.declarationCount += 1 }
            do {
                let conversion = try conversion(
                    of: declaration.measure, from: unit, to: measure.definition.unit,
                    kind: declaration.kind, found)
                try setLimit("low", declaration.low, declaration, conversion, found, group)
                try setLimit("high", declaration.high, declaration, conversion, found, group)
            } catch let error as IngestError {
                result.refusals.append(
                    Refusal(
                        origin: pending.origin, reason: error.description, kind: .conflict))
            }
        }
    }

    private mutating func setLimit(
        _ word: String, _ number: Double?, _ declaration: DecodedDeclaration,
        _ conversion: Unit.Conversion?, _ found: FoundAsset, _ group: PendingGroup
    ) throws {
        guard let number else { return }
        try setAttribute(
            Attribute(
                "\(declaration.measure) \(word)", .float(conversion?(number) ?? number)),
            of: found.asset, at: group.earliest)
    }

    /// Ends values of the asset, and of its parts where that is said.
    mutating func endValues(_ group: PendingGroup, of found: FoundAsset) throws {
        for end in group.ends { try endValues(end, of: found.asset, depth: 0) }
    }

    private mutating func endValues(
        _ end: PendingEnd, of asset: AssetID, depth: Int
    ) throws {
        for series in try transaction.series(of: asset) {
            guard try isBelow(end.below, series.measure),
                let value = DecodedValue.gone.converted(to: series.kind)
            else { continue }
            put(value, of: series.id, at: end.instant, quality: .end, end.place)
        }
        guard end.includesParts, depth < 16 else { return }
        for link in try graph.links(of: asset, during: .always, in: transaction.transaction)
        where link.relation == .containment && link.object == asset {
            try endValues(end, of: link.subject, depth: depth + 1)
        }
    }

    private func isBelow(_ measure: String, _ id: MeasureID) throws -> Bool {
        if measure.isEmpty { return true }
        guard let name = try graph.measureName(id, in: transaction.transaction) else {
            return false
        }
        return CommitBody.isBelow(measure, name)
    }

    private static func isBelow(_ measure: String, _ name: String) -> Bool {
        measure.isEmpty || name == measure || name.hasPrefix(measure + "/")
    }

    /// Takes away attributes that no longer hold.
    mutating func removeAttributes(_ group: PendingGroup, of found: FoundAsset) throws {
        let reader = transaction.transaction
        for name in group.removedAttributes {
            let current = try graph.attribute(name, of: found.asset, at: group.earliest, in: reader)
            guard current != nil, result.attributeCount < allowance.attributes else { continue }
            try graph.setAttribute(
                name, of: found.asset, to: nil, from: group.earliest, by: provenance, in: reader)
            result.attributeCount += 1
        }
    }

    /// Ends the series that the group itself made.
    mutating func endValues(_ group: PendingGroup, _ addition: CacheAddition) {
        for end in group.ends {
            for series in addition.series {
                // The name as the cache has it: the measure, and its unit after a zero byte.
                let measure = String(decoding: series.name.prefix { $0 != 0 }, as: UTF8.self)
                let points = group.points.filter { $0.name == series.name }.map(\.instant)
                guard CommitBody.isBelow(end.below, measure), !points.contains(end.instant),
                    points.contains(where: { $0 < end.instant }),
                    let value = DecodedValue.gone.converted(to: series.known.kind)
                else { continue }
                put(value, of: series.known.id, at: end.instant, quality: .end, end.place)
            }
        }
    }

    /// Relates the asset to another in the same container; what it was so related to before ends.
    mutating func relate(_ relation: PendingRelation, of found: FoundAsset) throws {
        let reader = transaction.transaction
        let target = relation.relation
        let (id, _) = try graph.ensureRelation(named: target.name, by: provenance, in: reader)
        var object: AssetID?
        if !target.object.isEmpty {
            guard allowance.assets > result.newAssetCount else {
                result.limitedCount += 1
                return
            }
            let ensured = try graph.ensureAsset(
                levels: target.object.map { ($0.type, $0.name) }, at: relation.instant,
                by: provenance, in: reader)
            if ensured.isNew { result.newAssetCount += 1 }
            object = ensured.asset
        }
        let instant = relation.instant
        let open = try graph.links(
            of: found.asset, during: TimeRange(start: instant, end: .distantFuture), in: reader
        ).filter { $0.relation == id && $0.subject == found.asset }
        // Told again, or told late: the later account stands.
        if open.contains(where: { $0.object == object && $0.range.contains(instant) }) { return }
        let next = open.map(\.range.start).filter { $0 > instant }.min()
        for link in open where link.range.contains(instant) {
            try graph.unrelate(
                found.asset, id, link.object, at: instant, by: provenance, in: reader)
            result.eventCount += 1
        }
        if let object {
            try graph.relate(
                found.asset, id, object,
                during: TimeRange(start: instant, end: next ?? .distantFuture), by: provenance,
                in: reader)
            result.eventCount += 1
        }
    }
}
