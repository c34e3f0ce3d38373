public import PolluxKeyValue
import PolluxModel

/// Models of DTDL as types, measures and relations.
extension Graph {
    /// Imports Interfaces of DTDL versions 2 to 4; each file holds one or an array of them.
    ///
    /// An Interface becomes a type that keeps its identifier, Telemetry and historized Properties
    /// become measures, other Properties become declared attributes, Relationships become relations
    /// and Components places. What has no counterpart is noted in the report. All of it happens in
    /// the caller's transaction.
    ///
    /// - Throws: `ImportFailure` with file, line and column; `GraphError` when it contradicts what
    ///   exists.
    public func importDTDL(
        _ files: [ImportFile], options: ImportOptions = ImportOptions(), by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws -> ImportReport {
        var models = DTDLModels()
        let units = try units(in: transaction)
        for file in files { try models.read(file, units: units) }
        var report = ImportReport()
        try apply(models, options, to: &report, by: provenance, in: transaction)
        return report
    }

    /// Declares checked models.
    func apply(
        _ models: DTDLModels, _ options: ImportOptions, to report: inout ImportReport,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        try models.check { try self.type(of: $0, in: transaction) != nil }
        for note in models.notes { report.note(note.place, note.text) }
        let names = try models.typeNames(
            { try self.type(of: $0, in: transaction)?.name },
            { name in
                guard let match = try self.type(named: name, in: transaction), !match.isPlural
                else { return nil }
                return (match.type.name, match.type.modelID?.unversioned)
            })
        func name(_ id: DTMI) throws -> String {
            try names[id.unversioned] ?? self.type(of: id, in: transaction)?.name
                ?? id.segments.last ?? "?"
        }
        for interface in models.interfaces {
            try at(interface, interface.path) {
                try declare(
                    interface, name: try name(interface.id), { try name($0) }, by: provenance,
                    in: transaction)
            }
            report.add("types")
        }
        for interface in models.interfaces {
            let type = try ensureType(
                named: try name(interface.id), by: provenance, in: transaction)
            for measure in interface.measures {
                try at(interface, measure.path) {
                    try declareMeasure(
                        declaration(of: measure), of: type, by: provenance, in: transaction)
                }
                report.add("measures")
            }
        }
        try declareRelations(
            models, options, { try name($0) }, to: &report, by: provenance, in: transaction)
    }

    /// Runs a body and gives the graph's refusals a place.
    @discardableResult
    private func at<Result>(
        _ interface: DTDLInterface, _ path: [JSONPlace.Step], _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let error as GraphError {
            if case .storage = error { throw error }
            throw interface.source.failure(path, error.description)
        }
    }

    private func declare(
        _ interface: DTDLInterface, name: String, _ typeName: (DTMI) throws -> String,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        var settings = [Attribute("dtmi", .text(interface.id.text))]
        if !interface.displayName.isEmpty {
            settings.append(Attribute("display-name", .text(interface.displayName)))
        }
        if !interface.description.isEmpty {
            settings.append(Attribute("description", .text(interface.description)))
        }
        for property in interface.properties {
            settings.append(Attribute("attribute." + property.name, .text(property.meaning)))
        }
        for component in interface.components {
            settings.append(
                Attribute("component." + component.name, .text(try typeName(component.schema))))
        }
        let parents = interface.extends.filter { $0.id.unversioned != DTDLModels.baseID }
        try declareType(
            TypeDeclaration(
                name: name, extends: try parents.map { try typeName($0.id) }, settings: settings),
            by: provenance, in: transaction)
    }

    private func declaration(of measure: DTDLInterface.Measure) -> MeasureDeclaration {
        var declaration = MeasureDeclaration(name: measure.name)
        declaration.valueKind = measure.valueKind
        declaration.kind = measure.isState ? .state : .gauge
        declaration.shape = measure.valueKind == .float && !measure.isProperty ? .linear : .step
        if measure.isState || measure.isProperty { declaration.gap = MeasureDeclaration.Gap.none }
        if !measure.unit.isEmpty { declaration.unit = measure.unit }
        return declaration
    }

    /// One relation for all relationships of a name; from and to any type where they differ.
    private func declareRelations(
        _ models: DTDLModels, _ options: ImportOptions, _ typeName: (DTMI) throws -> String,
        to report: inout ImportReport, by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        var found:
            [String: [(interface: DTDLInterface, relationship: DTDLInterface.Relationship)]] =
                [:]
        for interface in models.interfaces {
            for relationship in interface.relationships {
                found[relationship.name, default: []].append((interface, relationship))
                if !relationship.properties.isEmpty {
                    report.note(
                        interface.source.place(relationship.path),
                        "the properties of the relationship `\(relationship.name)` are not kept: "
                            + relationship.properties.joined(separator: ", "))
                }
            }
        }
        for (name, uses) in found.sorted(by: { $0.key < $1.key }) {
            let first = uses[0]
            if options.contains(name) != nil {
                report.note(
                    first.interface.source.place(first.relationship.path),
                    "the relationship `\(name)` is containment: paths with `of` follow it")
                continue
            }
            let subjects = Set(uses.map(\.interface.id.unversioned))
            let objects = Set(uses.map { $0.relationship.target?.unversioned ?? "" })
            let isAny =
                objects.count > 1 || objects.contains("")
                || objects.contains(DTDLModels.baseID)
            let subject = try subjects.count == 1 ? typeName(first.interface.id) : nil
            let object = try isAny ? nil : first.relationship.target.map(typeName)
            try at(first.interface, first.relationship.path) {
                let settings =
                    uses.allSatisfy(\.relationship.isSingle)
                    ? [Attribute("single", .boolean(true))] : []
                try declareRelation(
                    named: name,
                    from: try subject.map {
                        try ensureType(named: $0, by: provenance, in: transaction)
                    },
                    to: try object.map {
                        try ensureType(named: $0, by: provenance, in: transaction)
                    },
                    settings: settings, by: provenance, in: transaction)
            }
            report.add("relations")
        }
    }

    /// The type that keeps a model identifier, whatever its version.
    func type(
        of id: DTMI, in transaction: ReadTransaction
    ) throws(GraphError) -> AssetType? {
        try schema(in: transaction).typesByModel[id.unversioned]
    }
}

extension AssetType {
    /// The model identifier it was imported under.
    var modelID: DTMI? {
        settings.first { $0.name == "dtmi" }?.value.text.flatMap(DTMI.init)
    }

    /// The attributes that its model declares, by name.
    var declaredAttributes: [(name: String, meaning: String)] {
        settings.compactMap { setting in
            guard setting.name.hasPrefix("attribute."), let meaning = setting.value.text else {
                return nil
            }
            return (String(setting.name.dropFirst("attribute.".count)), meaning)
        }
    }

    /// The components that its model declares: name and type.
    var declaredComponents: [(name: String, type: String)] {
        settings.compactMap { setting in
            guard setting.name.hasPrefix("component."), let type = setting.value.text else {
                return nil
            }
            return (String(setting.name.dropFirst("component.".count)), type)
        }
    }
}
