/// Where slices of a period begin: on the calendar of a zone, or counted from an instant.
///
/// On the calendar, strides below a day count from local midnight and restart there, weeks begin on
/// Monday, months and years on the first. A boundary that clocks skip falls on the jump. In a
/// repeated
/// hour, strides of an hour or less give both hours; longer ones use the first. Every instant is in
/// exactly one slice.
public struct SliceGrid: Hashable, Sendable {
    /// Why a period cannot be a stride.
    public enum Problem: Error, Hashable, Sendable {
        /// It has no length, or a negative one.
        case empty
        /// A physical stride above 24 hours cannot restart at midnight: days are meant.
        case longerThanDay
        /// It mixes months, days and physical time, which have no common grid.
        case mixed
    }

    private enum Stride: Hashable, Sendable {
        case physical(Int64)
        case days(Int64)
        case months(Int64)
    }

    /// The stride.
    public let period: Period
    /// The zone whose calendar is meant.
    public let zone: ZoneRules
    /// The instant to count from; nil for the calendar.
    public let anchor: Timestamp?
    private let stride: Stride

    /// A grid; `anchor` counts slices from an instant instead of the calendar.
    public init(
        every period: Period, zone: ZoneRules, from anchor: Timestamp? = nil
    ) throws(Problem) {
        self.period = period
        self.zone = zone
        self.anchor = anchor
        guard period.months >= 0, period.days >= 0, period.nanoseconds >= 0, !period.isZero else {
            throw .empty
        }
        let parts = [period.months, period.days, period.nanoseconds].filter { $0 != 0 }
        guard parts.count == 1 else { throw .mixed }
        if period.months > 0 {
            stride = .months(min(period.months, 120_000))
        } else if period.days > 0 {
            stride = .days(min(period.days, 3_000_000))
        } else {
            guard anchor != nil || period.nanoseconds <= SliceGrid.day else { throw .longerThanDay }
            stride = .physical(period.nanoseconds)
        }
    }

    private static let day: Int64 = 86_400_000_000_000
    private static let hour: Int64 = 3_600_000_000_000

    /// The start of the slice that holds `instant`.
    public func start(containing instant: Timestamp) -> Timestamp {
        if let anchor { return anchored(anchor, instant).start }
        var at = instant
        while true {
            let regime = zone.regime(atSecond: second(of: at))
            let offset = Int64(regime.offsetSeconds) * 1_000_000_000
            var local = floor(at.nanoseconds.addedSaturating(offset))
            while true {
                let boundary = local.addedSaturating(-offset)
                guard second(of: Timestamp(nanoseconds: boundary)) >= regime.start else { break }
                if boundary == .min || !isRepeated(boundary, local, regime) {
                    return Timestamp(nanoseconds: boundary)
                }
                local = floor(local.addedSaturating(-1))
            }
            guard regime.start > -9_223_372_036 else { return .distantPast }
            let change = Timestamp(seconds: regime.start)
            if jumpHoldsBoundary(at: regime) { return change }
            at = change.advanced(by: -1)
        }
    }

    /// The start of the slice after the one that holds `instant`.
    public func end(containing instant: Timestamp) -> Timestamp {
        if let anchor { return anchored(anchor, instant).end }
        var at = instant.advanced(by: 1)
        while true {
            let regime = zone.regime(atSecond: second(of: at))
            if second(of: at) == regime.start, at.nanoseconds % 1_000_000_000 == 0,
                jumpHoldsBoundary(at: regime)
            {
                return at
            }
            let offset = Int64(regime.offsetSeconds) * 1_000_000_000
            var local = ceiling(at.nanoseconds.addedSaturating(offset))
            while true {
                let boundary = local.addedSaturating(-offset)
                if boundary == .max { return .distantFuture }
                guard second(of: Timestamp(nanoseconds: boundary)) < regime.end else { break }
                if !isRepeated(boundary, local, regime) { return Timestamp(nanoseconds: boundary) }
                local = ceiling(local.addedSaturating(1))
            }
            guard regime.end < 9_223_372_036 else { return .distantFuture }
            at = Timestamp(seconds: regime.end)
        }
    }

    /// The slice that holds `instant`.
    public func slice(containing instant: Timestamp) -> TimeRange {
        TimeRange(start: start(containing: instant), end: end(containing: instant))
    }

