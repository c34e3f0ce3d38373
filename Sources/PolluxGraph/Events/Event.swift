public import PolluxModel

/// Something that happened to an asset, at an instant or over a span.
public struct Event: Hashable, Sendable {
    /// Its number, growing in the order of recording.
    public var id: EventID
    /// The kind of event, such as `tool-change` or `job`.
    public var name: String
    /// The asset it happened to.
    public var asset: AssetID
    /// When it began, or its instant.
    public var start: Timestamp
    /// When it ended: the start for an instant, nil while it is still open.
    public var end: Timestamp?
    /// What it is called among its kind, such as `J41`; empty when it has no name.
    public var label: String
    /// Its attributes in the order given.
    public var attributes: [Attribute]
    /// Who recorded it.
    public var source: String

    /// Whether it is an instant.
    public var isInstant: Bool { end == start }

    /// The span it covers; an instant's is empty, an open one's reaches to the end of time.
    public var range: TimeRange {
        TimeRange(start: start, end: end ?? .distantFuture)
    }
}

/// When an event happened.
public enum EventTime: Hashable, Sendable {
    /// At an instant.
    case instant(Timestamp)
    /// Over a span.
    case span(TimeRange)
    /// From an instant on; its end is not known yet.
    case open(from: Timestamp)

    /// When it begins.
    public var begin: Timestamp {
        switch self {
        case .instant(let begin), .open(let begin): begin
        case .span(let span): span.start
        }
    }
}

/// What an event name means for a type, as declared.
public struct EventDefinition: Hashable, Sendable {
    /// The event's name.
    public var name: String
    /// The type of asset it happens to.
    public var type: TypeID
    /// Whether it covers a span (a job) rather than an instant (a tool change).
    public var isInterval: Bool
    /// Settings and expected attributes.
    public var settings: [Attribute]

    /// A definition.
    public init(
        name: String, type: TypeID, isInterval: Bool, settings: [Attribute] = []
    ) {
        self.name = name
        self.type = type
        self.isInterval = isInterval
        self.settings = settings
    }
}

/// One line of the change log.
public struct LogEntry: Hashable, Sendable {
    /// Its number, growing in the order of recording.
    public var number: UInt64
    /// When and by whom it was recorded.
    public var provenance: Provenance
    /// What kind of change.
    public var action: Action
    /// The assets it touches.
    public var assets: [AssetID]
    /// The span of time whose answers can differ.
    public var span: TimeRange
    /// The change in words, close to the statement that makes it.
    public var text: String

    /// The kinds of change.
    public enum Action: UInt8, Sendable, CaseIterable {
        case declare = 1
        case create = 2
        case retire = 3
        case move = 4
        case relate = 5
        case unrelate = 6
        case set = 7
        case record = 8
        case edit = 9
        case delete = 10
    }
}
