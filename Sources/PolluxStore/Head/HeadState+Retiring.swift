import PolluxModel

extension HeadState {
    /// Takes the sealed rows out of sight of views from `transaction` on.
    mutating func retire(_ outcome: SealOutcome, transaction: UInt64) {
        // Views that are older go on seeing the rows, so they must be where rows retire.
        for group in outcome.groups { unpack(group: Int(group)) }
        for number in outcome.slots {
            let index = Int(number)
            guard let generation = generations[index].last, generation.sealedAt == .max else {
                continue
            }
            generation.segments.last?.count = Int(slots[index].count)
            generation.isSorted = slots[index].isSorted
            generation.sealedAt = transaction
            retiredByteCount += generation.byteCount
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
        var freed = 0
        for entry in retired {
            guard entry.sealedAt <= oldest else { break }
            let index = Int(entry.slot)
            if let generation = generations[index].first, generation.sealedAt == entry.sealedAt {
                byteCount -= generation.byteCount
                retiredByteCount -= generation.byteCount
                generations[index].removeFirst()
                if generations[index].isEmpty { generations[index] = [] }
            }
            freed += 1
        }
        retired.removeFirst(freed)
    }
}
