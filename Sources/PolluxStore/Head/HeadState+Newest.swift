import PolluxModel

extension HeadState {
    /// The newest row of a series before an instant that commit `transaction` sees; nil when it has
    /// none, and `late` when rows came late, so that all must be looked at.
    ///
    /// O(log rows of one segment): the table of newest values must not cost what the rows cost.
    func newest(
        of series: SeriesID, before limit: Int64, at transaction: UInt64
    ) -> NewestRow {
        guard let index = slot(of: series) else { return .none }
        let retired = retiredRows(ofSlot: index, at: transaction)
        if retired == nil, groups[Int(slots[index].group)].pack != nil {
            return newestPacked(ofSlot: index, before: limit)
        }
        guard retired?.isSorted ?? slots[index].isSorted else { return .late }
        let newest = retired?.newest ?? segments[index]
        let tailCount = retired.map { $0.newest.count } ?? Int(slots[index].count)
        var next = newest
        while let segment = next {
            next = segment.previous
            guard segment.firstTransaction <= transaction else { continue }
            let count = segment.visibleCount(
                of: segment === newest ? tailCount : segment.count, at: transaction)
            guard count > 0 else { continue }
            var row = count - 1
            if segment.times[row] >= limit {
                let times = UnsafeBufferPointer(start: segment.times, count: count)
                row = times.firstIndex(notBefore: limit) - 1
            }
            if row >= 0 {
                return .row(
                    segment.point(row, kind: slots[index].kind),
                    isNewest: retired == nil && segment.times[row] == slots[index].lastTime)
            }
        }
        return .none
    }
}

/// What the head knows of the newest row of a series.
enum NewestRow {
    case none
    /// `isNewest` says that no sealed row can be later: no later time was ever seen.
    case row(Point, isNewest: Bool)
    /// Rows came late: the newest one is not the last one.
    case late
}

extension HeadSegment {
    /// A row as a point; the head's lock is held, because texts may be growing.
    func point(_ row: Int, kind: ValueKind) -> Point {
        let value: Value
        switch kind {
        case .float: value = .float(Double(bitPattern: bits[row]))
        case .integer: value = .integer(Int64(bitPattern: bits[row]))
        case .boolean: value = .boolean(bits[row] != 0)
        case .text: value = .text(texts[Int(bits[row])])
        }
        return Point(
            instant: Timestamp(nanoseconds: times[row]), value: value,
            quality: Quality(rawValue: qualities[row]) ?? .bad)
    }
}
