import Glibc

/// A small file that the server reads again when it changes.
struct SmallFile {
    let path: String

    /// What the system refused.
    struct Failure: Error {
        var code: Int32
        var reason: String { String(cString: strerror(code)) }
    }

    /// Its bytes, the first `limit` of them at most.
    ///
    /// - Throws: `Failure` when it cannot be read.
    func bytes(limit: Int = .max) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(code: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: min(limit, 1 << 16))
        while bytes.count < limit {
            let count = read(file, &part, min(part.count, limit - bytes.count))
            guard count >= 0 else { throw Failure(code: errno) }
            if count == 0 { break }
            bytes += part[..<count]
        }
        return bytes
    }

    /// What tells one state of the file from another; nil when there is none.
    var stamp: Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Stamp(
            inode: status.st_ino, byteCount: status.st_size, seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }

    /// A state of the file.
    struct Stamp: Hashable, Sendable {
        var inode: UInt
        var byteCount: Int
        var seconds: Int
        var nanoseconds: Int
    }
}
