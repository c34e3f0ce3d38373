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

    /// What changes when a certificate is renewed.
    func stamps() -> [SmallFile.Stamp?] {
        [certificate, key].map { SmallFile(path: $0).stamp }
    }

    /// The bytes of a file.
    static func bytes(of path: String) throws(Failure) -> [UInt8] {
        // A chain has some kilobytes.
        let limit = 1 << 20
        let bytes: [UInt8]
        do {
            bytes = try SmallFile(path: path).bytes(limit: limit)
        } catch {
            throw Failure(file: path, reason: error.reason)
        }
        guard bytes.count < limit else {
            throw Failure(file: path, reason: "it is larger than any certificate or key")
        }
        return bytes
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
