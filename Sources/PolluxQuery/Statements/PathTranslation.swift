import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel

/// Turns a written path into the graph's form: types and names looked up, unknown ones refused
/// with near names.
struct PathTranslation {
    let context: StatementContext

    /// The path as the graph walks it.
    func graphPath(_ path: PathSyntax, in transaction: ReadTransaction) throws -> GraphPath {
        var steps: [PathStep] = []
        var links: [PathLink] = []
        for (index, step) in path.steps.enumerated() {
            if index > 0 { links.append(try link(step, in: transaction)) }
            let isAnchor = index == path.steps.count - 1
            steps.append(try self.step(step.selection, isAnchor: isAnchor, in: transaction))
        }
        return GraphPath(steps: steps, links: links)
    }

    private func link(_ step: StepSyntax, in transaction: ReadTransaction) throws -> PathLink {
        switch step.link {
        case .of, nil: return .of
        case .above: return .above
        case .that(let name):
            guard let found = try context.graph.relation(named: name.text, in: transaction) else {
                let known = try context.graph.relations(in: transaction)
                    .flatMap { [$0.name, $0.inverse] }.filter { !$0.isEmpty }
                let near = Suggestions.nearest(to: name.text, in: known, limit: 3)
                throw context.wrong(
                    .unknownRelation, "there is no relation `\(name.text)`", at: name.range,
                    suggestions: near.map { .init("did you mean `\($0)`?", replacement: $0) })
            }
            return .that(found.definition.id, isInverse: found.isInverse)
        }
    }

    private func step(
        _ selection: SelectionSyntax, isAnchor: Bool, in transaction: ReadTransaction
    ) throws -> PathStep {
        let graph = context.graph
        switch selection {
        case .every(let name, let like):
            let match = try type(name.text, at: name.range, in: transaction)
            return PathStep(
                type: match.type.id, names: like.map { .like($0.text) } ?? .any, isEvery: true)
        case .like(let label, let pattern):
            let match = try type(context.text(of: label), at: label.range, in: transaction)
            return PathStep(type: match.type.id, names: .like(pattern.text), isEvery: true)
        case .named(let label, let names):
            let match = try type(context.text(of: label), at: label.range, in: transaction)
            let texts = try names.map { try context.text(of: $0) }
            for (text, written) in zip(texts, names) {
                let found = try graph.assets(named: text, type: match.type.id, in: transaction)
                if found.assets.isEmpty {
                    throw try context.unknownAsset(
                        text, type: match.type, at: written.range, in: transaction)
                }
            }
            return PathStep(type: match.type.id, names: .named(texts), isEvery: names.count > 1)
        case .bare(let label):
            let word = try context.text(of: label)
            if let match = try graph.type(named: word, in: transaction) {
                return PathStep(type: match.type.id, names: .any, isEvery: match.isPlural)
            }
            // A bare word that is no type names one asset: `vibration of SP-7`.
            guard !(try graph.assets(named: word, in: transaction).assets.isEmpty) else {
                throw try context.unknownType(word, at: label.range, in: transaction)
            }
            return PathStep(type: nil, names: .named([word]), isEvery: false)
        }
    }

    private func type(
        _ word: String, at range: SourceRange, in transaction: ReadTransaction
    ) throws -> TypeMatch {
        guard let match = try context.graph.type(named: word, in: transaction) else {
            throw try context.unknownType(word, at: range, in: transaction)
        }
        return match
    }
}
