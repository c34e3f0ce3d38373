/// The rules of one time zone: its offset from UTC at every instant, past and future.
///
/// Built from the bytes of a TZif file (RFC 8536), version 2 or later, with the footer that carries
/// the rule of the future. Where the bytes come from is the caller's business.
public struct ZoneRules: Hashable, Sendable {
    /// The zone's name, such as `Europe/Berlin`.
    public let name: String
    /// Seconds since 1970 at which the offset changes, increasing.
    let changes: [Int64]
    /// Offsets in seconds: one before the first change, then one after each.
    let offsets: [Int32]
    /// The rule after the last change, if the file has one.
    let future: YearlyZoneRule?

    init(name: String, changes: [Int64], offsets: [Int32], future: YearlyZoneRule?) {
        self.name = name
        self.changes = changes
        self.offsets = offsets
        self.future = future
    }

    /// Coordinated universal time.
    public static let utc = ZoneRules(name: "UTC", changes: [], offsets: [0], future: nil)

    /// A zone that is always `seconds` ahead of UTC.
    public static func fixed(seconds: Int) -> ZoneRules {
        let seconds = max(-86_399, min(86_399, seconds))
        let minutes = abs(seconds) / 60
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let name = (seconds < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
        return ZoneRules(
            name: seconds == 0 ? "UTC" : name, changes: [], offsets: [Int32(seconds)], future: nil)
    }

    /// Whether a name may be looked up among zone files: plain segments, nothing that leaves the
    /// folder.
    public static func isValidName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        let segments = name.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count <= 3 else { return false }
        return segments.allSatisfy { segment in
            guard let first = segment.utf8.first, first >= 65, first <= 122 else { return false }
            return segment.utf8.allSatisfy { byte in
                (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90)
                    || (byte >= 97 && byte <= 122) || "+-_".utf8.contains(byte)
            }
        }
    }

    // MARK: Offsets

    /// A span of time with one offset.
    public struct Regime: Hashable, Sendable {
        /// First second since 1970 UTC; `.min` when there was no change before.
        public var start: Int64
        /// First second after it; `.max` when no change follows.
        public var end: Int64
        /// Seconds ahead of UTC.
        public var offsetSeconds: Int
    }

    /// Seconds ahead of UTC at an instant.
    ///
    /// Cost: O(log changes).
    public func offsetSeconds(at instant: Timestamp) -> Int {
        regime(atSecond: floorDivide(instant.nanoseconds, 1_000_000_000).quotient).offsetSeconds
    }

    /// The span of constant offset that holds a second.
    func regime(atSecond second: Int64) -> Regime {
        let low = changes.endOfPrefix { $0 <= second }
        if low == changes.count, let future {
            return future.regime(
                atSecond: second, since: changes.last ?? .min, offsetBefore: Int(offsets[low]))
        }
        return Regime(
            start: low == 0 ? .min : changes[low - 1],
            end: low == changes.count ? .max : changes[low],
            offsetSeconds: Int(offsets[low]))
    }

    // MARK: Civil time

    /// What the zone's clocks read at an instant.
    public func civil(at instant: Timestamp) -> CivilTime {
        CivilTime(instant.advanced(by: Int64(offsetSeconds(at: instant)) * 1_000_000_000))
    }

    /// The instants at which clocks read a given time.
    public enum Reading: Hashable, Sendable {
        /// Exactly once.
        case once(Timestamp)
        /// Never: clocks jump over it at this instant.
        case skipped(Timestamp)
        /// Twice, because clocks went back.
        case twice(Timestamp, Timestamp)

        /// The first instant, or the jump.
        public var first: Timestamp {
            switch self {
            case .once(let instant), .skipped(let instant), .twice(let instant, _): instant
            }
        }

        /// The last instant, or the jump.
        public var last: Timestamp {
            switch self {
            case .once(let instant), .skipped(let instant), .twice(_, let instant): instant
            }
        }
    }

    /// The instants at which clocks read `civil`; times outside the range of `Timestamp` give its
    /// ends.
    public func instants(of civil: CivilTime) -> Reading {
        guard let local = civil.instant else {
            return .once(civil.year < 1970 ? .distantPast : .distantFuture)
        }
        return instants(ofLocal: local.nanoseconds)
    }

    /// The instants at which local nanoseconds since 1970 are read.
    func instants(ofLocal local: Int64) -> Reading {
        let second = floorDivide(local, 1_000_000_000).quotient
        var found: [Timestamp] = []
        var regime = self.regime(atSecond: second.addedSaturating(-90_000))
        // Offsets are less than a day: three changes within two days do not happen, but cost
        // nothing.
        for _ in 0..<8 {
            let instant = local.addedSaturating(-Int64(regime.offsetSeconds) * 1_000_000_000)
            let at = floorDivide(instant, 1_000_000_000).quotient
            if at >= regime.start && at < regime.end {
                found.append(Timestamp(nanoseconds: instant))
            }
            guard regime.end < second.addedSaturating(90_000) else { break }
            let next = self.regime(atSecond: regime.end)
            let jumpStart = regime.end.addedSaturating(Int64(regime.offsetSeconds))
            let jumpEnd = regime.end.addedSaturating(Int64(next.offsetSeconds))
            if second >= jumpStart && second < jumpEnd {
                return .skipped(Timestamp(seconds: regime.end))
            }
            regime = next
        }
        switch found.count {
        case 0: return .once(Timestamp(nanoseconds: local))
        case 1: return .once(found[0])
        default: return .twice(found[0], found[found.count - 1])
        }
    }

    // MARK: Arithmetic

    /// The instant a period later: months (the day cut to the month's last), then days, both at
    /// the same
    /// time of day, then physical time.
    ///
    /// A time of day that clocks skip falls on the jump; one they read twice keeps the offset it
    /// had,
    /// else takes the first. Saturates.
    public func adding(_ period: Period, to instant: Timestamp) -> Timestamp {
        guard period.isCalendar else { return instant.advanced(by: period.nanoseconds) }
        let offset = offsetSeconds(at: instant)
        var civil = civil(at: instant)
        guard civil.addCalendar(months: period.months, days: period.days) else {
            return period.approximateNanoseconds < 0 ? .distantPast : .distantFuture
        }
        let reading = instants(of: civil)
        var result = reading.first
        if case .twice(_, let second) = reading, offsetSeconds(at: second) == offset {
            result = second
        }
        return result.advanced(by: period.nanoseconds)
    }

    /// The instant a period earlier.
    public func subtracting(_ period: Period, from instant: Timestamp) -> Timestamp {
        adding(period.negated, to: instant)
    }

    /// The first instant of the day that holds `instant`.
    public func startOfDay(containing instant: Timestamp) -> Timestamp {
        let civil = civil(at: instant)
        return self.instants(
            of: CivilTime(year: civil.year, month: civil.month, day: civil.day)
        ).first
    }
}

extension CivilTime {
    /// Moves by months (the day cut to the month's last), then by days; false outside years ±9999.
    mutating func addCalendar(months: Int64, days: Int64) -> Bool {
        guard abs(months) < 1_000_000, abs(days) < 10_000_000 else { return false }
        let (yearShift, monthIndex) = floorDivide(Int64(month - 1) + months, 12)
        year += Int(yearShift)
        month = Int(monthIndex) + 1
        day = min(day, CivilTime.dayCount(year: year, month: month))
        let date = CivilTime.date(ofDay: dayNumber + days)
        (year, month, day) = (date.year, date.month, date.day)
        return (-9999...9999).contains(year)
    }
}
