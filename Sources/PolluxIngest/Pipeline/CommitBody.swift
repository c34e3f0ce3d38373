import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore

/// The body of a commit: makes the assets and series that a write names and appends its points.
///
/// It changes nothing but the transaction and its own result, because it may run more than once.
struct CommitBody {
    /// How many new things this commit may make.
    struct Allowance: Sendable {
        var assets: Int
        var series: Int
        var attributes: Int

        /// For what an operator brings in on purpose.
        static let unlimited = Allowance(assets: .max, series: .max, attributes: .max)
    }

    let graph: Graph
    let transaction: StoreTransaction
    let provenance: Provenance
    let createsUnknown: Bool
    var allowance: Allowance
    var result = CommitResult()
    /// Points that waited for their series, with their rank.
    var placed: [(rank: Int, point: PlacedPoint)] = []
    /// Refused points of known series.
    var refusedPoints: [SeriesID: UInt64] = [:]

    /// Writes everything of a pending write.
    mutating func run(_ write: PendingWrite) throws {
        refusedPoints = write.refusedPoints
        for group in write.groups {
            do {
                try add(group)
            } catch let error as GraphError {
                if case .storage(let cause) = error { throw cause }
                refuse(group, error.description, .plant)
            } catch let error as IngestError {
                refuse(group, error.description, .unreadable)
            } catch let error as NotMade {
                refuse(group, error.reason, error.kind)
            }
        }
        if placed.isEmpty {
            result.batch = write.batch
        } else {
            placed.sort { $0.rank < $1.rank }
            result.batch = write.batch.inserting(placed.map(\.point))
        }
        if !result.batch.isEmpty { try transaction.append(result.batch) }
        for (series, count) in refusedPoints { try transaction.countRejected(series, count) }
        let facts = result.attributeCount + result.declarationCount
        if result.newAssetCount + result.newSeriesCount + facts > 0 {
            transaction.notePlantGrowth()
        }
        if result.eventCount > 0 { transaction.noteEventChange() }
    }

    private mutating func refuse(_ group: PendingGroup, _ reason: String, _ kind: RejectionKind) {
        let origins =
            group.points.map(\.origin) + group.events.map(\.origin)
            + group.relations.map(\.origin) + group.episodes.map(\.origin)
            + group.placements.map(\.origin) + group.ends.map(\.origin)
        result.refusals += origins.map { Refusal(origin: $0, reason: reason, kind: kind) }
    }

    /// An asset that may not be made.
    private struct NotMade: Error {
        var reason: String
        var kind: RejectionKind
    }

    /// Keeps a point for the place at which it came.
    mutating func put(
        _ value: Value, of series: SeriesID, at instant: Timestamp, quality: Quality,
        _ place: PendingPlace
    ) {
        let point = PlacedPoint(
            place: place.row, series: series, instant: instant, value: value, quality: quality)
        placed.append((place.rank, point))
    }

    private mutating func add(_ group: PendingGroup) throws {
        let found = try asset(for: group.address, at: group.earliest)
        for attribute in group.attributes {
            try setAttribute(attribute, of: found.asset, at: group.earliest)
        }
        try removeAttributes(group, of: found)
        try declare(group, of: found)
        try endValues(group, of: found)
        var addition = CacheAddition(
            key: group.key, asset: found.asset,
            hasFacts: group.carriesFacts, series: [])
        var known: [String: KnownSeries?] = [:]
        for pending in group.points {
            let name = pending.point.seriesName
            if known[name] == nil {
                let series: KnownSeries?
                do {
                    series = try self.series(for: pending.point, of: found)
                } catch let error as RefusedValue {
                    result.refusals.append(
                        Refusal(origin: pending.origin, reason: error.reason, kind: .conflict))
                    continue
                } catch let error as IngestError {
                    // One value that cannot be must not take the others of the message along.
                    result.refusals.append(
                        Refusal(
                            origin: pending.origin, reason: error.description, kind: .conflict))
                    continue
                } catch let error as GraphError {
                    try refuse(pending.origin, error)
                    continue
                }
                known[name] = .some(series)
                if let series { addition.series.append((pending.name, series)) }
            }
            guard let series = known[name] ?? nil else {
                if case .gone = pending.point.value {
                    known[name] = nil
                    continue
                }
                result.refusals.append(refusal(pending, found))
                continue
            }
            guard let value = series.value(pending.point.value) else {
                result.refusals.append(conflict(pending, series, group.address))
                refusedPoints[series.id, default: 0] += 1
                continue
            }
            put(
                value, of: series.id, at: pending.instant, quality: pending.point.quality,
                pending.place)
        }
        endValues(group, addition)
        if !addition.series.isEmpty, group.isRemembered { result.additions.append(addition) }
        try changePlant(group, of: found)
    }

    /// Takes in what a group says beside values.
    private mutating func changePlant(_ group: PendingGroup, of found: FoundAsset) throws {
        for event in group.events {
            try alone(event.origin) { try $0.record(event, of: found, group.address) }
        }
        for relation in group.relations {
            try alone(relation.origin) { try $0.relate(relation, of: found) }
        }
        for episode in group.episodes {
            try alone(episode.origin) { try $0.settle(episode, of: found) }
        }
        for placement in group.placements {
            try alone(placement.origin) { try $0.put(placement, of: found) }
        }
    }

