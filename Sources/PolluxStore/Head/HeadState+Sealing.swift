import PolluxModel

extension HeadState {
    /// The live rows of a group, as the sealer takes them; nil when there are none.
    func sealInput(of group: AssetID) -> Sealer.Input? {
        groupIndex[group].flatMap { sealInput(ofGroup: Int($0)) }
    }

    func sealInput(ofGroup index: Int) -> Sealer.Input? {
        guard groups[index].valueCount > 0 else { return nil }
        var input = Sealer.Input(
            group: groups[index].id, groupIndex: Int32(index), columns: [])
        for number in groups[index].slots {
            let slot = slots[Int(number)]
            guard slot.rowCount > 0 else { continue }
            input.columns.append(
                .init(
                    slot: number, series: slot.series, kind: slot.kind,
                    rows: rows(of: slot.series, at: .max - 1), lateCount: Int(slot.lateCount)))
        }
        return input
    }

    /// The groups to be sealed now, the most urgent first, at most `limit` of them.
    func dueGroups(
        _ options: StoreOptions, journalSequence: UInt64?, limit: Int
    ) -> [Int] {
        var due: [Int] = []
        let isOverMemory = byteCount > options.headByteCountLimit
        guard isOverMemory || journalSequence != nil || rowCount >= options.sealValueCount else {
            return []
        }
        for (index, group) in groups.enumerated() where group.valueCount > 0 {
            let wanted = min(
                max(options.sealValueCount, options.sealRowCount * group.slots.count),
                8 * options.sealValueCount)
            let isOld = journalSequence.map { group.firstSequence <= $0 } ?? false
            if group.valueCount >= wanted || isOld || isOverMemory { due.append(index) }
        }
        due.sort { groups[$0].valueCount > groups[$1].valueCount }
        return Array(due.prefix(limit))
    }

    /// The oldest journal record that holds a row of a group which is not among `sealed`.
    func oldestSequence(exceptGroups sealed: [Int32]) -> UInt64? {
        var oldest = UInt64.max
        for (index, group) in groups.enumerated() where group.valueCount > 0 {
            if !sealed.contains(Int32(index)) { oldest = min(oldest, group.firstSequence) }
        }
        return oldest == .max ? nil : oldest
    }
}
