import PolluxModel

/// Finds the instants of times that a clock of a zone showed, in the order of a file.
struct LocalClock: Sendable {
    /// The zone of times that name none.
    let zone: ZoneRules
    /// The newest instant of a row that clocks showed twice, by what the row is about.
    private var repeated: [String: Timestamp] = [:]

    init(zone: ZoneRules) { self.zone = zone }

    /// The instant at which the clock showed a time.
    ///
    /// A time that clocks show twice is the first instant, unless the rows about the same asset
    /// have been there already.
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
            let isOver = repeated[row].map { $0 >= first } ?? false
            let instant = isOver ? second : first
            if repeated.count > 100_000 { repeated.removeAll() }
            repeated[row] = instant
            return instant
        }
    }
}
