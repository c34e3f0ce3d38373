public import PolluxKeyValue
public import PolluxModel

/// Looks at stored records without changing them; works on a running store and on a directory that
/// no server has open.
public struct Inspection {
    let environment: Environment

    /// An inspection of the records in an environment, which may be opened read-only.
    public init(environment: Environment) {
        self.environment = environment
    }

    /// Verifies every invariant and checksum of the store's records, read-only.
    ///
    /// Reads everything once; throws only when the directory cannot be read at all.
    public func check() throws -> CheckReport { fatalError() }

    /// The size and the encodings of each column, by ascending asset and measure; every header,
    /// statistics and the column's share of shared time are counted, points in the journal are not.
    public func columns() throws -> [ColumnReport] { fatalError() }

    /// The chunks of a group (of all when nil) as names that `chunk` takes.
    public func chunkNames(group: AssetID?) throws -> [String] { fatalError() }

    /// The fields of one chunk, in the order of storage-format/chunk.md.
    public func chunk(_ name: String) throws -> [RecordField] { fatalError() }

    /// The sequence numbers of the journal's records.
    public func journalSequences() throws -> [UInt64] { fatalError() }

    /// The fields of one journal record, in the order of storage-format/journal.md.
    public func journal(_ sequence: UInt64) throws -> [RecordField] { fatalError() }
}

/// What a check found.
public struct CheckReport: Sendable {
    /// One thing that is wrong.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The record, such as `chunk 12/1700000000000000000`.
        public var record: String
        /// What is wrong with it.
        public var problem: String
        public var description: String { "\(record): \(problem)" }
    }

    /// Everything that is wrong; empty for a sound database.
    public var findings: [Finding] = []
    /// Records looked at, by table.
    public var recordCounts: [(table: String, count: Int)] = []
    /// Distinct points in chunks.
    public var pointCount: UInt64 = 0
    /// Whether nothing is wrong.
    public var isSound: Bool { findings.isEmpty }
}

/// What one column costs.
public struct ColumnReport: Hashable, Sendable {
    /// The asset.
    public var asset: AssetID
    /// The measure.
    public var measure: MeasureID
    /// Points in chunks.
    public var valueCount: Int
    /// Bytes that they take, everything counted.
    public var byteCount: Int
    /// Names of the encodings in use, and how many values each holds, the most used first.
    public var modes: [(name: String, valueCount: Int)]

    public static func == (left: Self, right: Self) -> Bool {
        left.asset == right.asset && left.measure == right.measure
            && left.valueCount == right.valueCount && left.byteCount == right.byteCount
            && left.modes.elementsEqual(right.modes, by: ==)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(asset)
        hasher.combine(measure)
        hasher.combine(valueCount)
        hasher.combine(byteCount)
    }
}

/// One field of a record, for `pollux inspect`.
public struct RecordField: Hashable, Sendable {
    /// Its name in storage-format.
    public var name: String
    /// Its value as text.
    public var value: String
    /// How deep it is nested: 0 for the record's own fields.
    public var depth: Int

    /// A field from its parts.
    public init(_ name: String, _ value: String, depth: Int = 0) {
        self.name = name
        self.value = value
        self.depth = depth
    }
}
