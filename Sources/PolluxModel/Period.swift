/// A length of time as people write it: calendar months and days, and physical nanoseconds.
///
/// `ns` to `h` are physical time, `d` and `w` are days, `mo` and `y` months of the calendar, so
/// that
/// `1d` ends at the same time of day whatever the clocks did in between.
public struct Period: Hashable, Sendable {
    /// Calendar months.
    public var months: Int64
    /// Calendar days.
    public var days: Int64
    /// Physical nanoseconds.
    public var nanoseconds: Int64

    /// A length of time from its parts.
    public init(months: Int64 = 0, days: Int64 = 0, nanoseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.nanoseconds = nanoseconds
    }

    /// A physical length of time.
    public static func nanoseconds(_ count: Int64) -> Period { Period(nanoseconds: count) }
    /// A physical length of time.
    public static func seconds(_ count: Int64) -> Period {
        Period(nanoseconds: count.multipliedSaturating(by: 1_000_000_000))
    }
    /// A physical length of time.
    public static func hours(_ count: Int64) -> Period {
        Period(nanoseconds: count.multipliedSaturating(by: 3_600_000_000_000))
    }
    /// Calendar days.
    public static func days(_ count: Int64) -> Period { Period(days: count) }

    /// Whether it has calendar parts, so that its length depends on where it lies.
    public var isCalendar: Bool { months != 0 || days != 0 }

    /// Whether it has no length.
    public var isZero: Bool { months == 0 && days == 0 && nanoseconds == 0 }

    /// The opposite length; saturates.
    public var negated: Period {
        Period(
            months: 0 - max(months, -.max), days: 0 - max(days, -.max),
            nanoseconds: 0 - max(nanoseconds, -.max))
    }

    /// About how long it is in nanoseconds, months as 30 days and 10.5 hours; saturates.
    public var approximateNanoseconds: Int64 {
        let total =
            Double(months) * 2_629_800e9 + Double(days) * 86_400e9 + Double(nanoseconds)
        return total >= 9.2e18 ? .max : total <= -9.2e18 ? .min : Int64(total)
    }

    /// Reads a duration such as `1h30m`, `2d` or `500ms`; nil when it is none or too long.
    public static func parse(_ text: String) -> Period? {
        var period = Period()
        var rest = Substring(text)
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let count = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let word = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(word.count)
            guard period.add(count, String(word)) else { return nil }
        }
        return text.isEmpty ? nil : period
    }

    /// Adds `count` of a time letter (`ns us ms s m h d w mo y`); false when unknown or too long.
    public mutating func add(_ count: Int64, _ letter: String) -> Bool {
        func sum(_ value: inout Int64, _ factor: Int64) -> Bool {
            let (product, overflow1) = count.multipliedReportingOverflow(by: factor)
            let (total, overflow2) = value.addingReportingOverflow(product)
            value = total
            return !overflow1 && !overflow2
        }
        switch letter {
        case "ns": return sum(&nanoseconds, 1)
        case "us", "µs": return sum(&nanoseconds, 1000)
        case "ms": return sum(&nanoseconds, 1_000_000)
        case "s": return sum(&nanoseconds, 1_000_000_000)
        case "m": return sum(&nanoseconds, 60_000_000_000)
        case "h": return sum(&nanoseconds, 3_600_000_000_000)
        case "d": return sum(&days, 1)
        case "w": return sum(&days, 7)
        case "mo": return sum(&months, 1)
        case "y": return sum(&months, 12)
        default: return false
        }
    }
}

extension Period: CustomStringConvertible {
    /// The shortest way to write it, such as `1h30m`.
    public var description: String {
        var text = ""
        var rest = months
        func take(_ factor: Int64, _ letter: String) {
            guard rest / factor != 0 else { return }
            text += "\(rest / factor)\(letter)"
            rest %= factor
        }
        take(12, "y")
        take(1, "mo")
        rest = days
        if rest % 7 == 0 { take(7, "w") }
        take(1, "d")
        rest = nanoseconds
        take(3_600_000_000_000, "h")
        take(60_000_000_000, "m")
        take(1_000_000_000, "s")
        take(1_000_000, "ms")
        take(1000, "us")
        take(1, "ns")
        return text.isEmpty ? "0s" : text
    }
}

extension Int64 {
    /// The product, or the end of the range that it lies beyond.
    func multipliedSaturating(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }

    /// The sum, or the end of the range that it lies beyond.
    func addedSaturating(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
