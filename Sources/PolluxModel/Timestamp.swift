/// An instant: nanoseconds since 1970-01-01T00:00:00 UTC, leap seconds as POSIX counts them.
///
/// The range is 1677-09-21 to 2262-04-11. Arithmetic saturates at the ends instead of trapping,
/// because instants come from messages and query text.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970 UTC.
    public var nanoseconds: Int64

    /// An instant from nanoseconds since 1970 UTC.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// An instant from whole seconds since 1970 UTC; saturates outside the range.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        nanoseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// The earliest instant; used as "since ever".
    public static let distantPast = Timestamp(nanoseconds: .min)
    /// The latest instant; used as "still valid".
    public static let distantFuture = Timestamp(nanoseconds: .max)

    /// Earlier before later.
    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `nanoseconds` later (earlier when negative); saturates.
    @inlinable
    public func advanced(by nanoseconds: Int64) -> Timestamp {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return Timestamp(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// Nanoseconds from `earlier` to this instant; saturates.
    @inlinable
    public func nanoseconds(since earlier: Timestamp) -> Int64 {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflow ? (nanoseconds < earlier.nanoseconds ? .min : .max) : difference
    }
}

/// A half-open span of time `[start, end)`: `end` itself belongs to the next range.
public struct TimeRange: Hashable, Sendable {
    /// The first instant inside.
    public var start: Timestamp
    /// The first instant after.
    public var end: Timestamp

    /// A range; an `end` before `start` gives the empty range at `start`.
    @inlinable
    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = max(start, end)
    }

    /// All of time.
    public static let always = TimeRange(start: .distantPast, end: .distantFuture)

    /// Whether no instant is inside.
    @inlinable
    public var isEmpty: Bool { end <= start }

    /// Nanoseconds from start to end; saturates.
    @inlinable
    public var nanoseconds: Int64 { end.nanoseconds(since: start) }

    /// Whether `instant` is inside.
    @inlinable
    public func contains(_ instant: Timestamp) -> Bool {
        instant >= start && instant < end
    }

    /// The part that both ranges share, or nil when they share none.
    @inlinable
    public func intersection(_ other: TimeRange) -> TimeRange? {
        let start = max(self.start, other.start)
        let end = min(self.end, other.end)
        return start < end ? TimeRange(start: start, end: end) : nil
    }

    /// Whether the ranges share an instant.
    @inlinable
    public func overlaps(_ other: TimeRange) -> Bool {
        max(start, other.start) < min(end, other.end)
    }
}
