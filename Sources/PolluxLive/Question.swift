import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery

/// A question that is asked again and again.
struct Question: Sendable {
    let query: QuerySyntax
    let text: String
    let parameters: [String: QueryOptions.Parameter]
    let timezone: String?
    /// What the last answer depended on.
    var dependencies = QueryDependencies()
    /// The newest series when it was last asked in full.
    var newestSeries = SeriesID(rawValue: 0)
    /// What its path meant when the plant was last looked at; nil when that is not known.
    var meaning: QueryMeaning?
    /// The words of its text, without case.
    let words: Set<String>
    /// Whether a formula has a path of its own.
    let hasInnerPath: Bool

    init(
        query: QuerySyntax, text: String, parameters: [String: QueryOptions.Parameter],
        timezone: String?
    ) {
        self.query = query
        self.text = text
        self.parameters = parameters
        self.timezone = timezone
        // The names of what is created are none that it reads.
        let found = TextWords(TwinQL.print(query))
        words = Set(found.inOrder)
        hasInnerPath = found.hasInnerPath
    }

    /// Asks over the query's own range, or over a part of time instead.
    func options(
        now: Timestamp, restriction: TimeRange?, limits: LiveOptions
    ) -> QueryOptions {
        var options = QueryOptions()
        options.parameters = parameters
        options.timezone = timezone
        options.now = now
        options.restriction = restriction
        options.timeLimit = limits.timeLimit
        options.rowLimit = limits.watchedRowLimit
        options.changes = .none
        options.source = "live"
        return options
    }

    // MARK: What concerns it

    /// Whether events take part in its rows.
    var hasEvents: Bool { dependencies.hasEvents || readsHistory }

    /// Whether more is read than the text names: limits, tool changes, conditions of cutting.
    private var readsHistory: Bool {
        switch query.head {
        case .read, .anomalies: false
        case .forecast, .remainingLife: true
        }
    }

    /// Whether a series of a measure of an asset may be read for it.
    func mayRead(_ series: NewSeries) -> Bool {
        let isNamed =
            readsHistory || words.contains("everything")
            || words.contains(series.measure.lowercased())
        return isNamed && mayRead(series.asset)
    }

    /// Whether an asset's series may be read for it.
    func mayRead(_ asset: AssetID) -> Bool {
        guard let meaning, !hasInnerPath else { return true }
        return meaning.assets.contains(asset)
    }

    /// Whether an edit of the plant can have changed its rows.
    ///
    /// What is where is compared as a whole before, by `QueryMeaning`; here counts only what that
    /// does not show.
    func isConcerned(by edit: PlantEdit) -> Bool {
        let isNear = edit.assets.contains(where: mayRead)
        switch edit.kind {
        case .event(let name): return isNear && (words.contains(name) || readsHistory)
        case .attribute(let name):
            // The name of an asset, its limits and its zone are used without being written.
            let isUsed =
                words.contains(name) || name == "name" || readsHistory
                || query.clauses.timezone?.form == .local
            return isNear && isUsed
        case .declaration(let names): return !names.isDisjoint(with: words)
        case .structure:
            return isNear && (meaning == nil || hasInnerPath || readsHistory)
        }
    }

    /// Looks again at what its path means, after edits; the earliest instant from which it means
    /// something else, or nil when it means what it did.
    mutating func look(
        at edits: [PlantEdit], now: Timestamp, limits: LiveOptions, _ understand: Understand
    ) -> Timestamp? {
        let moving = edits.filter { edit in
            switch edit.kind {
            case .structure, .declaration: true
            case .event, .attribute: false
            }
        }
        guard !moving.isEmpty else { return nil }
        let before = meaning
        understood(now: now, limits: limits, understand)
        guard before != meaning else { return nil }
        return moving.filter { !$0.isCreation }.map(\.span.start).min() ?? now
    }

    /// Takes over what its path means now.
    mutating func understood(now: Timestamp, limits: LiveOptions, _ understand: Understand) {
        meaning = understand(
            query, text, options(now: now, restriction: nil, limits: limits))
    }

    /// How long a slice waits for late points, in nanoseconds.
    func wait(_ limits: LiveOptions) -> Int64 {
        if let wait = dependencies.wait { return max(0, wait) }
        guard let gap = dependencies.largestGap else { return limits.defaultWait }
        return min(max(0, gap), limits.waitLimit)
    }

    /// The length of a slice; nil when nothing or events cut the range.
    var sliceLength: Int64? {
        guard let every = query.clauses.every?.form,
            case .period(let period) = every.stride
        else { return nil }
        var length = Int64(0)
        for part in [period, every.over] {
            guard let part else { continue }
            switch part.form {
            case .literal(let literal): length = max(length, literal.approximateNanoseconds)
            case .parameter(let name):
                guard case .text(let text)? = parameters[name], let found = Period.parse(text)
                else { return nil }
                length = max(length, found.approximateNanoseconds)
            }
        }
        return length > 0 ? length : nil
    }

    /// Whether a part of the range can be asked for alone, each row depending only on its own time.
    var canBeRestricted: Bool {
        let clauses = query.clauses
        guard query.head == .read, clauses.ranking == nil, clauses.compare == nil,
            clauses.points == nil, clauses.limit == nil, clauses.fill == nil, clauses.on == nil,
            clauses.during == nil, clauses.episode == nil
        else { return false }
        if clauses.every != nil { return sliceLength != nil && !isFromStart }
        return dependencies.largestGap != nil && !hasAggregate
    }

    private var isFromStart: Bool { query.clauses.every?.form.isFromStart ?? false }

    private var hasAggregate: Bool {
        query.outputs.contains { Question.hasAggregate($0.expression) }
    }

    private static func hasAggregate(_ expression: ExpressionSyntax) -> Bool {
        switch expression.form {
        case .aggregate: true
        case .logic(_, let left, let right), .arithmetic(_, let left, let right),
            .comparison(_, let left, let right):
            hasAggregate(left) || hasAggregate(right)
        case .not(let inner), .negation(let inner), .offset(let inner, _), .like(let inner, _),
            .state(let inner, _, _), .scoped(let inner, _):
            hasAggregate(inner)
        case .function(_, let inner): inner.contains(where: hasAggregate)
        case .name, .literal: false
        }
    }
}

extension LabelSyntax {
    /// The name, which may stand as a parameter; nil where that has none.
    func text(_ parameters: [String: QueryOptions.Parameter]) -> String? {
        if let literal { return literal }
        guard case .parameter(let parameter) = self,
            case .text(let text)? = parameters[parameter.name]
        else { return nil }
        return text
    }
}
