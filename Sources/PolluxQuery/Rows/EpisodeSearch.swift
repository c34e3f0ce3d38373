import PolluxLanguage
import PolluxModel
import PolluxStore

/// Finds the episodes of `when … for … until … for …` with their true bounds (S17, S18).
struct EpisodeSearch {
    let question: Question
    private let condition: BoundExpression
    private let minimum: Int64
    private let until: BoundExpression?
    private let untilMinimum: Int64

    /// One episode with its true bounds.
    struct Episode {
        var start: Int64
        var end: Int64
        var isOpen = false
        var beganEarlier = false
        var isStale = false

        /// From its start to its end.
        var span: TimeRange {
            TimeRange(
                start: Timestamp(nanoseconds: start), end: Timestamp(nanoseconds: end))
        }
    }

    /// Binds the conditions.
    init(question: Question, clause: EpisodeClause) throws {
        self.question = question
        condition = try EpisodeSearch.truth(clause.condition, question)
        until = try clause.until.map { try EpisodeSearch.truth($0, question) }
        minimum = try EpisodeSearch.length(clause.minimum, question)
        untilMinimum = try EpisodeSearch.length(clause.untilMinimum, question)
    }

    private static func truth(
        _ syntax: ExpressionSyntax, _ question: Question
    ) throws -> BoundExpression {
        let bound = try ExpressionBinder(question: question).bind(syntax)
        guard bound.valueClass == .truth, bound.aggregates.isEmpty else {
            throw question.context.wrong(
                .conditionExpected, "`when` needs a condition such as `vibration > 5 mm/s`",
                at: syntax.range)
        }
        return bound
    }

    private static func length(_ written: PeriodSyntax?, _ question: Question) throws -> Int64 {
        guard let written else { return 0 }
        return try question.context.period(written).approximateNanoseconds
    }

    private static let day: Int64 = 86_400_000_000_000
    /// How far back the start of an episode is looked for at most: two years.
    private static let longestReach: Int64 = 730 * day

    /// The episodes that overlap spans of a subject, ascending, and the columns they were found in.
    ///
    /// Reads further back until it is certain what went on when the spans begin, and further on
    /// until the last episode ends, so that bounds do not depend on the range.
    func episodes(
        of subject: Subject, in spans: [TimeRange]
    ) throws -> (episodes: [Episode], evaluator: Evaluator) {
        let first = spans.first?.start ?? question.context.now
        let last = spans.last?.end ?? first
        let now = question.context.now
        var back = max(min(last.nanoseconds(since: first), EpisodeSearch.day), minimum)
        back = min(max(back, 3_600_000_000_000), EpisodeSearch.longestReach)
        var ahead = back
        var coming: Timestamp?
        while true {
            let range = TimeRange(
                start: coming ?? first.advanced(by: -back),
                end: max(min(now, last.advanced(by: ahead)), min(now, last)))
            let evaluator = try question.columns(of: subject, in: range)
            let found = finder(evaluator, present: subject.present(in: [range]))
                .episodes(in: range, now: now)
            if found.settled.map({ $0 > first.nanoseconds }) ?? true,
                back < EpisodeSearch.longestReach,
                try hasPoints(of: subject, before: range.start)
            {
                back = min(back * 8, EpisodeSearch.longestReach)
                continue
            }
            // What goes on without any point before, such as a hole, began when the asset came.
            if coming == nil, found.episodes.first?.start == range.start.nanoseconds {
                coming = subject.coming(before: range.start)
                if coming != nil { continue }
            }
            let meant = found.episodes.filter { episode in
                spans.contains { $0.overlaps(episode.span) }
            }
            if let end = meant.last?.span.end, end >= range.end, range.end < now,
                ahead < EpisodeSearch.longestReach
            {
                ahead = min(ahead * 8, EpisodeSearch.longestReach)
                continue
            }
            return (meant, evaluator)
        }
    }

    /// The leaves that the conditions read.
    var leaves: [Int] { condition.leaves + (until?.leaves ?? []) }

    /// What walks the conditions over columns.
    func finder(_ evaluator: Evaluator, present: [TimeRange]? = nil) -> EpisodeFinder {
        EpisodeFinder(
            evaluator: evaluator, condition: condition, minimum: minimum, until: until,
            untilMinimum: untilMinimum, present: present)
    }

    /// Whether anything the conditions read was measured before an instant.
    private func hasPoints(of subject: Subject, before instant: Timestamp) throws -> Bool {
        let reader = PlantReader(question: question)
        for leaf in Set(leaves) {
            let bound = question.leaves[leaf]
            guard case .measure(let measure) = bound.source else { continue }
            for source in try reader.sources(of: measure, for: subject, scope: bound.scope)
            where source.range.start < instant {
                let end = min(source.range.end, instant)
                // A step that was set before the source speaks holds when it begins to.
                if let point = try question.snapshot.point(of: source.series.id, before: end),
                    point.instant >= source.range.start || source.definition.shape == .step
                {
                    return true
                }
            }
        }
        return false
    }
}
