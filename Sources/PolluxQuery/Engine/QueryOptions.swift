public import PolluxModel
import Synchronization

/// How a text is to be run.
public struct QueryOptions: Sendable {
    /// Values for `$name`, by name without the dollar sign.
    public var parameters: [String: Parameter] = [:]
    /// The name of the zone of days and output when the text says none; nil means UTC.
    public var timezone: String?
    /// What `now` means; nil takes the clock once per statement.
    public var now: Timestamp?
    /// Replaces the range of every question, clipped to it: for rerunning some slices.
    public var restriction: TimeRange?
    /// The longest time a statement may run, in nanoseconds; 0 means no limit.
    public var timeLimit: Int64 = 60_000_000_000
    /// The most rows an answer may have.
    public var rowLimit = 1_000_000
    /// The most bytes that operators may hold.
    public var byteLimit = 512 << 20
    /// Set it to end the statement at its next batch.
    public var cancellation: CancellationFlag?
    /// How far ahead of now what is recorded may lie, in nanoseconds, as clocks differ.
    public var futureTolerance: Int64 = 300_000_000_000
    /// Who asks, for the change log.
    public var source = "query"
    /// Which statements beside questions may run.
    public var changes = AllowedChanges.all

    /// The defaults.
    public init() {}

    /// The value of a parameter.
    public enum Parameter: Hashable, Sendable {
        /// Text: a name, a period such as `1h`, a time, a number; read as the place in the text
        /// needs.
        case text(String)
        /// A number.
        case number(Double)
        /// A whole number.
        case integer(Int64)
        /// A truth value.
        case boolean(Bool)
    }
}

/// A flag that one thread sets and a running query sees; it sets itself when its time is over.
public final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    /// On the monotonic clock; looked at by who asks, so that no timer runs for each query.
    private let deadline: Int64

    /// A flag that is not set.
    ///
    /// - Parameter limit: nanoseconds after which it counts as set; nil for never.
    public init(after limit: Int64? = nil) {
        deadline = limit.map { SystemTime.monotonic().addingSaturated($0) } ?? .max
    }

    /// Asks the query to end.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether its time is over.
    public var isOverdue: Bool { deadline != .max && SystemTime.monotonic() > deadline }

    /// Whether `cancel` was called or its time is over.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) || isOverdue }
}
