public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The type that a word names, exactly or, if only one fits, without case; nil when none does.
    public func type(
        named name: String, in transaction: ReadTransaction
    ) throws(GraphError) -> TypeMatch? {
        try schema(in: transaction).match(name)
    }

    /// A type by its number; nil when there is none.
    public func type(
        _ id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetType? {
        try schema(in: transaction).types[id]
    }

    /// All types in order of number.
    public func types(in transaction: ReadTransaction) throws(GraphError) -> [AssetType] {
        try schema(in: transaction).types.values.sorted { $0.id < $1.id }
    }

    /// A type and everything that inherits from it, itself first.
    public func subtypes(
        of id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> [TypeID] {
        try schema(in: transaction).subtypes(of: id)
    }

    /// A type and everything it inherits from, itself first.
    public func supertypes(
        of id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> [TypeID] {
        try schema(in: transaction).supertypes(of: id)
    }

    /// Whether assets of a type are a containment level of the plant (enterprise to machine, or
    /// declared with `level`) rather than parts that are mounted in places.
    public func isLevel(
        _ id: TypeID, in transaction: ReadTransaction
    ) throws(GraphError) -> Bool {
        try schema(in: transaction).isLevel(id)
    }

    /// Declares a type, or completes one that exists; repeated declarations that agree do nothing.
    ///
    /// - Throws: `exists` when a declared type of that name has another parent, `conflict` when the
    ///   plural is taken or inheritance would run in a circle.
    @discardableResult
    public func declareType(
        _ declaration: TypeDeclaration, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> TypeID {
        let schema = try schema(in: transaction)
        let existing = schema.match(declaration.name).flatMap { match in
            !match.isPlural && match.type.name == declaration.name ? match.type : nil
        }
        var type =
            existing
            ?? AssetType(
                id: TypeID(rawValue: 0), name: declaration.name, plural: "", parents: [],
                isDeclared: false, settings: [])
        if existing == nil { try GraphName.check(declaration.name) }
        try extend(&type, declaration.extends, by: provenance, in: transaction)
        try setPlural(of: &type, declaration.plural, schema: schema)
        for setting in declaration.settings {
            type.settings.removeAll { $0.name == setting.name }
            type.settings.append(setting)
        }
        type.life = declaration.life.completed(by: type.life)
        type.isDeclared = true
        if type == existing { return type.id }
        return try store(type, by: provenance, in: transaction)
    }

    /// Lets a type inherit; an undeclared one takes any parents, a declared one keeps its own.
    private func extend(
        _ type: inout AssetType, _ names: [String], by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        var parents: [TypeID] = []
        for name in names {
            let parent = try ensureType(named: name, by: provenance, in: transaction)
            if try schema(in: transaction).supertypes(of: parent).contains(type.id) {
                throw GraphError.conflict(
                    what: "type", name: type.name,
                    reason: parent == type.id
                        ? "it cannot extend itself" : "\(name) extends it already")
            }
            if !parents.contains(parent) { parents.append(parent) }
        }
        guard !parents.isEmpty, parents != type.parents else { return }
        if type.isDeclared, !type.parents.isEmpty {
            let schema = try schema(in: transaction)
            let known = type.parents.map { schema.types[$0]?.name ?? "?" }
            throw GraphError.conflict(
                what: "type", name: type.name,
                reason: "it extends \(known.joined(separator: ", "))")
        }
        type.parents = parents
    }

    /// The type of that name, created undeclared when there is none.
    public func ensureType(
        named name: String, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> TypeID {
        let schema = try schema(in: transaction)
        if let match = schema.match(name) { return match.type.id }
        try GraphName.check(name)
        var type = AssetType(
            id: TypeID(rawValue: 0), name: name, plural: "", parents: [], isDeclared: false,
            settings: [])
        try setPlural(of: &type, nil, schema: schema)
        return try store(type, by: provenance, in: transaction)
    }

    private func setPlural(
        of type: inout AssetType, _ plural: String?, schema: Schema
    ) throws(GraphError) {
        guard let plural else {
            let usual = type.name + "s"
            if type.plural.isEmpty, usual.utf8.count <= GraphName.byteCountLimit,
                schema.match(usual) == nil
            {
                type.plural = usual
            }
            return
        }
        try GraphName.check(plural)
        if let taken = schema.match(plural), taken.type.id != type.id,
            !taken.isPlural || taken.type.isDeclared && taken.type.plural != taken.type.name + "s"
        {
            throw .conflict(
                what: "plural", name: plural, reason: "the type \(taken.type.name) has that word")
        }
        type.plural = plural
    }

    private func store(
        _ changed: AssetType, by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> TypeID {
        var type = changed
        let isNew = type.id.rawValue == 0
        if isNew {
            type.id = TypeID(rawValue: UInt32(try nextNumber(.types, in: transaction)))
        }
        // A declared plural wins over the default plural of another type.
        for other in try schema(in: transaction).types.values
        where other.id != type.id && !type.plural.isEmpty && other.plural == type.plural {
            var loser = other
            loser.plural = ""
            try putType(loser, in: transaction)
        }
        try putType(type, in: transaction)
        try markSchemaChanged(in: transaction)
        var text = "create type \(QuotedName.word(type.name))"
        if !type.plural.isEmpty { text += " plural \(QuotedName.word(type.plural))" }
        let parents = try schema(in: transaction)
        let extends = type.parents.map { id in
            "extends = \(QuotedName.word(parents.types[id]?.name ?? "?"))"
        }
        let with = extends + LifeText.settings(type.life)
        if !with.isEmpty { text += " with " + with.joined(separator: ", ") }
        try appendLog(
            .declare, assets: [], validFrom: .distantPast, text, by: provenance, in: transaction)
        return type.id
    }
}
