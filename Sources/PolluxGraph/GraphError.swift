public import PolluxKeyValue
public import PolluxModel

/// What can go wrong between a question or a change and the twin graph; every case says what, where
/// and what to do.
public enum GraphError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database failed underneath.
    case storage(KeyValueError)
    /// A stored record cannot be read; it is never guessed at.
    case corrupt(table: String, record: String, reason: String)
    /// A name is empty, too long, or holds control characters.
    case badName(name: String, reason: String)
    /// A type, measure, relation, event or asset of that name exists already.
    case exists(what: String, name: String)
    /// Nothing has that name or number.
    case unknown(what: String, name: String)
    /// Several things fit where exactly one is meant; `candidates` are names to show.
    case ambiguous(what: String, name: String, candidates: [String])
    /// A declaration contradicts an earlier one or the points that exist.
    case conflict(what: String, name: String, reason: String)
    /// A change lies outside the life of an asset.
    case outsideLife(asset: String, life: TimeRange, instant: Timestamp)
    /// A part would contain itself, now or at another time.
    case containsItself(asset: String, target: String)
    /// A walk through the plant would meet more assets than it may.
    case tooFar(limit: Int)
    /// A change that makes no sense as asked.
    case refused(reason: String)

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .storage(let error):
            error.description
        case .corrupt(let table, let record, let reason):
            "record \(record) of table \(table) is damaged (\(reason)): run `pollux check`, "
                + "or restore a snapshot"
        case .badName(let name, let reason):
            "`\(name)` cannot be a name: \(reason)"
        case .exists(let what, let name):
            "there is already a \(what) `\(name)`"
        case .unknown(let what, let name):
            "there is no \(what) `\(name)`"
        case .ambiguous(let what, let name, let candidates):
            "`\(name)` can mean several (\(what)): \(candidates.joined(separator: ", "))"
        case .conflict(let what, let name, let reason):
            "\(what) `\(name)` is declared differently: \(reason)"
        case .outsideLife(let asset, let life, let instant):
            GraphError.lifeText(asset: asset, life: life, instant: instant)
        case .containsItself(let asset, let target):
            "\(asset) cannot be moved to \(target), which is a part of it"
        case .tooFar(let limit):
            "the path leads through more than \(limit) assets"
        case .refused(let reason):
            reason
        }
    }

    private static func lifeText(asset: String, life: TimeRange, instant: Timestamp) -> String {
        if instant >= life.end {
            return "\(asset) was retired on \(life.end); \(instant) is after its end"
        }
        return "\(asset) exists from \(life.start); \(instant) is before that"
    }
}