    /// Does what one message says; what the plant refuses takes nothing else of the group along.
    private mutating func alone(
        _ origin: Int, _ body: (inout CommitBody) throws -> Void
    ) throws {
        do {
            try body(&self)
        } catch let error as GraphError {
            try refuse(origin, error)
        }
    }

    /// Refuses one message for what the plant says; what the disk says ends the commit.
    private mutating func refuse(_ origin: Int, _ error: GraphError) throws {
        if case .storage(let cause) = error { throw cause }
        result.refusals.append(Refusal(origin: origin, reason: error.description, kind: .plant))
    }

    private func conflict(
        _ pending: PendingPoint, _ series: KnownSeries, _ address: AssetAddress
    ) -> Refusal {
        Refusal(
            origin: pending.origin,
            reason: CommitBody.conflict(
                of: pending.point.measure,
                type: address.parts.last?.type ?? address.levels.last?.type ?? "",
                is: pending.point.value, series), kind: .conflict)
    }

    /// Why a series cannot hold a value.
    static func conflict(
        of measure: String, type: String, is new: DecodedValue, _ series: KnownSeries
    ) -> RefusalReason {
        if let conversion = series.conversion, series.kind == .integer,
            case .float(let number)? = new.converted(to: .float)
        {
            return .words(
                "\(number) is \(conversion(number)) in the unit of \(measure), which holds whole "
                    + "numbers only")
        }
        return .conflict(
            measure: measure, type: type, new: new.kindName, existing: series.kind)
    }

    private mutating func refusal(_ pending: PendingPoint, _ found: FoundAsset) -> Refusal {
        result.limitedCount += 1
        return Refusal(
            origin: pending.origin,
            reason: createsUnknown
                ? "too many new series in one minute: `\(pending.point.measure)` was not made"
                : "unknown measure `\(pending.point.measure)`, and new ones are switched off",
            kind: createsUnknown ? .limit : .unknown)
    }

    /// An asset found or made, and the one whose parts arrive together with it.
    struct FoundAsset {
        var asset: AssetID
        var group: AssetID
        var type: TypeID
    }

    /// The asset of an address, made when unknown.
    mutating func asset(
        for address: AssetAddress, at instant: Timestamp
    ) throws -> FoundAsset {
        let lookup = AddressLookup(graph: graph, transaction: transaction.transaction)
        if !createsUnknown || allowance.assets <= result.newAssetCount {
            guard let asset = try lookup.asset(address) else {
                result.limitedCount += 1
                throw NotMade(
                    reason: createsUnknown
                        ? "too many new assets in one minute: \(address.text) was not made"
                        : "unknown asset \(address.text), and new ones are switched off",
                    kind: createsUnknown ? .limit : .unknown)
            }
            let group = try lookup.asset(AssetAddress(levels: address.levels)) ?? asset
            return try found(asset, group: group)
        }
        var asset: AssetID?
        var group: AssetID?
        let levels = address.levels.map { (type: $0.type, name: $0.name) }
        if !levels.isEmpty {
            group = try ensure(levels, nil, instant)
            asset = group
        }
        for (index, part) in address.parts.enumerated() {
            if index == 0 {
                asset = try ensure(levels, (part.type, part.name), instant)
            } else if let container = asset {
                asset = try ensureChild(part, of: container, lookup)
            }
        }
        guard let asset else {
            throw IngestError.unreadable(reason: "the message addresses no asset")
        }
        return try found(asset, group: group ?? asset)
    }

    private mutating func ensure(
        _ levels: [(type: String, name: String)], _ part: (type: String, name: String)?,
        _ instant: Timestamp
    ) throws -> AssetID {
        let ensured = try graph.ensureAsset(
            levels: levels, part: part, at: instant, by: provenance,
            in: transaction.transaction)
        if ensured.isNew { result.newAssetCount += 1 }
        return ensured.asset
    }

    private mutating func ensureChild(
        _ part: AssetAddress.Level, of container: AssetID, _ lookup: AddressLookup
    ) throws -> AssetID {
        if let child = try lookup.part(part, of: container) { return child }
        _ = try graph.ensureType(
            named: part.type, by: provenance, in: transaction.transaction)
        let child = try graph.createAsset(
            AssetDeclaration(type: part.type, name: part.name, container: container, isPlace: true),
            by: provenance, in: transaction.transaction)
        result.newAssetCount += 1
        return child
    }

    private func found(_ asset: AssetID, group: AssetID) throws -> FoundAsset {
        guard let known = try graph.asset(asset, in: transaction.transaction) else {
            throw IngestError.unreadable(reason: "the asset is gone")
        }
        return FoundAsset(asset: asset, group: group, type: known.type)
    }

    /// Sets an attribute when it is new (since ever) or changed (from the instant on).
    mutating func setAttribute(
        _ attribute: Attribute, of asset: AssetID, at instant: Timestamp
    ) throws {
        let reader = transaction.transaction
        let current = try graph.attribute(attribute.name, of: asset, at: instant, in: reader)
        guard current != attribute.value else { return }
        guard result.attributeCount < allowance.attributes else {
            result.limitedCount += 1
            return
        }
        let isNew = try graph.attributes(
            of: asset, named: attribute.name, during: .always, in: reader
        ).isEmpty
        try graph.setAttribute(
            attribute.name, of: asset, to: attribute.value,
            from: isNew ? .distantPast : instant, by: provenance, in: reader)
        result.attributeCount += 1
    }
}
