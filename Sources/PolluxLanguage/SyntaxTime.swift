public import PolluxModel

/// A period in the text: written out, or a parameter.
public struct PeriodSyntax: Hashable, Sendable {
    /// What was written.
    public enum Form: Hashable, Sendable {
        /// `1h30m`.
        case literal(Period)
        /// `$window`.
        case parameter(String)
    }

    /// What was written.
    public var form: Form
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A period.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}

/// A date or time as written.
///
/// What instant it means depends on the zone and, for a clock, on now.
public struct TimestampSyntax: Hashable, Sendable {
    /// How much of the calendar was written.
    public enum Granularity: Hashable, Sendable {
        /// `2026-03`; `civil` is the first of the month.
        case month
        /// `2026-W10`; `civil` is the Monday of the ISO week.
        case week
        /// `2026-03-02`; `civil` is its midnight.
        case date
        /// `06:00`; only the time of day in `civil` counts.
        case clock
        /// `2026-03-02 10:15`, with or without zone.
        case instant
    }

    /// The fields, all valid.
    public var civil: CivilTime
    /// How much was written.
    public var granularity: Granularity
    /// Seconds east of UTC where the text says so (`Z` is 0); only with an instant.
    public var offsetSeconds: Int?
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A date or time.
    public init(
        civil: CivilTime, granularity: Granularity, offsetSeconds: Int? = nil,
        range: SourceRange = .none
    ) {
        self.civil = civil
        self.granularity = granularity
        self.offsetSeconds = offsetSeconds
        self.range = range
    }
}

/// An instant in the text.
public struct MomentSyntax: Hashable, Sendable {
    /// What was written.
    public indirect enum Form: Hashable, Sendable {
        /// A date or time.
        case timestamp(TimestampSyntax)
        /// `now`.
        case now
        /// `$name`, a timestamp.
        case parameter(String)
        /// `2h ago`.
        case ago(PeriodSyntax)
        /// `5m before last tool-change`.
        case before(PeriodSyntax, MomentSyntax)
        /// `30m after last tool-change`.
        case after(PeriodSyntax, MomentSyntax)
        /// `last tool-change`, `last job J41`: the newest event of that name.
        case lastEvent(NameSyntax, label: LabelSyntax?)
        /// `start of this shift`.
        case start(of: SpanSyntax)
        /// `end of job J41`.
        case end(of: SpanSyntax)
    }

    /// What was written.
    public var form: Form
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// An instant.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}

/// A stretch of time in the text, or several.
public struct SpanSyntax: Hashable, Sendable {
    /// What was written.
    public enum Form: Hashable, Sendable {
        /// A date, a month or an ISO week.
        case timestamp(TimestampSyntax)
        /// `today`.
        case today
        /// `yesterday`.
        case yesterday
        /// `every warm-up`: all intervals of that event.
        case every(NameSyntax)
        /// `this shift`.
        case this(NameSyntax)
        /// `last shift`, `last 3 shifts`, `last 2 days`: whole ones before the current one.
        case last(count: Int?, NameSyntax)
        /// `job J42`, `warm-up`.
        case event(NameSyntax, label: LabelSyntax?)
    }

    /// What was written.
    public var form: Form
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A stretch of time.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}
