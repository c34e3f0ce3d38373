import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// `GET /api/v1/live`: which requests become a WebSocket, and what the others are told.
struct LiveRoute: Sendable {
    static let path = "/api/v1/live"
    let parts: ServerParts

    var routes: [Route] {
        [Route(.get, LiveRoute.path) { exchange in throw LiveRoute.explanation(exchange) }]
    }

    /// Decides about a request with an `Upgrade` header.
    static func judge(_ head: HTTPRequestHead, parts: ServerParts) -> UpgradeVerdict {
        let path = head.uri.prefix { $0 != "?" }
        let protocols = head.headers[canonicalForm: "upgrade"]
        guard path == LiveRoute.path, protocols.contains(where: { $0.lowercased() == "websocket" })
        else { return .ignore }
        if let refusal = parts.guardian.refusal(of: head) { return .refuse(refusal.code) }
        // The route asks for the token again and says what is missing.
        guard (try? parts.access.admit(Credentials(head), for: .read)) != nil else {
            return .refuse("unauthorized")
        }
        let isValid =
            head.method == .GET && head.version == .http1_1
            && head.headers["sec-websocket-key"].count == 1
            && head.headers["sec-websocket-version"] == ["13"]
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            && head.headers["transfer-encoding"].isEmpty
            && head.headers["content-length"].allSatisfy { $0 == "0" }
            && protocols.count == 1
        guard isValid else { return .refuse("bad_handshake") }
        guard parts.state.withLock({ $0 == .serving }) else { return .refuse("stopping") }
        guard parts.counts.count(of: .socket) < parts.configuration.limits.socketCount else {
            return .refuse("too_many_sockets")
        }
        return .accept
    }

    private static func explanation(_ exchange: Exchange) -> HTTPFailure {
        let name = HTTPField.Name(RequestGate.refusalHeader) ?? .upgrade
        switch exchange.request.headers[name] {
        case nil:
            return HTTPFailure(
                status: .upgradeRequired, code: "upgrade_required",
                message: "this route speaks WebSocket",
                help: "connect to ws://…\(LiveRoute.path) and send "
                    + #"{"type":"subscribe","id":"1","query":"…"}"#)
        case "bad_handshake":
            return .badRequest(
                "the WebSocket handshake is not valid", help: "RFC 6455, version 13, without a body"
            )
        case "too_many_sockets":
            return .unavailable("this server has as many WebSockets as it allows", retryAfter: 5)
        case "stopping":
            return .unavailable("the server is starting or stopping")
        case .some(let code):
            return HTTPFailure(
                status: .forbidden, code: code,
                message: "WebSockets from pages of other sites are refused",
                help: "open the page from this server, or allow its host")
        }
    }
}
