import PolluxQuery

/// What the bearer of a token may do; each role includes the ones before it.
public enum AccessRole: String, CaseIterable, Comparable, Sendable {
    /// Ask questions, watch, export.
    case read
    /// Write points; create assets, move, relate and describe them; record events.
    case write
    /// Define types, measures, alerts and rules; delete; take snapshots.
    case admin

    /// Whether the left allows less.
    public static func < (left: AccessRole, right: AccessRole) -> Bool {
        left.rank < right.rank
    }

    /// The statements that a text may hold.
    var changes: AllowedChanges {
        switch self {
        case .read: .none
        case .write: .plant
        case .admin: .all
        }
    }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }
}

/// Who sent a request, as far as the server knows.
struct Caller: Hashable, Sendable {
    /// The name of the token; nil where none is demanded.
    var name: String?
    /// What it may do.
    var role: AccessRole

    /// Whoever reaches a server that demands no token.
    static let anyone = Caller(name: nil, role: .admin)

    /// How the change log calls it.
    var source: String { name.map { "token \($0)" } ?? "http" }

    /// Who is written down for something done for a person: what the request says, with the token.
    func signing(_ person: String?) -> String {
        guard let person else { return source }
        return name == nil ? person : "\(person), \(source)"
    }
}
