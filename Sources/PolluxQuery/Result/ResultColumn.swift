public import PolluxModel

/// One column of an answer.
public struct ResultColumn: Sendable {
    /// The kinds of column; the raw value is the word of the outside interface.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case timestamp, duration, asset, float, integer, boolean, text, note
    }

    /// The name: the alias, else the item's canonical text.
    public var name: String
    /// The kind of its cells.
    public var kind: Kind
    /// The unit's symbol; nil where there is none.
    public var unit: String?
    /// The cells.
    public var cells: ResultCells
    /// How its values run between rows; nil where they are no curve.
    public var curve: ResultCurve?

    /// A column from its parts.
    public init(
        name: String, kind: Kind, unit: String? = nil, cells: ResultCells,
        curve: ResultCurve? = nil
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.cells = cells
        self.curve = curve
    }

    /// Number of cells.
    public var count: Int { cells.count }

    /// The cell of a row; for writers of a few rows, loops over many switch on `cells` once.
    public func cell(_ row: Int) -> ResultCell {
        guard !cells.isMissing(row) else { return .missing }
        switch cells.values {
        case .integers(let values):
            switch kind {
            case .timestamp: return .timestamp(Timestamp(nanoseconds: values[row]))
            case .duration: return .duration(values[row])
            default: return .integer(values[row])
            }
        case .floats(let values): return .float(values[row])
        case .booleans(let values): return .boolean(values[row])
        case .texts(let texts): return .text(texts.words[Int(texts.indices[row])])
        }
    }
}

/// One cell.
public enum ResultCell: Hashable, Sendable {
    case missing
    case timestamp(Timestamp)
    /// Nanoseconds.
    case duration(Int64)
    case float(Double)
    case integer(Int64)
    case boolean(Bool)
    /// An asset's name, a text or a note.
    case text(String)
}

/// The cells of a column: flat values and which of them are missing.
public struct ResultCells: Hashable, Sendable {
    /// Texts by index into a list of distinct words; a missing cell's index is 0 and says nothing.
    public struct Texts: Hashable, Sendable {
        /// The words; never empty when there is an index.
        public var words: [String]
        /// One index per row.
        public var indices: [Int32]
    }

    /// The values; what stands in a missing cell says nothing.
    public enum Values: Hashable, Sendable {
        /// Timestamps and durations in nanoseconds, and integers.
        case integers([Int64])
        case floats([Double])
        case booleans([Bool])
        case texts(Texts)
    }

    /// The values.
    public var values: Values
    /// Which cells are missing; empty when none is.
    public var missing: [Bool]

    /// Cells from values; `missing` is empty or as long as they are.
    public init(_ values: Values, missing: [Bool] = []) {
        self.values = values
        self.missing = missing.contains(true) ? missing : []
    }

    /// Text cells; nil is missing.
    ///
    /// Words are stored once.
    public init(texts: [String?]) {
        var words: [String] = []
        var known: [String: Int32] = [:]
        var indices: [Int32] = []
        for text in texts {
            let word = text ?? ""
            if let index = known[word] {
                indices.append(index)
            } else {
                known[word] = Int32(words.count)
                indices.append(Int32(words.count))
                words.append(word)
            }
        }
        self.init(.texts(Texts(words: words, indices: indices)), missing: texts.map { $0 == nil })
    }

    /// Number of cells.
    public var count: Int {
        switch values {
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .booleans(let values): values.count
        case .texts(let texts): texts.indices.count
        }
    }

    /// Whether a cell is missing.
    public func isMissing(_ row: Int) -> Bool {
        !missing.isEmpty && missing[row]
    }
}
