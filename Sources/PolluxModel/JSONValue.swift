/// A JSON value (RFC 8259) as read from bytes; objects keep the order of their members.
public enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number written without fraction or exponent that fits.
    case integer(Int64)
    /// Any other number, correctly rounded; too large ones are infinite.
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The members when it is an object.
    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The elements when it is an array.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text when it is one.
    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The flag when it is one.
    public var boolean: Bool? {
        if case .boolean(let flag) = self { flag } else { nil }
    }

    /// The number when it is one; integers rounded to the nearest double.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// The whole number when it is one, also when written like `2.0`.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The member of an object, or nil when this is no object or has none of that name.
    public subscript(name: String) -> JSONValue? { object?[name] }
}

/// The members of a JSON object, in the order written; no name stands twice.
public struct JSONObject: Hashable, Sendable {
    /// One name and its value.
    public struct Member: Hashable, Sendable {
        /// The name, escapes resolved.
        public var name: String
        /// Its value.
        public var value: JSONValue

        /// A member from its parts.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The members in order.
    public var members: [Member]

    /// An object from its members, whose names the caller keeps distinct.
    public init(members: [Member] = []) {
        self.members = members
    }

    /// The value of a name, or nil; cost grows with the number of members.
    public subscript(name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }
}

/// Where and why bytes are not the JSON that was asked for.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Bytes from the start.
    public var offset: Int
    /// The line, from 1.
    public var line: Int
    /// The character in its line, from 1.
    public var column: Int
    /// What is wrong there.
    public var reason: String

    /// The place and the reason.
    public var description: String {
        "JSON, line \(line), column \(column): \(reason)"
    }
}
