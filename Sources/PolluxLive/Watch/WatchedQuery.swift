import PolluxLanguage
import PolluxModel
import PolluxQuery

/// How a question is answered: the batch engine, or a stand-in for it in tests.
typealias Ask = @Sendable (QuerySyntax, String, QueryOptions) throws -> QueryResult

/// What the path of a question means now; nil when it means nothing, or that cannot be told.
typealias Understand = @Sendable (QuerySyntax, String, QueryOptions) -> QueryMeaning?

/// A watched query with what its subscriber was sent.
struct WatchedQuery: Sendable {
    var question: Question
    let subscription: LiveSubscription
    private var tracker = RowTracker()
    private var dirt = Dirt()
    private var lastRun = Timestamp.distantPast
    private var lastFullRun = Timestamp.distantPast
    private var nextBoundary: Timestamp?
    private var hasFailed = false

    /// A full run this often catches what leaves a sliding range.
    private static let fullInterval: Int64 = 30_000_000_000
    /// How often a failed query is tried again without a reason.
    private static let retryInterval: Int64 = 5_000_000_000
    /// How often episodes are looked at: they can come true by passing time alone.
    private static let episodeInterval: Int64 = 1_000_000_000

    init(question: Question, subscription: LiveSubscription) {
        self.question = question
        self.subscription = subscription
        dirt.all = true
    }

    /// Notes what commits changed; a commit that does not concern the question leaves nothing.
    mutating func add(_ more: Dirt, now: Timestamp, limits: LiveOptions, _ understand: Understand) {
        dirt.noteMeaning(
            from: question.look(at: more.edits, now: now, limits: limits, understand))
        dirt.add(more)
        dirt.edits.removeAll { !question.isConcerned(by: $0) }
    }

    /// Looks at the plant for the first time.
    mutating func understood(now: Timestamp, limits: LiveOptions, _ understand: Understand) {
        question.understood(now: now, limits: limits, understand)
    }

    /// When it wants to be evaluated, given what has changed; nil for not before something does.
    func due(_ limits: LiveOptions) -> Timestamp? {
        if hasFailed { return lastRun.advanced(by: WatchedQuery.retryInterval) }
        let share = dirt.share(of: question)
        var due: Timestamp?
        func consider(_ instant: Timestamp?) {
            guard let instant else { return }
            due = min(due ?? instant, instant)
        }
        if share.isEverything || share.span != nil {
            return lastRun == .distantPast ? .distantPast : lastRun.advanced(by: limits.throttle)
        }
        consider(tracker.nextFinality(wait: question.wait(limits)))
        consider(nextBoundary)
        if question.query.clauses.episode != nil {
            consider(lastRun.advanced(by: WatchedQuery.episodeInterval))
        }
        return due.map { max($0, lastRun.advanced(by: limits.throttle)) }
    }

    /// Asks again what can have changed and sends the difference.
    mutating func evaluate(now: Timestamp, newest: SeriesID, limits: LiveOptions, ask: Ask) {
        let share = dirt.share(of: question)
        dirt = Dirt()
        lastRun = now
        do {
            let isFull =
                share.isEverything || hasFailed || !question.canBeRestricted
                || now.nanoseconds(since: lastFullRun) > WatchedQuery.fullInterval
            if isFull {
                try runFull(now: now, newest: newest, limits: limits, ask: ask)
            } else {
                try runPart(share.span, now: now, limits: limits, ask: ask)
            }
            hasFailed = false
        } catch {
            hasFailed = true
            subscription.send(WatchedQuery.frame(of: error))
        }
    }

    private mutating func runFull(
        now: Timestamp, newest: SeriesID, limits: LiveOptions, ask: Ask
    ) throws {
        let options = question.options(now: now, restriction: nil, limits: limits)
        let result = try ask(question.query, question.text, options)
        question.dependencies = result.dependencies
        question.newestSeries = newest
        lastFullRun = now
        let range = result.range ?? .always
        tracker.forget(before: range.start)
        send(result, covered: TimeRange(start: range.start, end: .distantFuture), now, limits)
    }

    private mutating func runPart(
        _ span: ClosedRange<Int64>?, now: Timestamp, limits: LiveOptions, ask: Ask
    ) throws {
        let gap = min(question.dependencies.largestGap ?? 0, 3_600_000_000_000)
        let slice = question.sliceLength ?? 0
        var start = tracker.earliestOpen ?? now
        if let span { start = min(start, Timestamp(nanoseconds: span.lowerBound)) }
        // The rows wanted, and before them what a cut first slice or an edge of the curve needs.
        let wanted = start.advanced(by: -gap - slice)
        let restriction = TimeRange(
            start: wanted.advanced(by: -slice), end: now.advanced(by: slice + 1))
        let options = question.options(now: now, restriction: restriction, limits: limits)
        let result = try ask(question.query, question.text, options)
        let rows = result.keys.indices.filter { result.keys[$0].range.start >= wanted }
        send(
            result.selecting(Array(rows)),
            covered: TimeRange(start: wanted, end: .distantFuture), now, limits)
    }

    private mutating func send(
        _ result: QueryResult, covered: TimeRange, _ now: Timestamp, _ limits: LiveOptions
    ) {
        let horizon = now.advanced(by: -question.wait(limits))
        for rows in tracker.compare(result, covered: covered, horizon: horizon) {
            subscription.send(.rows(rows))
        }
        // A slice that ends opens the next one.
        nextBoundary =
            question.query.clauses.every == nil
            ? nil : result.keys.lazy.map(\.range.end).filter { $0 > now }.min()
        guard tracker.count > limits.watchedRowLimit else { return }
        subscription.send(
            .error(
                code: "TQ501",
                message: "the answer has more than \(limits.watchedRowLimit) rows; "
                    + "watch a shorter range or longer slices"))
        subscription.finish()
    }

    static func frame(of error: any Error) -> LiveFrame {
        if let error = error as? QueryError {
            return .error(code: error.code.text, message: error.message)
        }
        return .error(code: "TQ500", message: String(describing: error))
    }
}
