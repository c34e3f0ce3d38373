import Glibc

/// The few file operations that snapshots need.
enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, sorted, without `.` and `..`; none when it does not exist.
    static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw failure("list \(folder)")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func createFolder(_ path: String) throws {
        if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createFolder(String(path[..<slash]))
            if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
        }
        throw failure("create \(path)")
    }

    static func read(_ path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece(of: path) { bytes.append(contentsOf: $0) }
        return bytes
    }

    static func forEachPiece(
        of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("read \(path)") }
        defer { close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw failure("read \(path)")
            }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Writes a new file and forces it to the disk.
    static func write(_ bytes: [UInt8], to path: String) throws {
        try create(path) { file in
            try bytes.withUnsafeBytes { try append($0, to: file, path) }
        }
    }

    /// Copies a file into a new one and forces it to the disk.
    static func copy(_ source: String, to path: String) throws {
        try create(path) { file in
            try forEachPiece(of: source) { try append($0, to: file, path) }
        }
    }

    private static func create(_ path: String, _ body: (Int32) throws -> Void) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw failure("create \(path)") }
        defer { close(file) }
        try body(file)
        guard fsync(file) == 0 else { throw failure("sync \(path)") }
    }

    private static func append(
        _ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, part.baseAddress, part.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw failure("write \(path)")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Forces the names in a folder to the disk.
    static func synchronizeFolder(_ path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("sync \(path)") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("sync \(path)") }
    }

    private static func failure(_ action: String) -> StoreError {
        .failed(action: action, reason: String(cString: strerror(errno)))
    }
}
