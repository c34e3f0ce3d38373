import PolluxModel

/// What the description of a field says: the kind of its values, unit, range.
///
/// Sources: OPC 10000-14, 6.2.3.2.4 (FieldMetaData); OPC 10000-8, 5.6.3 (EngineeringUnits,
/// EURange).
enum OPCUAMetadata {
    /// The declaration of a field's measure.
    static func declaration(of field: JSONValue, named name: String) -> DecodedDeclaration {
        var declaration = DecodedDeclaration(measure: name, kind: kind(of: field))
        for property in field["Properties"]?.array ?? [] {
            let body = structure(property["Value"])
            switch property["Key"]?["Name"]?.text ?? property["Key"]?.text {
            case "EngineeringUnits":
                declaration.unit = unit(body)
            case "EURange":
                declaration.low = body?["Low"]?.number
                declaration.high = body?["High"]?.number
            default: break
            }
        }
        return declaration
    }

    /// The data type's number decides; a published sample had BuiltInType wrong.
    private static func kind(of field: JSONValue) -> ValueKind {
        let type = dataType(field["DataType"]) ?? field["BuiltInType"]?.integer ?? 0
        switch type {
        case OPCUAField.BuiltIn.boolean: return .boolean
        case OPCUAField.BuiltIn.integers: return .integer
        case OPCUAField.BuiltIn.float, OPCUAField.BuiltIn.double: return .float
        default: return .text
        }
    }

    /// The built-in type behind a data type of namespace 0, such as 11 of `i=11`; nil for others.
    private static func dataType(_ json: JSONValue?) -> Int64? {
        var number: Int64?
        switch json {
        case .text(let text)? where text.hasPrefix("i="): number = Int64(text.dropFirst(2))
        case .object(let object)?:
            guard object["Namespace"]?.integer ?? 0 == 0 else { return nil }
            number = object["Id"]?.integer
        default: return nil
        }
        switch number {
        case let known? where (1...OPCUAField.BuiltIn.last).contains(known): return known
        // Number and Duration; Integer, UInteger and Enumeration (OPC 10000-6, annex A).
        case 26?, 290?: return OPCUAField.BuiltIn.double
        case 27?, 28?, 29?: return OPCUAField.BuiltIn.integers.lowerBound
        default: return nil
        }
    }

    /// The structure in a property: plain, in a Variant, in an extension object, or all of these.
    private static func structure(_ json: JSONValue?) -> JSONObject? {
        var object = json?.object
        for _ in 0..<4 {
            guard let inner = object?["Body"]?.object ?? object?["Value"]?.object else { break }
            object = inner
        }
        return object
    }

    /// The unit of an EUInformation: its number if it is one of UN/CEFACT, else what is shown.
    private static func unit(_ body: JSONObject?) -> String {
        if let number = body?["UnitId"]?.integer.flatMap({ Int32(exactly: $0) }), number > 0,
            let unit = Unit.named(opcUA: number)
        {
            return unit.symbol
        }
        let shown = body?["DisplayName"]
        return shown?["Text"]?.text ?? shown?.text ?? ""
    }
}
