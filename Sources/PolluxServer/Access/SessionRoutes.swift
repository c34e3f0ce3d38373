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
                setting("", attributes: "; Max-Age=0")
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
        return setting(secret, attributes: "")
    }

    private func setting(_ secret: String, attributes: String) -> Response {
        // Never sent where others could read it on the way.
        let security = parts.identity == nil ? "" : "; Secure"
        return Response(
            status: .noContent,
            headers: [
                .setCookie: "\(Credentials.cookieName)=\(secret); Path=/; HttpOnly; SameSite=Strict"
                    + security + attributes
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
