import CLMDB
import Glibc

/// The file system around an environment: its directory, its lock, its durability.
enum EnvironmentDirectory {
    /// Makes sure the path is a local, usable directory; creates it unless read-only.
    static func prepare(_ path: String, isReadOnly: Bool) throws(KeyValueError) {
        var status = stat()
        if stat(path, &status) != 0 {
            if isReadOnly || errno != ENOENT {
                throw .cannotOpen(path: path, reason: systemReason())
            }
            guard createFolders(path) else {
                throw .cannotOpen(path: path, reason: systemReason())
            }
        } else if status.st_mode & S_IFMT != S_IFDIR {
            throw .notADirectory(path: path)
        }
        var fileSystem = statfs()
        if statfs(path, &fileSystem) == 0, let kind = networkKind(Int(fileSystem.f_type)) {
            throw .networkFileSystem(path: path, kind: kind)
        }
    }

    private static func createFolders(_ path: String) -> Bool {
        if mkdir(path, 0o750) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            return false
        }
        return createFolders(String(path[..<slash])) && (mkdir(path, 0o750) == 0 || errno == EEXIST)
    }

    /// Magic numbers of file systems that are shared over a network (statfs(2)).
    private static func networkKind(_ magic: Int) -> String? {
        switch magic & 0xFFFF_FFFF {
        case 0x6969: "NFS"
        case 0x517B, 0xFF53_4D42, 0xFE53_4D42: "SMB"
        case 0x0BD0_0BD0: "Lustre"
        case 0x00C3_6400: "Ceph"
        default: nil
        }
    }

    /// Takes the directory for this process until the returned file is closed.
    static func lock(_ path: String) throws(KeyValueError) -> Int32 {
        let file = open(path + "/pollux.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            throw .cannotOpen(path: path, reason: systemReason())
        }
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            let address = read(from: file)
            close(file)
            throw .inUse(path: path, address: address)
        }
        ftruncate(file, 0)
        return file
    }

    /// Gives LMDB's table of readers its blocks on the disk.
    ///
    /// The table is written through a memory map: on a full disk a block that is not there yet
    /// would end the process with a bus error at the first reader that needs it. Must come before
    /// LMDB opens the file, because closing it anywhere in the process drops LMDB's locks on it.
    static func reserveReaders(_ path: String, count: UInt32) {
        let file = open(path + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard file >= 0 else { return }
        defer { close(file) }
        // A slot is a cache line; the head of the table takes a few more.
        let byteCount = (Int(count) + 64) * 64
        // Without room or a file system that can reserve it, opening goes on as it would have.
        _ = posix_fallocate(file, 0, byteCount)
    }

    /// Makes the data file of a new database in one step, so that one of no bytes is always one
    /// that was cut.
    ///
    /// The caller holds the lock of the directory.
    static func createFile(_ path: String) throws(KeyValueError) {
        // In a folder of its own, because LMDB notes in a file whether it was opened by its name.
        let folder = path + "/data.new"
        let new = folder + "/data.mdb"
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else {
            throw .cannotOpen(path: path, reason: systemReason())
        }
        unlink(new)
        defer {
            unlink(new)
            rmdir(folder)
        }
        var made: OpaquePointer?
        guard mdb_env_create(&made) == MDB_SUCCESS, let made else {
            throw .failed(action: "create an LMDB environment", reason: systemReason())
        }
        let code = mdb_env_open(made, folder, UInt32(MDB_NOLOCK), 0o640)
        mdb_env_close(made)
        guard code == MDB_SUCCESS else { throw .cannotOpen(path: path, reason: reason(code)) }
        try synchronize([new])
        guard rename(new, path + "/data.mdb") == 0 else {
            throw .cannotOpen(path: path, reason: systemReason())
        }
        try synchronize([path])
    }

    /// Replaces the content of the lock file.
    static func write(_ text: String, to file: Int32) {
        ftruncate(file, 0)
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    }

    private static func read(from file: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Forces the data file of a directory and the directory itself to the disk.
    static func synchronize(_ path: String) throws(KeyValueError) {
        try synchronize([path + "/data.mdb", path])
    }

    private static func synchronize(_ names: [String]) throws(KeyValueError) {
        for name in names {
            let file = open(name, O_RDONLY | O_CLOEXEC)
            guard file >= 0, fsync(file) == 0 else {
                let why = systemReason()
                if file >= 0 { close(file) }
                throw .failed(action: "sync \(name)", reason: why)
            }
            close(file)
        }
    }

    /// Whether the file system of a path has no room left.
    static func isFull(_ path: String) -> Bool {
        var fileSystem = statfs()
        return statfs(path, &fileSystem) == 0 && fileSystem.f_bavail < 64
    }

    static func systemReason() -> String {
        String(cString: strerror(errno))
    }
}

/// Waits a millisecond without a busy loop.
func pause() {
    usleep(1000)
}
