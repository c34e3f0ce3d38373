import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Finds what a name means for the subjects of a question: a measure, an attribute, an event.
struct LeafBinder {
    let question: Question

    private var context: StatementContext { question.context }
    private var graph: Graph { context.graph }
    private var transaction: Snapshot { question.snapshot }

    /// The leaf of a name; the same name in the same scope is one leaf.
    func leaf(_ name: NameSyntax, scope: Int?, offset: Period?) throws -> BoundExpression {
        if let known = question.leaves.firstIndex(where: {
            $0.name == name.text && $0.scope == scope && $0.offset == offset
        }) {
            return expression(known, at: name.range)
        }
        guard
            let leaf = try measure(name, scope: scope, offset: offset)
                ?? attribute(name, scope: scope, offset: offset)
                ?? measureWithoutCase(name, scope: scope, offset: offset) ?? event(name)
        else { throw try unknown(name) }
        question.leaves.append(leaf)
        return expression(question.leaves.count - 1, at: name.range)
    }

    private func expression(_ index: Int, at range: SourceRange) -> BoundExpression {
        let leaf = question.leaves[index]
        return BoundExpression(
            form: .leaf(index), valueClass: leaf.valueClass, unit: leaf.unit, range: range)
    }

    private func measure(
        _ name: NameSyntax, scope: Int?, offset: Period?
    ) throws -> BoundLeaf? {
        let snapshot = question.snapshot
        guard let id = try graph.measureID(named: name.text, in: snapshot.transaction) else {
            return nil
        }
        var leaf = BoundLeaf(
            name: name.text, source: .measure(id),
            definition: MeasureDefinition(name: name.text, valueKind: .float), unit: nil,
            offset: offset, scope: scope, range: name.range)
        let reader = PlantReader(question: question)
        for subject in question.subjects {
            let sources = try reader.sources(of: id, for: subject, scope: scope)
            guard let source = sources.first else { continue }
            leaf.definition = source.definition
            leaf.definition.name = name.text
            leaf.unit = question.context.units.unit(source.definition.unit)
            if source.definition.unit.isEmpty { leaf.unit = nil }
            return leaf
        }
        // No subject has points of it; a declaration still says what it would be.
        for subject in question.subjects {
            guard let asset = try graph.asset(subject.asset, in: snapshot.transaction),
                let declared = try graph.measure(id, of: asset.type, in: snapshot.transaction)
            else { continue }
            leaf.definition = declared.definition
            let unit = declared.definition.unit
            leaf.unit = unit.isEmpty ? nil : question.context.units.unit(unit)
            return leaf
        }
        return nil
    }

    /// The measure whose name differs in case only, if only one fits.
    private func measureWithoutCase(
        _ name: NameSyntax, scope: Int?, offset: Period?
    ) throws -> BoundLeaf? {
        let names = try graph.measureNames(like: name.text, in: question.snapshot.transaction)
        let found = try names.compactMap {
            try measure(NameSyntax($0, range: name.range), scope: scope, offset: offset)
        }
        return found.count == 1 ? found[0] : nil
    }

    private func attribute(
        _ name: NameSyntax, scope: Int?, offset: Period?
    ) throws -> BoundLeaf? {
        let snapshot = question.snapshot
        for subject in question.subjects {
            let containers = try graph.containers(
                of: subject.asset, type: nil, during: .always, in: snapshot.transaction)
            for asset in [subject.asset] + containers.map(\.asset) {
                let pieces = try graph.attributes(
                    of: asset, named: name.text, during: .always, in: snapshot.transaction)
                guard let kind = pieces.compactMap(\.value).first?.kind else { continue }
                return BoundLeaf(
                    name: name.text, source: .attribute,
                    definition: MeasureDefinition(name: name.text, valueKind: kind), unit: nil,
                    offset: offset, scope: scope, range: name.range)
            }
        }
        return nil
    }

    private func event(_ name: NameSyntax) throws -> BoundLeaf? {
        guard
            let known = try graph.eventName(
                matching: name.text, in: question.snapshot.transaction)
        else { return nil }
        return BoundLeaf(
            name: known, source: .event,
            definition: MeasureDefinition(name: known, valueKind: .float), unit: nil,
            offset: nil, scope: nil, range: name.range)
    }

    // MARK: Unknown names

    private func unknown(_ name: NameSyntax) throws -> QueryError {
        var known: Set<String> = []
        let snapshot = question.snapshot
        for subject in question.subjects.prefix(20) {
            if let asset = try graph.asset(subject.asset, in: snapshot.transaction) {
                for measure in try graph.measures(of: asset.type, in: snapshot.transaction) {
                    known.insert(measure.definition.name)
                }
            }
            for piece in subject.pieces {
                for asset in [piece.subject, piece.place, piece.item].compactMap({ $0 }) {
                    for series in try snapshot.seriesList(of: asset) {
                        if let found = try graph.measureName(
                            series.measure, in: snapshot.transaction)
                        {
                            known.insert(found)
                        }
                    }
                }
            }
        }
        if let parts = LeafBinder.difference(name.text, of: known) {
            return context.wrong(
                .hyphenatedName, "`\(name.text)` is read as one name", at: name.range,
                suggestions: [
                    .init(
                        "a minus needs blanks: `\(parts.0) - \(parts.1)`",
                        replacement: "\(parts.0) - \(parts.1)")
                ])
        }
        let near = Suggestions.nearest(to: name.text, in: known.sorted(), limit: 3)
        // Who is meant today is the likeliest to be meant.
        let now = context.now
        let first =
            question.subjects.first { $0.pieces.contains { $0.range.contains(now) } }
            ?? question.subjects.first
        let type = try first.flatMap { try graph.asset($0.asset, in: snapshot.transaction) }
            .flatMap { try graph.type($0.type, in: snapshot.transaction)?.name }
        let list = known.sorted().prefix(12).joined(separator: ", ")
        return context.wrong(
            .unknownMeasure,
            "\(type ?? "asset") \(first?.name ?? "") has no measure `\(name.text)`",
            at: name.range,
            suggestions: near.map { .init("did you mean `\($0)`?", replacement: $0) },
            notes: (known.isEmpty ? [] : ["\(type ?? "it") has: \(list)"]) + eventHint(name))
    }

    /// How events are chosen by what they say, where they are counted.
    private func eventHint(_ name: NameSyntax) -> [String] {
        guard let filter = question.query.clauses.filter?.form.range,
            filter.lower <= name.range.lower, name.range.upper <= filter.upper,
            let event = question.leaves.first(where: { $0.source == .event })?.name
        else { return [] }
        return [
            "events are counted whatever they say; to list those that say something: "
                + "`\(event) of … where \(filter.text(in: context.text))`"
        ]
    }

    /// The two names that a minus without blanks joined, where both are measures.
    private static func difference(_ name: String, of known: Set<String>) -> (String, String)? {
        for index in name.indices where name[index] == "-" {
            let left = String(name[..<index])
            let right = String(name[name.index(after: index)...])
            if known.contains(left), known.contains(right) { return (left, right) }
        }
        return nil
    }
}

extension Question {
    /// The name of the event that an expression is; nil where it is none.
    func event(_ bound: BoundExpression) -> String? {
        guard case .leaf(let index) = bound.form, leaves[index].source == .event else { return nil }
        return leaves[index].name
    }
}
