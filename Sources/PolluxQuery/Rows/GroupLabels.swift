import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Which group an asset belongs to: by level of the plant or by attribute, or all together.
struct GroupLabels {
    let question: Question

    /// The group's name; nil when nothing is merged.
    func label(of subject: Subject, in range: TimeRange) throws -> String? {
        switch question.query.clauses.grouping?.form {
        case nil: return nil
        case .overall: return ""
        case .per(let names):
            return try names.map { try part($0, of: subject, in: range) }.joined(separator: ", ")
        }
    }

    private func part(
        _ name: NameSyntax, of subject: Subject, in range: TimeRange
    ) throws -> String {
        let graph = question.context.graph
        let transaction = question.snapshot.transaction
        if let type = try graph.type(named: name.text, in: transaction)?.type {
            if try graph.asset(subject.asset, in: transaction)?.type == type.id {
                return subject.name
            }
            let place = subject.pieces.first?.place
            for asset in [subject.asset, place].compactMap({ $0 }) {
                let found = try graph.containers(
                    of: asset, type: type.id, during: range, asOf: question.asOf, in: transaction)
                if let last = found.last {
                    return try graph.displayName(of: last.asset, in: transaction)
                }
            }
            return "no \(name.text)"
        }
        for asset in [subject.asset] {
            let value = try graph.attribute(
                name.text, of: asset, at: range.end.advanced(by: -1), in: transaction)
            if let value { return PlantListing.text(of: value) }
        }
        let known = try graph.attributeNames(in: transaction)
        guard known.contains(name.text) else {
            throw question.context.wrong(
                .unknownLevel, "`per` needs a type or an attribute; there is no `\(name.text)`",
                at: name.range)
        }
        return "no \(name.text)"
    }
}

/// The parts of a `where`: what chooses instants, and what chooses rows.
struct SliceFilters {
    var samples: BoundExpression?
    /// The part of `samples` that reads attributes alone: it chooses assets.
    var assets: BoundExpression?
    var rows: BoundExpression?

    /// Binds the clause; conditions on rows and on instants are joined by `and` only.
    init(question: Question) throws {
        guard let written = question.query.clauses.filter?.form else { return }
        var parts = [written]
        var index = 0
        while index < parts.count {
            if case .logic(.and, let left, let right) = parts[index].form {
                parts.replaceSubrange(index...index, with: [left, right])
            } else {
                index += 1
            }
        }
        for part in parts {
            let bound = try ExpressionBinder(question: question).bind(part)
            guard bound.valueClass == .truth else {
                throw question.context.wrong(
                    .conditionExpected, "`where` needs a condition", at: part.range)
            }
            if bound.aggregates.isEmpty {
                samples = SliceFilters.and(samples, bound)
                let readsAttributes = bound.leaves.allSatisfy {
                    question.leaves[$0].source == .attribute
                }
                if readsAttributes { assets = SliceFilters.and(assets, bound) }
            } else if bound.leaves.isEmpty {
                rows = SliceFilters.and(rows, bound)
            } else {
                throw question.context.wrong(
                    .mixedCondition, "rows and instants are mixed in one condition",
                    at: part.range, notes: ["join them by `and`"])
            }
        }
    }

    private static func and(
        _ left: BoundExpression?, _ right: BoundExpression
    ) -> BoundExpression {
        guard let left else { return right }
        return BoundExpression(
            form: .logic(.and, left, right), valueClass: .truth, range: right.range)
    }
}

extension Evaluator {
    /// Whether a condition holds anywhere in a range.
    func isEverTrue(_ condition: BoundExpression, in range: TimeRange) -> Bool {
        let bounds = CurveIntegrator(evaluator: self).bounds(of: [condition], windows: [range])
        let truth = middles(condition, bounds: bounds)
        return truth.values.indices.contains { truth.isKnown[$0] && truth.values[$0] == 1 }
    }
}
