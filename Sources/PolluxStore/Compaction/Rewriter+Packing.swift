import PolluxKeyValue

/// Packing what is quiet: groups of few values wait in memory as bytes, because chunks of them
/// would cost more on the disk than they hold.
extension Rewriter {
    /// Groups that are looked at in one hold of the head's lock.
    private static let packCount = 64
    /// Bytes of freed memory that are worth a walk through the heap, while more is being freed and
    /// once it is not.
    private static let trimByteCounts = (busy: 16 << 20, idle: 1 << 20)

    /// Packs the rows of groups to which nothing was added since a journal record.
    ///
    /// It encodes by itself; the head is only locked to find groups and to put packs in place.
    func packQuiet(upTo sequence: UInt64) {
        let head = writer.head
        var position = 0
        var freed = 0
        while !isStopped {
            let (candidates, isEnd) = head.monitor.withLock { state in
                let found = state.packCandidates(
                    from: &position, since: sequence, limit: Rewriter.packCount)
                return (found, position >= state.groups.count)
            }
            let packs = candidates.map { HeadPack($0.columns) }
            if !packs.isEmpty {
                freed += head.monitor.withLock { state in
                    zip(packs, candidates).reduce(0) { $0 + state.install($1.0, for: $1.1) }
                }
            }
            if isEnd { break }
        }
        giveBack(freed)
    }

    /// Lets the C library give freed pages back to the system, once there are enough of them: the
    /// blocks of rows lie between others, so it does not by itself.
    private func giveBack(_ freed: Int) {
        let isDue = state.withLock { state -> Bool in
            state.packedByteCount += freed
            let least =
                freed > 0 ? Rewriter.trimByteCounts.busy : Rewriter.trimByteCounts.idle
            guard state.packedByteCount >= least else { return false }
            state.packedByteCount = 0
            return true
        }
        if isDue { FreedMemory.giveBack() }
    }
}
