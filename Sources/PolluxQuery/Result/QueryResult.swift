public import PolluxModel

/// The answer to one statement: columns, and what must be said beside them.
///
/// Columns are in the order of rule 8 of the language: `time`, `until` when slices vary, `asset`,
/// one column per item with its unit, `note`. Rows come by asset and time.
public struct QueryResult: Sendable {
    /// What the rows are.
    public enum Content: Hashable, Sendable {
        /// Samples, slices, latest values, episodes: the answer to a question.
        case rows
        /// A listing of `show` or `describe`.
        case listing
        /// The plan of an `explain`.
        case plan
        /// What a statement that writes has done, in words in `notes`.
        case acknowledgement
    }

    /// What the rows are.
    public var content: Content
    /// The columns, all of the same length.
    public var columns: [ResultColumn]
    /// Sentences for the reader: defaults that were used, assets without data, why it is empty.
    public var notes: [String]
    /// What it cost.
    public var stats: QueryStatistics
    /// The output format that `as` asks for, such as `chart`; nil when none was asked for.
    public var format: String?
    /// The span that was read, absolute; nil for statements without a range.
    public var range: TimeRange?
    /// How the question was understood: assets, absolute range, slices; nil for other statements.
    public var meaning: String?
    /// The zone of days, slices and output.
    public var zone: ZoneRules
    /// The zone of each asset's site, with `timezone local`; empty otherwise.
    public var siteZones: [AssetID: ZoneRules] = [:]
    /// Who and when each row is about, in the order of the rows; empty for listings and plans.
    public var keys: [RowKey]
    /// What the answer depends on, so that a watched query knows when to run again.
    public var dependencies: QueryDependencies

    /// An answer from its columns.
    public init(
        content: Content, columns: [ResultColumn] = [], notes: [String] = [],
        zone: ZoneRules = .utc
    ) {
        self.content = content
        self.columns = columns
        self.notes = notes
        self.zone = zone
        stats = QueryStatistics()
        keys = []
        dependencies = QueryDependencies()
    }

    /// Number of rows.
    public var rowCount: Int { columns.first?.count ?? 0 }
}

/// Who and when a row is about: the identity under which a watched query corrects it.
public struct RowKey: Hashable, Sendable {
    /// The asset shown; nil for groups and for `overall`.
    public var asset: AssetID?
    /// The name of the asset or group.
    public var name: String
    /// The slice, episode or instant; an instant's range is empty.
    public var range: TimeRange

    /// A key from its parts.
    public init(asset: AssetID?, name: String, range: TimeRange) {
        self.asset = asset
        self.name = name
        self.range = range
    }
}

/// What an answer depends on.
public struct QueryDependencies: Hashable, Sendable {
    /// The series that were read, or that would be read when they get points.
    public var series: Set<SeriesID> = []
    /// The assets that the path meant, with what contains them.
    public var assets: Set<AssetID> = []
    /// The measures that were asked for.
    public var measures: Set<MeasureID> = []
    /// Whether events take part, so that a new event can change rows.
    public var hasEvents = false
    /// The largest gap of the measures read, in nanoseconds; nil when none has one.
    public var largestGap: Int64?
    /// How long a slice waits for late points, in nanoseconds, when the text says `wait`.
    public var wait: Int64?

    /// Nothing.
    public init() {}

    /// These and others, as of one answer in two parts.
    public func merging(_ other: QueryDependencies) -> QueryDependencies {
        var merged = self
        merged.series.formUnion(other.series)
        merged.assets.formUnion(other.assets)
        merged.measures.formUnion(other.measures)
        merged.hasEvents = hasEvents || other.hasEvents
        merged.largestGap = [largestGap, other.largestGap].compactMap { $0 }.max()
        merged.wait = wait ?? other.wait
        return merged
    }
}

/// What a query cost.
public struct QueryStatistics: Hashable, Sendable {
    /// Points read.
    public var points = 0
    /// Series read.
    public var series = 0
    /// Batches decoded.
    public var batches = 0
    /// Chunks and blocks answered from their statistics.
    public var skippedBlocks = 0
    /// Rows of the answer before `limit`.
    public var rows = 0
    /// Nanoseconds spent reading the text.
    public var parseNanoseconds: Int64 = 0
    /// Nanoseconds spent resolving names, units and ranges.
    public var bindNanoseconds: Int64 = 0
    /// Nanoseconds spent reading points and computing rows.
    public var runNanoseconds: Int64 = 0

    /// Nothing spent.
    public init() {}
}
