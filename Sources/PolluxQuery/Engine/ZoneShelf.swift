import PolluxModel
import Synchronization

/// The zones that were asked for, read once.
final class ZoneShelf: Sendable {
    private let source: @Sendable (String) -> [UInt8]?
    private let known = Mutex<[String: ZoneRules]>([:])

    init(source: @escaping @Sendable (String) -> [UInt8]?) {
        self.source = source
    }

    /// The rules of a zone, or nil when the name is none or its file cannot be read.
    func zone(named name: String) -> ZoneRules? {
        if ["UTC", "Z", "Etc/UTC", "GMT"].contains(name) { return .utc }
        if let zone = known.withLock({ $0[name] }) { return zone }
        guard ZoneRules.isValidName(name), let bytes = source(name),
            let zone = try? ZoneRules(name: name, tzif: bytes)
        else { return nil }
        // Few names exist, but the names come from outside: the shelf stays small.
        known.withLock { shelf in
            if shelf.count > 256 { shelf.removeAll() }
            shelf[name] = zone
        }
        return zone
    }
}
