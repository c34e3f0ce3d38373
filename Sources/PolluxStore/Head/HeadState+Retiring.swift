import PolluxModel

extension HeadState {
    /// Takes the sealed rows out of sight of views from `transaction` on.
    mutating func retire(_ outcome: SealOutcome, transaction: UInt64) {
        // Views that are older go on seeing the rows, so they must be where rows retire.
        for group in outcome.groups { unpack(group: Int(group)) }
        for number in outcome.slots {
            let index = Int(number)
            guard let newest = segments[index] else { continue }
            newest.count = Int(slots[index].count)
            segments[index] = nil
            retiredByteCount += newest.totalByteCount
            retiredRows[number, default: []].append(
                RetiredRows(
                    newest: newest, isSorted: slots[index].isSorted, sealedAt: transaction))
            retired.append((transaction, number))
            rowCount -= Int(slots[index].rowCount)
            let group = Int(slots[index].group)
            groups[group].valueCount -= Int(slots[index].rowCount)
            lateCount -= UInt64(slots[index].lateCount)
            slots[index].empty()
            slots[index].rowCount = 0
            slots[index].lateCount = 0
            slots[index].isSorted = true
        }
        for group in outcome.groups { groups[Int(group)].firstSequence = .max }
        freeRetired()
    }

    mutating func freeRetired() {
        let oldest = viewCounts.keys.min() ?? .max
        var freedCount = 0
        for entry in retired {
            guard entry.sealedAt <= oldest else { break }
            if let rows = retiredRows[entry.slot]?.removeFirst() {
                let freed = rows.newest.totalByteCount
                byteCount -= freed
                retiredByteCount -= freed
                if retiredRows[entry.slot]?.isEmpty == true { retiredRows[entry.slot] = nil }
            }
            freedCount += 1
        }
        retired.removeFirst(freedCount)
    }
}
