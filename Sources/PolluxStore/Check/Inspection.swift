public import PolluxKeyValue
public import PolluxModel

/// Looks at stored records without changing them; works on a running store and on a directory that
/// no server has open.
///
///     let options = Environment.Options(isReadOnly: true, isExclusive: false)
///     let report = try Inspection(environment: Environment(directory: path, options: options))
///         .check()
public struct Inspection {
    let environment: Environment
    let tables: Tables

    /// An inspection of the records in an environment, which may be opened read-only.
    ///
    /// - Throws: `StoreError.failed` when the environment holds no store, `unknownFormat` when it
    ///   holds another format.
    public init(environment: Environment) throws {
        self.environment = environment
        tables = try Tables(environment)
    }

    /// The chunks of a group (of all when nil) as names that `chunk` takes.
    public func chunkNames(group: AssetID?) throws -> [String] {
        let prefix = group.map { KeyBytes().with($0.rawValue).bytes } ?? []
        return try environment.read { transaction in
            var names: [String] = []
            try transaction.forEach(tables.chunks, prefix: prefix) { key, _ in
                names.append(String(try ChunkKey(decoding: key).name.dropFirst("chunk ".count)))
                return true
            }
            return names
        }
    }

    /// The sequence numbers of the journal's records.
    public func journalSequences() throws -> [UInt64] {
        try environment.read { transaction in
            var sequences: [UInt64] = []
            try transaction.forEach(tables.journal) { key, _ in
                var reader = KeyReader(key)
                if let sequence = reader.uint64() { sequences.append(sequence) }
                return true
            }
            return sequences
        }
    }
}

/// What a check found.
public struct CheckReport: Sendable {
    /// One thing that is wrong.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The record, such as `chunk 12/1700000000000000000`.
        public var record: String
        /// What is wrong with it.
        public var problem: String
        /// Record and problem in one line.
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
    /// Values that one encoding holds.
    public struct Mode: Hashable, Sendable {
        /// The encoding and those of the columns inside it: `float scaled > integer packed`.
        public var name: String
        /// How many values it holds.
        public var valueCount: Int
    }

    /// The asset.
    public var asset: AssetID
    /// The measure.
    public var measure: MeasureID
    /// Points in chunks.
    public var valueCount: Int
    /// Bytes that they take, everything counted.
    public var byteCount: Int
    /// Encodings in use, the most used first.
    public var modes: [Mode]
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
