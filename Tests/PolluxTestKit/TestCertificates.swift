public import Foundation

/// An authority of our own and certificates signed by it, made by openssl in a folder: `ca.crt`,
/// and `NAME.crt` with `NAME.key` for each name asked for.
public struct TestCertificates {
    /// Whether they can be made here.
    public static let canBeMade = Programs.find("openssl") != nil
    /// A new key on the curve that everybody knows, without a passphrase.
    public static let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

    private let folder: URL

    /// Makes the authority.
    public init(in folder: URL) throws {
        self.folder = folder
        try run("req -x509 \(Self.key) -keyout ca.key -out ca.crt -subj /CN=authority -days 2")
    }

    /// Makes a certificate for 127.0.0.1.
    public func make(_ name: String) throws {
        try "subjectAltName=IP:127.0.0.1".write(
            to: folder.appendingPathComponent("names"), atomically: true, encoding: .utf8)
        try run("req \(Self.key) -keyout \(name).key -out \(name).csr -subj /CN=\(name)")
        try run(
            "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
                + "-extfile names -out \(name).crt")
    }

    /// The path of a file.
    public func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// What openssl said.
    public struct Failure: Error, CustomStringConvertible {
        /// The command and its output.
        public var description: String
    }

    /// Lets other users read all of it: a broker may run as one.
    public func share() throws {
        let files = FileManager.default
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        for name in try files.contentsOfDirectory(atPath: folder.path) {
            try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path(name))
        }
    }

    /// Runs openssl in the folder.
    public func run(_ arguments: String) throws {
        guard let openssl = Programs.find("openssl") else { throw POSIXError(.ENOENT) }
        let process = try RunningProcess(
            openssl, arguments.split(separator: " ").map(String.init), workingFolder: folder)
        guard process.wait(seconds: 30) == 0 else {
            throw Failure(description: "openssl \(arguments): \(process.output)")
        }
    }
}
