import PolluxCodec
import PolluxKeyValue
import PolluxModel

extension Store {
    /// Seals the head and rewrites cold chunks in the dense tier, and waits for it.
    ///
    /// Works chunk by chunk between commits, so that writers wait for one chunk at most. Blocks the
    /// calling thread.
    public func compact() throws -> CompactionReport {
        let answer = Monitor<Result<CompactionReport, any Error>?>(nil)
        let isTaken = writer.queue.addChore { writer in
            do {
                try writer.sealAll()
                writer.compactStep(CompactionProgress(), answer)
            } catch {
                answer.withLock { $0 = .failure(Writer.reason(for: error)) }
                answer.wakeAll()
            }
        }
        guard isTaken else { throw StoreError.closed }
        let result = answer.withLock(when: { $0 != nil }) { $0 }
        guard let result else { preconditionFailure("a compaction ended without an answer") }
        return try result.get()
    }
}

/// Where a compaction is, and what it did.
struct CompactionProgress: Sendable {
    /// The key of the next chunk to look at.
    var next: [UInt8] = []
    var report = CompactionReport()
}

extension Writer {
    /// Rewrites the next chunk that needs it and queues the step after.
    func compactStep(
        _ progress: CompactionProgress,
        _ answer: Monitor<Result<CompactionReport, any Error>?>
    ) {
        var progress = progress
        do {
            let isDone = try compactNext(&progress)
            let following = progress
            if !isDone, queue.addChore({ $0.compactStep(following, answer) }) { return }
            answer.withLock { $0 = .success(following.report) }
        } catch {
            answer.withLock { $0 = .failure(Writer.reason(for: error)) }
        }
        answer.wakeAll()
    }

    /// Rewrites one run of chunks in the dense tier.
    ///
    /// - Returns: whether there is no chunk left to look at.
    private func compactNext(_ progress: inout CompactionProgress) throws -> Bool {
        let found = try environment.read { try nextRun(from: progress.next, $0) }
        guard let (run, group, next) = found else { return true }
        progress.next = next
        var outcome = GroupMerger.Outcome()
        do {
            let id = try environment.writeAny { transaction in
                outcome = GroupMerger.Outcome()
                let merger = GroupMerger(
                    group: group, tables: tables, transaction: transaction,
                    targetCount: options.sealValueCount, tier: .dense)
                try merger.rewrite(run, columns: [], removal: nil, &outcome)
                head.beginCommit()
                return transaction.id
            }
            head.endCommit(id)
        } catch {
            head.endCommit(nil)
            throw error
        }
        progress.report.rewrittenChunks += run.spans.count
        progress.report.byteCountBefore += outcome.byteCountBefore
        progress.report.byteCountAfter += outcome.byteCountAfter
        return false
    }

    /// The next chunks of one group that together are worth rewriting: a small one with its
    /// neighbours, or one that is not in the dense tier.
    private func nextRun(
        from start: [UInt8], _ transaction: ReadTransaction
    ) throws -> (run: GroupMerger.Run, group: AssetID, next: [UInt8])? {
        var run = GroupMerger.Run(low: .max, high: .min)
        var group: AssetID?
        var next: [UInt8] = []
        try transaction.forEach(tables.chunks, from: start) { keyBytes, value in
            let key = try ChunkKey(decoding: keyBytes)
            let view = try ChunkView(key: key, bytes: value)
            if group == key.group,
                run.valueCount + view.valueCount > options.sealValueCount * 5 / 4
            {
                if isWorthwhile(run) { return false }
                run.spans = []
            } else if let known = group, known != key.group {
                if isWorthwhile(run) { return false }
                run.spans = []
            }
            group = key.group
            run.spans.append(
                GroupMerger.Span(
                    key: key, first: view.first, valueCount: view.valueCount, tier: view.tier,
                    byteCount: value.count))
            next = Array(keyBytes) + [0]
            return true
        }
        guard let group, isWorthwhile(run) else { return nil }
        return (run, group, next)
    }

    private func isWorthwhile(_ run: GroupMerger.Run) -> Bool {
        run.spans.count > 1 || run.spans.contains { $0.tier != .dense }
    }
}
