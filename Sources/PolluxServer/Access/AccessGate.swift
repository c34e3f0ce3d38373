import HTTPTypes
import Logging
import Synchronization

/// Decides who a caller is and whether that is enough.
///
/// Without tokens on loopback everybody may do everything. Once there is one, and always beyond
/// loopback unless told otherwise, every request needs one, but for the viewer's files and
/// the signs of life. The file of tokens is looked at once a second; one that cannot be read lets
/// nobody in.
final class AccessGate: Sendable {
    private struct State: Sendable {
        var callers: [[UInt8]: Caller] = [:]
        var stamp: SmallFile.Stamp?
        var isReadable = true
        /// Whether there was a token since the start: taking the last one back opens no door.
        var hasHadTokens = false
        var nextLook: ContinuousClock.Instant?
    }

    private let file: TokenFile?
    private let isAlwaysDemanded: Bool
    private let local: [UInt8]?
    private let logger: Logger
    private let state = Mutex(State())

    init(configuration: ServerConfiguration, logger: Logger) {
        file = configuration.tokens
        isAlwaysDemanded = !configuration.isLoopback && !configuration.isInsecure
        local = configuration.localSecret.map(AccessToken.digest)
        self.logger = logger
    }

    /// The caller with these credentials.
    ///
    /// - Throws: 401 without a token that is known, 403 when its role is not enough.
    func admit(_ credentials: Credentials, for role: AccessRole) throws(HTTPFailure) -> Caller {
        let caller = try caller(credentials)
        guard caller.role >= role else {
            throw HTTPFailure(
                status: .forbidden, code: "forbidden",
                message: "the token `\(caller.name ?? "")` has the role `\(caller.role.rawValue)`, "
                    + "and this needs `\(role.rawValue)`",
                help: "use a token of that role: pollux token create NAME --role \(role.rawValue)")
        }
        return caller
    }

    private func caller(_ credentials: Credentials) throws(HTTPFailure) -> Caller {
        let digest = credentials.secret.map(AccessToken.digest)
        if let digest, digest == local { return Caller(name: "local", role: .admin) }
        let (isDemanded, found) = state.withLock { state in
            look(&state)
            return (
                isAlwaysDemanded || state.hasHadTokens || !state.isReadable,
                digest.flatMap { state.callers[$0] }
            )
        }
        if let found { return found }
        guard isDemanded else { return .anyone }
        throw HTTPFailure(
            status: .unauthorized, code: "unauthorized",
            message: credentials.secret == nil
                ? "this server asks for an access token" : "the access token is not known",
            help:
                "send `Authorization: Bearer TOKEN`; `pollux token create NAME --role read` on the "
                + "server's machine makes one",
            challenge: "Bearer realm=\"pollux\"")
    }

    private func look(_ state: inout State) {
        guard let file else { return }
        let now = ContinuousClock.now
        if let next = state.nextLook, now < next { return }
        state.nextLook = now.advanced(by: .seconds(1))
        let stamp = file.stamp
        guard state.stamp != stamp || !state.isReadable else { return }
        state.stamp = stamp
        do {
            let tokens = try file.tokens()
            state.callers = Dictionary(
                tokens.map { ($0.digest, Caller(name: $0.name, role: $0.role)) },
                uniquingKeysWith: { first, _ in first })
            state.isReadable = true
            state.hasHadTokens = state.hasHadTokens || !tokens.isEmpty
            logger.notice("\(tokens.count) access tokens")
        } catch {
            if state.isReadable { logger.error("nobody is let in: \(error.description)") }
            state.callers = [:]
            state.isReadable = false
        }
    }
}
