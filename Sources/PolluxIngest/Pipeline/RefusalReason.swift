import PolluxModel

/// Why something was not stored, put into words once for those who wrote line protocol and once
/// for the others, who never saw a field or a tag.
enum RefusalReason: Hashable, Sendable {
    /// What reads the same to everybody.
    case words(String)
    /// A value of another kind than its series; `new` is a word of line protocol.
    case conflict(measure: String, type: String, new: String, existing: ValueKind)

    /// In the words that clients of line protocol look for.
    var lineText: String {
        switch self {
        case .words(let text): text
        case .conflict(let measure, let type, let new, let existing):
            "field type conflict: input field \"\(measure)\" on measurement \"\(type)\" is type "
                + "\(new), already exists as type \(existing.lineName)"
        }
    }

    /// In words of the plant.
    var plainText: String {
        switch self {
        case .words(let text): text
        case .conflict(let measure, let type, let new, let existing):
            "\(measure) of \(type) is \(RefusalReason.plain(existing.lineName)), and this is "
                + RefusalReason.plain(new)
        }
    }

    private static func plain(_ kind: String) -> String {
        switch kind {
        case "float": "a float"
        case "integer": "an integer"
        case "unsigned": "a whole number that no integer holds"
        case "boolean": "true or false"
        case "string": "a text"
        default: kind
        }
    }
}

/// A value that a series cannot hold.
struct RefusedValue: Error {
    var reason: RefusalReason
}
