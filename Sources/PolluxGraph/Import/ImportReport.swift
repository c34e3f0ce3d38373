/// A file to import: its name, for messages, and its bytes.
public struct ImportFile: Hashable, Sendable {
    /// The name as the user gave it.
    public var name: String
    /// The content.
    public var bytes: [UInt8]

    /// A file.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// A place in a file: line and column from 1 where they are known, and the path inside JSON.
public struct ImportPlace: Hashable, Sendable {
    /// The file's name.
    public var file: String
    /// The line.
    public var line: Int?
    /// The character in the line.
    public var column: Int?
    /// The path inside a JSON value, such as `contents[3].schema`; empty where there is none.
    public var path: String

    /// A place.
    public init(file: String, line: Int? = nil, column: Int? = nil, path: String = "") {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
    }
}

extension ImportPlace: CustomStringConvertible {
    /// `plant.json:12:5`, as compilers write it.
    public var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if let column { text += ":\(column)" }
        return text
    }
}

/// Why an import was refused; nothing of it is in the database then.
public struct ImportFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where.
    public var place: ImportPlace
    /// What is wrong.
    public var reason: String
    /// What to write instead, best first.
    public var suggestions: [String]

    /// A failure.
    public init(_ place: ImportPlace, _ reason: String, suggestions: [String] = []) {
        self.place = place
        self.reason = reason
        self.suggestions = suggestions
    }

    /// Where, what, and what to write.
    public var description: String {
        var text = "\(place): "
        if !place.path.isEmpty { text += "\(place.path): " }
        text += reason
        if let first = suggestions.first { text += "; did you mean `\(first)`?" }
        return text
    }
}

/// What an import did, and what of the files it could not keep.
public struct ImportReport: Hashable, Sendable {
    /// Something that was not kept, or kept in another form.
    public struct Note: Hashable, Sendable {
        /// Where it was met first.
        public var place: ImportPlace
        /// What happened to it, in a sentence.
        public var text: String
        /// How often.
        public var count: Int
    }

    /// How many of each kind were made or changed: types, measures, assets and so on, in order.
    public private(set) var counts: [(what: String, count: Int)] = []
    /// What was not kept as it was.
    public private(set) var notes: [Note] = []

    /// An empty report.
    public init() {}

    /// Counts things that were made or changed.
    public mutating func add(_ what: String, count: Int = 1) {
        guard count > 0 else { return }
        if let index = counts.firstIndex(where: { $0.what == what }) {
            counts[index].count += count
        } else {
            counts.append((what, count))
        }
    }

    /// Notes what was not kept; the same sentence is counted.
    public mutating func note(_ place: ImportPlace, _ text: String) {
        if let index = notes.firstIndex(where: { $0.text == text }) {
            notes[index].count += 1
        } else if notes.count < 1000 {
            notes.append(Note(place: place, text: text, count: 1))
        }
    }

    /// Two reports are equal when they count and note the same.
    public static func == (left: ImportReport, right: ImportReport) -> Bool {
        left.notes == right.notes && left.counts.elementsEqual(right.counts, by: ==)
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(notes)
        for (what, count) in counts {
            hasher.combine(what)
            hasher.combine(count)
        }
    }
}

/// The formats of models and graphs.
public enum GraphFormat: String, Sendable, CaseIterable {
    /// Digital Twins Definition Language, versions 2 to 4, as JSON.
    case dtdl
    /// The bulk format of Azure Digital Twins: models, twins, relationships, a JSON value a line.
    case adtNDJSON = "adt-ndjson"
    /// One asset a line.
    case assetsCSV = "assets-csv"
    /// One relation over a span of time a line.
    case relationsCSV = "relations-csv"
    /// The statements that recreate the plant.
    case twinql
}

/// What an import is told besides the files.
public struct ImportOptions: Hashable, Sendable {
    /// Relationships whose source contains their target, besides the usual names.
    public var containing: Set<String>

    /// Names that mean containment in models of buildings and plants.
    static let usual: Set<String> = [
        "contains", "hasPart", "hasPlace", "hasChild", "consistsOf", "comprises", "isLocationOf",
    ]
    /// Names that mean it the other way round.
    static let usualInverse: Set<String> = [
        "partOf", "isPartOf", "mountedIn", "locatedIn", "isLocatedIn", "isContainedIn",
    ]

    /// Options.
    public init(containing: Set<String> = []) {
        self.containing = containing
    }

    /// Whether a relationship means containment; true for source contains target, false for the
    /// other way round, nil for neither.
    func contains(_ relationship: String) -> Bool? {
        if containing.contains(relationship) || ImportOptions.usual.contains(relationship) {
            return true
        }
        return ImportOptions.usualInverse.contains(relationship) ? false : nil
    }
}
