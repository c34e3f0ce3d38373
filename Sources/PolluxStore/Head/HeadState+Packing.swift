import PolluxModel

/// A quiet group as it was found, to be packed outside the head's lock.
struct PackCandidate {
    let group: Int
    /// Per slot of the group its kind and rows; nil without rows.
    let columns: [(kind: ValueKind, rows: HeadRows)?]
    /// What must not have changed when the pack is put in place.
    let lastSequence: UInt64
    let valueCount: Int
}

extension HeadState {
    /// Groups to which nothing was added after a journal record and that are not packed yet.
    ///
    /// - Parameters:
    ///   - position: where to look on; the number of groups when all were looked at.
    ///   - limit: groups to return at most, so that the lock is held for a short time.
    func packCandidates(
        from position: inout Int, since sequence: UInt64, limit: Int
    ) -> [PackCandidate] {
        var found: [PackCandidate] = []
        // Groups are passed over quickly, yet a million of them takes a while.
        let end = min(groups.count, position + 64 * limit)
        while position < end, found.count < limit {
            let group = groups[position]
            if group.valueCount > 0, group.lastSequence <= sequence, group.pack == nil {
                found.append(
                    PackCandidate(
                        group: position, columns: group.slots.map { column(ofSlot: Int($0)) },
                        lastSequence: group.lastSequence, valueCount: group.valueCount))
            }
            position += 1
        }
        return found
    }

    private func column(ofSlot index: Int) -> (kind: ValueKind, rows: HeadRows)? {
        guard slots[index].rowCount > 0 else { return nil }
        return (slots[index].kind, rows(of: slots[index].series, at: .max))
    }

    /// Puts a pack in the place of the rows that it was made from, unless they have changed or a
    /// view is open that does not see all of them.
    ///
    /// - Returns: the bytes of memory that became free.
    mutating func install(_ pack: HeadPack, for candidate: PackCandidate) -> Int {
        let group = groups[candidate.group]
        let oldestView = viewCounts.keys.min() ?? publishedID
        guard group.lastSequence == candidate.lastSequence,
            group.valueCount == candidate.valueCount, group.pack == nil,
            pack.newestTransaction <= oldestView
        else { return 0 }
        var freed = -pack.byteCount
        for number in group.slots {
            let index = Int(number)
            freed += segments[index]?.totalByteCount ?? 0
            segments[index] = nil
            slots[index].empty()
        }
        groups[candidate.group].pack = pack
        byteCount -= freed
        return freed
    }

    /// Brings the rows of a packed group back to where rows are added and retire.
    mutating func unpack(group number: Int) {
        guard let pack = groups[number].pack else { return }
        groups[number].pack = nil
        byteCount -= pack.byteCount
        let members = groups[number].slots
        pack.forEachSegment(
            kind: { slots[Int(members[$0])].kind }, spare: { min(8_192, max(1, $0 / 2)) }
        ) { position, segment in
            let index = Int(members[position])
            segments[index] = segment
            slots[index].fill(segment, count: segment.count)
            byteCount += segment.totalByteCount
        }
    }

    /// The rows of a slot of a packed group; every view sees all of them.
    func packedRows(ofSlot index: Int) -> HeadRows {
        var rows = HeadRows()
        rows.isSorted = slots[index].isSorted
        if let segment = packedSegment(ofSlot: index) {
            rows.pieces = [.init(segment: segment, count: segment.count, texts: segment.texts)]
        }
        return rows
    }

    private func packedSegment(ofSlot index: Int) -> HeadSegment? {
        let group = groups[Int(slots[index].group)]
        guard slots[index].rowCount > 0, let pack = group.pack,
            let position = group.slots.firstIndex(of: Int32(index))
        else { return nil }
        return pack.segment(at: position, kind: slots[index].kind)
    }

    /// The newest row before an instant of a slot of a packed group.
    func newestPacked(ofSlot index: Int, before limit: Int64) -> NewestRow {
        guard slots[index].isSorted else { return .late }
        guard let segment = packedSegment(ofSlot: index) else { return .none }
        let times = UnsafeBufferPointer(start: segment.times, count: segment.count)
        let row = times.firstIndex(notBefore: limit) - 1
        guard row >= 0 else { return .none }
        return .row(
            segment.point(row, kind: slots[index].kind),
            isNewest: segment.times[row] == slots[index].lastTime)
    }
}
