import PolluxCodec
import PolluxKeyValue
import PolluxModel

/// Brings rows into the chunks of one group so that the spans of its chunks stay disjoint.
///
/// Rows that fall into a chunk rewrite it; rows between chunks make new ones, together with a small
/// neighbour where there is one, so that many small sealings end in few full chunks.
struct GroupMerger {
    let group: AssetID
    let tables: Tables
    let transaction: WriteTransaction
    /// Values that a chunk should hold.
    let targetCount: Int
    let tier: EncodingTier

    /// What the merge did to a series.
    struct SeriesChange {
        var pointsBefore = 0
        var pointsAfter = 0
        var duplicates = 0
    }

    /// What a merge did.
    struct Outcome {
        var series: [SeriesID: SeriesChange] = [:]
        var chunkCount = 0
        var byteCountBefore = 0
        var byteCountAfter = 0
    }

    /// A chunk of the group that exists, undecoded.
    struct Span {
        var key: ChunkKey
        var first: Int64
        var valueCount: Int
        var tier: EncodingTier
        var byteCount: Int
    }

    /// Merges columns, each ascending and without doubles, into the group's chunks.
    func merge(_ columns: [OpenColumn]) throws -> Outcome {
        var outcome = Outcome()
        let low = columns.map(\.rows.times[0]).min() ?? .max
        let high = columns.map { $0.rows.times[$0.rows.count - 1] }.max() ?? .min
        guard low <= high else { return outcome }
        let spans = try spans(from: low, through: high)
        for run in runs(spans: spans, columns: columns) {
            try rewrite(run, columns: columns, &outcome)
        }
        return outcome
    }

    /// The chunks that overlap the range, with one neighbour on each side.
    private func spans(from low: Int64, through high: Int64) throws -> [Span] {
        var spans: [Span] = []
        let cursor = try transaction.cursor(tables.chunks)
        defer { cursor.close() }
        let start = ChunkKey(group: group, last: low).bytes
        if let entry = try cursor.seek(before: start), let span = try span(entry) {
            spans.append(span)
        }
        var entry = try cursor.seek(atOrAfter: start)
        while let found = entry, let span = try span(found) {
            spans.append(span)
            if span.first > high { break }
            entry = try cursor.next()
        }
        return spans
    }

    private func span(_ entry: Cursor.Entry) throws -> Span? {
        let key = try ChunkKey(decoding: entry.key)
        guard key.group == group else { return nil }
        let view = try ChunkView(key: key, bytes: entry.value)
        return Span(
            key: key, first: view.first, valueCount: view.valueCount, tier: view.tier,
            byteCount: entry.value.count)
    }

    /// Chunks and gaps that are written anew together: one span of time without others inside.
    struct Run {
        var spans: [Span] = []
        /// The new rows that belong to it, inclusive.
        var low: Int64
        var high: Int64
        var newCount = 0

        var valueCount: Int { spans.reduce(newCount) { $0 + $1.valueCount } }
    }

    /// Groups the touched chunks and gaps, in order of time.
    private func runs(spans: [Span], columns: [OpenColumn]) -> [Run] {
        var runs: [Run] = []
        var open: Run?
        var previous: Span?
        func close(absorbing next: Span?) {
            guard var run = open else { return }
            if let next, isSmall(next, beside: run) {
                run.spans.append(next)
            }
            runs.append(run)
            open = nil
        }
        func extend(low: Int64, high: Int64, count: Int, span: Span?) {
            if open == nil {
                open = Run(low: low, high: high)
                // The chunk before is rewritten with this run when it is small and not yet in one.
                if let before = previous, runs.last?.spans.last?.key != before.key,
                    before.valueCount < targetCount / 2
                {
                    open?.spans.append(before)
                }
            }
            open?.high = high
            open?.newCount += count
            if let span { open?.spans.append(span) }
            if (open?.valueCount ?? 0) > 8 * targetCount { close(absorbing: nil) }
        }
        var position = Int64.min
        for span in spans {
            if position < span.first {
                let count = newCount(columns, from: position, through: span.first - 1)
                if count > 0 {
                    extend(low: position, high: span.first - 1, count: count, span: nil)
                }
            }
            let count = newCount(columns, from: span.first, through: span.key.last)
            if count > 0 {
                extend(low: span.first, high: span.key.last, count: count, span: span)
            } else {
                close(absorbing: span)
            }
            previous = span
            position = span.key.last == .max ? .max : span.key.last + 1
        }
        let rest = newCount(columns, from: position, through: .max)
        if rest > 0 { extend(low: position, high: .max, count: rest, span: nil) }
        close(absorbing: nil)
        return runs
    }

    private func isSmall(_ span: Span, beside run: Run) -> Bool {
        span.valueCount < targetCount / 2 && run.valueCount + span.valueCount <= targetCount
    }

    private func newCount(
        _ columns: [OpenColumn], from low: Int64, through high: Int64
    ) -> Int {
        columns.reduce(0) { $0 + $1.rows.indexes(from: low, through: high).count }
    }
}
