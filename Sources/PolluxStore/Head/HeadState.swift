import PolluxModel

/// The fields of a series that every published row touches; trivial, so that the loop counts no
/// references.
struct HeadSlot {
    var times: UnsafeMutablePointer<Int64>?
    var bits: UnsafeMutablePointer<UInt64>?
    var tags: UnsafeMutablePointer<UInt32>?
    var qualities: UnsafeMutablePointer<UInt8>?
    /// Rows in the segment that is being filled.
    var count: Int32 = 0
    var capacity: Int32 = 0
    var series: SeriesID
    var group: Int32
    var kind: ValueKind
    var isSorted = true
    /// The greatest time known, chunks included.
    var lastTime: Int64
    /// The commit of the segment's first row.
    var firstTransaction: UInt64 = 0
    /// The last publishing that touched the series, and where its notice is.
    var noticeSerial: UInt64 = 0
    var noticeIndex: Int32 = 0
    /// Rows of the live generation, and how many of them came late.
    var rowCount: Int32 = 0
    var lateCount: Int32 = 0
}

/// A group's rows that are not yet in chunks.
struct HeadGroup {
    var id: AssetID
    var slots: [Int32] = []
    var valueCount = 0
    /// The journal record of the oldest of them.
    var firstSequence = UInt64.max
    /// The journal record of the newest of them.
    var lastSequence: UInt64 = 0
}

/// Everything that the head's lock protects.
struct HeadState {
    var slots: [HeadSlot] = []
    /// Per slot the generations that someone may still see; the last one is live.
    var generations: [[HeadGeneration]] = []
    /// Slot by series number, -1 for none.
    var slotIndex: [Int32] = []
    var groups: [HeadGroup] = []
    var groupIndex: [AssetID: Int32] = [:]
    var rowCount = 0
    var byteCount = 0
    /// The part of `byteCount` whose rows are in chunks and only wait for old views to end.
    var retiredByteCount = 0
    var lateCount: UInt64 = 0

    var isCommitting = false
    var publishedID: UInt64 = 0
    /// Counts publishings, so that each touches a series' notice once.
    var publishSerial: UInt64 = 0
    /// Commits that open views see, with the number of views each.
    var viewCounts: [UInt64: Int] = [:]
    /// Sealed generations that wait for views to end, oldest first.
    var retired: [(sealedAt: UInt64, slot: Int32)] = []

    func slot(of series: SeriesID) -> Int? {
        let number = Int(series.rawValue)
        guard number < slotIndex.count, slotIndex[number] >= 0 else { return nil }
        return Int(slotIndex[number])
    }

    mutating func addSlot(_ seed: SlotSeed) {
        let number = Int(seed.description.id.rawValue)
        if number >= slotIndex.count {
            // Appending doubles the room; reserving it here would copy all for each new series.
            slotIndex += Array(repeating: -1, count: number + 1 - slotIndex.count)
        }
        guard slotIndex[number] < 0 else { return }
        let group = indexOfGroup(seed.description.group)
        slotIndex[number] = Int32(slots.count)
        groups[Int(group)].slots.append(Int32(slots.count))
        slots.append(
            HeadSlot(
                series: seed.description.id, group: group, kind: seed.description.kind,
                lastTime: seed.lastTime ?? .min))
        generations.append([])
    }

    private mutating func indexOfGroup(_ id: AssetID) -> Int32 {
        if let known = groupIndex[id] { return known }
        let index = Int32(groups.count)
        groups.append(HeadGroup(id: id))
        groupIndex[id] = index
        return index
    }

    // MARK: Publishing

    mutating func publish(
        _ batch: PointBatch, transaction: UInt64, sequence: UInt64,
        touched: inout [CommitNotice.Touched]
    ) {
        batch.series.withUnsafeBufferPointer { series in
            batch.times.withUnsafeBufferPointer { times in
                batch.bits.withUnsafeBufferPointer { bits in
                    for row in 0..<series.count {
                        let index = Int(slotIndex[Int(series[row].rawValue)])
                        let quality =
                            batch.qualities.isEmpty ? 0 : batch.qualities[row].rawValue
                        var pattern = bits[row]
                        if slots[index].kind == .text {
                            pattern = appendText(
                                batch.texts[Int(pattern)], index, transaction)
                        }
                        publish(
                            index, times[row], pattern, quality, transaction, sequence, &touched)
                    }
                }
            }
        }
    }

