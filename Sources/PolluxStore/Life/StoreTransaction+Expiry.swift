import PolluxKeyValue
import PolluxModel

/// Points that are older than what is kept of their series.
struct ExpiredPart: Sendable {
    var series: SeriesID
    /// Points before this instant go.
    var end: Int64
    var rule: LifeRule
}

/// What a pass of retention did.
struct ExpiryOutcome: Sendable {
    var points: UInt64 = 0
    var chunks = 0
}

/// Retention: the points go, in one commit with the record that says so.
extension StoreTransaction {
    /// Deletes the points of series of one group that are older than what is kept.
    ///
    /// Observers are told nothing: what was answered and derived from the points stays as it is.
    func expire(_ parts: [ExpiredPart], of group: AssetID) throws -> ExpiryOutcome {
        guard let life = tables.life, !parts.isEmpty else { return ExpiryOutcome() }
        var wanted: RangeRemover.Wanted = [:]
        for part in parts where part.end > .min {
            wanted[part.series] = [Int64.min...(part.end - 1)]
        }
        // Rows in memory are in no rollup: they come into chunks first, and count as not made.
        try sealRows(in: wanted, of: group)
        var parts = parts
        for index in parts.indices {
            parts[index].end = min(
                parts[index].end, try expiryLimit(parts[index].series, parts[index].rule))
            let end = parts[index].end
            wanted[parts[index].series] = end > .min ? [Int64.min...(end - 1)] : nil
        }
        let removed = try removeSilently(wanted, of: group, keepsRollups: true)
        var gone: [RemovalRecord.Part] = []
        var subjects: Set<String> = []
        for part in parts.sorted(by: { $0.series.rawValue < $1.series.rawValue }) {
            guard let lost = removed.series[part.series], lost.count > 0 else { continue }
            let end = Timestamp(nanoseconds: part.end)
            gone.append(
                RemovalRecord.Part(
                    series: part.series,
                    range: TimeRange(start: Timestamp(nanoseconds: lost.first), end: end),
                    pointCount: lost.count))
            subjects.insert(part.rule.subject)
            let before = try ExpiryMark.read(part.series, transaction, tables)
            let mark = ExpiryMark(
                expired: max(before?.expired ?? .distantPast, end),
                pointCount: (before?.pointCount ?? 0) + lost.count)
            try transaction.put(life, ExpiryMark.key(part.series), mark.encode())
        }
        guard !gone.isEmpty else { return ExpiryOutcome() }
        let named = subjects.sorted()
        let record = RemovalRecord(
            number: try RemovalRecord.nextNumber(transaction, tables),
            instant: Timestamp(nanoseconds: Clock.now()), by: "retention",
            what: named.prefix(8).joined(separator: ", ")
                + (named.count > 8 ? " and \(named.count - 8) more" : ""),
            reason: "older than is kept", parts: gone)
        try transaction.put(tables.audit, RemovalRecord.key(record.number), record.encode())
        return ExpiryOutcome(points: record.pointCount, chunks: removed.droppedChunks)
    }
}
