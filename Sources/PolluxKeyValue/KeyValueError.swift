import CLMDB

/// What can go wrong between Pollux and its LMDB environment; every case says what, where and what
/// to do.
public enum KeyValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path exists but is not a directory.
    case notADirectory(path: String)
    /// The directory could not be created or opened.
    case cannotOpen(path: String, reason: String)
    /// LMDB's shared memory map does not work on this kind of file system.
    case networkFileSystem(path: String, kind: String)
    /// Another process serves the directory; `address` is what it announced, often a URL.
    case inUse(path: String, address: String)
    /// The disk is full: nothing of the transaction was written.
    case diskFull(path: String)
    /// The map cannot grow further: nothing of the transaction was written.
    case mapFull(path: String, byteCount: UInt64)
    /// The files are damaged or of another LMDB version.
    case corrupt(path: String, reason: String)
    /// Any other failure that LMDB or the system reported.
    case failed(action: String, reason: String)

    /// One sentence: what, where, and what to do.
    public var description: String {
        switch self {
        case .notADirectory(let path):
            "the data directory \(path) is not a directory: give --data the name of a folder"
        case .cannotOpen(let path, let reason):
            "cannot open the data directory \(path): \(reason)"
        case .networkFileSystem(let path, let kind):
            "the data directory \(path) lies on a network file system (\(kind)), where a memory "
                + "map is not safe: put it on a local disk"
        case .inUse(let path, let address):
            "the data directory \(path) is in use"
                + (address.isEmpty ? " by another process" : " by the server at \(address)")
        case .diskFull(let path):
            "the disk that holds \(path) is full: free some space; nothing acknowledged is lost"
        case .mapFull(let path, let byteCount):
            "the database in \(path) cannot grow beyond \(byteCount) bytes here"
        case .corrupt(let path, let reason):
            "the database in \(path) is damaged (\(reason)): restore a snapshot"
        case .failed(let action, let reason):
            "cannot \(action): \(reason)"
        }
    }
}

/// The text that LMDB or the C library has for an error number.
func reason(_ code: Int32) -> String {
    String(cString: mdb_strerror(code))
}
