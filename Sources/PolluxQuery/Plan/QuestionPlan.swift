import PolluxLanguage
import PolluxModel

/// How a question is answered: a closed set, chosen from the bound items and the clauses before any
/// point is read.
enum QuestionPlan {
    /// Aggregates of plain measures, added up chunk by chunk; chunks that lie in one slice are
    /// answered by their statistics.
    case fold(FoldPlan)
    /// The samples of plain measures, copied from chunks into the columns of the answer.
    case copy(CopyPlan)
    /// The table of newest values; no chunk is read.
    case latest
    /// Whatever the other plans cannot do: leaf columns in memory and the general evaluator.
    case evaluate(reason: String)

    /// One line for `explain`.
    var text: String {
        switch self {
        case .fold(let plan): "fold " + plan.text
        case .copy: "copy samples"
        case .latest: "look up the newest values"
        case .evaluate(let reason): "evaluate point by point: \(reason)"
        }
    }
}

/// What is added up from which leaf, and how rows come of it.
struct FoldPlan {
    /// By leaf of the question; leaves that no item needs are left out.
    var needs: [Int: LaneFold.Needs]
    /// The condition on rows, or nil.
    var rowFilter: BoundExpression?

    /// What is added up, for `explain`.
    var text: String {
        let isCurve = needs.values.contains { $0.curve }
        let isSamples = needs.values.contains { $0.samples }
        let what =
            isCurve && isSamples
            ? "samples and curves" : isCurve ? "curves" : "samples"
        return what + (rowFilter == nil ? "" : ", then filter rows")
    }
}

/// The leaves that are copied, in the order of the items.
struct CopyPlan {
    var leaves: [Int]
    /// The change of unit of each item, or nil.
    var conversions: [Unit.Conversion?]
}

extension Question {
    /// The plan for a question whose rows are slices.
    func slicePlan(_ outputs: [Output]) throws -> QuestionPlan {
        if let reason = whatFoldingLacks { return .evaluate(reason: reason) }
        guard outputs.allSatisfy(\.isAggregate) else {
            return .evaluate(reason: "curves are read at the start of slices")
        }
        let ownCount = aggregates.count
        var plan = FoldPlan(needs: [:])
        if query.clauses.filter != nil {
            let filters = try SliceFilters(question: self)
            guard filters.samples == nil else {
                // The evaluator binds the clause itself.
                aggregates.removeLast(aggregates.count - ownCount)
                return .evaluate(reason: "`where` chooses samples")
            }
            plan.rowFilter = filters.rows
        }
        for aggregate in aggregates {
            if let reason = add(aggregate, to: &plan) {
                aggregates.removeLast(aggregates.count - ownCount)
                return .evaluate(reason: reason)
            }
        }
        return .fold(plan)
    }

    /// Why the clauses need the evaluator, or nil.
    private var whatFoldingLacks: String? {
        let clauses = query.clauses
        if context.options.restriction != nil { return "only some slices are run" }
        if clauses.episode != nil { return "`when` finds episodes" }
        if clauses.fill != nil { return "`fill` fills cells" }
        if clauses.ranking != nil { return "rows are ranked" }
        if clauses.compare != nil { return "two spans are compared" }
        if clauses.points != nil { return "points are thinned" }
        if clauses.on != nil { return "`on` chooses rows" }
        if clauses.every?.form.over != nil { return "slices overlap" }
        return nil
    }

    /// Notes what an aggregate needs; what it lacks, or nil.
    private func add(_ aggregate: BoundAggregate, to plan: inout FoldPlan) -> String? {
        guard case .leaf(let index) = aggregate.argument.form else {
            return "an aggregate of a formula"
        }
        let leaf = leaves[index]
        guard case .measure = leaf.source, leaf.scope == nil, leaf.offset == nil else {
            return "`\(leaf.name)` is read elsewhere in plant or time"
        }
        switch leaf.definition.valueKind {
        case .float, .integer: break
        case .boolean, .text: return "`\(leaf.name)` is a state"
        }
        var needs = plan.needs[index] ?? LaneFold.Needs()
        guard needs.add(aggregate.word) else {
            return "`\(aggregate.word.text)` needs every point"
        }
        plan.needs[index] = needs
        return nil
    }

    /// The plan for a question whose rows are samples.
    func samplePlan(_ outputs: [Output]) -> QuestionPlan {
        let clauses = query.clauses
        if context.options.restriction != nil {
            return .evaluate(reason: "only a part of the range is run")
        }
        if clauses.filter != nil { return .evaluate(reason: "`where` chooses samples") }
        if clauses.on != nil || clauses.fill != nil || clauses.points != nil {
            return .evaluate(reason: "rows are chosen or filled")
        }
        if clauses.ranking != nil || clauses.grouping != nil || clauses.compare != nil {
            return .evaluate(reason: "rows are ranked, grouped or compared")
        }
        if showsHoles { return .evaluate(reason: "a chart shows holes") }
        if isInstant { return .evaluate(reason: "the curve is read at an instant") }
        var plan = CopyPlan(leaves: [], conversions: [])
        for output in outputs {
            var expression = output.expression
            var conversion: Unit.Conversion?
            if case .conversion(let inner, let change) = expression.form {
                (expression, conversion) = (inner, change)
            }
            guard case .leaf(let index) = expression.form, case .measure = leaves[index].source,
                leaves[index].scope == nil, leaves[index].offset == nil
            else { return .evaluate(reason: "an item is a formula") }
            switch leaves[index].definition.valueKind {
            case .float: break
            case .integer where conversion == nil: break
            default: return .evaluate(reason: "an item is a state")
            }
            plan.leaves.append(index)
            plan.conversions.append(conversion)
        }
        return .copy(plan)
    }
}

extension LaneFold.Needs {
    /// Adds what an aggregate needs; false when it cannot be folded.
    @discardableResult
    mutating func add(_ word: AggregateWord) -> Bool {
        switch word {
        case .mean, .sum, .count: samples = true
        case .highest, .lowest:
            samples = true
            extremes = true
        case .earliest, .latest:
            samples = true
            ends = true
        case .avg, .coverage:
            samples = true
            curve = true
        case .min, .max:
            samples = true
            extremes = true
            curve = true
        case .total: curve = true
        default: return false
        }
        return true
    }
}
