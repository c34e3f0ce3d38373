import PolluxModel

/// Reads one Interface and checks what can be checked of it alone (DTDL versions 2 to 4).
struct DTDLReader {
    let source: DTDLSource
    private(set) var notes: [(path: [JSONPlace.Step], text: String)] = []
    var version = 3
    /// Whether the context makes semantic types known.
    private var hasQuantities = false
    /// Schemas of the interface that have identifiers of their own.
    var schemas: [String: JSONValue] = [:]
    var units = UnitCatalog.standard

    init(source: DTDLSource, units: UnitCatalog) {
        self.source = source
        self.units = units
    }

    /// Reads an Interface that stands at a path of the file.
    mutating func read(
        _ value: JSONValue, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> DTDLInterface {
        guard let object = value.object else {
            throw source.failure(path, "an Interface is a JSON object")
        }
        try readContext(object, at: path)
        try needType(object, "Interface", at: path)
        let id = try readID(object, at: path)
        var interface = DTDLInterface(id: id, version: version, source: source, path: path)
        interface.displayName = DTDLReader.localized(object["displayName"])
        interface.description = DTDLReader.localized(object["description"])
        for schema in object["schemas"]?.array ?? [] {
            if let id = schema["@id"]?.text { schemas[id] = schema }
        }
        interface.extends = try readExtends(object["extends"], at: path + [.member("extends")])
        let contents = object["contents"]?.array ?? []
        if object["contents"] != nil, object["contents"]?.array == nil {
            throw source.failure(path + [.member("contents")], "contents is an array")
        }
        for (index, element) in contents.enumerated() {
            try readElement(
                element, at: path + [.member("contents"), .element(index)], into: &interface)
        }
        for member in object.members where !DTDLReader.interfaceKeys.contains(member.name) {
            notes.append((path + [.member(member.name)], "the key `\(member.name)` is not kept"))
        }
        return interface
    }

    mutating func note(_ path: [JSONPlace.Step], _ text: String) { notes.append((path, text)) }

    private static let interfaceKeys: Set<String> = [
        "@context", "@id", "@type", "displayName", "description", "comment", "contents", "extends",
        "schemas",
    ]

    // MARK: The interface itself

    private mutating func readContext(
        _ object: JSONObject, at path: [JSONPlace.Step]
    ) throws(ImportFailure) {
        let path = path + [.member("@context")]
        let list: [String]
        switch object["@context"] {
        case .text(let text): list = [text]
        case .array(let elements): list = elements.compactMap(\.text)
        default:
            throw source.failure(
                path, "an Interface says which DTDL it is in",
                suggestions: ["\"@context\": \"dtmi:dtdl:context;3\""])
        }
        let versions = [
            "dtmi:dtdl:context;2": 2, "dtmi:dtdl:context;3": 3, "dtmi:dtdl:context;4": 4,
        ]
        guard let first = list.first, let found = versions[first] else {
            throw source.failure(
                path,
                "the first context is DTDL version 2, 3 or 4, not `\(list.first ?? "nothing")`",
                suggestions: ["dtmi:dtdl:context;3"])
        }
        version = found
        hasQuantities =
            found == 2
            || list.contains { $0.hasPrefix("dtmi:dtdl:extension:quantitativeTypes;") }
        let known = [
            "quantitativeTypes", "historization", "annotation", "overriding", "mqtt", "requirement",
        ]
        for context in list.dropFirst() {
            let isKnown = known.contains { context.hasPrefix("dtmi:dtdl:extension:\($0);") }
            if !isKnown { notes.append((path, "the context `\(context)` is not known")) }
        }
    }

    private func needType(
        _ object: JSONObject, _ wanted: String, at path: [JSONPlace.Step]
    ) throws(ImportFailure) {
        let types = DTDLReader.types(of: object)
        guard types.contains(wanted) else {
            throw source.failure(
                path + [.member("@type")],
                "expected `\(wanted)`, found `\(types.first ?? "no @type")`", suggestions: [wanted])
        }
    }

    private func readID(
        _ object: JSONObject, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> DTMI {
        let path = path + [.member("@id")]
        guard let text = object["@id"]?.text else {
            throw source.failure(
                path, "an Interface has an @id such as `dtmi:com:example:Machine;1`")
        }
        guard let id = DTMI(text) else {
            throw source.failure(
                path,
                "`\(text)` is no model identifier: `dtmi:`, segments of letters, digits and `_` "
                    + "that begin with a letter, then `;` and a version")
        }
        guard !id.isSystem else {
            throw source.failure(path, "a segment that begins with `_` belongs to systems")
        }
        guard text.utf8.count <= 128 else {
            throw source.failure(
                path, "the identifier has \(text.utf8.count) characters, at most 128")
        }
        guard !id.version.isEmpty || version > 2 else {
            throw source.failure(path, "a version is missing", suggestions: [text + ";1"])
        }
        return id
    }

    private mutating func readExtends(
        _ value: JSONValue?, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> [(id: DTMI, path: [JSONPlace.Step])] {
        guard let value else { return [] }
        let elements = value.array ?? [value]
        let limit = version == 2 ? 2 : 1024
        guard elements.count <= limit else {
            throw source.failure(
                path, "extends names \(elements.count) interfaces, at most \(limit)")
        }
        var found: [(id: DTMI, path: [JSONPlace.Step])] = []
        for (index, element) in elements.enumerated() {
            let place = value.array == nil ? path : path + [.element(index)]
            guard let text = element.text ?? element["@id"]?.text, let id = DTMI(text) else {
                throw source.failure(place, "extends names interfaces by their identifiers")
            }
            if element.object != nil {
                notes.append((place, "an Interface written inside extends is only named"))
            }
            found.append((id, place))
        }
        return found
    }

    // MARK: Contents

    private mutating func readElement(
        _ value: JSONValue, at path: [JSONPlace.Step], into interface: inout DTDLInterface
    ) throws(ImportFailure) {
        guard let object = value.object else {
            throw source.failure(path, "an element of contents is an object")
        }
        let types = DTDLReader.types(of: object)
        let kinds = ["Telemetry", "Property", "Relationship", "Component", "Command"]
        guard let kind = types.first(where: kinds.contains) else {
            throw source.failure(
                path + [.member("@type")],
                "`\(types.first ?? "nothing")` is no kind of element: "
                    + kinds.joined(separator: ", "),
                suggestions: kinds.filter {
                    editDistance(Array($0.lowercased()), Array((types.first ?? "").lowercased()))
                        <= 2
                })
        }
        let name = try readName(object, at: path)
        guard interface.names.updateValue(path, forKey: name) == nil else {
            throw source.failure(path + [.member("name")], "the name `\(name)` stands twice")
        }
        let known: Set<String>
        switch kind {
        case "Telemetry", "Property":
            known = ["schema", "unit", "writable", "polluxUnit"]
            try readQuantity(
                object, name, types: types, isProperty: kind == "Property", at: path,
                into: &interface)
        case "Relationship":
            known = ["target", "minMultiplicity", "maxMultiplicity", "writable", "properties"]
            interface.relationships.append(try readRelationship(object, name, at: path))
        case "Component":
            known = ["schema"]
            interface.components.append(try readComponent(object, name, at: path))
        default:
            known = ["request", "response", "commandType"]
            notes.append((path, "the command `\(name)` is not kept: Pollux sends no commands"))
        }
        for member in object.members where !known.contains(member.name) {
            guard !DTDLReader.elementKeys.contains(member.name) else { continue }
            notes.append((path + [.member(member.name)], "the key `\(member.name)` is not kept"))
        }
    }

    private static let elementKeys: Set<String> = [
        "@type", "@id", "name", "displayName", "description", "comment",
    ]

    private func readName(
        _ object: JSONObject, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> String {
        let path = path + [.member("name")]
        guard let name = object["name"]?.text else {
            throw source.failure(path, "an element of contents has a name")
        }
        guard DTMI.isName(name) else {
            throw source.failure(
                path,
                "`\(name)` is no name: a letter, then letters, digits and `_`, not ending in `_`",
                suggestions: [DTMI.name(from: name)])
        }
        return name
    }

    private func readRelationship(
        _ object: JSONObject, _ name: String, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> DTDLInterface.Relationship {
        var target: DTMI?
        if let value = object["target"] {
            guard let text = value.text ?? value["@id"]?.text, let id = DTMI(text) else {
                throw source.failure(
                    path + [.member("target")], "a target is named by its identifier")
            }
            target = id
        }
        if let value = object["minMultiplicity"], value.integer != 0 {
            throw source.failure(
                path + [.member("minMultiplicity")], "minMultiplicity can only be 0")
        }
        var isSingle = false
        if let value = object["maxMultiplicity"] {
            guard let most = value.integer, (1...500).contains(most) else {
                throw source.failure(
                    path + [.member("maxMultiplicity")], "maxMultiplicity is a number from 1 to 500"
                )
            }
            isSingle = most == 1
        }
        let properties = (object["properties"]?.array ?? []).compactMap { $0["name"]?.text }
        return DTDLInterface.Relationship(
            name: name, target: target, isSingle: isSingle, properties: properties, path: path)
    }

    private func readComponent(
        _ object: JSONObject, _ name: String, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> DTDLInterface.Component {
        let path = path + [.member("schema")]
        let schema = object["schema"]
        guard let text = schema?.text ?? schema?["@id"]?.text, let id = DTMI(text) else {
            throw source.failure(path, "a component's schema is the identifier of an Interface")
        }
        return DTDLInterface.Component(name: name, schema: id, path: path)
    }

    // MARK: Telemetry and properties

    private mutating func readQuantity(
        _ object: JSONObject, _ name: String, types: [String], isProperty: Bool,
        at path: [JSONPlace.Step], into interface: inout DTDLInterface
    ) throws(ImportFailure) {
        guard let schema = object["schema"] else {
            throw source.failure(path, "`\(name)` has no schema")
        }
        let kind = try self.schema(schema, at: path + [.member("schema")], depth: 0)
        let unit = try readUnit(object, types, kind, at: path)
        if isProperty, !types.contains("Historized") {
            var meaning = kind.text
            if !unit.isEmpty { meaning += " in \(unit)" }
            if object["writable"]?.boolean == true { meaning += " writable" }
            interface.properties.append(DTDLInterface.Property(name: name, meaning: meaning))
            return
        }
        for field in kind.fields(name, unit) {
            guard let valueKind = field.kind.valueKind else {
                note(path, "`\(field.name)` is \(field.kind.text): a measure holds single values")
                continue
            }
            interface.measures.append(
                DTDLInterface.Measure(
                    name: field.name, valueKind: valueKind, isState: field.kind.isState,
                    unit: field.unit, isProperty: isProperty, path: path))
        }
        if case .object = kind { note(path, "`\(name)` is an object: each field is a measure") }
    }

    /// The symbol of the unit that an element is in; empty when it says none.
    mutating func readUnit(
        _ object: JSONObject, _ types: [String], _ kind: DTDLSchema, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> String {
        if let own = object["polluxUnit"]?.text {
            guard let unit = units.unit(own) else {
                throw source.failure(
                    path + [.member("polluxUnit")], "there is no unit `\(own)`",
                    suggestions: units.nearNames(own))
            }
            return unit.symbol
        }
        let semantic = types.first { DTDLUnits.isSemanticType($0) }
        for type in types
        where semantic != type && !DTDLReader.plainTypes.contains(type) {
            note(path + [.member("@type")], "the co-type `\(type)` is not kept")
        }
        guard let semantic else {
            guard let text = object["unit"]?.text else { return "" }
            throw source.failure(
                path + [.member("unit")],
                "a unit `\(text)` needs a semantic type beside the kind of element",
                suggestions: units.unit(text).flatMap { DTDLUnits.term(for: $0)?.semanticType }
                    .map { [$0] } ?? [])
        }
        guard hasQuantities else {
            throw source.failure(
                path + [.member("@type")],
                "`\(semantic)` needs the context of quantitative types",
                suggestions: [
                    "dtmi:dtdl:extension:quantitativeTypes;\(version == 4 ? 2 : 1)"
                ])
        }
        guard kind.isNumeric else {
            throw source.failure(
                path + [.member("schema")], "`\(semantic)` is a number, the schema is \(kind.text)")
        }
        guard let text = object["unit"]?.text else { return "" }
        let terms = DTDLUnits.terms(of: semantic)
        guard terms.contains(text), let unit = Unit.parse(text) else {
            let near = terms.map { (editDistance(Array($0), Array(text)), $0) }
                .filter { $0.0 <= 4 }.sorted { $0.0 < $1.0 }.map(\.1)
            throw source.failure(
                path + [.member("unit")], "`\(text)` is no unit of \(semantic)",
                suggestions: near.isEmpty ? Array(terms.prefix(3)) : near)
        }
        return unit.symbol
    }

    private static let plainTypes: Set<String> = [
        "Telemetry", "Property", "Field", "Historized", "Interface",
    ]

    // MARK: Words

    static func types(of object: JSONObject) -> [String] {
        switch object["@type"] {
        case .text(let text): [text]
        case .array(let elements): elements.compactMap(\.text)
        default: []
        }
    }

    /// A text, or the English one of several, or the first.
    static func localized(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        if let text = value.text { return text }
        return value["en"]?.text ?? value.object?.members.first?.value.text ?? ""
    }
}
