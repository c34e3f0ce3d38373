/// What kind of value a series holds; fixed by its first point or its declaration.
public enum ValueKind: UInt8, Sendable, CaseIterable {
    case float = 1
    case integer = 2
    case boolean = 3
    case text = 4
}

/// One value of any kind.
public enum Value: Hashable, Sendable {
    case float(Double)
    case integer(Int64)
    case boolean(Bool)
    case text(String)

    /// The kind of this value.
    public var kind: ValueKind {
        switch self {
        case .float: .float
        case .integer: .integer
        case .boolean: .boolean
        case .text: .text
        }
    }

    /// The text, nil for other kinds.
    public var text: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    /// The value as a number: integers rounded to the nearest double, booleans as 0 and 1, text
    /// nil.
    public var number: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value): Double(value)
        case .boolean(let value): value ? 1 : 0
        case .text: nil
        }
    }
}

/// How far a point can be trusted (OPC UA Part 8: the two top bits of a status code).
public enum Quality: UInt8, Sendable, CaseIterable {
    /// Used by default.
    case good = 0
    /// Used only when a query says `including uncertain`.
    case uncertain = 1
    /// Used only when a query says `including bad`; not-a-number and infinite values arrive as
    /// this.
    case bad = 2
    /// Not a value: the source said that it is gone, and the value before ends here.
    case end = 3
}