    @inline(__always)
    private mutating func publish(
        _ index: Int, _ time: Int64, _ pattern: UInt64, _ quality: UInt8, _ transaction: UInt64,
        _ sequence: UInt64, _ touched: inout [CommitNotice.Touched]
    ) {
        if needsSegment(index, transaction) { openSegment(index, transaction) }
        slots.withUnsafeMutableBufferPointer { slots in
            let slot = slots.baseAddress.unsafelyUnwrapped + index
            let row = Int(slot.pointee.count)
            slot.pointee.times.unsafelyUnwrapped[row] = time
            slot.pointee.bits.unsafelyUnwrapped[row] = pattern
            slot.pointee.tags.unsafelyUnwrapped[row] = UInt32(
                truncatingIfNeeded: transaction &- slot.pointee.firstTransaction)
            slot.pointee.qualities.unsafelyUnwrapped[row] = quality
            slot.pointee.count += 1
            slot.pointee.rowCount += 1
            if time > slot.pointee.lastTime {
                slot.pointee.lastTime = time
            } else {
                slot.pointee.isSorted = false
                if time < slot.pointee.lastTime {
                    slot.pointee.lateCount += 1
                    lateCount += 1
                }
            }
            if slot.pointee.noticeSerial != publishSerial {
                slot.pointee.noticeSerial = publishSerial
                slot.pointee.noticeIndex = Int32(touched.count)
                touched.append(
                    CommitNotice.Touched(series: slot.pointee.series, first: time, last: time))
            } else {
                let notice = Int(slot.pointee.noticeIndex)
                if time < touched[notice].first { touched[notice].first = time }
                if time > touched[notice].last { touched[notice].last = time }
            }
            let group = Int(slot.pointee.group)
            groups[group].valueCount += 1
            if groups[group].firstSequence == .max { groups[group].firstSequence = sequence }
            groups[group].lastSequence = sequence
            rowCount += 1
        }
    }

    private mutating func appendText(
        _ text: String, _ index: Int, _ transaction: UInt64
    ) -> UInt64 {
        if needsSegment(index, transaction) { openSegment(index, transaction) }
        guard let segment = generations[index].last?.segments.last else {
            preconditionFailure("a series has no open segment")
        }
        // States repeat: a text equal to the one before shares its entry.
        if segment.texts.last != text {
            segment.texts.append(text)
            // Texts of up to 15 bytes lie in the entry itself.
            let size = text.utf8.count
            let added = size > 15 ? 48 + size : 16
            segment.textByteCount += added
            byteCount += added
        }
        return UInt64(segment.texts.count - 1)
    }

    /// Whether the open segment is full, or too old for the tag of this commit.
    @inline(__always)
    private func needsSegment(_ index: Int, _ transaction: UInt64) -> Bool {
        slots[index].count == slots[index].capacity
            || transaction &- slots[index].firstTransaction > UInt64(UInt32.max)
    }

    private mutating func openSegment(_ index: Int, _ transaction: UInt64) {
        if generations[index].last?.sealedAt != .max {
            generations[index].append(HeadGeneration())
        }
        guard let generation = generations[index].last else {
            preconditionFailure("a series has no live generation")
        }
        generation.segments.last?.count = Int(slots[index].count)
        // Small at first: most series of a large plant are slow.
        let capacity = min(8_192, max(4, Int(slots[index].capacity) * 2))
        let segment = HeadSegment(capacity: capacity, firstTransaction: transaction)
        generation.segments.append(segment)
        slots[index].times = segment.times
        slots[index].bits = segment.bits
        slots[index].tags = segment.tags
        slots[index].qualities = segment.qualities
        slots[index].count = 0
        slots[index].capacity = Int32(capacity)
        slots[index].firstTransaction = transaction
        byteCount += capacity * HeadSegment.rowByteCount
    }

    // MARK: Views

    func rows(of series: SeriesID, at transaction: UInt64) -> HeadRows {
        guard let index = slot(of: series),
            let generation = generations[index].first(where: { $0.sealedAt > transaction })
        else { return HeadRows() }
        var rows = HeadRows()
        let isLive = generation.sealedAt == .max
        rows.isSorted = isLive ? slots[index].isSorted : generation.isSorted
        for (number, segment) in generation.segments.enumerated() {
            let isTail = isLive && number == generation.segments.count - 1
            // Rows are no newer than the segment behind theirs: its first commit tells enough.
            let isWhole =
                !isTail && number + 1 < generation.segments.count
                && generation.segments[number + 1].firstTransaction <= transaction
            let count =
                isWhole
                ? segment.count
                : segment.visibleCount(
                    of: isTail ? Int(slots[index].count) : segment.count, at: transaction)
            guard count > 0 else { break }
            rows.pieces.append(.init(segment: segment, count: count, texts: segment.texts))
        }
        return rows
    }

    mutating func reserve() -> UInt64 {
        viewCounts[publishedID, default: 0] += 1
        return publishedID
    }

    mutating func release(_ id: UInt64) {
        guard let count = viewCounts[id] else { return }
        viewCounts[id] = count > 1 ? count - 1 : nil
        if count == 1 { freeRetired() }
    }

    mutating func endCommit(_ transaction: UInt64?) {
        isCommitting = false
        if let transaction { publishedID = max(publishedID, transaction) }
    }

    // MARK: Sealing

    /// Takes the sealed rows out of sight of views from `transaction` on.
    mutating func retire(_ outcome: SealOutcome, transaction: UInt64) {
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
            slots[index].times = nil
            slots[index].bits = nil
            slots[index].tags = nil
            slots[index].qualities = nil
            slots[index].count = 0
            slots[index].capacity = 0
            slots[index].rowCount = 0
            slots[index].lateCount = 0
            slots[index].isSorted = true
        }
        for group in outcome.groups { groups[Int(group)].firstSequence = .max }
        freeRetired()
    }

    private mutating func freeRetired() {
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
