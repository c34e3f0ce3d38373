/// Why commits do not reach the disk now, from the first that failed until one succeeds.
public struct WriteFailure: Hashable, Sendable {
    /// What went wrong, as writers are told.
    public let reason: String
    /// When the last commit failed, in microseconds of the monotonic clock.
    let lastMicroseconds: Int64

    init(_ error: any Error) {
        reason = "\(error)"
        lastMicroseconds = Clock.monotonicMicroseconds()
    }

    /// Whether a commit failed within the last minute: an older failure may be over, only that
    /// nobody has written since.
    public var isRecent: Bool {
        Clock.monotonicMicroseconds() - lastMicroseconds < 60_000_000
    }
}
