public import PolluxModel

/// The unit of a bare number that stands for an instant.
public enum TimestampPrecision: Hashable, Sendable, CaseIterable {
    case nanoseconds
    case microseconds
    case milliseconds
    case seconds
    case minutes
    case hours
    /// By magnitude: below 5·10⁹ seconds, below 5·10¹² milliseconds, below 5·10¹⁵ microseconds,
    /// else nanoseconds.
    case automatic

    /// The precision that a `precision` parameter names, in the spellings of line protocol's HTTP
    /// versions 1 to 3; nil when it is none.
    public init?(parameter: String) {
        switch parameter {
        case "n", "ns", "nanosecond", "nanoseconds": self = .nanoseconds
        case "u", "us", "µ", "µs", "microsecond", "microseconds": self = .microseconds
        case "ms", "millisecond", "milliseconds": self = .milliseconds
        case "s", "second", "seconds": self = .seconds
        case "m", "minute", "minutes": self = .minutes
        case "h", "hour", "hours": self = .hours
        case "auto": self = .automatic
        default: return nil
        }
    }

    /// Nanoseconds of one unit for a number of this size.
    @inline(__always)
    func scale(for number: UInt64) -> Int64 {
        switch self {
        case .nanoseconds: 1
        case .microseconds: 1000
        case .milliseconds: 1_000_000
        case .seconds: 1_000_000_000
        case .minutes: 60_000_000_000
        case .hours: 3_600_000_000_000
        case .automatic:
            if number < 5_000_000_000 {
                1_000_000_000
            } else if number < 5_000_000_000_000 {
                1_000_000
            } else if number < 5_000_000_000_000_000 {
                1000
            } else {
                1
            }
        }
    }

    /// The instant that a number in this unit stands for; nil when it is outside the range, whose
    /// first nanosecond means "since ever" and is no instant of a point.
    @inline(__always)
    public func instant(_ number: Int64) -> Timestamp? {
        Self.instant(number, times: scale(for: number.magnitude))
    }

    @inline(__always)
    private static func instant(_ units: Int64, times scale: Int64) -> Timestamp? {
        let (product, overflow) = units.multipliedReportingOverflow(by: scale)
        return overflow || product == .min ? nil : Timestamp(nanoseconds: product)
    }

    /// The instant that a decimal number stands for, to the nanosecond; nil when it is outside the
    /// range.
    public func instant(_ number: DecimalScan) -> Timestamp? {
        guard let whole = number.integer(times: 1),
            let nanoseconds = number.integer(times: scale(for: whole.magnitude))
        else { return nil }
        return Self.instant(nanoseconds, times: 1)
    }

    /// The instant that a double stands for, by the shortest decimal number that reads as it; nil
    /// when it is outside the range.
    ///
    /// That number is what was written where it had no more digits than a double holds, 15 to 17.
    public func instant(fractional number: Double) -> Timestamp? {
        instant(text: number.description)
    }

    /// The instant that text stands for which is wholly a number; nil when it is something else, or
    /// outside the range.
    public func instant(text: String) -> Timestamp? {
        DecimalScan(whole: Array(text.utf8)).flatMap { instant($0) }
    }
}

extension Timestamp {
    /// The instant of a message's text as RFC 3339 has it; nil when it is none, or "since ever".
    init?(message text: String) {
        guard let read = Timestamp.parseRFC3339(text.utf8)?.instant, read != .distantPast else {
            return nil
        }
        self = read
    }
}

extension TimestampPrecision {
    /// The spelling for a `precision` parameter.
    public var parameter: String {
        switch self {
        case .nanoseconds: "ns"
        case .microseconds: "us"
        case .milliseconds: "ms"
        case .seconds: "s"
        case .minutes: "m"
        case .hours: "h"
        case .automatic: "auto"
        }
    }
}
