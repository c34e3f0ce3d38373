/// A question: what is wanted, of which assets, under which clauses.
public struct QuerySyntax: Hashable, Sendable {
    /// What kind of answer is wanted.
    public enum Head: Hashable, Sendable {
        /// Rows of measured values.
        case read
        /// `forecast …`.
        case forecast
        /// `anomalies in …`.
        case anomalies
        /// `remaining life of …`; `outputs` is then empty.
        case remainingLife
    }

    /// What kind of answer is wanted.
    public var head: Head
    /// The wanted columns, in order.
    public var outputs: [OutputSyntax]
    /// Of which assets.
    public var path: PathSyntax
    /// The clauses, each at most once.
    public var clauses: ClausesSyntax
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A question.
    public init(
        head: Head = .read, outputs: [OutputSyntax], path: PathSyntax,
        clauses: ClausesSyntax = ClausesSyntax(), range: SourceRange = .none
    ) {
        self.head = head
        self.outputs = outputs
        self.path = path
        self.clauses = clauses
        self.range = range
    }

    /// Whether all items are `latest x` and no range is given: then any age will do.
    public var isLatestOnly: Bool {
        guard clauses.time == nil, clauses.during == nil, clauses.every == nil,
            clauses.episode == nil, clauses.grouping == nil
        else { return false }
        return outputs.allSatisfy { output in
            if case .aggregate(let words, let argument) = output.expression.form,
                words.count == 1, words[0].word == .latest, case .name = argument.form
            {
                return true
            }
            return false
        }
    }
}

/// One wanted column: `total power in kWh as energy`.
public struct OutputSyntax: Hashable, Sendable {
    /// What to compute.
    public var expression: ExpressionSyntax
    /// The unit to show, if written.
    public var unit: UnitSyntax?
    /// The column's name, if written.
    public var alias: NameSyntax?
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A column.
    public init(
        expression: ExpressionSyntax, unit: UnitSyntax? = nil, alias: NameSyntax? = nil,
        range: SourceRange = .none
    ) {
        self.expression = expression
        self.unit = unit
        self.alias = alias
        self.range = range
    }
}

/// A part of a clause list with its place in the text.
public struct ClauseSyntax<Form: Hashable & Sendable>: Hashable, Sendable {
    /// What was written.
    public var form: Form
    /// Where the whole clause stands, its first word included.
    @Overlooked public var range: SourceRange

    /// A clause.
    public init(_ form: Form, range: SourceRange = .none) {
        self.form = form
        self.range = range
    }
}

/// The clauses of a query.
///
/// Their order in the text means nothing and is not kept.
public struct ClausesSyntax: Hashable, Sendable {
    /// The range: `last`, `since`, `between`, `today`, `yesterday`, `at`; nil where none is
    /// written.
    public var time: ClauseSyntax<TimeClause>?
    /// `during …`.
    public var during: ClauseSyntax<SpanSyntax>?
    /// `next …`: how far to forecast.
    public var next: ClauseSyntax<PeriodSyntax>?
    /// `every …`.
    public var every: ClauseSyntax<EveryClause>?
    /// `per …` or `overall`.
    public var grouping: ClauseSyntax<GroupingClause>?
    /// `where …`.
    public var filter: ClauseSyntax<ExpressionSyntax>?
    /// `when …`.
    public var episode: ClauseSyntax<EpisodeClause>?
    /// `fill …`.
    public var fill: ClauseSyntax<FillClause>?
    /// `on …`: rows only at this column's timestamps.
    public var on: ClauseSyntax<NameSyntax>?
    /// `compare with …`.
    public var compare: ClauseSyntax<CompareClause>?
    /// `top …` or `bottom …`.
    public var ranking: ClauseSyntax<RankingClause>?
    /// `limit …`, at least 0.
    public var limit: ClauseSyntax<Int>?
    /// `points …`, at least 1.
    public var points: ClauseSyntax<Int>?
    /// `in …` behind the path: the unit of all columns of its dimension.
    public var unit: ClauseSyntax<UnitSyntax>?
    /// `as chart`: the output format.
    public var format: ClauseSyntax<NameSyntax>?
    /// `as of …`: the plant as it was then.
    public var asOf: ClauseSyntax<MomentSyntax>?
    /// `timezone …`.
    public var timezone: ClauseSyntax<ZoneClause>?
    /// `including …`.
    public var including: ClauseSyntax<IncludedQuality>?
    /// `using …`: the method.
    public var using: ClauseSyntax<MethodClause>?
    /// `wait …`.
    public var wait: ClauseSyntax<PeriodSyntax>?

