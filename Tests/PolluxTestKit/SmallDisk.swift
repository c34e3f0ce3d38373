public import Foundation
import Glibc

/// A file system of a few megabytes in memory.
public final class SmallDisk {
    /// Where it is mounted.
    public let folder: URL
    private var ballast: URL { folder.appendingPathComponent("ballast") }

    /// Whether one can be mounted here; tests that need one skip otherwise.
    public static let isPossible: Bool = {
        guard geteuid() == 0, let folder = try? Places.makeTemporaryFolder("pollux-mount") else {
            return false
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount2(folder.path, 2) == 0
    }()

    /// Mounts one in a folder, which is made.
    public init(at folder: URL, megabytes: Int) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw POSIXError(.EPERM)
        }
    }

    /// Writes a file until nothing more fits.
    public func fillRest() {
        let file = open(ballast.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 7, count: 4_096)
        while Glibc.write(file, block, block.count) > 0 {}
    }

    /// Removes that file.
    public func makeRoom() { unlink(ballast.path) }

    /// Unmounts it, also while files are open.
    public func remove() { umount2(folder.path, 2) }
}
