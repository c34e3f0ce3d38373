import PolluxModel

/// The fields of a series that every published row touches; trivial, so that the loop counts no
/// references.
///
/// Each series that was written to has one: in this order of its fields it takes 56 bytes.
struct HeadSlot {
    /// The memory of the segment that is being filled, as `HeadSegment` divides it.
    var rows: UnsafeMutableRawPointer?
    /// Rows in the segment that is being filled.
    var count: Int32 = 0
    var capacity: Int32 = 0
    var series: SeriesID
    var group: Int32
    var kind: ValueKind
    var isSorted = true
    /// Where the notice of the last publishing that touched the series was.
    var noticeIndex: Int32 = 0
    /// The greatest time known, chunks included.
    var lastTime: Int64
    /// The commit of the segment's first row.
    var firstTransaction: UInt64 = 0
    /// Rows of the live generation, and how many of them came late.
    var rowCount: Int32 = 0
    var lateCount: Int32 = 0
}

extension HeadSlot {
    /// Makes a segment the one that is being filled; `count` of its rows are in use.
    mutating func fill(_ segment: HeadSegment, count: Int) {
        rows = UnsafeMutableRawPointer(segment.times)
        self.count = Int32(count)
        capacity = Int32(segment.capacity)
        firstTransaction = segment.firstTransaction
    }

    /// Lets go of the segment that was being filled.
    mutating func empty() {
        rows = nil
        count = 0
        capacity = 0
    }

    /// Writes a row behind the last one of the segment, which has room for it.
    @inline(__always)
    mutating func put(_ time: Int64, _ pattern: UInt64, _ quality: UInt8, tag: UInt64) {
        let row = Int(count)
        let room = Int(capacity)
        let rows = rows.unsafelyUnwrapped
        (rows + 8 &* row).storeBytes(of: time, as: Int64.self)
        (rows + (8 &* room &+ 8 &* row)).storeBytes(of: pattern, as: UInt64.self)
        (rows + (16 &* room &+ 4 &* row)).storeBytes(
            of: UInt32(truncatingIfNeeded: tag), as: UInt32.self)
        (rows + (20 &* room &+ row)).storeBytes(of: quality, as: UInt8.self)
        count += 1
        rowCount += 1
    }
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
    /// All rows of the group while it is quiet; then its slots have no segments.
    var pack: HeadPack?
}

/// Everything that the head's lock protects.
struct HeadState {
    var slots: [HeadSlot] = []
    /// Per slot the newest segment of rows that are not in chunks; the ones before hang on it.
    var segments: [HeadSegment?] = []
    /// By slot the rows that are in chunks and that old views still see here, oldest first.
    var retiredRows: [Int32: [RetiredRows]] = [:]
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
    /// Commits that open views see, with the number of views each.
    var viewCounts: [UInt64: Int] = [:]
    /// What of `retiredRows` waits for views to end, oldest first.
    var retired: [(sealedAt: UInt64, slot: Int32)] = []

    func slot(of series: SeriesID) -> Int? {
        let number = Int(series.rawValue)
        guard number < slotIndex.count, slotIndex[number] >= 0 else { return nil }
        return Int(slotIndex[number])
    }

    mutating func addSlot(_ seed: SlotSeed) {
        let number = Int(seed.description.id.rawValue)
        // Appending doubles the room; reserving it here would copy all for each new series.
        while slotIndex.count <= number { slotIndex.append(-1) }
        guard slotIndex[number] < 0 else { return }
        let group = indexOfGroup(seed.description.group)
        slotIndex[number] = Int32(slots.count)
        groups[Int(group)].slots.append(Int32(slots.count))
        slots.append(
            HeadSlot(
                series: seed.description.id, group: group, kind: seed.description.kind,
                lastTime: seed.lastTime ?? .min))
        segments.append(nil)
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
            slot.pointee.put(
                time, pattern, quality, tag: transaction &- slot.pointee.firstTransaction)
            if time > slot.pointee.lastTime {
                slot.pointee.lastTime = time
            } else {
                slot.pointee.isSorted = false
                if time < slot.pointee.lastTime {
                    slot.pointee.lateCount += 1
                    lateCount += 1
                }
            }
            let notice = Int(slot.pointee.noticeIndex)
            if notice < touched.count, touched[notice].series == slot.pointee.series {
                if time < touched[notice].first { touched[notice].first = time }
                if time > touched[notice].last { touched[notice].last = time }
            } else {
                slot.pointee.noticeIndex = Int32(touched.count)
                touched.append(
                    CommitNotice.Touched(series: slot.pointee.series, first: time, last: time))
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
        guard let segment = segments[index] else {
            preconditionFailure("a series has no open segment")
        }
        // States repeat: a text equal to the one before shares its entry.
        if segment.texts.last != text {
            segment.texts.append(text)
            let added = HeadSegment.byteCount(of: text)
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
        if groups[Int(slots[index].group)].pack != nil {
            unpack(group: Int(slots[index].group))
            guard needsSegment(index, transaction) else { return }
        }
        // Small at first: most series of a large plant are slow.
        let capacity = min(8_192, max(4, Int(slots[index].capacity) * 2))
        let segment = HeadSegment(capacity: capacity, firstTransaction: transaction)
        if let previous = segments[index] {
            previous.count = Int(slots[index].count)
            segment.previous = previous
        }
        segments[index] = segment
        slots[index].fill(segment, count: 0)
        byteCount += capacity * HeadSegment.rowByteCount
    }

    // MARK: Views

    func rows(of series: SeriesID, at transaction: UInt64) -> HeadRows {
        guard let index = slot(of: series) else { return HeadRows() }
        if let retired = retiredRows(ofSlot: index, at: transaction) {
            return HeadRows(
                endingWith: retired.newest, count: retired.newest.count, at: transaction,
                isSorted: retired.isSorted)
        }
        if groups[Int(slots[index].group)].pack != nil { return packedRows(ofSlot: index) }
        guard let newest = segments[index] else { return HeadRows() }
        return HeadRows(
            endingWith: newest, count: Int(slots[index].count), at: transaction,
            isSorted: slots[index].isSorted)
    }

    /// The rows of a slot that are in chunks by now and that a view of a commit sees here.
    func retiredRows(ofSlot index: Int, at transaction: UInt64) -> RetiredRows? {
        guard !retiredRows.isEmpty, let waiting = retiredRows[Int32(index)] else { return nil }
        return waiting.first { $0.sealedAt > transaction }
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
}
