public import PolluxModel

extension Store {
    /// Deletes what is older than is kept, seals the head, rewrites every chunk that is not in the
    /// dense tier or small, gives free pages back to the file system, and waits for it.
    ///
    /// Works chunk by chunk; writers wait only while a finished chunk is put in its place. Blocks
    /// the calling thread.
    ///
    /// Ages are counted from the clock that retention goes by (docs/decisions/0007).
    ///
    /// - Parameter trustsClock: whether the caller's word is that the machine's clock is right, so
    ///   that retention counts from it at once.
    public func compact(trustsClock: Bool = false) throws -> CompactionReport {
        try rewriter.compact(trustsClock: trustsClock)
    }

    /// Looks now for points that are older than is kept of their series, and deletes them.
    ///
    /// - Parameter now: the instant that ages are counted from.
    /// - Returns: how many points went.
    @discardableResult
    public func applyLifeRules(now: Timestamp) throws -> UInt64 {
        try rewriter.passLife(now: now.nanoseconds)
    }
}
