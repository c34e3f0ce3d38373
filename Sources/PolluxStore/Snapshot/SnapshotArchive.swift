import PolluxCodec
import PolluxKeyValue
public import PolluxModel

/// What a stored snapshot says of itself.
public struct SnapshotManifest: Hashable, Sendable {
    /// Where it lies.
    public var path: String
    /// The name of its folder.
    public var name: String
    /// When it was made.
    public var created: Timestamp
    /// The last commit of the database when it was made.
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
///
/// storage-format/snapshot.md.
public enum SnapshotArchive {
    /// The snapshots in the folders under `folder`, oldest first; other folders are passed over.
    public static func list(in folder: String) throws -> [SnapshotManifest] {
        try Files.names(in: folder).compactMap { name in
            let path = folder + "/" + name
            guard Files.exists(path + "/" + ManifestText.fileName) else { return nil }
            return try manifest(of: path)
        }.sorted { ($0.created, $0.name) < ($1.created, $1.name) }
    }

    /// The manifest of one snapshot.
    ///
    /// - Throws: `StoreError.badSnapshot` when there is none or it is damaged.
    public static func manifest(of path: String) throws -> SnapshotManifest {
        guard let bytes = try? Files.read(path + "/" + ManifestText.fileName) else {
            throw StoreError.badSnapshot(path: path, reason: "it has no manifest")
        }
        return try ManifestText.parse(bytes, path: path)
    }

    /// Compares a snapshot with its manifest and checks every record in it.
    ///
    /// - Throws: `StoreError.badSnapshot` when the files are not what the manifest says.
    public static func verify(_ path: String) throws -> CheckReport {
        _ = try compare(path)
        var options = Environment.Options()
        options.isReadOnly = true
        options.isExclusive = false
        let environment = try Environment(directory: path, options: options)
        return try Inspection(environment: environment).check()
    }

    /// Copies a verified snapshot into a new data directory and syncs it.
    ///
    /// - Throws: `StoreError.notEmpty` when the directory holds anything, `badSnapshot` when the
    ///   snapshot is damaged.
    public static func restore(_ path: String, to directory: String) throws {
        guard try !Files.exists(directory) || Files.names(in: directory).isEmpty else {
            throw StoreError.notEmpty(path: directory)
        }
        let report = try verify(path)
        if let finding = report.findings.first {
            throw StoreError.badSnapshot(path: path, reason: finding.description)
        }
        try Files.createFolder(directory)
        try Files.copy(path + "/data.mdb", to: directory + "/data.mdb")
        try Files.synchronizeFolder(directory)
        // Opening it proves that the copy is a database of this version.
        let environment = try Environment(directory: directory)
        _ = try Tables(environment)
    }

    /// Checks size and checksum of the data file.
    public static func compare(_ path: String) throws -> SnapshotManifest {
        let manifest = try manifest(of: path)
        let (byteCount, checksum) = try fingerprint(path + "/data.mdb")
        guard byteCount == manifest.byteCount else {
            throw StoreError.badSnapshot(
                path: path,
                reason: "data.mdb has \(byteCount) bytes, the manifest says \(manifest.byteCount)")
        }
        guard checksum == manifest.checksum else {
            throw StoreError.badSnapshot(path: path, reason: "the checksum of data.mdb is wrong")
        }
        return manifest
    }

    /// Size and CRC-32C of a file, read in pieces.
    static func fingerprint(_ path: String) throws -> (byteCount: UInt64, checksum: UInt32) {
        var byteCount: UInt64 = 0
        var checksum: UInt32 = 0
        try Files.forEachPiece(of: path) { piece in
            byteCount += UInt64(piece.count)
            checksum = Checksum.crc32c(piece, previous: checksum)
        }
        return (byteCount, checksum)
    }
}

extension Store {
    /// Writes a complete, verified and synced copy of the database into a new or empty folder while
    /// reads and writes go on.
    ///
    /// - Throws: `StoreError.notEmpty`, `badSnapshot` when the copy does not pass its check, or a
    ///   `KeyValueError`.
    public func createSnapshot(to path: String) throws -> SnapshotManifest {
        guard try !Files.exists(path) || Files.names(in: path).isEmpty else {
            throw StoreError.notEmpty(path: path)
        }
        let transactionID = environment.statistics.lastTransactionID
        try environment.copy(toDirectory: path)
        let (byteCount, checksum) = try SnapshotArchive.fingerprint(path + "/data.mdb")
        var options = Environment.Options()
        options.isReadOnly = true
        options.isExclusive = false
        let copy = try Environment(directory: path, options: options)
        let inspection = try Inspection(environment: copy)
        let report = try inspection.check()
        if let finding = report.findings.first {
            throw StoreError.badSnapshot(path: path, reason: finding.description)
        }
        func count(_ table: String) -> UInt64 {
            UInt64(report.recordCounts.first { $0.table == table }?.count ?? 0)
        }
        let manifest = SnapshotManifest(
            path: path, name: path.split(separator: "/").last.map(String.init) ?? path,
            created: Timestamp(nanoseconds: Clock.now()), transactionID: transactionID,
            byteCount: byteCount, checksum: checksum, seriesCount: count("store.series"),
            chunkCount: count("store.chunks"))
        try Files.write(ManifestText.format(manifest), to: path + "/" + ManifestText.fileName)
        try Files.synchronizeFolder(path)
        return manifest
    }
}

/// The manifest as text: one `name value` a line, the last line the checksum of those before.
enum ManifestText {
    static let fileName = "manifest"
    private static let title = "pollux snapshot 1"

    static func format(_ manifest: SnapshotManifest) -> [UInt8] {
        let text = """
            \(title)
            created \(manifest.created.nanoseconds)
            transaction \(manifest.transactionID)
            bytes \(manifest.byteCount)
            checksum \(manifest.checksum)
            series \(manifest.seriesCount)
            chunks \(manifest.chunkCount)

            """
        let bytes = Array(text.utf8)
        return bytes + Array("manifest-checksum \(Checksum.crc32c(bytes))\n".utf8)
    }

    static func parse(_ bytes: [UInt8], path: String) throws -> SnapshotManifest {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n")
        guard lines.first.map(String.init) == title else {
            throw StoreError.badSnapshot(path: path, reason: "its manifest is of another version")
        }
        var values: [String: String] = [:]
        for line in lines.dropFirst() {
            let words = line.split(separator: " ")
            if words.count == 2 { values[String(words[0])] = String(words[1]) }
        }
        func number<Number: FixedWidthInteger>(_ name: String) throws -> Number {
            guard let number = values[name].flatMap({ Number($0) }) else {
                throw StoreError.badSnapshot(path: path, reason: "its manifest lacks \(name)")
            }
            return number
        }
        let covered = bytes.count - (lines.last?.utf8.count ?? 0) - 1
        let expected: UInt32 = try number("manifest-checksum")
        guard covered > 0, Checksum.crc32c(Array(bytes[..<covered])) == expected else {
            throw StoreError.badSnapshot(
                path: path, reason: "the checksum of its manifest is wrong")
        }
        return SnapshotManifest(
            path: path, name: path.split(separator: "/").last.map(String.init) ?? path,
            created: Timestamp(nanoseconds: try number("created")),
            transactionID: try number("transaction"), byteCount: try number("bytes"),
            checksum: try number("checksum"), seriesCount: try number("series"),
            chunkCount: try number("chunks"))
    }
}
