import HTTPTypes
import Hummingbird
import PolluxModel

/// `/api/v1/session`: signs a browser in with a cookie that scripts cannot read.
struct SessionRoutes: Sendable {
    private static let path = "/api/v1/session"
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, SessionRoutes.path) { SessionRoutes.answer($0.caller) },
            Route(.post, SessionRoutes.path) { try await signIn($0) }.allowing(nil),
            Route(.delete, SessionRoutes.path) { _ in
                SessionRoutes.setting("", attributes: "; Max-Age=0")
            }.allowing(nil),
        ]
    }

    private func signIn(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        guard let secret = body["token"]?.text, !secret.isEmpty,
            secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ";") })
        else {
            throw HTTPFailure.badRequest("`token` is missing", help: #"{"token":"pollux_…"}"#)
        }
        _ = try parts.access.admit(Credentials(secret: secret), for: .read)
        return SessionRoutes.setting(secret, attributes: "")
    }

    private static func setting(_ secret: String, attributes: String) -> Response {
        Response(
            status: .noContent,
            headers: [
                .setCookie: "\(Credentials.cookieName)=\(secret); Path=/; HttpOnly; SameSite=Strict"
                    + attributes
            ])
    }

    private static func answer(_ caller: Caller) -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.name("name")
        if let name = caller.name { json.string(name) } else { json.null() }
        json.member("role", caller.role.rawValue)
        json.endObject()
        return .json(json.bytes)
    }
}
