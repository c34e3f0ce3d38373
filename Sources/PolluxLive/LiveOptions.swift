import Glibc
public import PolluxModel

/// The limits of live work.
public struct LiveOptions: Sendable {
    /// Subscriptions at a time.
    public var subscriptionLimit = 1024
    /// Rows that may wait in the queue of one subscription.
    public var queuedRowLimit = 20_000
    /// Rows of a watched query that are remembered for comparing.
    public var watchedRowLimit = 200_000
    /// The shortest time between two evaluations of one query, in nanoseconds.
    public var throttle: Int64 = 200_000_000
    /// How long a slice waits for late points when neither the text nor a gap says, in nanoseconds.
    public var defaultWait: Int64 = 2_000_000_000
    /// The longest wait that a gap may ask for, in nanoseconds.
    public var waitLimit: Int64 = 60_000_000_000
    /// The longest time one evaluation may run, in nanoseconds.
    public var timeLimit: Int64 = 10_000_000_000
    /// The server's clock.
    public var clock: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The defaults.
    public init() {}
}
