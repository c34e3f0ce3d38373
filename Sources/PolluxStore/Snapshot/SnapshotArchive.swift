public import PolluxModel

/// What a stored snapshot says of itself.
public struct SnapshotManifest: Hashable, Sendable {
    /// Where it lies.
    public var path: String
    /// The name of its folder.
    public var name: String
    /// When it was made.
    public var created: Timestamp
    /// The commit it holds.
    public var transactionID: UInt64
    /// Bytes of its data file.
    public var byteCount: UInt64
    /// CRC-32C of its data file.
    public var checksum: UInt32
    /// Series in its catalog.
    public var seriesCount: UInt64
    /// Chunks it holds.
    public var chunkCount: UInt64
}

/// Snapshots on disk: complete copies of the environment, each in a folder of its own.
public enum SnapshotArchive {
    /// The snapshots in the folders under `folder`, oldest first; other folders are passed over.
    public static func list(in folder: String) throws -> [SnapshotManifest] { fatalError() }

    /// Compares a snapshot with its manifest and checks every record in it.
    ///
    /// - Throws: `StoreError.badSnapshot` when the files are not what the manifest says.
    public static func verify(_ path: String) throws -> CheckReport { fatalError() }

    /// Copies a verified snapshot into a new data directory and syncs it.
    ///
    /// - Throws: `StoreError.notEmpty` when the directory holds anything, `badSnapshot` when the
    ///   snapshot is damaged.
    public static func restore(_ path: String, to directory: String) throws { fatalError() }
}

extension Store {
    /// Writes a complete, verified and synced copy of the database into a new or empty folder while
    /// reads and writes go on.
    public func createSnapshot(to path: String) throws -> SnapshotManifest { fatalError() }
}
