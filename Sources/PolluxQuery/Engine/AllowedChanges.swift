import PolluxLanguage

/// Which statements beside questions may run, from none to all.
public enum AllowedChanges: Int, Comparable, Sendable {
    /// Questions and listings only.
    case none
    /// What happens in a plant: points, assets, moves, relations, attributes, events.
    case plant
    /// Definitions too: types, measures with how long points are kept, units, alerts, continuous
    /// queries.
    case all

    /// What a statement needs.
    init(neededFor form: StatementSyntax.Form) {
        switch form {
        case .query, .watch, .explain, .show, .describe: self = .none
        case .create(.asset), .move, .relate, .unrelate, .retire, .set, .recordSample,
            .recordEvent:
            self = .plant
        case .create, .drop: self = .all
        }
    }

    /// Whether the left allows less.
    public static func < (left: AllowedChanges, right: AllowedChanges) -> Bool {
        left.rawValue < right.rawValue
    }
}
