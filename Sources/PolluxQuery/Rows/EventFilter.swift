import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `where` of a list of events: by what each says, else by attributes of its asset at that time.
struct EventFilter {
    let question: Question
    /// How the events are called; that name means the name of each, as `name` does.
    let eventName: String
    let condition: ExpressionSyntax

    private var context: StatementContext { question.context }

    /// The names in the condition, to say which of them no event knows.
    var names: Set<String> {
        Set(condition.names.map(\.text)).subtracting(["name", eventName])
    }

    /// Whether an event is meant; nil where the condition is unknown (S12).
    func holds(_ event: Event, _ subject: Subject) throws -> Bool? {
        try truth(condition, event, subject)
    }

    /// Whether an event or its asset has a value of that name.
    func says(_ name: String, _ event: Event, _ subject: Subject) throws -> Bool {
        try value(named: NameSyntax(name), event, subject) != nil
    }

    private func truth(
        _ node: ExpressionSyntax, _ event: Event, _ subject: Subject
    ) throws -> Bool? {
        switch node.form {
        case .logic(let operation, let left, let right):
            let (first, second) = (
                try truth(left, event, subject), try truth(right, event, subject)
            )
            if operation == .and {
                if first == false || second == false { return false }
                return first == true && second == true ? true : nil
            }
            if first == true || second == true { return true }
            return first == false && second == false ? false : nil
        case .not(let inner): return try truth(inner, event, subject).map { !$0 }
        case .comparison(let operation, let left, let right):
            guard let first = try value(left, event, subject),
                let second = try value(right, event, subject)
            else { return nil }
            return compare(operation, first, second)
        case .like(let inner, let pattern):
            guard let value = try value(inner, event, subject) else { return nil }
            guard case .text(let text) = value else { return nil }
            return TextPattern(text: pattern.text).matches(text)
        case .state(let inner, let isNegated, .missing):
            return (try value(inner, event, subject) == nil) != isNegated
        case .name, .literal:
            guard case .boolean(let flag)? = try value(node, event, subject) else { return nil }
            return flag
        default: throw unfit(node)
        }
    }

    private func value(
        _ node: ExpressionSyntax, _ event: Event, _ subject: Subject
    ) throws -> Value? {
        switch node.form {
        case .literal(let literal):
            let (value, unit) = try context.value(literal)
            guard unit == nil else { throw unfit(node) }
            return value
        case .name(let name): return try value(named: name, event, subject)
        default: throw unfit(node)
        }
    }

    private func value(
        named name: NameSyntax, _ event: Event, _ subject: Subject
    ) throws -> Value? {
        if let said = event.attributes.first(where: { $0.name == name.text })
            ?? event.attributes.only(where: { $0.name.lowercased() == name.text.lowercased() })
        {
            return said.value
        }
        if name.text == eventName || name.text == "name" {
            return event.label.isEmpty ? nil : .text(event.label)
        }
        let transaction = question.snapshot.transaction
        for asset in [subject.asset, event.asset] {
            if let value = try context.graph.attribute(
                name.text, of: asset, at: event.start, in: transaction)
            {
                return value
            }
        }
        if try context.graph.measureID(named: name.text, in: transaction) != nil {
            let word = try isNumber(name, of: subject) ? "max" : "mode"
            throw context.wrong(
                .clauseDoesNotFit,
                "`\(name.text)` is measured, and events are chosen by what they say",
                at: name.range,
                notes: ["for values meanwhile: `\(word) \(name.text) … every \(eventName)`"])
        }
        return nil
    }

    /// Whether a measure has numbers, of which some are greater than others.
    private func isNumber(_ name: NameSyntax, of subject: Subject) throws -> Bool {
        let leaf = try LeafBinder(question: question).leaf(name, scope: nil, offset: nil)
        guard case .leaf(let index) = leaf.form else { return leaf.valueClass == .number }
        return leaf.valueClass == .number && question.leaves[index].definition.kind != .state
    }

    private func compare(_ operation: ComparisonOperator, _ left: Value, _ right: Value) -> Bool? {
        switch (left, right) {
        case (.text(let first), .text(let second)):
            return ColumnArithmetic.compare(operation, first, second)
        case (.boolean(let first), .boolean(let second)):
            return ColumnArithmetic.compare(operation, first ? 1 : 0, second ? 1 : 0)
        default:
            guard let first = left.number, let second = right.number else { return nil }
            return ColumnArithmetic.compare(operation, first, second)
        }
    }

    private func unfit(_ node: ExpressionSyntax) -> QueryError {
        context.wrong(
            .clauseDoesNotFit, "events are chosen by what they say", at: node.range,
            notes: ["such as `where name = \"J42\"`, `where severity = \"high\" and not done`"])
    }
}

extension [Attribute] {
    /// The attribute that fits, if only one does.
    fileprivate func only(where fits: (Attribute) -> Bool) -> Attribute? {
        let found = filter(fits)
        return found.count == 1 ? found[0] : nil
    }
}
