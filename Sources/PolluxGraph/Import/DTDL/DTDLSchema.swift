import PolluxModel

/// One field of an object: its name, what values it has and in which unit.
struct DTDLField {
    var name: String
    var schema: DTDLSchema
    var unit: String
}

/// What values an element of a model has.
indirect enum DTDLSchema {
    case primitive(String)
    /// One of several words or whole numbers.
    case enumeration(isText: Bool)
    /// Named fields, each with its unit.
    case object([DTDLField])
    case array(DTDLSchema)
    case map(DTDLSchema)
    case geospatial(String)

    /// The kind of single values, nil for values of several parts.
    var valueKind: ValueKind? {
        switch self {
        case .primitive(let name): DTDLSchema.kinds[name]
        case .enumeration(let isText): isText ? .text : .integer
        default: nil
        }
    }

    /// Whether values are states rather than measurements.
    var isState: Bool {
        switch self {
        case .enumeration: true
        default: valueKind == .text || valueKind == .boolean
        }
    }

    var isNumeric: Bool {
        guard case .primitive = self else { return false }
        return valueKind == .float || valueKind == .integer
    }

    /// How people call it.
    var text: String {
        switch self {
        case .primitive(let name): name
        case .enumeration(let isText): isText ? "enum" : "enum of numbers"
        case .object: "an object"
        case .array(let element): "an array of \(element.text)"
        case .map(let value): "a map to \(value.text)"
        case .geospatial(let name): "a \(name)"
        }
    }

    /// The values of one part: itself, or the fields of an object, named `position_x`.
    func fields(_ name: String, _ unit: String) -> [(name: String, kind: DTDLSchema, unit: String)]
    {
        guard case .object(let fields) = self else { return [(name, self, unit)] }
        return fields.flatMap { field in
            field.schema.fields(name + "_" + field.name, field.unit)
        }
    }

    /// Primitive schemas of versions 2 and 3.
    static let kinds: [String: ValueKind] = [
        "boolean": .boolean, "date": .text, "dateTime": .text, "double": .float, "duration": .text,
        "float": .float, "integer": .integer, "long": .integer, "string": .text, "time": .text,
        "byte": .integer, "bytes": .text, "decimal": .float, "short": .integer,
        "unsignedByte": .integer, "unsignedShort": .integer, "unsignedInteger": .integer,
        "unsignedLong": .integer, "uuid": .text, "scaledDecimal": .text,
    ]

    /// Those that version 4 added.
    static let fourth: Set<String> = [
        "byte", "bytes", "decimal", "short", "unsignedByte", "unsignedShort", "unsignedInteger",
        "unsignedLong", "uuid", "scaledDecimal",
    ]

    static let shapes: Set<String> = [
        "point", "multiPoint", "lineString", "multiLineString", "polygon", "multiPolygon",
    ]
}

extension DTDLReader {
    /// Reads a schema: a word, the identifier of one of the interface's schemas, or one in place.
    mutating func schema(
        _ value: JSONValue, at path: [JSONPlace.Step], depth: Int
    ) throws(ImportFailure) -> DTDLSchema {
        let limit = version == 4 ? 8 : 5
        guard depth <= limit else {
            throw source.failure(path, "schemas stand in each other more than \(limit) levels deep")
        }
        if let word = value.text { return try namedSchema(word, at: path, depth: depth) }
        guard let object = value.object else {
            throw source.failure(path, "a schema is a word, an identifier or an object")
        }
        let kinds = ["Array", "Enum", "Map", "Object"]
        let types = DTDLReader.types(of: object)
        switch types.first(where: kinds.contains) {
        case "Array":
            guard let element = object["elementSchema"] else {
                throw source.failure(path, "an Array has an elementSchema")
            }
            return .array(
                try schema(element, at: path + [.member("elementSchema")], depth: depth + 1))
        case "Map":
            guard let element = object["mapValue"]?["schema"] else {
                throw source.failure(path, "a Map has a mapValue with a schema")
            }
            let place = path + [.member("mapValue"), .member("schema")]
            return .map(try schema(element, at: place, depth: depth + 1))
        case "Enum": return try enumeration(object, at: path)
        case "Object": return try objectSchema(object, at: path, depth: depth)
        default:
            throw source.failure(
                path + [.member("@type")],
                "`\(types.first ?? "nothing")` is no kind of schema: "
                    + kinds.joined(separator: ", "))
        }
    }