    /// The slices that overlap `range`, in order, at most `limit` of them.
    public func slices(over range: TimeRange, limit: Int = .max) -> [TimeRange] {
        guard !range.isEmpty else { return [] }
        var slices: [TimeRange] = []
        var start = start(containing: range.start)
        while start < range.end && slices.count < limit {
            let next = end(containing: start)
            slices.append(TimeRange(start: start, end: next))
            guard next > start else { break }
            start = next
        }
        return slices
    }

    // MARK: Counting from an instant

    private func anchored(_ anchor: Timestamp, _ instant: Timestamp) -> TimeRange {
        if case .physical(let length) = stride {
            let distance = instant.nanoseconds(since: anchor)
            let (count, _) = floorDivide(distance, length)
            let start = anchor.advanced(by: count.multipliedSaturating(by: length))
            return TimeRange(start: start, end: start.advanced(by: length))
        }
        // Calendar strides: guess the count by mean lengths, then step to the right one.
        let mean = max(1, period.approximateNanoseconds)
        var count = floorDivide(instant.nanoseconds(since: anchor), mean).quotient
        func boundary(_ count: Int64) -> Timestamp {
            zone.adding(
                Period(
                    months: period.months.multipliedSaturating(by: count),
                    days: period.days.multipliedSaturating(by: count)), to: anchor)
        }
        while boundary(count) > instant, boundary(count) > .distantPast { count -= 1 }
        while boundary(count + 1) <= instant, boundary(count + 1) < .distantFuture { count += 1 }
        return TimeRange(start: boundary(count), end: boundary(count + 1))
    }

    // MARK: The local grid

    private func second(of instant: Timestamp) -> Int64 {
        floorDivide(instant.nanoseconds, 1_000_000_000).quotient
    }

    /// The last boundary at or before a local reading.
    private func floor(_ local: Int64) -> Int64 {
        let (day, inDay) = floorDivide(local, SliceGrid.day)
        switch stride {
        case .physical(let length):
            return day.multipliedSaturating(by: SliceGrid.day)
                .addedSaturating(inDay / length * length)
        case .days(let count):
            // 1970-01-05 was a Monday: whole weeks begin on Mondays.
            let steps = floorDivide(day - 4, count).quotient
            return (steps * count + 4).multipliedSaturating(by: SliceGrid.day)
        case .months(let count):
            let date = CivilTime.date(ofDay: day)
            let month = Int64(date.year) * 12 + Int64(date.month - 1)
            return SliceGrid.local(ofMonth: floorDivide(month, count).quotient * count)
        }
    }

    /// The first boundary at or after a local reading.
    private func ceiling(_ local: Int64) -> Int64 {
        let below = floor(local)
        if below == local { return local }
        let day = floorDivide(below, SliceGrid.day).quotient
        switch stride {
        case .physical(let length):
            let midnight = (day + 1).multipliedSaturating(by: SliceGrid.day)
            return min(below.addedSaturating(length), midnight)
        case .days(let count):
            return (day + count).multipliedSaturating(by: SliceGrid.day)
        case .months(let count):
            let date = CivilTime.date(ofDay: day)
            let month = Int64(date.year) * 12 + Int64(date.month - 1)
            return SliceGrid.local(ofMonth: month + count)
        }
    }

    private static func local(ofMonth month: Int64) -> Int64 {
        let (year, index) = floorDivide(month, 12)
        return CivilTime(year: Int(year), month: Int(index) + 1, day: 1).dayNumber
            .multipliedSaturating(by: day)
    }

    /// Whether the change at the start of a regime skips a local boundary.
    private func jumpHoldsBoundary(at regime: ZoneRules.Regime) -> Bool {
        guard regime.start > -9_223_372_036 else { return false }
        let before = zone.regime(atSecond: regime.start - 1).offsetSeconds
        guard before < regime.offsetSeconds else { return false }
        let from = (regime.start + Int64(before)).multipliedSaturating(by: 1_000_000_000)
        let to = (regime.start + Int64(regime.offsetSeconds))
            .multipliedSaturating(by: 1_000_000_000)
        return floor(to.addedSaturating(-1)) >= from
    }

    /// Whether clocks already read a boundary before the change that began this regime, so that
    /// it is
    /// not a boundary a second time.
    private func isRepeated(_ boundary: Int64, _ local: Int64, _ regime: ZoneRules.Regime) -> Bool {
        if case .physical(let length) = stride, length <= SliceGrid.hour { return false }
        guard regime.start > -9_223_372_036 else { return false }
        let before = zone.regime(atSecond: regime.start - 1)
        let earlier = floorDivide(local, 1_000_000_000).quotient - Int64(before.offsetSeconds)
        return earlier < regime.start && earlier >= before.start
    }
}
