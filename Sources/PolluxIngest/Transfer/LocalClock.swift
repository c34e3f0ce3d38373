import PolluxModel

/// Finds the instants of times that a clock of a zone showed, in the order of a file.
struct LocalClock: Sendable {
    /// The zone of times that name none.
    let zone: ZoneRules
    /// Whether the newest rows come first.
    var isNewestFirst: Bool { certainSteps < 0 || (certainSteps == 0 && steps < 0) }
    /// The last instant of a row that clocks showed twice, by what the row is about.
    private var repeated: [String: Timestamp] = [:]
    /// Steps forward less those back, of all rows, and of those that no clock can have shown in
    /// another order.
    private var steps = 0
    private var certainSteps = 0
    private var previous: [String: (civil: CivilTime, first: Timestamp, last: Timestamp)] = [:]

    init(zone: ZoneRules) { self.zone = zone }

    /// Counts a row for the order of the file.
    mutating func count(_ civil: CivilTime, row: String) {
        let new: (civil: CivilTime, first: Timestamp, last: Timestamp)
        switch zone.instants(of: civil) {
        case .once(let instant): new = (civil, instant, instant)
        case .twice(let first, let second): new = (civil, first, second)
        case .skipped: return
        }
        let old = previous.updateValue(new, forKey: row)
        guard let old, let before = old.civil.instant, let after = civil.instant else { return }
        steps += after > before ? 1 : after < before ? -1 : 0
        certainSteps += new.first > old.last ? 1 : new.last < old.first ? -1 : 0
    }

    /// The instant at which the clock showed a time.
    ///
    /// A time that clocks show twice is the first instant, unless the rows about the same asset
    /// have been there already; the second one where the newest rows come first.
    ///
    /// - Throws: `IngestError.unreadable` for a time that clocks skip.
    mutating func instant(
        of civil: CivilTime, written text: String, row: String
    ) throws(IngestError) -> Timestamp {
        switch zone.instants(of: civil) {
        case .once(let instant): return instant
        case .skipped:
            throw .unreadable(
                reason: "clocks in \(zone.name) skip `\(text)`: is the file in another zone?")
        case .twice(let first, let second):
            let isBackwards = isNewestFirst
            let isOver = repeated[row].map { isBackwards ? $0 <= second : $0 >= first } ?? false
            let instant = isOver == isBackwards ? first : second
            if repeated.count > 100_000 { repeated.removeAll() }
            repeated[row] = instant
            return instant
        }
    }
}
