import PolluxCodec
import PolluxKeyValue
import PolluxModel
import Synchronization

/// Sealing between commits; all on the writer's thread.
extension Writer {
    /// Seals the groups that are large, old, or in the way of the memory limit.
    func sealDue() {
        if sealingPause > 0 {
            sealingPause -= 1
            return
        }
        // Under its limits a transaction a commit is enough; over them, as many as it takes.
        repeat {
            let due = head.monitor.withLock { state in
                state.dueGroups(
                    options, journalSequence: overdueSequence,
                    valueLimit: 4 * options.sealValueCount)
            }
            guard !due.isEmpty else { return }
            do {
                try sealApart(due)
                sealFailure = nil
            } catch {
                // Nothing is lost: the rows stay in journal and head. A full disk is met again
                // soon enough, so do not try with every commit.
                counters.withLock { $0.failedSeals += 1 }
                sealFailure = Writer.reason(for: error)
                sealingPause = 100
                return
            }
        } while excessByteCount > 0
    }

    /// Bytes of rows in memory beyond the limit.
    private var excessByteCount: Int {
        head.monitor.withLock {
            $0.byteCount - $0.retiredByteCount - options.headByteCountLimit
        }
    }

    /// Seals groups together, and one by one when that fails, so that a damaged chunk of one group
    /// does not keep the others in memory.
    private func sealApart(_ groups: [Int]) throws {
        do {
            try seal(groups)
        } catch {
            guard groups.count > 1 else { throw error }
            for group in groups { try? seal([group]) }
            throw error
        }
    }

    /// Why no write is taken now, or nil.
    ///
    /// That is when rows can't be sealed and fill a quarter more than the memory they may; sealing
    /// is tried again first.
    func refusal() -> (any Error)? {
        guard sealFailure != nil, excessByteCount > options.headByteCountLimit / 4 else {
            return nil
        }
        sealingPause = 0
        sealDue()
        return excessByteCount > options.headByteCountLimit / 4 ? sealFailure : nil
    }

    /// The record up to which groups are overdue, when the journal is longer than it should be.
    private var overdueSequence: UInt64? {
        guard journalByteCount > options.journalByteCountLimit else { return nil }
        var excess = journalByteCount - options.journalByteCountLimit / 2
        for record in journal {
            excess -= record.byteCount
            if excess <= 0 { return record.sequence }
        }
        return journal.last?.sequence
    }

    /// Moves all rows of these groups into chunks and trims the journal, in one transaction.
    func seal(_ groups: [Int]) throws {
        let (inputs, oldest) = head.monitor.withLock { state in
            (
                groups.compactMap { state.sealInput(ofGroup: $0) },
                state.oldestSequence(exceptGroups: groups)
            )
        }
        guard !inputs.isEmpty else { return }
        let keepFrom = oldest ?? lastSequence + 1
        let sealer = Sealer(tables: tables, options: options)
        let (id, outcome): (UInt64, SealOutcome)
        do {
            (id, outcome) = try environment.writeAny { transaction in
                var outcome = SealOutcome()
                for input in inputs {
                    try sealer.seal(input, sequence: lastSequence, transaction, &outcome)
                }
                try sealer.trimJournal(before: keepFrom, transaction)
                head.beginCommit()
                return (transaction.id, outcome)
            }
        } catch {
            head.endCommit(nil)
            throw error
        }
        _ = head.publish([], new: [], transaction: id, sequence: 0, sealing: outcome)
        for (group, first) in outcome.firsts { sealed?(group, first) }
        let trimmed = journal.prefix { $0.sequence < keepFrom }
        journalByteCount -= trimmed.reduce(0) { $0 + $1.byteCount }
        journal.removeFirst(trimmed.count)
        let journalBytes = journalByteCount
        counters.withLock { counters in
            counters.sealedChunks += UInt64(outcome.chunkCount)
            counters.journalByteCount = journalBytes
        }
    }

    /// Seals everything, in transactions of bounded size.
    func sealAll() throws {
        while true {
            let groups = head.monitor.withLock { state -> [Int] in
                var chosen: [Int] = []
                var values = 0
                for index in state.groups.indices where state.groups[index].valueCount > 0 {
                    chosen.append(index)
                    values += state.groups[index].valueCount
                    if values >= 4 * options.sealValueCount { break }
                }
                return chosen
            }
            guard !groups.isEmpty else { return }
            try seal(groups)
        }
    }
}
