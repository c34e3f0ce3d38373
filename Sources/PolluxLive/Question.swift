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
        options.isReadOnly = true
        options.source = "live"
        return options
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