    /// No clause at all.
    public init() {}
}

/// A method, and what it tells cases apart by.
public struct MethodClause: Hashable, Sendable {
    /// The word for the method.
    public var name: LabelSyntax
    /// The measures behind `by`; empty without it.
    public var keys: [NameSyntax]

    /// A method.
    public init(_ name: LabelSyntax, keys: [NameSyntax] = []) {
        self.name = name
        self.keys = keys
    }
}

/// The range of a query.
public enum TimeClause: Hashable, Sendable {
    /// `last 2h`.
    case last(PeriodSyntax)
    /// `since 06:00`.
    case since(MomentSyntax)
    /// `between … and …`.
    case between(MomentSyntax, MomentSyntax)
    /// `today`.
    case today
    /// `yesterday`.
    case yesterday
    /// `at …`: one instant of the curve.
    case at(MomentSyntax)
}

/// How the range is cut into slices.
public struct EveryClause: Hashable, Sendable {
    /// What cuts.
    public enum Stride: Hashable, Sendable {
        /// `every 5m`.
        case period(PeriodSyntax)
        /// `every shift`, `every tool-change`.
        case event(NameSyntax)
    }

    /// What cuts.
    public var stride: Stride
    /// `over …`: the length of overlapping slices.
    public var over: PeriodSyntax?
    /// `from start`: aligned to the range instead of the calendar.
    public var isFromStart: Bool

    /// Slices.
    public init(stride: Stride, over: PeriodSyntax? = nil, isFromStart: Bool = false) {
        self.stride = stride
        self.over = over
        self.isFromStart = isFromStart
    }
}

/// Which assets are merged.
public enum GroupingClause: Hashable, Sendable {
    /// `per line, model`.
    case per([NameSyntax])
    /// `overall`: all into one.
    case overall
}

/// A condition whose true stretches are episodes.
public struct EpisodeClause: Hashable, Sendable {
    /// What must hold.
    public var condition: ExpressionSyntax
    /// How long it must hold.
    public var minimum: PeriodSyntax?
    /// What ends the episode; nil: the condition no longer holds.
    public var until: ExpressionSyntax?
    /// How long the end must hold.
    public var untilMinimum: PeriodSyntax?

    /// Episodes.
    public init(
        condition: ExpressionSyntax, minimum: PeriodSyntax? = nil, until: ExpressionSyntax? = nil,
        untilMinimum: PeriodSyntax? = nil
    ) {
        self.condition = condition
        self.minimum = minimum
        self.until = until
        self.untilMinimum = untilMinimum
    }
}

/// What empty cells show.
public struct FillClause: Hashable, Sendable {
    /// The filling.
    public enum Filling: Hashable, Sendable {
        /// Empty cells stay empty.
        case none
        /// The value before.
        case hold
        /// Between the neighbours.
        case linear
        /// This value.
        case value(LiteralSyntax)
    }

    /// The filling.
    public var filling: Filling
    /// How far a value may reach.
    public var within: PeriodSyntax?

    /// A filling.
    public init(_ filling: Filling, within: PeriodSyntax? = nil) {
        self.filling = filling
        self.within = within
    }
}

/// The span a query is compared with.
public enum CompareClause: Hashable, Sendable {
    /// `compare with 7d ago`.
    case ago(PeriodSyntax)
    /// `compare with yesterday`, `compare with job J41`.
    case span(SpanSyntax)
}

/// Which assets or groups are kept.
public struct RankingClause: Hashable, Sendable {
    /// Whether the largest are kept (`top`), else the smallest (`bottom`).
    public var isTop: Bool
    /// How many, at least 1.
    public var count: Int
    /// By what; nil: the first column.
    public var by: ExpressionSyntax?

    /// A ranking.
    public init(isTop: Bool, count: Int, by: ExpressionSyntax? = nil) {
        self.isTop = isTop
        self.count = count
        self.by = by
    }
}

/// The zone of days, alignment and output.
public enum ZoneClause: Hashable, Sendable {
    /// `timezone "Europe/Berlin"`.
    case named(TextSyntax)
    /// `timezone local`: each asset's own site.
    case local
}

/// Which samples count beside the good ones; the raw value is the word.
public enum IncludedQuality: String, Hashable, Sendable, CaseIterable {
    /// Uncertain ones too.
    case uncertain
    /// Uncertain and bad ones too.
    case bad
}
