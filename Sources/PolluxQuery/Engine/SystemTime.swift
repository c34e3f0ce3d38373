import Glibc
public import PolluxModel

/// The clocks, read at the edge of the room only: once for `now`, and to measure stages.
public enum SystemTime {
    /// The wall clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec)).advanced(by: Int64(time.tv_nsec))
    }

    /// Nanoseconds of a clock that never goes back.
    static func monotonic() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
