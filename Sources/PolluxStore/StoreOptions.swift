/// Limits and habits of a store; the defaults suit a server with a few hundred machines.
public struct StoreOptions: Sendable {
    /// The longest time the writer gathers writes into one commit, in microseconds.
    public var commitDelayMicroseconds = 4_000
    /// From when on a disk is slow, in microseconds a commit: then a commit waits a little for
    /// callers that the one before has answered, so that they share it.
    public var slowSyncMicroseconds = 3_000
    /// Bytes of journal after which a commit gathers no further writes.
    public var commitByteCount = 1 << 20
    /// Writes that may wait; `submit` refuses beyond it, the other forms wait.
    public var queueCountLimit = 4_096
    /// Values of one group in the head after which the group is sealed.
    public var sealValueCount = 131_072
    /// Rows that each series of a group should have on average before size alone seals the group.
    public var sealRowCount = 1_024
    /// Bytes of memory that the head may hold; beyond it the largest groups are sealed early.
    public var headByteCountLimit = 256 << 20
    /// Bytes of journal that may wait for sealing; beyond it the oldest groups are sealed early.
    public var journalByteCountLimit = 64 << 20
    /// Whether a thread of the store seals quiet groups and rewrites cold chunks.
    public var settlesInBackground = true
    /// Time between two looks of that thread, in milliseconds.
    public var settleIntervalMilliseconds = 2_000
    /// Time between two looks for points that are older than is kept, in milliseconds.
    public var lifeIntervalMilliseconds = 60_000
    /// Time without a new point after which a group is quiet and its newest chunk cold.
    public var coldMilliseconds = 10_000
    /// Values of a quiet group that are worth a sealing; fewer wait for more.
    public var quietValueCount = 4_096
    /// Rows that a reader delivers at a time.
    public var batchRowCount = 4_096

    /// The defaults.
    public init() {}
}
