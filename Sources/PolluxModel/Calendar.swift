/// A calendar date and time of day without a zone (proleptic Gregorian).
public struct CivilTime: Hashable, Sendable {
    /// The year, astronomical numbering.
    public var year: Int
    /// The month, 1 to 12.
    public var month: Int
    /// The day of the month, 1 to 31.
    public var day: Int
    /// The hour, 0 to 23.
    public var hour: Int
    /// The minute, 0 to 59.
    public var minute: Int
    /// The second, 0 to 59.
    public var second: Int
    /// The nanosecond within the second.
    public var nanosecond: Int

    /// A date with a time of day, midnight by default; fields are taken as they are.
    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        nanosecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The UTC reading of an instant.
    public init(_ instant: Timestamp) {
        let (dayNumber, inDay) = floorDivide(instant.nanoseconds, 86_400_000_000_000)
        let date = CivilTime.date(ofDay: dayNumber)
        let seconds = Int(inDay / 1_000_000_000)
        self.init(
            year: date.year, month: date.month, day: date.day, hour: seconds / 3600,
            minute: seconds / 60 % 60, second: seconds % 60, nanosecond: Int(inDay % 1_000_000_000))
    }

    /// The instant at which UTC reads this, or nil when it is outside the range of `Timestamp`.
    public var instant: Timestamp? {
        let seconds = Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second)
        var (days, rest) = (dayNumber, seconds * 1_000_000_000 + Int64(nanosecond))
        if days < 0 {
            // Backwards from the end of the day: the first day of the range begins outside it.
            days += 1
            rest -= 86_400_000_000_000
        }
        let (start, isOutside) = days.multipliedReportingOverflow(by: 86_400_000_000_000)
        let (sum, overflow) = start.addingReportingOverflow(rest)
        return isOutside || overflow ? nil : Timestamp(nanoseconds: sum)
    }

    /// Days since 1970-01-01.
    public var dayNumber: Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day of the week, 1 = Monday to 7 = Sunday (ISO 8601).
    public var weekday: Int {
        Int(floorDivide(dayNumber + 3, 7).remainder) + 1
    }

    /// Whether every field lies in its range and the day exists in its month.
    public var isValid: Bool {
        (1...12).contains(month) && day >= 1 && day <= CivilTime.dayCount(year: year, month: month)
            && (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
            && (0..<1_000_000_000).contains(nanosecond)
    }

    /// Days in a month of a year.
    public static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The date of a day counted from 1970-01-01.
    public static func date(ofDay dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5) + 1
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }
}

/// Quotient rounded down and the remainder, which is never negative for a positive divisor.
@inlinable
public func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let quotient = value / divisor
    let remainder = value % divisor
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
