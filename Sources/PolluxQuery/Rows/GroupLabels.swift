import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Which group an asset belongs to: by level of the plant or by attribute, or all together.
struct GroupLabels {
    let question: Question

    /// A group that a subject belongs to, and when: ascending and apart.
    struct Group {
        var label: String
        var ranges: [TimeRange]
    }

    /// The groups of a subject over a range: those of each instant, not of today (S21).
    func groups(of subject: Subject, in range: TimeRange) throws -> [Group] {
        guard case .per(let names)? = question.query.clauses.grouping?.form else {
            return [Group(label: "", ranges: [range])]
        }
        var parts = [(label: "", range: range)]
        for (index, name) in names.enumerated() {
            let pieces = try labels(name, of: subject, in: range)
            parts = parts.flatMap { part in
                pieces.compactMap { piece in
                    part.range.intersection(piece.range).map {
                        (index == 0 ? piece.label : "\(part.label), \(piece.label)", $0)
                    }
                }
            }
        }
        var groups: [Group] = []
        for part in parts.sorted(by: { $0.range.start < $1.range.start }) {
            if let index = groups.firstIndex(where: { $0.label == part.label }) {
                groups[index].ranges.append(part.range)
            } else {
                groups.append(Group(label: part.label, ranges: [part.range]))
            }
        }
        return groups
    }

    /// What a level or an attribute says of a subject, over all of a range.
    private func labels(
        _ name: NameSyntax, of subject: Subject, in range: TimeRange
    ) throws -> [(label: String, range: TimeRange)] {
        let graph = question.context.graph
        let transaction = question.snapshot.transaction
        var found: [(label: String, range: TimeRange)] = []
        if let type = try graph.type(named: name.text, in: transaction)?.type {
            let own = try graph.asset(subject.asset, in: transaction)?.type
            if let own, try graph.subtypes(of: type.id, in: transaction).contains(own) {
                return [(subject.name, range)]
            }
            found = try containers(of: subject, type: type.id, in: range)
        } else {
            found = try question.attributePieces(name.text, of: subject, in: range).map {
                (PlantListing.text(of: $0.value), $0.range)
            }
            if found.isEmpty { try checkAttribute(name) }
        }
        var open = [range]
        for piece in found { open = open.flatMap { $0.without(piece.range) } }
        return found + open.map { ("no \(name.text)", $0) }
    }

    private func containers(
        of subject: Subject, type: TypeID, in range: TimeRange
    ) throws -> [(label: String, range: TimeRange)] {
        let graph = question.context.graph
        let transaction = question.snapshot.transaction
        var found: [(label: String, range: TimeRange)] = []
        var open = [range]
        let pieces = try graph.containers(
            of: subject.asset, type: type, during: range, asOf: question.asOf, in: transaction)
        for piece in pieces.sorted(by: { $0.distance < $1.distance }) {
            let label = try graph.displayName(of: piece.asset, in: transaction)
            for stretch in open {
                if let part = stretch.intersection(piece.range) { found.append((label, part)) }
            }
            open = open.flatMap { $0.without(piece.range) }
        }
        return found
    }

    private func checkAttribute(_ name: NameSyntax) throws {
        let known = try question.context.graph.attributeNames(in: question.snapshot.transaction)
        guard !known.contains(name.text) else { return }
        throw question.context.wrong(
            .unknownLevel, "`per` needs a type or an attribute; there is no `\(name.text)`",
            at: name.range)
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
