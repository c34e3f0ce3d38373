public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Declares a kind of relation, or completes one that exists.
    ///
    /// - Throws: `conflict` when the name or the inverse stands for another relation.
    @discardableResult
    public func declareRelation(
        named name: String, from subjectType: TypeID? = nil, to objectType: TypeID? = nil,
        inverse: String = "", settings: [Attribute] = [], by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> RelationID {
        try GraphName.check(name)
        if !inverse.isEmpty { try GraphName.check(inverse) }
        let existing = try relation(named: name, in: transaction)
        if let existing, existing.isInverse || existing.definition.id.rawValue <= 2 {
            throw GraphError.conflict(
                what: "relation", name: name,
                reason: "the relation `\(existing.definition.name)` has that word")
        }
        if !inverse.isEmpty, let taken = try relation(named: inverse, in: transaction),
            !(taken.isInverse && taken.definition.id == existing?.definition.id)
        {
            throw GraphError.conflict(
                what: "relation", name: inverse,
                reason: "the relation `\(taken.definition.name)` has that word")
        }
        var definition =
            existing?.definition
            ?? RelationDefinition(
                id: RelationID(rawValue: 0), name: name, inverse: "", subjectType: nil,
                objectType: nil, isDeclared: false, settings: [])
        if let subjectType { definition.subjectType = subjectType }
        if let objectType { definition.objectType = objectType }
        if !inverse.isEmpty { definition.inverse = inverse }
        for setting in settings {
            definition.settings.removeAll { $0.name == setting.name }
            definition.settings.append(setting)
        }
        definition.isDeclared = true
        if definition == existing?.definition { return definition.id }
        return try store(definition, by: provenance, in: transaction)
    }

    /// The relation of that name, created undeclared when there is none.
    public func ensureRelation(
        named name: String, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> (id: RelationID, isInverse: Bool) {
        if let known = try relation(named: name, in: transaction) {
            return (known.definition.id, known.isInverse)
        }
        try GraphName.check(name)
        let definition = RelationDefinition(
            id: RelationID(rawValue: 0), name: name, inverse: "", subjectType: nil,
            objectType: nil, isDeclared: false, settings: [])
        return (try store(definition, by: provenance, in: transaction), false)
    }

    private func store(
        _ changed: RelationDefinition, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> RelationID {
        var definition = changed
        if definition.id.rawValue == 0 {
            let number = try nextNumber(.relations, in: transaction)
            definition.id = RelationID(rawValue: UInt32(number))
        }
        try putRelation(definition, in: transaction)
        try markSchemaChanged(in: transaction)
        try appendLog(
            .declare, assets: [], validFrom: .distantPast,
            try relationStatement(definition, in: transaction), by: provenance, in: transaction)
        return definition.id
    }

    func relationStatement(
        _ definition: RelationDefinition, in transaction: ReadTransaction
    ) throws(GraphError) -> String {
        let types = try schema(in: transaction).types
        var text = "create relation \(QuotedName.word(definition.name))"
        for (word, type) in [("from", definition.subjectType), ("to", definition.objectType)] {
            if let type { text += " \(word) \(QuotedName.word(types[type]?.name ?? "?"))" }
        }
        if !definition.inverse.isEmpty { text += " inverse \(QuotedName.word(definition.inverse))" }
        return text + QuotedName.settings(definition.settings)
    }

    /// The relation that a word names and whether the word is its inverse name; exact, else without
    /// case if only one fits.
    public func relation(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> (definition: RelationDefinition, isInverse: Bool)? {
        let all = try relations(in: transaction)
        for definition in all {
            if definition.name == name { return (definition, false) }
            if definition.inverse == name, !name.isEmpty { return (definition, true) }
        }
        let folded = name.lowercased()
        var fitting: [(definition: RelationDefinition, isInverse: Bool)] = []
        for definition in all {
            if definition.name.lowercased() == folded { fitting.append((definition, false)) }
            if definition.inverse.lowercased() == folded { fitting.append((definition, true)) }
        }
        return fitting.count == 1 ? fitting[0] : nil
    }

    /// All kinds of relation, containment and mounting included.
    public func relations(
        in transaction: ReadTransaction
    ) throws(GraphError) -> [RelationDefinition] {
        try schema(in: transaction).relations.values.sorted { $0.id.rawValue < $1.id.rawValue }
    }

    /// Relates two assets over a range; overlapping spans of the same relation are joined.
    ///
    /// A relation declared `single` leads from a subject to one object at a time: the one before
    /// ends when the new one begins, and the new one ends where a later one begins.
    ///
    /// - Throws: `conflict` when the types are not those declared, `refused` for containment and
    ///   mounting, which `move` changes.
    public func relate(
        _ subject: AssetID, _ relation: RelationID, _ object: AssetID, during range: TimeRange,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let definition = try typedRelation(relation, in: transaction)
        let from = try namedAsset(subject, in: transaction)
        let to = try namedAsset(object, in: transaction)
        try check(from, is: definition.subjectType, of: definition, in: transaction)
        try check(to, is: definition.objectType, of: definition, in: transaction)
        guard !range.isEmpty else {
            throw GraphError.refused(reason: "the relation would end before it begins")
        }
        let range = try makeRoom(for: range, of: definition, subject, object, in: transaction)
        var joined = range
        for old in try outgoing(subject, relation, in: transaction)
        where old.link.object == object && old.link.range.start <= joined.end
            && joined.start <= old.link.range.end
        {
            if old.link.range.start <= range.start, old.link.range.end >= range.end { return }
            joined.start = min(joined.start, old.link.range.start)
            joined.end = max(joined.end, old.link.range.end)
            try removeLink(old.link, in: transaction)
        }
        try putLink(
            Link(relation: relation, subject: subject, object: object, range: joined),
            in: transaction)
        let text =
            "relate \(try describe(from, in: transaction)) that "
            + "\(QuotedName.word(definition.name)) \(try describe(to, in: transaction))"
            + InstantText.from(range.start)
            + (range.end == .distantFuture ? "" : " to \(range.end)")
        try appendLog(
            .relate, assets: [subject, object], validFrom: range.start, until: range.end, text,
            by: provenance, in: transaction)
    }

    /// Cuts what a single relation led to before, and the range where it leads elsewhere later.
    private func makeRoom(
        for range: TimeRange, of definition: RelationDefinition, _ subject: AssetID,
        _ object: AssetID, in transaction: WriteTransaction
    ) throws -> TimeRange {
        guard definition.settings.contains(Attribute("single", .boolean(true))) else {
            return range
        }
        var room = range
        for old in try outgoing(subject, definition.id, during: range, in: transaction)
        where old.link.object != object {
            guard old.link.range.start < range.start else {
                room.end = min(room.end, old.link.range.start)
                continue
            }
            try removeLink(old.link, in: transaction)
            var shortened = old.link
            shortened.range.end = range.start
            try putLink(shortened, in: transaction)
        }
        guard !room.isEmpty else {
            let other = try outgoing(subject, definition.id, during: range, in: transaction)
            throw GraphError.conflict(
                what: "relation", name: definition.name,
                reason: "it is single, and leads elsewhere from "
                    + "\(other.first?.link.range.start ?? range.start) on")
        }
        return room
    }

    /// Ends a relation between two assets at an instant; what was recorded after it goes too.
    ///
    /// Being part of or mounted in something ends until the next recorded move, as `detach` does.
    ///
    /// - Throws: `unknown` when the two are not so related at or after the instant.
    public func unrelate(
        _ subject: AssetID, _ relation: RelationID, _ object: AssetID, at instant: Timestamp,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let isLocation = relation == .containment || relation == .mounting
        guard
            let definition = isLocation
                ? try schema(in: transaction).relations[relation]
                : try typedRelation(relation, in: transaction)
        else { throw GraphError.unknown(what: "relation", name: "number \(relation.rawValue)") }
        let from = try namedAsset(subject, in: transaction)
        let to = try namedAsset(object, in: transaction)
        let text =
            "\(try describe(from, in: transaction)) that \(QuotedName.word(definition.name)) "
            + "\(try describe(to, in: transaction))"
        var isChanged = false
        if isLocation, try isDirectly(subject, in: object, by: relation, at: instant, transaction) {
            try cutLocation(of: subject, at: instant, in: transaction)
            isChanged = true
        }
        for old in try isLocation ? [] : outgoing(subject, relation, in: transaction)
        where old.link.object == object && old.link.range.end > instant {
            try removeLink(old.link, in: transaction)
            var shortened = old.link
            shortened.range = TimeRange(
                start: shortened.range.start, end: max(shortened.range.start, instant))
            try putLink(shortened, in: transaction)
            isChanged = true
        }
        guard isChanged else {
            throw GraphError.unknown(what: "relation at or after \(instant)", name: text)
        }
        try appendLog(
            .unrelate, assets: [subject, object], validFrom: instant,
            "unrelate \(text) at \(instant)", by: provenance, in: transaction)
    }

    /// Whether an asset is in another at an instant, itself or in its unnamed place.
    private func isDirectly(
        _ id: AssetID, in object: AssetID, by relation: RelationID, at instant: Timestamp,
        _ transaction: ReadTransaction
    ) throws(GraphError) -> Bool {
        guard let moment = Graph.frozen(instant),
            let stay = try locations(of: id, during: moment, in: transaction).first,
            stay.relation == relation
        else { return false }
        if stay.object == object { return true }
        guard try existingAsset(stay.object, in: transaction).name.isEmpty else { return false }
        return try locations(of: stay.object, during: moment, in: transaction)
            .contains { $0.object == object }
    }

    private func typedRelation(
        _ id: RelationID, in transaction: ReadTransaction
    ) throws(GraphError) -> RelationDefinition {
        guard let definition = try schema(in: transaction).relations[id] else {
            throw .unknown(what: "relation", name: "number \(id.rawValue)")
        }
        if id == .containment || id == .mounting {
            throw .refused(
                reason:
                    "`\(definition.name)` is changed with `move`, which keeps one place at a time")
        }
        return definition
    }

    private func check(
        _ asset: Asset, is type: TypeID?, of definition: RelationDefinition,
        in transaction: ReadTransaction
    ) throws(GraphError) {
        let schema = try schema(in: transaction)
        guard let type, !schema.supertypes(of: asset.type).contains(type) else { return }
        throw .conflict(
            what: "relation", name: definition.name,
            reason: "\(try describe(asset, in: transaction)) is not a "
                + "\(schema.types[type]?.name ?? "?")")
    }
}
