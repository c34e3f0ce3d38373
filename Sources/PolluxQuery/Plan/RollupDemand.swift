import PolluxLanguage
import PolluxModel
import PolluxStore

/// What the evaluator needs of rollups, by leaf; leaves of which every point is needed are left
/// out (S25).
struct RollupDemand {
    private(set) var needs: [Int: LaneFold.Needs] = [:]
    private var refused: Set<Int> = []

    /// What the aggregates of a question need, once all are bound.
    init(question: Question, outputs: [Question.Output], filters: SliceFilters) {
        let clauses = question.query.clauses
        guard question.qualities == [.good], filters.samples == nil, clauses.episode == nil,
            clauses.points == nil, clauses.on == nil
        else { return }
        refused = question.trackedLeaves
        for output in outputs { refused.formUnion(output.expression.leaves) }
        for aggregate in question.aggregates { add(aggregate, question.leaves) }
        for leaf in refused { needs[leaf] = nil }
    }

    private mutating func add(_ aggregate: BoundAggregate, _ leaves: [BoundLeaf]) {
        let own = aggregate.argument.leaves
        guard own.count == 1, let index = own.first, case .measure = leaves[index].source,
            let need = RollupDemand.need(aggregate, leaves[index].definition)
        else {
            refused.formUnion(own)
            return
        }
        needs[index, default: LaneFold.Needs()].formUnion(need)
    }

    /// What an aggregate of one leaf needs; nil when it needs every point.
    private static func need(
        _ aggregate: BoundAggregate, _ definition: MeasureDefinition
    ) -> LaneFold.Needs? {
        var need = LaneFold.Needs()
        need.samples = true
        need.curve = true
        need.states = definition.isState
        switch aggregate.word {
        case .time, .share: need.durations = true
        case .times:
            need.durations = true
            need.changes = true
        case .mode, .coverage: need.durations = aggregate.word == .mode
        case .delta, .rate: need.increase = true
        case .count, .earliest, .latest: break
        case .median, .percentile:
            guard !definition.isState else { return nil }
            need.curve = false
            need.spread = true
        case .avg, .min, .max, .total, .mean, .sum, .highest, .lowest:
            need.durations = definition.isState
        default: return nil
        }
        if case .leaf = aggregate.argument.form {
            return need.durations && !definition.isState ? nil : need
        }
        // What a condition makes of values is known of the values alone.
        switch aggregate.word {
        case .time, .share, .times: return definition.isState ? need : nil
        default: return nil
        }
    }

    /// How a leaf is read over the stretches that slices are made of; nil where points are.
    func reading(
        _ question: Question, _ subject: Subject, _ slices: [SliceRows.Slice]
    ) throws -> RollupReading? {
        guard !needs.isEmpty, try question.snapshot.hasExpiries else { return nil }
        let stretches = SliceAtoms(slices.map(\.parts)).windows
        guard let first = stretches.first, let last = stretches.last,
            let windows = Windows(stretches)
        else { return nil }
        let range = TimeRange(start: first.start, end: last.end)
        if question.query.clauses.grouping != nil {
            // An asset that changes its group is read in parts.
            let groups = try GroupLabels(question: question).groups(of: subject, in: range)
            guard groups.count == 1 else { return nil }
        }
        return RollupReading(needs: needs, windows: windows, range: range)
    }
}

/// What rollups are read for.
struct RollupReading {
    /// By leaf of the question.
    let needs: [Int: LaneFold.Needs]
    /// The stretches that are asked about.
    let windows: Windows
    /// From the first stretch to the last.
    let range: TimeRange

    /// The same at another time, for `offset`.
    func shifted(by nanoseconds: Int64) -> RollupReading {
        RollupReading(
            needs: needs, windows: windows.shifted(by: nanoseconds),
            range: TimeRange(
                start: range.start.advanced(by: nanoseconds),
                end: range.end.advanced(by: nanoseconds)))
    }
}

extension LaneFold.Needs {
    /// Adds what something else needs.
    mutating func formUnion(_ other: LaneFold.Needs) {
        samples = samples || other.samples
        ends = ends || other.ends
        curve = curve || other.curve
        states = states || other.states
        durations = durations || other.durations
        changes = changes || other.changes
        increase = increase || other.increase
        spread = spread || other.spread
    }
}
