import PolluxKeyValue
public import PolluxModel

/// Deleting ranges of points.
extension StoreTransaction {
    /// Deletes points and leaves a record of who asked for it.
    ///
    /// Points that were appended earlier in the same commit go too; later ones stay, and so does
    /// whatever is written afterwards. Observers are told of the spans that lost points.
    ///
    /// - Returns: the record; its counts are of distinct points stored before this commit.
    /// - Throws: `StoreError.unknownSeries`; then nothing of the body is written.
    @discardableResult
    public func remove(_ removal: PointRemoval) throws -> RemovalRecord {
        let counts = try removeParts(removal.parts)
        let record = RemovalRecord(
            number: try RemovalRecord.nextNumber(transaction, tables),
            instant: Timestamp(nanoseconds: Clock.now()), by: removal.by, what: removal.what,
            reason: removal.reason,
            parts: zip(removal.parts, counts).map { part, count in
                RemovalRecord.Part(series: part.series, range: part.range, pointCount: count)
            })
        try transaction.put(tables.audit, RemovalRecord.key(record.number), record.encode())
        return record
    }

    /// Deletes the points of a series in a range and leaves a record of who asked for it.
    ///
    /// - Returns: how many distinct points were removed from what was stored before this commit.
    @discardableResult
    public func removePoints(
        of series: SeriesID, in range: TimeRange, by: String = "", reason: String
    ) throws -> UInt64 {
        try remove(
            PointRemoval(
                parts: [.init(series: series, range: range)], by: by, what: "", reason: reason)
        ).pointCount
    }

    /// Deletes points without a record; whoever calls this keeps one of its own.
    ///
    /// - Returns: for each part how many distinct points went.
    func removeParts(_ parts: [PointRemoval.Part]) throws -> [UInt64] {
        var counts: [UInt64] = []
        var pending: [(group: AssetID, wanted: RangeRemover.Wanted, count: Int)] = []
        var descriptions: [SeriesDescription] = []
        for part in parts {
            guard let description = try catalog.description(part.series, transaction) else {
                throw StoreError.unknownSeries(part.series)
            }
            descriptions.append(description)
        }
        // Parts of one series in one pass would hide which of them a point went with.
        for (part, series) in zip(parts, descriptions) {
            guard !part.range.isEmpty else {
                pending.append((series.group, [:], 1))
                continue
            }
            let span = part.range.start.nanoseconds...(part.range.end.nanoseconds - 1)
            if let last = pending.last, last.group == series.group,
                last.wanted[part.series] == nil
            {
                pending[pending.count - 1].wanted[part.series] = [span]
                pending[pending.count - 1].count += 1
            } else {
                pending.append((series.group, [part.series: [span]], 1))
            }
        }
        var index = 0
        for (group, wanted, count) in pending {
            let outcome = try remove(wanted, of: group)
            for part in parts[index..<(index + count)] {
                counts.append(part.range.isEmpty ? 0 : outcome[part.series]?.count ?? 0)
            }
            index += count
        }
        return counts
    }

    private func remove(
        _ wanted: RangeRemover.Wanted, of group: AssetID
    ) throws -> [SeriesID: RangeRemover.Removed] {
        let outcome = try removeSilently(wanted, of: group)
        for (series, removed) in outcome.series where removed.count > 0 {
            self.removed.append(
                CommitNotice.Touched(series: series, first: removed.first, last: removed.last))
        }
        return outcome.series
    }

    /// Removes points of a group's series without telling observers.
    func removeSilently(
        _ wanted: RangeRemover.Wanted, of group: AssetID, keepsRollups: Bool = false
    ) throws -> RangeRemover.Outcome {
        guard !wanted.isEmpty else { return RangeRemover.Outcome() }
        try sealRows(in: wanted, of: group)
        let outcome = try RangeRemover(
            tables: tables, transaction: transaction, keepsRollups: keepsRollups
        ).remove(wanted, of: group)
        for removed in outcome.series.values where removed.count > 0 {
            sealing.firsts.append((group, removed.first))
        }
        for (series, ranges) in wanted {
            for range in ranges {
                batches = batches.map { $0.without(series, in: range) }
            }
        }
        return outcome
    }

    /// Moves the rows of a group into chunks if some of them lie in ranges.
    func sealRows(in wanted: RangeRemover.Wanted, of group: AssetID) throws {
        // Rows in memory become rows of chunks first, so that there is one place to remove from,
        // and the group's mark keeps the journal from bringing them back.
        let input = head.monitor.withLock { state in
            state.hasRows(in: wanted) ? state.sealInput(of: group) : nil
        }
        if let input, !sealing.groups.contains(input.groupIndex) {
            try Sealer(tables: tables, options: options)
                .seal(input, sequence: lastSequence, transaction, &sealing)
        }
    }
}

extension HeadState {
    /// Whether a row in memory lies in one of these ranges.
    func hasRows(in wanted: RangeRemover.Wanted) -> Bool {
        for (series, ranges) in wanted {
            for piece in rows(of: series, at: .max - 1).pieces {
                let times = UnsafeBufferPointer(start: piece.segment.times, count: piece.count)
                if times.contains(where: { time in ranges.contains { $0.contains(time) } }) {
                    return true
                }
            }
        }
        return false
    }
}

extension PointBatch {
    /// The batch without the points of a series in a range.
    func without(_ unwanted: SeriesID, in range: ClosedRange<Int64>) -> PointBatch {
        guard
            series.indices.contains(where: { row in
                series[row] == unwanted && range.contains(times[row])
            })
        else { return self }
        var kept = PointBatch()
        for text in texts { _ = kept.appendText(text) }
        for row in 0..<count
        where series[row] != unwanted || !range.contains(times[row]) {
            kept.appendBits(
                series[row], at: Timestamp(nanoseconds: times[row]), bits[row],
                quality: qualities.isEmpty ? .good : qualities[row])
        }
        return kept
    }
}