    private mutating func namedSchema(
        _ word: String, at path: [JSONPlace.Step], depth: Int
    ) throws(ImportFailure) -> DTDLSchema {
        if let found = schemas[word] { return try schema(found, at: path, depth: depth + 1) }
        if DTDLSchema.shapes.contains(word) { return .geospatial(word) }
        if DTMI(word) != nil {
            let last = word.split(separator: ":").last?.split(separator: ";").first.map(String.init)
            if word.hasPrefix("dtmi:standard:schema:geospatial:"), let last,
                DTDLSchema.shapes.contains(last)
            {
                return .geospatial(last)
            }
            throw source.failure(
                path, "the schema `\(word)` is not among the schemas of this Interface",
                suggestions: Array(schemas.keys.sorted().prefix(3)))
        }
        guard DTDLSchema.kinds[word] != nil else {
            let near = DTDLSchema.kinds.keys.filter {
                editDistance(Array($0.lowercased()), Array(word.lowercased())) <= 2
            }
            throw source.failure(path, "there is no schema `\(word)`", suggestions: near.sorted())
        }
        guard version == 4 || !DTDLSchema.fourth.contains(word) else {
            throw source.failure(
                path,
                "the schema `\(word)` came with version 4 of DTDL, this is version \(version)",
                suggestions: ["dtmi:dtdl:context;4"])
        }
        return .primitive(word)
    }

    private func enumeration(
        _ object: JSONObject, at path: [JSONPlace.Step]
    ) throws(ImportFailure) -> DTDLSchema {
        guard let schema = object["valueSchema"]?.text, ["integer", "string"].contains(schema)
        else {
            throw source.failure(
                path + [.member("valueSchema")], "an Enum's valueSchema is integer or string")
        }
        var names: Set<String> = []
        for (index, value) in (object["enumValues"]?.array ?? []).enumerated() {
            let place = path + [.member("enumValues"), .element(index)]
            guard let name = value["name"]?.text, names.insert(name).inserted else {
                throw source.failure(place, "each value of an Enum has a name of its own")
            }
            let isRight =
                schema == "string"
                ? value["enumValue"]?.text != nil : value["enumValue"]?.integer != nil
            guard isRight else {
                throw source.failure(
                    place + [.member("enumValue")], "the value is not \(schema)")
            }
        }
        return .enumeration(isText: schema == "string")
    }

    private mutating func objectSchema(
        _ object: JSONObject, at path: [JSONPlace.Step], depth: Int
    ) throws(ImportFailure) -> DTDLSchema {
        var fields: [DTDLField] = []
        for (index, field) in (object["fields"]?.array ?? []).enumerated() {
            let place = path + [.member("fields"), .element(index)]
            guard let members = field.object, let name = members["name"]?.text, DTMI.isName(name)
            else { throw source.failure(place, "a field of an Object has a name and a schema") }
            guard !fields.contains(where: { $0.name == name }) else {
                throw source.failure(place + [.member("name")], "the field `\(name)` stands twice")
            }
            guard let value = members["schema"] else {
                throw source.failure(place, "the field `\(name)` has no schema")
            }
            let kind = try schema(value, at: place + [.member("schema")], depth: depth + 1)
            let unit = try readUnit(members, DTDLReader.types(of: members), kind, at: place)
            fields.append(DTDLField(name: name, schema: kind, unit: unit))
        }
        return .object(fields)
    }
}
