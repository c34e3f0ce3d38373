/// Counters since the store was opened, and sizes now.
public struct StoreStatistics: Sendable {
    /// Commits made.
    public var commits: UInt64 = 0
    /// Bodies that were committed.
    public var writes: UInt64 = 0
    /// Sealings that failed, usually for a full disk; their rows stay in journal and head.
    public var failedSeals: UInt64 = 0
    /// Bodies that threw or met a full disk.
    public var failedWrites: UInt64 = 0
    /// Points committed, rewrites included.
    public var points: UInt64 = 0
    /// Points that arrived after a later one of their series, since the database was made.
    public var late: UInt64 = 0
    /// Points that replaced a different value, counted when sealed, since the database was made.
    public var duplicate: UInt64 = 0
    /// Points refused before they reached the store, since the database was made.
    public var rejected: UInt64 = 0
    /// Chunks sealed.
    public var sealedChunks: UInt64 = 0
    /// Chunks rewritten in the dense tier.
    public var rewrittenChunks: UInt64 = 0
    /// Passes of rewriting that failed, usually for a full disk; they are tried again.
    public var failedRewrites: UInt64 = 0
    /// Points that went because they were older than is kept.
    public var expiredPoints: UInt64 = 0
    /// Whole chunks that went with them.
    public var expiredChunks: UInt64 = 0
    /// Buckets of rollups that were made.
    public var rollupBuckets: UInt64 = 0
    /// Looks for points that are too old.
    public var lifePasses: UInt64 = 0
    /// How far the wall clock is ahead of the instant that retention counts from, in nanoseconds;
    /// more than nothing where it ran ahead and is not believed yet.
    public var retentionLag: Int64 = 0
    /// Such looks that failed, usually for a full disk; they are tried again.
    public var failedLifePasses: UInt64 = 0
    /// Bytes of free pages that were given back to the file system.
    public var releasedByteCount: UInt64 = 0
    /// Writes that wait for the writer.
    public var queueCount = 0
    /// Rows in the head.
    public var headRowCount = 0
    /// Bytes of memory that the head holds.
    public var headByteCount = 0
    /// Bytes of journal not yet trimmed.
    public var journalByteCount = 0
    /// Snapshots that are open.
    public var openSnapshots = 0
    /// Series in the catalog.
    public var seriesCount = 0
    /// Bytes of the database file in use.
    public var fileByteCount: UInt64 = 0

    /// All zero.
    public init() {}
}

/// What a compaction did.
public struct CompactionReport: Sendable {
    /// Chunks read and replaced.
    public var rewrittenChunks = 0
    /// Their bytes before.
    public var byteCountBefore = 0
    /// Their bytes after.
    public var byteCountAfter = 0
    /// Points that went because they were older than is kept.
    public var expiredPoints: UInt64 = 0
    /// How far the machine's clock is ahead of the instant that retention counts from, in
    /// nanoseconds; more than nothing where it ran ahead and is not believed yet.
    public var retentionLag: Int64 = 0

    /// Nothing done.
    public init() {}
}
