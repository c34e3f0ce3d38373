import HTTPTypes
import Logging
import NIOCore
import NIOSSL
import PolluxModel
import Synchronization

/// What the server proves to TLS clients, read again when its files change, so that a renewed
/// certificate needs no restart.
final class ServerIdentity: Sendable {
    /// What connections get, and the files that it came from.
    private struct State {
        var context: NIOSSLContext
        var stamps: [SmallFile.Stamp?]
        var end: Timestamp
    }

    private let files: CertificateFiles
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: `CertificateFiles.Failure` for a file that cannot be used.
    init(_ files: CertificateFiles, logger: Logger) throws(CertificateFiles.Failure) {
        self.files = files
        self.logger = logger
        let first = try ServerIdentity.read(files)
        state = Mutex(first)
        tell(first)
    }

    /// When the certificate stops being valid.
    var end: Timestamp { state.withLock { $0.end } }

    /// What starts TLS on a new connection; looks whether the files have changed.
    ///
    /// Files that cannot be used now, such as a certificate whose key is yet to come, are logged,
    /// and what was read before stays in force.
    func makeHandler() -> NIOSSLServerHandler {
        let stamps = files.stamps()
        let context = state.withLock { state in
            guard stamps != state.stamps else { return state.context }
            do {
                state = try ServerIdentity.read(files)
                tell(state)
            } catch {
                state.stamps = stamps
                logger.error("the certificate in force stays: \(error)")
            }
            return state.context
        }
        return NIOSSLServerHandler(context: context)
    }

    private func tell(_ state: State) {
        if state.end <= Server.systemClock() {
            logger.warning("the certificate in \(files.certificate) ended on \(state.end)")
        } else {
            logger.notice("the certificate in \(files.certificate) is valid until \(state.end)")
        }
    }

    private static func read(_ files: CertificateFiles) throws(CertificateFiles.Failure) -> State {
        typealias Failure = CertificateFiles.Failure
        let stamps = files.stamps()
        let certificateBytes = try CertificateFiles.bytes(of: files.certificate)
        let keyBytes = try CertificateFiles.bytes(of: files.key)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(certificateBytes),
            let own = certificates.first
        else {
            throw Failure(
                file: files.certificate,
                reason: "it holds no certificate: PEM is needed, with -----BEGIN CERTIFICATE-----")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: keyBytes, format: .pem) else {
            throw Failure(
                file: files.key,
                reason: "it holds no key that can be read: PEM is needed, without a passphrase, "
                    + "with -----BEGIN PRIVATE KEY-----")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return State(
                context: try NIOSSLContext(configuration: configuration), stamps: stamps,
                end: Timestamp(seconds: Int64(own.notValidAfter)))
        } catch {
            throw Failure(
                file: files.key,
                reason: "the key does not belong to the first certificate of "
                    + "\(files.certificate) (\(error))")
        }
    }
}

/// Answers a client that speaks plain HTTP where TLS is spoken, and says so.
final class PlainTextRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a record that begins a handshake (RFC 8446 §5.1).
    private static let handshake: UInt8 = 22

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self),
            first != Self.handshake
        else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
        let failure = HTTPFailure(
            status: .badRequest, code: "tls_needed",
            message: "this port speaks TLS, not plain HTTP", help: "use https:// and wss://")
        let answer = "HTTP/1.1 400 Bad Request\r\ncontent-type: \(ContentType.json)\r\n"
        var buffer = context.channel.allocator.buffer(string: answer)
        let json = failure.json
        buffer.writeString("content-length: \(json.count)\r\nconnection: close\r\n\r\n")
        buffer.writeBytes(json)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        context.close(promise: nil)
    }
}
