import PolluxModel

extension HeadState {
    /// The live rows of a group, as the sealer takes them; nil when there are none.
    mutating func sealInput(of group: AssetID) -> Sealer.Input? {
        guard let index = groupIndex[group] else { return nil }
        return sealInput(ofGroup: Int(index))
    }

    mutating func sealInput(ofGroup index: Int) -> Sealer.Input? {
        guard groups[index].valueCount > 0 else { return nil }
        unpack(group: index)
        var input = Sealer.Input(
            group: groups[index].id, groupIndex: Int32(index), columns: [])
        for number in groups[index].slots {
            let slot = slots[Int(number)]
            guard slot.rowCount > 0 else { continue }
            input.columns.append(
                .init(
                    slot: number, series: slot.series, kind: slot.kind,
                    rows: rows(of: slot.series, at: .max), lateCount: Int(slot.lateCount)))
        }
        return input
    }

    /// The groups to be sealed now in one transaction, the most urgent first.
    ///
    /// Together they hold about `valueLimit` values, so that waiting writers wait for a bounded
    /// time. Groups that are only in the way of the memory limit stop coming once enough is freed.
    func dueGroups(
        _ options: StoreOptions, journalSequence: UInt64?, valueLimit: Int
    ) -> [Int] {
        let excess = byteCount - retiredByteCount - options.headByteCountLimit
        let isOverMemory = excess > 0
        guard isOverMemory || journalSequence != nil || rowCount >= options.sealValueCount else {
            return []
        }
        var due: [(index: Int, count: Int, isNeeded: Bool)] = []
        for index in groups.indices where groups[index].valueCount > 0 {
            let count = groups[index].valueCount
            let wanted = min(
                max(options.sealValueCount, options.sealRowCount * groups[index].slots.count),
                8 * options.sealValueCount)
            let isOld = journalSequence.map { groups[index].firstSequence <= $0 } ?? false
            let isNeeded = count >= wanted || isOld
            if isNeeded || isOverMemory { due.append((index, count, isNeeded)) }
        }
        due.sort { ($1.count, $0.index) < ($0.count, $1.index) }
        // A quarter below the limit, so that not every commit seals.
        var toFree = isOverMemory ? excess + options.headByteCountLimit / 4 : 0
        var chosen: [Int] = []
        var values = 0
        for group in due where group.isNeeded || toFree > 0 {
            if values > 0 && values + group.count > valueLimit { break }
            chosen.append(group.index)
            values += group.count
            toFree -= group.count * HeadSegment.rowByteCount
        }
        return chosen
    }

    /// Groups of at least `least` values to which nothing was added after a journal record, of
    /// about `valueLimit` values together.
    func quietGroups(since sequence: UInt64, least: Int, valueLimit: Int) -> [Int] {
        var chosen: [Int] = []
        var values = 0
        for index in groups.indices
        where groups[index].valueCount >= least && groups[index].lastSequence <= sequence {
            chosen.append(index)
            values += groups[index].valueCount
            if values >= valueLimit { break }
        }
        return chosen
    }

    /// The oldest journal record that holds a row of a group which is not among `sealed`.
    func oldestSequence(exceptGroups sealed: [Int]) -> UInt64? {
        let sealed = Set(sealed)
        var oldest = UInt64.max
        for index in groups.indices where groups[index].valueCount > 0 {
            if !sealed.contains(index) { oldest = min(oldest, groups[index].firstSequence) }
        }
        return oldest == .max ? nil : oldest
    }
}
