import Glibc

/// The secret with which commands that may read a data directory reach the server that has it.
///
/// New with each start, in a file that only the server's user can read; whoever can read it could
/// stop the server and open the directory as well.
public struct LocalSecret: Sendable {
    private let path: String

    /// The secret of a data directory.
    public init(directory: String) {
        path = directory + "/local-secret"
    }

    /// Makes a new one and writes it down.
    ///
    /// - Throws: `TokenFile.Failure.system` when the file cannot be written.
    public func make() throws(TokenFile.Failure) -> String {
        let secret = AccessToken.makeSecret()
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let bytes = Array(secret.utf8)
        guard file >= 0, write(file, bytes, bytes.count) == bytes.count else {
            let reason = String(cString: strerror(errno))
            if file >= 0 { close(file) }
            unlink(path)
            throw .system(path: path, reason: reason)
        }
        close(file)
        return secret
    }

    /// The secret of the server that runs there; nil when there is none or it cannot be read.
    public func read() -> String? {
        guard let bytes = try? SmallFile(path: path).bytes(limit: 200), !bytes.isEmpty else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Removes the file.
    public func forget() { unlink(path) }
}
