import Glibc

/// The files with which the server proves who it is, both PEM: its certificate, followed by those
/// of the authorities between it and the root, and the certificate's key without a passphrase.
public struct CertificateFiles: Sendable, Equatable {
    /// The path of the certificates.
    public var certificate: String
    /// The path of the key.
    public var key: String

    /// The two paths.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// When each was written and how large it is: what changes when a certificate is renewed.
    func stamps() -> [[Int]] {
        [certificate, key].map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return [] }
            return [
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, Int(status.st_size),
                Int(status.st_ino),
            ]
        }
    }

    /// The bytes of a file.
    static func bytes(of path: String) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw Failure(file: path, reason: String(cString: strerror(errno)))
        }
        defer { close(file) }
        // A chain has some kilobytes.
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                read(file, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            guard more >= 0 else {
                throw Failure(file: path, reason: String(cString: strerror(errno)))
            }
            if more == 0 { return Array(bytes[..<count]) }
            count += more
        }
        throw Failure(file: path, reason: "it is larger than any certificate or key")
    }

    /// A file that cannot be used, and why.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// The path.
        public var file: String
        /// What is wrong with it, and what to do.
        public var reason: String
        /// The path and what is wrong.
        public var description: String { "cannot use \(file) for TLS: \(reason)" }
    }
}
