/// Values of one series or one computed column, all of one kind.
public enum ColumnValues: Sendable, Equatable {
    case floats([Double])
    case integers([Int64])
    case booleans([Bool])
    case texts([String])

    /// An empty column of a kind.
    public init(kind: ValueKind) {
        switch kind {
        case .float: self = .floats([])
        case .integer: self = .integers([])
        case .boolean: self = .booleans([])
        case .text: self = .texts([])
        }
    }

    /// Number of values.
    public var count: Int {
        switch self {
        case .floats(let values): values.count
        case .integers(let values): values.count
        case .booleans(let values): values.count
        case .texts(let values): values.count
        }
    }

    /// The kind of the values.
    public var kind: ValueKind {
        switch self {
        case .floats: .float
        case .integers: .integer
        case .booleans: .boolean
        case .texts: .text
        }
    }

    /// The value at an index.
    public subscript(index: Int) -> Value {
        switch self {
        case .floats(let values): .float(values[index])
        case .integers(let values): .integer(values[index])
        case .booleans(let values): .boolean(values[index])
        case .texts(let values): .text(values[index])
        }
    }
}

/// Points of one series leaving a scan: times strictly increasing, one value and quality each.
public struct ColumnBatch: Sendable, Equatable {
    /// Nanoseconds since 1970 UTC, strictly increasing.
    public var times: [Int64]
    /// One value per time; where the quality is `end`, the value says nothing.
    public var values: ColumnValues
    /// One quality per time; empty when all are good.
    public var qualities: [Quality]

    /// An empty batch of a kind.
    public init(kind: ValueKind) {
        times = []
        values = ColumnValues(kind: kind)
        qualities = []
    }

    /// A batch from its columns; `values` has as many entries as `times`, `qualities` as many or
    /// none.
    public init(times: [Int64], values: ColumnValues, qualities: [Quality] = []) {
        self.times = times
        self.values = values
        self.qualities = qualities
    }

    /// Number of points.
    public var count: Int { times.count }

    /// The quality at an index.
    public func quality(at index: Int) -> Quality {
        qualities.isEmpty ? .good : qualities[index]
    }
}
