import PolluxModel

/// One field of a data set: raw, a Variant of either version, or a DataValue around one.
///
/// Sources: OPC 10000-6, 5.4 (JSON encoding, versions 1.04 and 1.05); OPC 10000-14, 7.2.5.4.
struct OPCUAField {
    /// The values, one unless the field is an array or a structure, each with what follows the
    /// field's name.
    var values: [(suffix: String, value: DecodedValue)] = []
    var time: Timestamp?
    var quality = Quality.good

    /// Numbers of the built-in types (OPC 10000-6, 5.1.2) that are told apart here.
    enum BuiltIn {
        static let boolean: Int64 = 1
        static let integers: ClosedRange<Int64> = 2...9
        static let unsigned64: Int64 = 9
        static let float: Int64 = 10
        static let double: Int64 = 11
        static let localizedText: Int64 = 21
        static let last: Int64 = 25
    }

    private static let elementLimit = 64
    private static let depthLimit = 8

    /// Reads a field.
    ///
    /// - Throws: the reason, for people, when it has no meaning that could be stored.
    init(_ json: JSONValue) throws(IngestError) {
        try read(json, depth: 0)
    }

    private mutating func read(_ json: JSONValue, depth: Int) throws(IngestError) {
        guard case .object(let object) = json else {
            return try add(json, type: nil, "", depth: depth)
        }
        if let type = OPCUAField.type(of: object) {
            try readStatus(object)
            let body = object["Body"] ?? object["Value"] ?? .null
            return try add(body, type: type, "", depth: depth)
        }
        if OPCUAField.isDataValue(object) {
            try readStatus(object)
            let inner = object["Value"] ?? .null
            if case .object(let variant) = inner, let type = OPCUAField.type(of: variant) {
                return try add(
                    variant["Body"] ?? variant["Value"] ?? .null, type: type, "", depth: depth)
            }
            return try add(inner, type: nil, "", depth: depth)
        }
        try add(json, type: nil, "", depth: depth)
    }

    private mutating func readStatus(_ object: JSONObject) throws(IngestError) {
        if let status = object["Status"] ?? object["StatusCode"] {
            quality = OPCUAField.quality(status)
        }
        do throws(IngestError) {
            time = try OPCUAField.time("SourceTimestamp", in: object)
            if time == nil { time = try OPCUAField.time("ServerTimestamp", in: object) }
        } catch {
            throw .unreadable(reason: "cannot be placed in time: \(error)")
        }
    }

    /// The time that a member states; nil when it states none, for which OPC UA also writes the
    /// beginning of a calendar (OPC 10000-6, 5.2.2.5 and 5.4.2.6).
    ///
    /// - Throws: the member with its text when that is no time.
    static func time(_ name: String, in object: JSONObject) throws(IngestError) -> Timestamp? {
        if let text = object[name]?.text, ["0001-01-01", "1601-01-01"].contains(text.prefix(10)) {
            return nil
        }
        return try JSONFields.time(name, in: .object(object))
    }

    /// The quality of a status: a number, or an object with `Code`.
    static func quality(_ status: JSONValue) -> Quality {
        if let code = status.integer ?? status["Code"]?.integer {
            return JSONFields.statusCode(code)
        }
        if case .object = status { return .good }
        return JSONFields.quality("StatusCode", status)
    }

    /// The type of a Variant; nil when the object is none.
    private static func type(of object: JSONObject) -> Int64? {
        if let type = object["Type"]?.integer, (0...BuiltIn.last).contains(type),
            object.members.allSatisfy({ ["Type", "Body", "Dimensions"].contains($0.name) })
        {
            return type
        }
        if let type = object["UaType"]?.integer, (0...BuiltIn.last).contains(type) { return type }
        return nil
    }

    private static let dataValueMembers: Set<String> = [
        "Value", "Status", "StatusCode", "SourceTimestamp", "SourcePicoseconds",
        "ServerTimestamp", "ServerPicoseconds",
    ]

    private static func isDataValue(_ object: JSONObject) -> Bool {
        !object.members.isEmpty
            && object.members.allSatisfy { dataValueMembers.contains($0.name) }
    }

    private mutating func add(
        _ json: JSONValue, type: Int64?, _ suffix: String, depth: Int
    ) throws(IngestError) {
        guard depth < OPCUAField.depthLimit else {
            throw .unreadable(reason: "is nested deeper than \(OPCUAField.depthLimit) levels")
        }
        switch json {
        case .array(let elements):
            guard elements.count <= OPCUAField.elementLimit else {
                throw .unreadable(
                    reason: "is an array of \(elements.count) elements; at most "
                        + "\(OPCUAField.elementLimit) become measures")
            }
            for (index, element) in elements.enumerated() {
                try add(element, type: type, suffix + "/\(index)", depth: depth + 1)
            }
        case .object(let object):
            if let text = object["Text"], object["Locale"] != nil || object.members.count == 1 {
                return values.append((suffix, .typed(.text(text.text ?? ""))))
            }
            if let inner = OPCUAField.type(of: object) {
                return try add(
                    object["Body"] ?? object["Value"] ?? .null, type: inner, suffix,
                    depth: depth + 1)
            }
            // The body of an extension object, or a structure written plainly.
            let members = object["Body"]?.object?.members ?? object.members
            for member in members where !["TypeId", "UaTypeId", "Encoding"].contains(member.name) {
                try add(member.value, type: nil, suffix + "/" + member.name, depth: depth + 1)
            }
        default:
            values.append((suffix, try OPCUAField.scalar(json, type)))
        }
    }

    /// A single value of a type that the message states, or without one.
    private static func scalar(
        _ json: JSONValue, _ type: Int64?
    ) throws(IngestError) -> DecodedValue {
        guard let type else {
            // A raw 64-bit integer is a text: it becomes a number where the series holds numbers.
            if case .text(let text) = json, isInteger(text) { return .written(text) }
            return JSONFields.scalar(json) ?? .gone
        }
        switch (type, json) {
        case (_, .null): return .gone
        case (BuiltIn.boolean, .boolean(let flag)): return .typed(.boolean(flag))
        case (BuiltIn.integers, .integer(let number)): return .typed(.integer(number))
        case (BuiltIn.integers, .text(let text)):
            if let number = Int64(text) { return .typed(.integer(number)) }
            if type == BuiltIn.unsigned64, let number = UInt64(text) { return .unsigned(number) }
            throw .unreadable(reason: "is `\(text.prefix(40))`, which is no integer")
        case (BuiltIn.float, _), (BuiltIn.double, _):
            switch JSONFields.scalar(json) {
            case .number(let number)?: return .number(number)
            case .typed(.integer(let number))?: return .number(Double(number))
            default: throw .unreadable(reason: "is \(json), which is no number")
            }
        case (BuiltIn.boolean, _), (BuiltIn.integers, _):
            guard case .number(let number) = json, let whole = Int64(exactly: number) else {
                throw .unreadable(reason: "is \(json), not of its type \(type)")
            }
            return .typed(.integer(whole))
        case (_, .text(let text)): return .typed(.text(text))
        case (_, .integer(let number)): return .typed(.text("\(number)"))
        default: return JSONFields.scalar(json) ?? .gone
        }
    }

    private static func isInteger(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.count <= 20
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
