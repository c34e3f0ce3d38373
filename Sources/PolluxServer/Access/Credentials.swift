import Foundation
import HTTPTypes
import Hummingbird
import NIOHTTP1

/// The secret that a request brings, wherever it stands.
///
/// - `Authorization: Bearer SECRET` (RFC 6750), `Token SECRET` (Influx 2), or `Basic` with the
///   secret as password (RFC 7617; Influx 1 and Grafana);
/// - the cookie that `/api/v1/session` sets, for pages and their WebSockets;
/// - `p=SECRET` in the query string, where clients of Influx 1 have it.
struct Credentials: Sendable {
    /// The secret; nil when there is none.
    let secret: String?

    /// What a request brings.
    init(_ request: Request, _ query: FormFields) {
        self.init(
            authorization: request.headers[.authorization],
            cookies: request.headers[values: .cookie],
            password: ["/write", "/query"].contains(request.uri.path) ? query["p"] : nil)
    }

    /// What the head of a request for a WebSocket brings.
    init(_ head: HTTPRequestHead) {
        self.init(
            authorization: head.headers.first(name: "authorization"),
            cookies: head.headers["cookie"], password: nil)
    }

    /// A secret that is known.
    init(secret: String?) { self.secret = secret }

    init(authorization: String?, cookies: [String], password: String?) {
        secret =
            authorization.flatMap(Credentials.secret(authorization:))
            ?? cookies.lazy.compactMap(Credentials.secret(cookies:)).first ?? password
    }

    /// The cookie's name.
    static let cookieName = "pollux-token"

    private static func secret(authorization: String) -> String? {
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return nil }
        let value = words[1].trimmingCharacters(in: .whitespaces)
        switch words[0].lowercased() {
        case "bearer", "token": return value
        case "basic":
            guard let bytes = Data(base64Encoded: value),
                let text = String(validating: bytes, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            return String(text[text.index(after: colon)...])
        default: return nil
        }
    }

    private static func secret(cookies: String) -> String? {
        for cookie in cookies.split(separator: ";") {
            let text = cookie.drop { $0 == " " }
            guard text.hasPrefix(cookieName + "=") else { continue }
            return String(text.dropFirst(cookieName.count + 1))
        }
        return nil
    }
}
