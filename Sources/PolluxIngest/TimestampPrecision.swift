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

    /// The instant that a number with a fraction stands for; nil when it is outside the range.
    public func instant(fractional number: Double) -> Timestamp? {
        guard number.isFinite, abs(number) < 9.3e18 else { return nil }
        let scale = scale(for: UInt64(abs(number)))
        // Whole units and the fraction apart: a product of doubles would lose nanoseconds.
        let whole = number.rounded(.down)
        let fraction = ((number - whole) * Double(scale)).rounded()
        guard let units = Int64(exactly: whole) else { return nil }
        return Self.instant(units, times: scale)?.advanced(by: Int64(fraction))
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
