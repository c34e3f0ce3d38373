import Glibc
public import PolluxModel

/// The file of tokens in a data directory, a line each; whoever may write it decides who gets in.
///
/// It is no part of the database: a snapshot that leaves the building opens no door. Changes are
/// atomic and durable on return; a running server sees them within a second.
public struct TokenFile: Sendable {
    /// What the file is called in the data directory.
    public static let name = "access-tokens"
    /// Where it is.
    public let path: String

    /// The file of a data directory.
    public init(directory: String) {
        path = directory + "/" + TokenFile.name
    }

    /// Why the file could not be read or changed.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// The system refused.
        case system(path: String, reason: String)
        /// A line is no token.
        case damaged(path: String, line: Int)
        /// There is one of that name.
        case exists(String)
        /// There is none of that name.
        case unknown(String, known: [String])
        /// A name that does not fit.
        case badName(String)

        /// What happened, where, and what to do.
        public var description: String {
            switch self {
            case .system(let path, let reason): "cannot use \(path): \(reason)"
            case .damaged(let path, let line):
                "\(path):\(line): this is no token: remove the line, or the file to begin anew"
            case .exists(let name):
                "there is a token `\(name)` already: revoke it first, or choose another name"
            case .unknown(let name, let known):
                "there is no token `\(name)`"
                    + (known.isEmpty ? "" : ": there are \(known.joined(separator: ", "))")
            case .badName(let name):
                "`\(name)` cannot name a token: use up to 100 letters, digits, - _ and ."
            }
        }
    }

    /// The tokens in the order of their making; none when there is no file.
    public func tokens() throws(Failure) -> [AccessToken] {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile(path: path).bytes()
        } catch {
            guard error.code == ENOENT else {
                throw .system(path: path, reason: error.reason)
            }
            return []
        }
        var tokens: [AccessToken] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
        where !line.isEmpty && line.first != UInt8(ascii: "#") {
            guard let token = AccessToken(line: String(decoding: line, as: UTF8.self)) else {
                throw .damaged(path: path, line: index + 1)
            }
            tokens.append(token)
        }
        return tokens
    }

    /// Makes a token and returns its secret, which is kept nowhere.
    ///
    /// - Throws: `Failure.exists`, `.badName`, or what kept the file from being written.
    public func create(
        name: String, role: AccessRole, at instant: Timestamp
    ) throws(Failure) -> String {
        guard AccessToken.isValid(name: name) else { throw .badName(name) }
        let secret = AccessToken.makeSecret()
        try change { tokens throws(Failure) in
            guard !tokens.contains(where: { $0.name == name }) else { throw .exists(name) }
            tokens.append(
                AccessToken(name: name, role: role, secret: secret, created: instant))
        }
        return secret
    }

    /// Takes a token back.
    ///
    /// - Throws: `Failure.unknown`, or what kept the file from being written.
    public func revoke(name: String) throws(Failure) {
        try change { tokens throws(Failure) in
            guard let index = tokens.firstIndex(where: { $0.name == name }) else {
                throw .unknown(name, known: tokens.map(\.name))
            }
            tokens.remove(at: index)
        }
    }

    /// Reads, changes and replaces the file while no other process does.
    private func change(
        _ body: (inout [AccessToken]) throws(Failure) -> Void
    ) throws(Failure) {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw systemFailure() }
        defer { close(lock) }
        var tokens = try tokens()
        try body(&tokens)
        let text = """
            # Access tokens: name, role, SHA-256 of the secret, when it was made.
            # `pollux token` changes this file; a server sees it within a second.

            """ + tokens.map { $0.line + "\n" }.joined()
        try replace(with: Array(text.utf8))
    }

    private func replace(with bytes: [UInt8]) throws(Failure) {
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw systemFailure() }
        let isWritten = write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        let failure = systemFailure()
        close(file)
        guard isWritten else { throw failure }
        guard rename(new, path) == 0 else { throw systemFailure() }
        let folder = open(
            path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func systemFailure() -> Failure {
        .system(path: path, reason: String(cString: strerror(errno)))
    }

    /// What tells one state of the file from another; nil when there is none.
    var stamp: SmallFile.Stamp? { SmallFile(path: path).stamp }
}
