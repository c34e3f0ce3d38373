import PolluxModel
import PolluxQuery

/// What a subscriber was sent, so that only differences are sent again.
struct RowTracker: Sendable {
    private struct Sent: Sendable {
        var fingerprint: Int
        var isFinal: Bool
    }

    private var sent: [RowKey: Sent] = [:]

    init() {}

    /// Number of rows remembered.
    var count: Int { sent.count }

    /// The earliest instant at which a row now provisional becomes final.
    func nextFinality(wait: Int64) -> Timestamp? {
        sent.lazy.filter { !$0.value.isFinal }.map { $0.key.range.end.advanced(by: wait) }.min()
    }

    /// The earliest start of a row that is not final.
    var earliestOpen: Timestamp? {
        sent.lazy.filter { !$0.value.isFinal }.map(\.key.range.start).min()
    }

    /// Compares an answer with what was sent and returns what has to be sent now.
    ///
    /// - Parameters:
    ///   - covered: the span the answer speaks for: rows in it that are missing were taken away.
    ///   - horizon: slices that end at or before this are final.
    mutating func compare(
        _ result: QueryResult, covered: TimeRange, horizon: Timestamp
    ) -> [LiveRows] {
        var groups: [RowState: [Int]] = [:]
        var seen: Set<RowKey> = []
        for (row, key) in result.keys.enumerated() {
            seen.insert(key)
            let fingerprint = result.fingerprint(row)
            let isOpen = result.note(row).contains("open") || result.note(row).contains("stale")
            let isFinal = key.range.isEmpty || (key.range.end <= horizon && !isOpen)
            let before = sent[key]
            if let before, before.fingerprint == fingerprint, before.isFinal == isFinal {
                continue
            }
            let state: RowState
            if let before, before.isFinal {
                state = .corrected
            } else {
                state = isFinal ? .final : .provisional
            }
            // What was final stays final; a correction does not reopen it.
            sent[key] = Sent(
                fingerprint: fingerprint, isFinal: isFinal || before?.isFinal == true)
            groups[state, default: []].append(row)
        }
        let removed = sent.keys.filter { key in
            !seen.contains(key) && covered.contains(key.range.start)
        }
        for key in removed { sent[key] = nil }
        var frames: [LiveRows] = []
        for state in [RowState.corrected, .final, .provisional] {
            let taken = state == .corrected ? removed.sorted(by: RowTracker.isBefore) : []
            let rows = groups[state] ?? []
            guard !rows.isEmpty || !taken.isEmpty else { continue }
            frames.append(
                LiveRows(
                    state: state, result: result.selecting(rows), removed: taken,
                    finalUpTo: horizon))
        }
        return frames
    }

    /// Forgets rows that a sliding range has left behind.
    mutating func forget(before start: Timestamp) {
        sent = sent.filter { $0.key.range.end > start || $0.key.range.start >= start }
    }

    private static func isBefore(_ left: RowKey, _ right: RowKey) -> Bool {
        (left.range.start, left.name) < (right.range.start, right.name)
    }
}
